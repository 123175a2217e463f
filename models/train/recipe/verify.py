"""Whether Tandem's engine computes what PyTorch does: `python -m recipe.verify --help`

Writes held-out samples for the example `greedy`, and compares what that answers: the tokens of both texts, the prompt, and
every token of the greedy continuation. One forward pass over prompt and continuation is enough for that: where each token
is the likeliest one after those before it, the greedy continuation is this one.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import ByteLevel

from . import cursors
from .definitions import heading
from .export import load_checkpoint
from .gguf_file import read
from .model import Llama
from .samples import Mix, Sampler
from .sources import Document
from .tokenizer import pieces_of

NEAR = 0.05
"""Log-probabilities closer than this are a tie between float32 and what the file and its kernels round to."""
_PREFIX, _SUFFIX = 1_200, 400
"""Characters around the cursor: within the budgets of the example, so that nothing is cut."""


def bytes_of_pieces(tokenizer: Tokenizer) -> list[bytes]:
    """What each token stands for; nothing for special ones."""
    # The alphabet's order is not that of the bytes: printable ones stand for themselves, the others follow from 256 on.
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable} | {chr(256 + at): byte for at, byte in enumerate(others)}
    assert set(alphabet) == set(ByteLevel.alphabet())
    special = tokenizer.get_added_tokens_decoder()
    pieces = enumerate(pieces_of(tokenizer))
    return [b"" if number in special else bytes(alphabet[character] for character in piece) for number, piece in pieces]


@dataclass
class Reference:
    """What PyTorch and the tokenizer say of samples."""

    model: Llama
    sampler: Sampler

    def __post_init__(self) -> None:
        self.pieces = bytes_of_pieces(self.sampler.tokenizer)
        self.number = {piece: number for number, piece in enumerate(self.pieces) if piece}

    def prompt(self, sample: dict[str, str]) -> tuple[list[int], bytes]:
        """As Tandem lays it out, and the bytes that the continuation has to begin with."""
        sampler = self.sampler
        prefix, forced = sampler.heal(sampler.encode(sample["prefix"]), sample["prefix"])
        head = [sampler.file, *sampler.encode(f"{heading(sample['path'])}\n")]
        return head + [sampler.suffix, *sampler.encode(sample["suffix"]), sampler.prefix, *prefix], forced.encode()

    @torch.no_grad()
    def differences(self, sample: dict[str, str], answer: dict) -> list[str]:
        """What is not the same; a tie is called one."""
        tokenizer = self.sampler.tokenizer
        for text in ("prefix", "suffix"):
            if self.sampler.encode(sample[text]) != answer[f"{text}_tokens"]:
                return [f"tokens of the {text}"]
        prompt, forced = self.prompt(sample)
        if tokenizer.decode(prompt, skip_special_tokens=False) + forced.decode() != answer["prompt"]:
            return ["prompt"]
        written = forced + answer["text"].encode()
        tokens = list(prompt)
        allowed = None
        if forced:
            allowed = torch.tensor([bool(p) and (p.startswith(forced) or forced.startswith(p)) for p in self.pieces])
            logits = self.model(torch.tensor([tokens]))[0, -1].masked_fill(~allowed, -torch.inf)
            first = int(logits.argmax())
            if len(self.pieces[first]) < len(forced):
                return ["not compared: the token before the cursor is written in parts"]
            if not written.startswith(self.pieces[first]):
                best, other = logits.topk(2).values.tolist()
                return ["tie" if best - other < NEAR else "first token"]
            tokens.append(first)
            written = written[len(self.pieces[first]) :]
        lengths = [length for length, _ in answer["tokens"]][1 if forced else 0 :]
        at = 0
        for length in lengths:
            piece = written[at : at + length]
            if piece not in self.number:
                # Bytes of an unfinished character are held back, and so is the head of a special spelling.
                break
            tokens.append(self.number[piece])
            at += length
        if answer["ended"] and at == len(written):
            tokens.append(self.sampler.end)
        start = len(prompt) + (1 if forced else 0)
        logprobs = self.model(torch.tensor([tokens[:-1]]))[0, start - 1 :].log_softmax(-1)
        for row, token in zip(logprobs, tokens[start:], strict=True):
            if int(row.argmax()) != token:
                return ["tie" if float(row.max() - row[token]) < NEAR else "token"]
        return []


def samples(documents: list[Document], count: int, seed: int) -> list[dict[str, str]]:
    rng = random.Random(seed)
    drawn: list[dict[str, str]] = []
    while len(drawn) < count:
        document = rng.choice(documents)
        hole = cursors.choose(document.text, rng)
        if hole is None or hole.start < 40:
            continue
        start = document.text.find("\n", max(0, hole.start - _PREFIX), hole.start) + 1 if hole.start > _PREFIX else 0
        prefix, suffix = document.text[start : hole.start], document.text[hole.end : hole.end + _SUFFIX]
        drawn.append({"path": document.path, "prefix": prefix, "suffix": suffix})
    return drawn


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m recipe.verify", description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="documents, as `collect` writes them: heldout.jsonl")
    parser.add_argument("--model", type=Path, required=True, help="the GGUF file that Tandem is asked with")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, help="the float32 reference; without it the weights of --model")
    parser.add_argument("--greedy", required=True, help="the example `greedy`, built: its path")
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    documents = list(Document.read(options.corpus))
    drawn = samples(documents, options.count, options.seed)
    lines = "".join(json.dumps(sample) + "\n" for sample in drawn)
    asked = subprocess.run([options.greedy, str(options.model)], input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in asked.stdout.splitlines()]
    model = load_checkpoint(options.checkpoint) if options.checkpoint else read(options.model)
    reference = Reference(model.eval(), Sampler(documents, tokenizer, Mix()))
    counts: Counter[str] = Counter()
    compared = 0
    for sample, answer in zip(drawn, answers, strict=True):
        found = reference.differences(sample, answer)
        compared += len(answer["tokens"])
        counts[found[0] if found else "same"] += 1
    print(f"{options.count} samples, {compared} tokens: {dict(counts)}")


if __name__ == "__main__":
    main()

"""Byte-level BPE with the pre-tokenizer that llama.cpp calls `qwen2`, and the special tokens of Qwen's code models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

PRE_TOKENIZER = "qwen2"
"""`tokenizer.ggml.pre` of the exported file."""

_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

END = "<|endoftext|>"
PREFIX, MIDDLE, SUFFIX = "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"
REPOSITORY, FILE = "<|repo_name|>", "<|file_sep|>"
SPECIAL = (END, PREFIX, MIDDLE, SUFFIX, "<|fim_pad|>", REPOSITORY, FILE)


def _empty() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def train(texts: Iterable[str] | Iterator[str], vocabulary: int) -> Tokenizer:
    """A tokenizer of exactly `vocabulary` entries, special tokens last, rounded up with spare ones."""
    tokenizer = _empty()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(SPECIAL) - 1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in SPECIAL])
    spare = [f"<|spare_{number}|>" for number in range(vocabulary - tokenizer.get_vocab_size())]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in spare])
    return tokenizer


def from_gguf(path: Path) -> Tokenizer:
    """The tokenizer inside a GGUF file: what goes on from a model's weights has to go on with its tokens."""
    import gguf

    reader = gguf.GGUFReader(str(path))
    contents = {key: reader.get_field(f"tokenizer.ggml.{key}").contents() for key in ("pre", "tokens", "token_type", "merges")}
    if contents["pre"] != PRE_TOKENIZER:
        raise ValueError(f"{path} has the pre-tokenizer {contents['pre']}; only {PRE_TOKENIZER} is known here")
    control = [
        (number, piece)
        for number, (piece, kind) in enumerate(zip(contents["tokens"], contents["token_type"], strict=True))
        if kind == gguf.TokenType.CONTROL
    ]
    names = {piece for _, piece in control}
    vocabulary = {piece: number for number, piece in enumerate(contents["tokens"]) if piece not in names}
    tokenizer = _empty()
    merges = [tuple(merge.split(" ")) for merge in contents["merges"]]
    tokenizer.model = models.BPE(vocab=vocabulary, merges=merges)
    tokenizer.add_special_tokens([AddedToken(piece, normalized=False, special=True) for _, piece in control])
    for number, piece in control:
        if tokenizer.token_to_id(piece) != number:
            raise ValueError(f"{path}: {piece} is {number}, but would become {tokenizer.token_to_id(piece)}")
    return tokenizer


def pieces_of(tokenizer: Tokenizer) -> list[str]:
    """The spelling of every token, by number."""
    pieces = {number: piece for piece, number in tokenizer.get_vocab(with_added_tokens=True).items()}
    return [pieces[number] for number in range(len(pieces))]


def merges_of(tokenizer: Tokenizer) -> list[str]:
    """The merges in their order, a space between the two parts."""
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]

"""Stage 2: a corpus to a tokenizer and shards of samples. `python -m recipe.tokenize --help`

Shards are drawn by their numbers, in as many processes as are asked for; one that is there is not drawn again.
"""

from __future__ import annotations

import argparse
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tokenizers import Tokenizer

from . import tokenizer as tokenizers_
from .config import Config
from .samples import Mix, Sampler
from .shards import write_shard
from .sources import Document

_TRAINED_ON = 40_000_000
"""Characters that a tokenizer is trained on."""

_sampler: Sampler | None = None


def _prepare(corpus: Path, tokenizer: Path, mix: Mix) -> None:
    """Once a process: reading the corpus takes longer than a shard."""
    global _sampler
    _sampler = Sampler(Document.read(corpus), Tokenizer.from_file(str(tokenizer)), mix)


def _draw(path: Path, seed: str, rows: int, length: int) -> Path:
    assert _sampler
    write_shard(path, _sampler, seed, rows, length)
    return path


def make_tokenizer(config: Config, corpus: Path) -> Tokenizer:
    """Trained on a sample of the corpus in the shares of the mix, or the one of the model that is gone on from."""
    if config.data.tokenizer != "train":
        return tokenizers_.from_gguf(Path(config.data.tokenizer))
    left = {language: share * _TRAINED_ON for language, share in config.mix.languages.items()}
    documents = list(Document.read(corpus))
    random.Random(config.data.seed).shuffle(documents)
    texts = []
    for document in documents:
        if left.get(document.language, 0) > 0:
            left[document.language] -= len(document.text)
            texts.append(document.text)
    return tokenizers_.train(texts, config.shape.vocabulary)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m recipe.tokenize", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True, help="directory that `collect` wrote")
    parser.add_argument("--out", type=Path, required=True, help="directory for tokenizer.json and the shards")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(arguments)
    config = Config.read(options.config)
    options.out.mkdir(parents=True, exist_ok=True)

    tokenizer = options.out / "tokenizer.json"
    if not tokenizer.is_file():
        make_tokenizer(config, options.corpus / "train.jsonl").save(str(tokenizer))
    data = config.data
    for split, shards, rows in (("validation", 1, data.validation_rows), ("train", data.shards, data.rows_per_shard)):
        paths = [options.out / f"{split}-{number:05}.npz" for number in range(shards)]
        missing = [path for path in paths if not path.is_file()]
        if not missing:
            continue
        prepared = (options.corpus / f"{split}.jsonl", tokenizer, config.mix)
        with ProcessPoolExecutor(options.processes, initializer=_prepare, initargs=prepared) as pool:
            for path in pool.map(_draw, missing, *([value] * len(missing) for value in (data.seed, rows, data.length))):
                print(f"{path.name}: {rows} rows of {data.length} tokens", flush=True)


if __name__ == "__main__":
    main()

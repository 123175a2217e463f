"""All stages of one run, one after another: `python -m recipe.run --help`

Each stage finds what an earlier, interrupted run has done, so the same command goes on.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from . import collect, export, tokenize, train


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m recipe.run", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="directory for everything that the run makes")
    parser.add_argument("--mirror", type=Path, help="directory of git directories named owner+name, used before cloning")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)

    config, corpus, data, weights = str(options.config), options.out / "corpus", options.out / "data", options.out / "weights"
    if not (corpus / "manifest.json").is_file():
        mirror = ["--mirror", str(options.mirror)] if options.mirror else []
        collect.main(["--sources", str(options.sources), "--out", str(corpus), "--standard-library", *mirror])
    drawn = ["--config", config, "--corpus", str(corpus), "--out", str(data), "--processes", str(options.processes)]
    tokenize.main(drawn)
    train.main(["--config", config, "--data", str(data), "--out", str(weights)])
    exported = ["--config", config, "--checkpoint", str(weights / "checkpoint.pt"), "--tokenizer", str(data / "tokenizer.json")]
    export.main([*exported, "--quantization", "F16", "--out", str(options.out / "model-f16.gguf")])
    export.main([*exported, "--out", str(options.out / "model.gguf")])


if __name__ == "__main__":
    main()

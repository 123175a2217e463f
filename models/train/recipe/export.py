"""Stage 4: weights to GGUF files. `python -m recipe.export --help`"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from tokenizers import Tokenizer

from . import gguf_file
from .config import Config
from .model import Llama, Shape


def load_checkpoint(path: Path) -> Llama:
    """The model of a checkpoint of `train`."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    model = Llama(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    return model


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m recipe.export", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json of `tokenize`")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quantization", choices=gguf_file.QUANTIZATIONS, help="instead of that of the settings")
    options = parser.parse_args(arguments)
    config = Config.read(options.config)
    quantization = options.quantization or config.export.quantization
    gguf_file.write(
        options.out,
        load_checkpoint(options.checkpoint),
        Tokenizer.from_file(str(options.tokenizer)),
        quantization,
        name=config.export.name,
        description=config.export.description,
        layout=config.mix.layout,
        languages=list(config.mix.languages),
    )
    print(f"{options.out}: {quantization}, {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

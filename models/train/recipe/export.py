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


def check_layout(layout: str, measured: dict[str, float]) -> None:
    """Refuses a prefix-first model that has not learnt its layout yet.

    A small model learns suffix-first at once, because there the middle simply goes on; of prefix-first it may have learnt
    nothing when its plain text is good already. Knowing what follows, a middle has to be no harder than plain text.
    """
    if layout == "psm" and not measured.get("middle", float("inf")) <= measured["validation"]:
        raise ValueError(
            f"prefix-first is not learnt yet: a middle costs {measured.get('middle')} nats a token, plain text "
            f"{measured['validation']}; train longer, or take the layout spm-no-middle"
        )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m recipe.export", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json of `tokenize`")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quantization", choices=gguf_file.QUANTIZATIONS, help="instead of that of the settings")
    options = parser.parse_args(arguments)
    config = Config.read(options.config)
    if config.mix.layout == "psm":
        check_layout("psm", torch.load(options.checkpoint, map_location="cpu", weights_only=True)["measured"])
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

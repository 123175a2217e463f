"""A run's settings: one TOML file for all stages."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from .model import Shape
from .optimiser import Rates
from .samples import Mix

T = TypeVar("T")


@dataclass(frozen=True)
class Data:
    """How much is drawn, and in what rows."""

    length: int = 1024
    """Tokens a row."""
    rows_per_shard: int = 1024
    shards: int = 8
    validation_rows: int = 48
    seed: str = "1"
    tokenizer: str = "train"
    """`train` a tokenizer, or take that of a GGUF file by its path from the working directory."""


@dataclass(frozen=True)
class Run:
    """How long, and in what steps."""

    minutes: float = 0.0
    """The schedule ends after so long; 0 where `steps` says it."""
    steps: int = 0
    rows_per_step: int = 8
    rows_per_pass: int = 1
    """Rows that go through the model at once."""
    workers: int = 1
    """Threads with passes of their own; on a processor more of them waste less than more threads a pass."""
    device: str = "cpu"
    compile: bool = False
    start: str = ""
    """A GGUF file whose weights are gone on from; empty for weights drawn anew."""
    seed: int = 1
    save_minutes: float = 4.0
    validate_steps: int = 100


@dataclass(frozen=True)
class Export:
    name: str = "starter-fim"
    description: str = ""
    quantization: str = "Q8_0"


@dataclass(frozen=True)
class Config:
    shape: Shape = field(default_factory=Shape)
    mix: Mix = field(default_factory=Mix)
    data: Data = field(default_factory=Data)
    rates: Rates = field(default_factory=Rates)
    run: Run = field(default_factory=Run)
    export: Export = field(default_factory=Export)

    @staticmethod
    def read(path: Path) -> Config:
        return Config.from_dict(tomllib.loads(path.read_text()))

    @staticmethod
    def from_dict(settings: dict[str, Any]) -> Config:
        sections = {one.name: type(getattr(Config(), one.name)) for one in fields(Config)}
        _refuse_unknown(settings, sections, "the file")
        return Config(**{name: _section(sections[name], name, values) for name, values in settings.items()})


def _section(kind: type[T], name: str, values: dict[str, Any]) -> T:
    _refuse_unknown(values, {one.name for one in fields(kind)}, f"[{name}]")  # type: ignore[arg-type]
    return kind(**values)


def _refuse_unknown(settings: dict[str, Any], known: Any, where: str) -> None:
    """A misspelt setting would otherwise be a run with another one than was meant."""
    if unknown := set(settings) - set(known):
        raise ValueError(f"unknown in {where}: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")

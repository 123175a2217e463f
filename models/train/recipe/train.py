"""Stage 3: shards to weights. `python -m recipe.train --help`

A step's rows are a matter of its number, so that a run that was interrupted goes on exactly where it was: with the same
weights to the bit where the schedule is one of steps, on the same processor.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import gguf_file
from .config import Config
from .model import Llama
from .optimiser import Optimiser
from .shards import read_shard

Losses = Callable[[Tensor], Tensor]


class Rows:
    """The rows of all shards, by number; begun again from the first where a run is longer than the data."""

    def __init__(self, paths: list[Path]) -> None:
        if not paths:
            raise FileNotFoundError("there are no shards; `python -m recipe.tokenize` writes them")
        self.paths = paths
        self._open = -1
        self._shard: tuple[np.ndarray, np.ndarray] = read_shard(paths[0])
        self._per_shard = len(self._shard[0])

    def take(self, first: int, count: int) -> tuple[Tensor, Tensor]:
        """Tokens and weights of `count` rows from number `first` on."""
        tokens, weights = [], []
        for number in range(first, first + count):
            shard, row = divmod(number, self._per_shard)
            if shard != self._open:
                self._shard, self._open = read_shard(self.paths[shard % len(self.paths)]), shard
            tokens.append(self._shard[0][row].astype(np.int64))
            weights.append(self._shard[1][row])
        return torch.from_numpy(np.stack(tokens)), torch.from_numpy(np.stack(weights))


class Trainer:
    """A model, its optimiser, and where the run stands."""

    def __init__(self, config: Config, model: Llama) -> None:
        self.config = config
        self.run = config.run
        self.device = torch.device(self.run.device)
        self.model = model.to(self.device)
        self.parameters = list(model.parameters())
        self.optimiser = Optimiser(model, config.rates)
        self.step = 0
        self.tokens = 0
        self.seconds = 0.0
        self.measured: dict[str, float] = {}
        """What was validated last."""
        self.losses: Losses = torch.compile(model.losses, dynamic=False) if self.run.compile else model.losses
        self._pool = ThreadPoolExecutor(self.run.workers)

    def _pass(self, tokens: Tensor, weights: Tensor, total: float) -> tuple[list[Tensor], float, float]:
        """Gradients of the weighted loss as a share of the step's, the sum of plain losses, and their number."""
        tokens, weights = tokens.to(self.device), weights[:, 1:].to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            losses = self.losses(tokens)
        gradients = torch.autograd.grad((losses * weights).sum() / total, self.parameters)
        counted = weights > 0
        return list(gradients), float((losses.detach() * counted).sum()), float(counted.sum())

    def update(self, rows: Rows) -> float:
        """One step; returns the mean loss in nats of the tokens that count."""
        count, size = self.run.rows_per_step, self.run.rows_per_pass
        tokens, weights = rows.take(self.step * count, count)
        total = float(weights[:, 1:].sum())
        parts = zip(tokens.split(size), weights.split(size), strict=True)
        # In the order of the rows, whichever thread is done first: sums of floats depend on it.
        summed, counted = 0.0, 0.0
        gradients: list[Tensor] = []
        for of_part, loss, number in self._pool.map(lambda part: self._pass(*part, total), parts):
            summed, counted = summed + loss, counted + number
            if gradients:
                torch._foreach_add_(gradients, of_part)
            else:
                gradients = of_part
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self.optimiser.step(self.config.rates.at(self.step, self.progress()))
        self.step += 1
        self.tokens += tokens[:, 1:].numel()
        return summed / max(1.0, counted)

    def progress(self) -> float:
        """From 0 to 1, by steps or by time."""
        return min(1.0, self.step / self.run.steps if self.run.steps else self.seconds / (60 * self.run.minutes))

    @torch.no_grad()
    def validate(self, tokens: Tensor, weights: Tensor) -> dict[str, float]:
        """Mean losses in nats: of all text that counts, and of what stood at cursors."""
        all_of_it, middles = [], []
        for rows, counts in zip(tokens.split(4), weights[:, 1:].split(4), strict=True):
            losses = self.model.losses(rows.to(self.device)).cpu()
            all_of_it.append(losses[counts >= 0.5])
            middles.append(losses[counts >= self.config.mix.middle_weight - 0.1])
        self.measured = {"validation": float(torch.cat(all_of_it).mean()), "middle": float(torch.cat(middles).mean())}
        return self.measured

    def save(self, path: Path) -> None:
        state = {
            "model": self.model.state_dict(),
            "shape": self.config.shape.as_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "measured": self.measured,
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]


def first_model(config: Config) -> Llama:
    """Weights drawn anew, or those of a file whose shape is the one asked for."""
    torch.manual_seed(config.run.seed)
    if not config.run.start:
        return Llama(config.shape)
    model = gguf_file.read(Path(config.run.start))
    if model.shape != config.shape:
        raise ValueError(f"{config.run.start} has the shape {model.shape}, and [shape] says {config.shape}")
    return model


def train(trainer: Trainer, rows: Rows, validation: tuple[Tensor, Tensor], out: Path) -> Iterator[dict[str, float]]:
    """Goes on to the end of the schedule. Yields a line of the log a step; saves as often as the settings say."""
    saved = last = time.monotonic()
    while trainer.progress() < 1.0:
        share = trainer.config.rates.at(trainer.step, trainer.progress())
        line = {"loss": trainer.update(rows)}
        now = time.monotonic()
        trainer.seconds += now - last
        line |= {"step": trainer.step, "tokens": trainer.tokens, "rate": share, "seconds": trainer.seconds}
        line["tokensPerSecond"] = trainer.run.rows_per_step * trainer.config.data.length / (now - last)
        last = now
        if trainer.step % trainer.run.validate_steps == 0 or trainer.progress() >= 1.0:
            line |= trainer.validate(*validation)
        if now - saved > 60 * trainer.run.save_minutes or trainer.progress() >= 1.0:
            trainer.save(out / "checkpoint.pt")
            saved = now
        yield line


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m recipe.train", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="directory that `tokenize` wrote")
    parser.add_argument("--out", type=Path, required=True, help="directory for checkpoint.pt and log.jsonl")
    options = parser.parse_args(arguments)
    config = Config.read(options.config)
    options.out.mkdir(parents=True, exist_ok=True)
    if config.run.device == "cpu":
        torch.set_num_threads(1)

    trainer = Trainer(config, first_model(config))
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.is_file():
        trainer.load(checkpoint)
    rows = Rows(sorted(options.data.glob("train-*.npz")))
    tokens, weights = read_shard(options.data / "validation-00000.npz")
    validation = (torch.from_numpy(tokens.astype(np.int64)), torch.from_numpy(weights))
    print(f"{trainer.model.parameters_count() / 1e6:.2f} M parameters, from step {trainer.step}", flush=True)
    print(json.dumps(trainer.validate(*validation)), flush=True)
    with (options.out / "log.jsonl").open("a", encoding="utf-8") as log:
        for line in train(trainer, rows, validation, options.out):
            log.write(json.dumps(line) + "\n")
            log.flush()
            if trainer.step % 10 == 0 or "middle" in line:
                print(" ".join(f"{name}={value:.4g}" for name, value in line.items()), flush=True)


if __name__ == "__main__":
    main()

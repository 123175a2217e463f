"""Rows of samples, packed and written ahead of training: what a step is trained on is a matter of its number alone."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from .samples import Sampler

WEIGHT_SCALE = 32
"""Weights are stored in bytes, in parts of this."""
_SHORTEST = 64
"""Tokens that are left in a row below which no further sample is begun."""


def row(sampler: Sampler, rng: random.Random, length: int) -> tuple[list[int], list[float]]:
    """`length + 1` tokens: whole samples one after another, each begun by an end token, and the weights of all."""
    tokens, weights = [sampler.end], [0.0]
    while (left := length + 1 - len(tokens)) > 0:
        if left < _SHORTEST:
            tokens += [sampler.end] * left
            weights += [0.0] * left
            break
        sample = sampler.sample(rng, left)
        tokens += sample.tokens
        weights += sample.weights
        if len(tokens) <= length and tokens[-1] != sampler.end:
            tokens.append(sampler.end)
            weights.append(0.0)
    return tokens[: length + 1], weights[: length + 1]


def write_shard(path: Path, sampler: Sampler, seed: str, rows: int, length: int) -> None:
    """Writes a shard of rows of their own seeds: `tokens` (rows, length + 1) and `weights` of the same shape, in bytes."""
    tokens = np.empty((rows, length + 1), dtype=np.uint16 if sampler.tokenizer.get_vocab_size() <= 1 << 16 else np.uint32)
    weights = np.empty((rows, length + 1), dtype=np.uint8)
    for number in range(rows):
        drawn, counted = row(sampler, random.Random(f"{seed} {path.stem} {number}"), length)
        tokens[number] = drawn
        weights[number] = np.round(np.asarray(counted) * WEIGHT_SCALE)
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(partial, tokens=tokens, weights=weights)
    partial.replace(path)


def read_shard(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Tokens, and weights as numbers."""
    with np.load(path) as stored:
        return stored["tokens"], stored["weights"].astype(np.float32) / WEIGHT_SCALE

"""Shares, differences and what chance would make of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_Z = 1.959964
_SAMPLES = 2_000


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    def percent(self) -> str:
        return f"{100 * self.value:.1f} ({100 * self.low:.1f} to {100 * self.high:.1f})"

    def holds_zero(self) -> bool:
        return self.low <= 0.0 <= self.high


def share(hits: int, of: int) -> Interval:
    """Wilson's score interval."""
    if of == 0:
        return Interval(0.0, 0.0, 1.0)
    p = hits / of
    spread = _Z * math.sqrt(p * (1 - p) / of + _Z * _Z / (4 * of * of))
    middle, scale = p + _Z * _Z / (2 * of), 1 + _Z * _Z / of
    return Interval(p, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def mean(values: np.ndarray, seed: int = 95) -> Interval:
    """By the bootstrap's percentiles. Of differences at the same places it is the paired bootstrap."""
    if len(values) == 0:
        return Interval(0.0, 0.0, 0.0)
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (_SAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(values.mean()), float(low), float(high))


def mcnemar(gained: int, lost: int) -> float:
    """The two-sided exact probability of so uneven a split of the places at which two engines differ, were they alike."""
    different = gained + lost
    if different == 0:
        return 1.0
    tail = sum(math.comb(different, k) for k in range(min(gained, lost) + 1)) / 2**different
    return min(1.0, 2 * tail)

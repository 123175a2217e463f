"""Muon for the matrices of the blocks, AdamW for the embedding and the norms.

Muon replaces a matrix's momentum by the nearest orthogonal matrix, so that no direction of it learns at the cost of
others. PyTorch has one as well; this one does all matrices of a size at once, and computes in float32 on processors
without bfloat16, where PyTorch's takes longer than the step that it follows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import torch
from torch import Tensor

from .model import Llama

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of Newton-Schulz's iteration of the fifth order: the steepest at 0 that keeps singular values near 1."""


@dataclass(frozen=True)
class Rates:
    """Peaks of the learning rates, and what decays."""

    muon: float = 0.02
    adam: float = 0.003
    momentum: float = 0.95
    weight_decay: float = 0.02
    """Of the matrices, times their rate."""
    embedding_decay: float = 0.01
    warm_up: int = 15
    """Steps until the peak."""
    flat: float = 0.1
    """Share of the run at the peak; then it falls in a line."""
    last: float = 0.01
    """Share of the peak at the end."""

    def at(self, step: int, progress: float) -> float:
        """The share of the peak at a step of this run (from 0) and a progress from 0 to 1."""
        fall = 1.0 if progress < self.flat else max(self.last, (1 - progress) / (1 - self.flat))
        return min(1.0, (step + 1) / max(1, self.warm_up)) * fall


def orthogonal(matrices: Tensor, steps: int = 5) -> Tensor:
    """The nearest orthogonal matrices to `matrices` (count, rows, columns), nearly."""
    x = matrices.bfloat16() if matrices.is_cuda else matrices.float()
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(steps):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """Of matrices only; those of one size are updated together."""

    def __init__(self, matrices: list[Tensor], rates: Rates) -> None:
        super().__init__(matrices, {"lr": rates.muon, "momentum": rates.momentum, "weight_decay": rates.weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for matrix in group["params"]:
                by_shape[matrix.shape].append(matrix)
            for shape, matrices in by_shape.items():
                for matrix in matrices:
                    self.state[matrix].setdefault("momentum", torch.zeros_like(matrix))
                momenta = [self.state[matrix]["momentum"] for matrix in matrices]
                gradients = [matrix.grad for matrix in matrices]
                torch._foreach_mul_(momenta, group["momentum"])
                torch._foreach_add_(momenta, gradients)
                # Nesterov's look ahead.
                looked = torch.stack([g + group["momentum"] * m for g, m in zip(gradients, momenta, strict=True)])
                updates = orthogonal(looked)
                scale = max(1.0, shape[0] / shape[1]) ** 0.5
                for matrix, update in zip(matrices, updates, strict=True):
                    matrix.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"] * scale)


class Optimiser:
    """Both, under one schedule."""

    def __init__(self, model: Llama, rates: Rates) -> None:
        self.rates = rates
        embedding = model.token_embd.weight
        matrices = [weight for weight in model.parameters() if weight.dim() == 2 and weight is not embedding]
        self.others = [weight for weight in model.parameters() if weight.dim() != 2]
        self.muon = Muon(matrices, rates)
        self.adam = torch.optim.AdamW(
            [
                {"params": [embedding], "weight_decay": rates.embedding_decay},
                {"params": self.others, "weight_decay": 0.0},
            ],
            lr=rates.adam,
            betas=(0.9, 0.97),
        )
        self.embedding = embedding

    def step(self, share: float) -> None:
        """One update, at a share of the peak rates."""
        torch.nn.utils.clip_grad_norm_([self.embedding, *self.others], 1.0)
        for optimiser, peak in ((self.muon, self.rates.muon), (self.adam, self.rates.adam)):
            for group in optimiser.param_groups:
                group["lr"] = peak * share
            optimiser.step()

    def state_dict(self) -> dict[str, object]:
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict[str, object]) -> None:
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])

"""The architecture that GGUF calls `llama`: RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Shape:
    """Sizes of a model. `heads * head_width` need not be `width`."""

    vocabulary: int = 4096
    width: int = 256
    layers: int = 5
    heads: int = 4
    kv_heads: int = 2
    head_width: int = 64
    feed_forward: int = 512
    rope_base: float = 10_000.0
    epsilon: float = 1e-5
    context: int = 2048

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions over neighbouring pairs, as llama.cpp's `llama` does. `x`: batch, heads, tokens, head width."""
    a, b = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2).type_as(x)


class Norm(nn.Module):
    """RMSNorm in float32, whatever its input is."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), x.shape[-1:], self.weight, self.epsilon).type_as(x)


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width, query, key = shape.width, shape.heads * shape.head_width, shape.kv_heads * shape.head_width
        self.attn_norm = Norm(width, shape.epsilon)
        self.attn_q = nn.Linear(width, query, bias=False)
        self.attn_k = nn.Linear(width, key, bias=False)
        self.attn_v = nn.Linear(width, key, bias=False)
        self.attn_output = nn.Linear(query, width, bias=False)
        self.ffn_norm = Norm(width, shape.epsilon)
        self.ffn_gate = nn.Linear(width, shape.feed_forward, bias=False)
        self.ffn_up = nn.Linear(width, shape.feed_forward, bias=False)
        self.ffn_down = nn.Linear(shape.feed_forward, width, bias=False)

    def attention(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        shape = self.shape
        by_head = lambda y, heads: y.unflatten(-1, (heads, shape.head_width)).transpose(1, 2)  # noqa: E731
        q = rotate(by_head(self.attn_q(x), shape.heads), cos, sin)
        k = rotate(by_head(self.attn_k(x), shape.kv_heads), cos, sin)
        v = by_head(self.attn_v(x), shape.kv_heads)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=shape.heads != shape.kv_heads)
        return self.attn_output(y.transpose(1, 2).flatten(2))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.attn_norm(x), cos, sin)
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


class Llama(nn.Module):
    """Token ids (batch, tokens) to logits (batch, tokens, vocabulary)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape.width, shape.epsilon)
        nn.init.normal_(self.token_embd.weight, std=0.02)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and weight is not self.token_embd.weight:
                # What is added to the residual stream starts smaller, so that depth does not change its scale.
                scale = 0.35 if name.endswith(("attn_output.weight", "ffn_down.weight")) else 0.7
                nn.init.normal_(weight, std=scale / math.sqrt(weight.shape[1]))
        frequencies = shape.rope_base ** -(torch.arange(0, shape.head_width, 2).float() / shape.head_width)
        angles = torch.outer(torch.arange(shape.context).float(), frequencies)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def hidden(self, tokens: Tensor) -> Tensor:
        """What the output layer is given: batch, tokens, width."""
        x = self.token_embd(tokens)
        cos, sin = self.cos[: tokens.shape[1]], self.sin[: tokens.shape[1]]
        for block in self.blk:
            x = block(x, cos, sin)
        return self.output_norm(x)

    def forward(self, tokens: Tensor) -> Tensor:
        return F.linear(self.hidden(tokens), self.token_embd.weight)

    def losses(self, rows: Tensor) -> Tensor:
        """Negative log-likelihood in nats of each token of `rows` after its first: batch, tokens - 1."""
        logits = self(rows[:, :-1]).float()
        return F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), reduction="none").view(rows.shape[0], -1)

    def parameters_count(self) -> int:
        return sum(weight.numel() for weight in self.parameters())

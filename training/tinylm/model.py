"""The network: a small Llama whose rotary pairs turn only in part.

Of the pairs of every head some rotate (they know where a token is) and the others stand still
(they know only what it is), so that a token can be found again at any distance. In the GGUF this
is the optional `rope_freqs.weight` tensor of the Llama architecture.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROPE_BASE = 10_000.0
STILL = 1e-9
WRITTEN_OUT = 600


@dataclass(frozen=True)
class Shape:
    """The dimensions of the network.

    Attributes:
        vocabulary: number of tokens.
        width: size of the residual stream.
        layers: number of blocks.
        heads: attention heads per block.
        head_size: size of a head; half as many rotary pairs.
        hidden: size of the feed-forward layer.
        turning: the angle per token of each rotary pair that rotates.
    """

    vocabulary: int = 1408
    width: int = 256
    layers: int = 5
    heads: int = 4
    head_size: int = 64
    hidden: int = 512
    turning: tuple[float, ...] = (
        3.0, 2.3, 1.7, 1.2, 0.8, 0.5, 0.3, 0.15, 0.07, 0.03, 0.012, 0.005,
    )  # fmt: skip

    def angles(self) -> list[float]:
        """Return the angle per token of every rotary pair."""
        pairs = self.head_size // 2
        return [*self.turning, *([STILL] * (pairs - len(self.turning)))]

    def frequency_factors(self) -> list[float]:
        """Return what the usual angles must be divided by to become ours."""
        usual = [ROPE_BASE ** (-2 * pair / self.head_size) for pair in range(self.head_size // 2)]
        return [angle / ours for angle, ours in zip(usual, self.angles(), strict=True)]

    def as_dict(self) -> dict[str, Any]:
        """Return the dimensions for a checkpoint."""
        return asdict(self)


class Norm(nn.Module):
    """Root mean square normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension."""
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), 1e-5)


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    pairs = cosine.shape[-1]
    still = x.shape[-1] // 2 - pairs
    first, same, second, other = x.split((pairs, still, pairs, still), dim=-1)
    turned = first * cosine - second * sine
    return torch.cat((turned, same, second * cosine + first * sine, other), dim=-1)


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Causal attention; written out for short rows, where that is three times faster."""
    time = query.shape[2]
    if time > WRITTEN_OUT:
        return F.scaled_dot_product_attention(query, key, value, is_causal=True)
    future = torch.full((time, time), float("-inf"), dtype=query.dtype).triu(1)
    scores = torch.matmul(query * query.shape[-1] ** -0.5, key.mT)
    return torch.matmul(torch.softmax(scores + future, dim=-1), value)


class Block(nn.Module):
    """Attention and feed-forward, each added to the residual stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        inner = shape.heads * shape.head_size
        self.heads, self.head_size = shape.heads, shape.head_size
        self.attention_norm = Norm(shape.width)
        self.query = nn.Linear(shape.width, inner, bias=False)
        self.key = nn.Linear(shape.width, inner, bias=False)
        self.value = nn.Linear(shape.width, inner, bias=False)
        self.output = nn.Linear(inner, shape.width, bias=False)
        self.feed_norm = Norm(shape.width)
        self.gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, self.head_size).transpose(1, 2)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Run the block over (batch, time, width)."""
        normal = self.attention_norm(x)
        query = _rotate(self._split(self.query(normal)), cosine, sine)
        key = _rotate(self._split(self.key(normal)), cosine, sine)
        value = self._split(self.value(normal))
        mixed = _attend(query, key, value)
        x = x + self.output(mixed.transpose(1, 2).flatten(2))
        normal = self.feed_norm(x)
        return x + self.down(F.silu(self.gate(normal)) * self.up(normal))


class TinyLlama(nn.Module):
    """The whole network, with the embedding used for input and output."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width)

    def hidden(self, tokens: Tensor) -> Tensor:
        """Return the normalised state of every position."""
        x = self.embedding(tokens)
        if torch.is_autocast_enabled("cpu"):
            x = x.bfloat16()
        positions = torch.arange(tokens.shape[1], dtype=torch.float32)
        angles = positions[:, None] * torch.tensor(self.shape.turning)[None, :]
        cosine, sine = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        for block in self.blocks:
            x = block(x, cosine, sine)
        return self.norm(x)

    def logits(self, states: Tensor) -> Tensor:
        """Return the scores of the next token for states of any shape."""
        return F.linear(states, self.embedding.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the scores of the next token at every position."""
        return self.logits(self.hidden(tokens))

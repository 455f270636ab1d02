"""A start that can already copy: an induction circuit is written into the first two blocks.

Block 0 looks one and two tokens back (by position) and keeps a projection of what stood there in
dimensions that the embedding leaves free. Block 1 looks for places whose predecessors are like the
current tokens (by content, in the pairs that do not rotate, so at any distance) and brings back the
token that stands there. Everything else starts small and random.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tinylm.model import Shape, TinyLlama

WORD_DIMS = 136
HASH_DIMS = 40
CONSTANT = 0.3
LOOK = 6.0
MATCH = 1.2
COPY = 1.5


def _still_rows(shape: Shape) -> list[int]:
    """Rows of a head that belong to pairs that do not rotate."""
    half = shape.head_size // 2
    first = list(range(len(shape.turning), half))
    return first + [half + row for row in first]


def _look_back(shape: Shape, steps: int, constant: float) -> tuple[Tensor, Tensor]:
    """Weights (query, key) of one head that looks a number of tokens back."""
    pairs = len(shape.turning)
    half = shape.head_size // 2
    angles = torch.tensor(shape.turning) * steps
    amplitude = LOOK / constant
    query = torch.zeros(shape.head_size, shape.width)
    key = torch.zeros(shape.head_size, shape.width)
    query[:pairs, 0] = amplitude
    key[:pairs, 0] = amplitude * angles.cos()
    key[half : half + pairs, 0] = amplitude * angles.sin()
    return query, key


@torch.no_grad()
def structured_start(model: TinyLlama, seed: int) -> None:
    """Set all weights of a model.

    Args:
        model: the network to initialise.
        seed: what all random numbers come from.
    """
    shape = model.shape
    random = torch.Generator().manual_seed(seed)

    def normal(rows: int, columns: int, deviation: float) -> Tensor:
        return torch.randn(rows, columns, generator=random) * deviation

    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            weight.fill_(1.0)
        elif name.endswith(("output.weight", "down.weight")):
            weight.zero_()
        else:
            weight.copy_(normal(*weight.shape, 0.02))
    table = model.embedding.weight
    table.zero_()
    table[:, 0] = CONSTANT
    table[:, 1:WORD_DIMS] = normal(shape.vocabulary, WORD_DIMS - 1, 0.05)
    size = table[0].square().mean().sqrt().item()
    basis, _ = torch.linalg.qr(normal(WORD_DIMS - 1, WORD_DIMS - 1, 1.0))
    _write_look_back(model, basis, CONSTANT / size)
    _write_match(model, basis)


def _write_look_back(model: TinyLlama, basis: Tensor, constant: float) -> None:
    shape, block = model.shape, model.blocks[0]
    size = shape.head_size
    for head, steps in enumerate((1, 2, 3)):
        rows = slice(head * size, (head + 1) * size)
        query, key = _look_back(shape, steps, constant)
        block.query.weight[rows], block.key.weight[rows] = query, key
        first = head * size
        block.value.weight[rows] = 0.0
        block.value.weight[first : first + HASH_DIMS, 1:WORD_DIMS] = basis[:HASH_DIMS]
        target = WORD_DIMS + head * HASH_DIMS
        for row in range(HASH_DIMS):
            block.output.weight[target + row, first + row] = 0.05


def _write_match(model: TinyLlama, basis: Tensor) -> None:
    """Write the heads that match one, two and three tokens of context."""
    shape, block = model.shape, model.blocks[1]
    size = shape.head_size
    still = _still_rows(shape)[:HASH_DIMS]
    previous = [WORD_DIMS + head * HASH_DIMS for head in range(3)]
    for head, parts in enumerate(((40,), (22, 18), (16, 14, 10))):
        first = head * size
        rows = slice(first, first + size)
        block.query.weight[rows] = 0.0
        block.key.weight[rows] = 0.0
        used = 0
        for order, count in enumerate(parts):
            for row in range(count):
                slot = first + still[used + row]
                if order == 0:
                    block.query.weight[slot, 1:WORD_DIMS] = MATCH * basis[row]
                else:
                    block.query.weight[slot, previous[order - 1] + row] = MATCH
                block.key.weight[slot, previous[order] + row] = MATCH
            used += count
        copied = basis[(head * size) % 64 : (head * size) % 64 + size]
        block.value.weight[rows, 1:WORD_DIMS] = copied
        block.output.weight[1:WORD_DIMS, rows] = COPY * copied.T

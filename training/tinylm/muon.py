"""The optimiser: Muon for the matrices of the blocks, AdamW for everything else."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim import AdamW

from tinylm.model import TinyLlama


def _orthogonal(batch: Tensor, steps: int = 5) -> Tensor:
    """Bring matrices near the closest orthogonal ones by Newton-Schulz iterations."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = batch.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Optimiser:
    """Muon and AdamW behind one step."""

    def __init__(self, model: TinyLlama) -> None:
        groups: dict[tuple[int, ...], list[Tensor]] = {}
        for weight in model.blocks.parameters():
            if weight.ndim == 2:
                groups.setdefault(tuple(weight.shape), []).append(weight)
        matrices = {id(weight) for group in groups.values() for weight in group}
        self.groups = list(groups.values())
        self.momentum = [torch.zeros(len(g), *g[0].shape) for g in self.groups]
        self.others = [weight for weight in model.parameters() if id(weight) not in matrices]
        self.adam = AdamW(self.others, lr=0.0, betas=(0.9, 0.95), weight_decay=0.0)

    @torch.no_grad()
    def step(self, muon_rate: float, adam_rate: float) -> None:
        """Update all weights from their gradients and clear these."""
        torch.nn.utils.clip_grad_norm_(self.others, 1.0)
        self.adam.param_groups[0]["lr"] = adam_rate
        self.adam.step()
        for group, momentum in zip(self.groups, self.momentum, strict=True):
            gradient = torch.stack([weight.grad for weight in group])
            momentum.lerp_(gradient, 0.05)
            update = _orthogonal(gradient.lerp(momentum, 0.95)).float()
            rows, columns = update.shape[-2:]
            rate = muon_rate * max(1.0, rows / columns) ** 0.5
            for weight, change in zip(group, update, strict=True):
                weight.sub_(change, alpha=rate)
        for weight in (*self.others, *(w for group in self.groups for w in group)):
            weight.grad = None

    def state(self) -> dict[str, object]:
        """Return what a checkpoint must keep."""
        return {"adam": self.adam.state_dict(), "momentum": self.momentum}

    def load(self, state: dict[str, object]) -> None:
        """Continue from a checkpoint."""
        self.adam.load_state_dict(state["adam"])  # type: ignore[arg-type]
        self.momentum = state["momentum"]  # type: ignore[assignment]

"""Sequences outside the KV cache: their states wait in ordinary memory, under a budget of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oxillama_jupyter.engine.backend import Cells, State
    from oxillama_jupyter.engine.slots import Slot

__all__ = ["WORTH_PARKING", "Parked", "Parking", "belongs"]

WORTH_PARKING = 16
"""Fewer tokens are computed as quickly as they are fetched."""


@dataclass(slots=True, eq=False)
class Parked:
    """A sequence outside the KV cache; a checkpoint is one as it was at the end of a prompt."""

    tokens: list[int]
    length: int
    key: str | None
    used: int
    state: State
    size: int
    adapter: str | None
    saved: bool = False
    checkpoint: bool = False


class Parking:
    """The parked states; iterating gives them all.

    Args:
        cells: llama.cpp, or a fake.
        memory: The most bytes of them; those unused for longest go first.
        lost: Gets each that has to go and is nowhere else.
    """

    def __init__(self, cells: Cells, memory: int, *, lost: Callable[[Parked], None]) -> None:
        self._cells = cells
        self._memory = memory
        self._lost = lost
        self._states: list[Parked] = []

    def __iter__(self) -> Iterator[Parked]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)

    @property
    def bytes(self) -> int:
        """What all of them take."""
        return sum(parked.size for parked in self._states)

    def put(self, slot: Slot, *, checkpoint: bool = False) -> None:
        """Save a slot's state, in place of what its thread had parked before."""
        if slot.length < WORTH_PARKING:
            return
        self._states = [
            parked
            for parked in self._states
            if not (
                slot.key is not None and (parked.key, parked.checkpoint) == (slot.key, checkpoint)
            )
            and (
                self._cells.rigid_states
                or (parked.adapter, parked.tokens) != (slot.adapter, slot.tokens[: parked.length])
            )
        ]
        state, size = self._cells.save(slot.id)
        self._states.append(
            Parked(
                slot.tokens[: slot.length],
                slot.length,
                slot.key,
                slot.used,
                state,
                size,
                slot.adapter,
                slot.saved and not checkpoint,
                checkpoint,
            )
        )
        self._trim()

    def remove(self, parked: Parked) -> None:
        """Let one go that is in the cache again."""
        self._states.remove(parked)

    def forget(self, thread: str) -> None:
        """Let all states of a thread go."""
        self._states = [one for one in self._states if not belongs(one.key, thread)]

    def _trim(self) -> None:
        """Let the states unused for longest go, until the rest fits."""
        self._states.sort(key=lambda parked: parked.used)
        total = self.bytes
        while total > self._memory:
            dropped = self._states.pop(0)
            total -= dropped.size
            if not dropped.saved:
                self._lost(dropped)


def belongs(key: str | None, thread: str) -> bool:
    """Whether a key is a thread's, with whatever adapter."""
    return key is not None and key.rpartition("\0")[2] == thread

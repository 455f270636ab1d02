"""Keeping the sequences that generate next to each other.

Where each sequence has cells of its own, llama.cpp decodes only neighbouring ones together: 0, 1, 2
in one go, but 0, 1, 3 in two, which reads all weights twice. So a new generation goes beside those
that are there, and one that has been apart for some steps is moved.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Gathering", "beside", "move"]

_PATIENCE = 8  # steps of the same sequences: whoever goes on so long is worth a copy


class Gathering:
    """Tells when it is time to move a sequence, and where to.

    Args:
        count: Sequences there are.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._busy: Sequence[int] = ()
        self._steps = 0

    def next_move(self, busy: Sequence[int]) -> tuple[int, int] | None:
        """Which sequence to move before the next step, and to which place; called at each step.

        Args:
            busy: The sequences that generate, in order.
        """
        if busy != self._busy:
            self._busy, self._steps = busy, 0
        self._steps += 1
        if self._steps <= _PATIENCE:
            return None
        found = move(busy, self._count)
        if found is not None:  # the others need not wait again
            source, target = found
            self._busy = sorted({*busy, target} - {source})
        return found


def beside(place: int, busy: Sequence[int]) -> int:
    """How many neighbours of a place are busy."""
    return (place - 1 in busy) + (place + 1 in busy)


def move(busy: Sequence[int], count: int) -> tuple[int, int] | None:
    """The move after which fewest are left to do; None where all are neighbours.

    Args:
        busy: Places that are taken, in order.
        count: Places there are.
    """
    size = len(busy)
    if size < 2 or busy[-1] - busy[0] < size:  # noqa: PLR2004  # one has no neighbours
        return None
    starts = range(count - size + 1)
    start = max(starts, key=lambda start: sum(start <= one < start + size for one in busy))
    window = range(start, start + size)
    source = next(one for one in busy if one not in window)
    target = next(place for place in window if place not in busy)
    return source, target

"""Which tokens are in the KV cache, for whom, and which threads wait outside it.

A slot is a llama.cpp sequence. When its generation ends its tokens stay, for the thread's next
turn. But in a unified cache every generation pays for every cell in use, so as soon as somebody
else generates, idle slots are parked: their state moves to ordinary memory, which costs about a
thousandth of computing it again, and comes back when its thread does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["Cells", "Slot", "Slots"]

_WORTH_PARKING = 16  # tokens; fewer are computed as quickly as they are fetched
_WORTH_LOADING = 64  # a parked state may be this many times longer than what is wanted of it

State = Any  # what `Cells.save` returned; only the backend looks inside


class Cells(Protocol):
    """What the slots need of llama.cpp's memory."""

    def keep(self, sequence: int, length: int) -> int:
        """Forget a sequence's tokens from `length` on; return how many are left."""

    def copy(self, source: int, target: int, length: int) -> int:
        """Let `target` (empty) share the first tokens of `source`; return how many."""

    def save(self, sequence: int) -> tuple[State, int]:
        """Copy a sequence's cells to ordinary memory; return them and their size in bytes."""

    def load(self, sequence: int, state: State) -> bool:
        """Bring saved cells back into an empty sequence; False where there is no room."""


@dataclass(slots=True, eq=False)
class Slot:
    """A sequence of the KV cache: the first `length` of `tokens` are in it."""

    id: int
    tokens: list[int] = field(default_factory=list)
    length: int = 0
    key: str | None = None
    busy: bool = False
    used: int = 0
    adapter: str | None = None


@dataclass(slots=True, eq=False)
class _Parked:
    """A sequence outside the KV cache."""

    tokens: list[int]
    length: int
    key: str | None
    used: int
    state: State
    size: int
    adapter: str | None


class Slots:
    """All slots and the parked states.

    Args:
        cells: llama.cpp, or a fake.
        count: Sequences there are.
        memory: The most bytes of parked states; those unused for longest go first.
    """

    def __init__(self, cells: Cells, count: int, memory: int) -> None:
        self._cells = cells
        self._slots = [Slot(index) for index in range(count)]
        self._parked: list[_Parked] = []
        self._memory = memory
        self._ticks = 0

    def seat(self, tokens: list[int], key: str | None, adapter: str | None = None) -> Slot:
        """Take an idle slot and put the longest known beginning of these tokens into it.

        The last token is never reused: its logits are wanted. Nothing is reused that another
        adapter computed.
        """
        reusable = tokens[:-1]
        key = key if key is None or adapter is None else f"{adapter}\0{key}"
        live = max(self._slots, key=lambda slot: (_common(slot, reusable, adapter), not slot.busy))
        shared = _common(live, reusable, adapter)
        slot = self._target(key, live, shared)
        own = _common(slot, reusable, adapter)
        parked = self._best_parked(reusable, max(own, shared), adapter)
        if parked is not None:
            self._fetch(slot, parked, _common(parked, reusable, adapter), key)
        elif shared > own:
            self._clear(slot, key)
            slot.length = self._cells.copy(live.id, slot.id, shared)
        else:
            self._retire(slot, key, own)
            slot.length = self._cells.keep(slot.id, own)
        slot.tokens, slot.key, slot.busy, slot.used = tokens, key, True, self._tick()
        slot.adapter = adapter
        return slot

    def release(self, slot: Slot) -> None:
        """Give a slot back; it stays warm."""
        slot.tokens = slot.tokens[: slot.length]
        slot.busy = False
        slot.used = self._tick()

    def rewind(self, slot: Slot, length: int) -> None:
        """Forget what a slot holds beyond `length`: it is to be computed again."""
        slot.length = self._cells.keep(slot.id, length)

    def park_idle(self) -> None:
        """Move all idle sequences out of the cache: somebody generates."""
        for slot in self._slots:
            if not slot.busy and slot.length:
                self._park(slot)
                slot.length = self._cells.keep(slot.id, 0)

    # -- choosing --------------------------------------------------------------------------------

    def _target(self, key: str | None, live: Slot, shared: int) -> Slot:
        """The thread's own slot; else one that is as good as its own; else the least missed."""
        idle = [slot for slot in self._slots if not slot.busy]
        own = [slot for slot in idle if slot.length and key is not None and slot.key == key]
        if own:
            return max(own, key=lambda slot: slot.used)
        if not live.busy and live.key is None and key is None and 0 < live.length <= 2 * shared:
            return live
        return min(idle, key=lambda slot: (slot.length > 0, slot.used))

    def _best_parked(self, tokens: list[int], known: int, adapter: str | None) -> _Parked | None:
        """The parked state that knows more of these tokens than the cache does."""
        best = max(self._parked, key=lambda parked: _common(parked, tokens, adapter), default=None)
        if best is None:
            return None
        common = _common(best, tokens, adapter)
        worth = common >= known + _WORTH_PARKING and common * _WORTH_LOADING >= best.length
        return best if worth else None

    # -- moving ----------------------------------------------------------------------------------

    def _fetch(self, slot: Slot, parked: _Parked, common: int, key: str | None) -> None:
        """Bring a parked state into a slot; it stays parked if it is another thread's."""
        self._clear(slot, key)
        parked.used = self._tick()
        if not self._cells.load(slot.id, parked.state):
            return
        slot.length = self._cells.keep(slot.id, common)
        if parked.key == key and 2 * common >= parked.length:
            self._parked.remove(parked)

    def _clear(self, slot: Slot, key: str | None) -> None:
        """Empty a slot for another use."""
        self._retire(slot, key, 0)
        slot.length = self._cells.keep(slot.id, 0)

    def _retire(self, slot: Slot, key: str | None, kept: int) -> None:
        """Park a slot's tokens before they go, unless their own thread goes on without them."""
        same_thread = slot.key == key if key is not None else 2 * kept >= slot.length
        if not same_thread and kept < slot.length:
            self._park(slot)

    def _park(self, slot: Slot) -> None:
        """Save a slot's state, in place of what its thread had parked before."""
        if slot.length < _WORTH_PARKING:
            return
        self._parked = [
            parked
            for parked in self._parked
            if not (slot.key is not None and parked.key == slot.key)
            and (parked.adapter, parked.tokens) != (slot.adapter, slot.tokens[: parked.length])
        ]
        state, size = self._cells.save(slot.id)
        tokens = slot.tokens[: slot.length]
        self._parked.append(
            _Parked(tokens, slot.length, slot.key, slot.used, state, size, slot.adapter)
        )
        self._trim()

    def _trim(self) -> None:
        """Let the states unused for longest go, until the rest fits."""
        self._parked.sort(key=lambda parked: parked.used)
        total = sum(parked.size for parked in self._parked)
        while total > self._memory:
            total -= self._parked.pop(0).size

    def _tick(self) -> int:
        self._ticks += 1
        return self._ticks


def _common(known: Slot | _Parked, tokens: list[int], adapter: str | None) -> int:
    """Length of the longest common beginning; halving, since comparing slices is fast."""
    if known.adapter != adapter:
        return 0
    low, high = 0, min(known.length, len(tokens))
    if known.tokens[:high] == tokens[:high]:
        return high
    while low < high - 1:
        middle = (low + high) // 2
        if known.tokens[low:middle] == tokens[low:middle]:
            low = middle
        else:
            high = middle
    return low

"""Which tokens are in the KV cache, for whom, and which threads wait outside it.

A slot is a llama.cpp sequence. When its generation ends its tokens stay, for the thread's next
turn. But where sequences share the cells, every generation pays for every cell in use, so as soon
as somebody else generates, idle slots are parked: their state moves to ordinary memory, which costs
about a thousandth of computing it again, and comes back when its thread does. What memory has no
room for, and what is idle while nobody generates, is in the vault too, and survives the process.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oxillama_jupyter.engine.gathering import Gathering, beside
from oxillama_jupyter.engine.parking import WORTH_PARKING, Parked, Parking, belongs
from oxillama_jupyter.engine.protocol import EngineStats, SequenceState
from oxillama_jupyter.engine.vault import LEAST_TOKENS, Snapshot, Vault

if TYPE_CHECKING:
    from oxillama_jupyter.engine.backend import Cells

__all__ = ["Slot", "Slots", "common_length"]

_WORTH_LOADING = 64  # a parked state may be this many times longer than what is wanted of it


@dataclass(slots=True, eq=False)
class Slot:
    """A sequence of the KV cache: the first `length` of `tokens` are in it.

    `saved` tells whether the vault has it, `loaded` how many of its tokens came with a state.
    """

    id: int
    tokens: list[int] = field(default_factory=list)
    length: int = 0
    key: str | None = None
    busy: bool = False
    used: int = 0
    saved: bool = False
    loaded: int = 0
    adapter: str | None = None


class Slots:
    """All slots and the parked states.

    Args:
        cells: llama.cpp, or a fake.
        count: Sequences there are.
        memory: The most bytes of parked states; those unused for longest go first.
        vault: Where states survive; None for nowhere.
    """

    def __init__(self, cells: Cells, count: int, memory: int, vault: Vault | None = None) -> None:
        self._cells = cells
        self._slots = [Slot(index) for index in range(count)]
        self._parked = Parking(cells, memory, lost=self._save)
        self._vault = vault
        self._gathering = Gathering(count)
        self._ticks = 0

    def seat(
        self,
        tokens: list[int],
        key: str | None,
        snapshot: Snapshot | None = None,
        adapter: str | None = None,
    ) -> Slot:
        """Take an idle slot and put the longest known beginning of these tokens into it.

        The last token is never reused: its logits are wanted. Nothing is reused that another
        adapter computed.

        Args:
            tokens: The prompt.
            key: The thread.
            snapshot: What the vault found for them.
            adapter: The LoRA adapter.
        """
        reusable = tokens[:-1]
        if key is not None and adapter is not None:
            key = f"{adapter}\0{key}"  # a thread has a sequence for each

        def common(known: Slot | Parked) -> int:
            return self._common(known, reusable, adapter)

        live = max(self._slots, key=lambda slot: (common(slot), not slot.busy))
        shared = common(live)
        slot = self._target(key, live, shared)
        own = common(slot)
        parked = self._best_parked(reusable, max(own, shared), adapter)
        known = common(parked) if parked else max(own, shared)
        if snapshot is not None and snapshot.adapter != adapter:
            snapshot = None
        if self._restore(slot, snapshot, reusable, known, key):
            pass
        elif parked is not None:
            self._fetch(slot, parked, known, key)
        elif shared > own and (self._cells.unified or _worth(shared, live)):
            self._clear(slot, key)
            slot.length = self._cells.copy(live.id, slot.id, shared)
            slot.loaded = live.loaded
        else:
            self._retire(slot, key, own)
            slot.length = self._cells.keep(slot.id, own)
            slot.loaded = min(slot.loaded, slot.length)
        slot.tokens, slot.key, slot.busy, slot.used = tokens, key, True, self._tick()
        slot.saved, slot.adapter = False, adapter
        return slot

    def release(self, slot: Slot) -> None:
        """Give a slot back; it stays warm."""
        slot.tokens = slot.tokens[: slot.length]
        slot.busy = slot.saved = False
        slot.used = self._tick()

    def undo(self, slot: Slot) -> None:
        """Forget what a step that was broken off may have left behind the slot's tokens.

        A recurrent state is not to be trusted after that.
        """
        self.rewind(slot, slot.length if self.undoes else 0)

    @property
    def undoes(self) -> bool:
        """Whether a sequence keeps what it held before a step that was broken off."""
        return not self._cells.rigid

    def rewind(self, slot: Slot, length: int) -> None:
        """Forget what a slot holds beyond `length`: it is to be computed again."""
        slot.length = self._cells.keep(slot.id, length)
        slot.loaded = min(slot.loaded, slot.length)

    def park_idle(self) -> None:
        """Move all idle sequences out of shared cells: somebody generates."""
        for slot in self._slots if self._cells.unified else ():
            if not slot.busy and slot.length:
                self._parked.put(slot)
                slot.length = slot.loaded = self._cells.keep(slot.id, 0)

    def gather(self) -> tuple[Slot, Slot] | None:
        """Before a step: move a sequence that generates next to the others, if it is time.

        Returns:
            The slot it was in, and the one it is in now; None where none was moved.
        """
        if self._cells.unified:
            return None
        found = self._gathering.next_move([slot.id for slot in self._slots if slot.busy])
        if found is None:
            return None
        source, target = (self._slots[place] for place in found)
        self._clear(target, None)
        if self._cells.copy(source.id, target.id, source.length) < source.length:
            self._cells.keep(target.id, 0)
            return None
        for name in ("tokens", "length", "key", "busy", "used", "saved", "loaded", "adapter"):
            setattr(target, name, getattr(source, name))
        source.tokens, source.key, source.busy = [], None, False
        source.length = source.loaded = self._cells.keep(source.id, 0)
        return source, target

    def checkpoint(self, slot: Slot) -> None:
        """At the end of a prompt: keep a state, where it cannot be had by cutting a later one.

        The thread's next prompt repeats this one, but not always the answer as it was generated.
        """
        if self._cells.rigid_states and slot.key is not None:
            self._parked.put(slot, checkpoint=True)

    @property
    def shares(self) -> bool:
        """Whether a sequence can begin with a part of another one."""
        return not self._cells.rigid

    def known(self, tokens: list[int], adapter: str | None = None) -> int:
        """How many of these tokens are in memory; from another thread it is a hint."""
        return max(self._common(one, tokens, adapter) for one in self._everything())

    # -- the vault -------------------------------------------------------------------------------

    @property
    def unsaved(self) -> bool:
        """Whether some idle thread's state is in memory only."""
        return self._vault is not None and any(self._unsaved())

    def save_one(self) -> None:
        """Have the idle thread's state saved that was used last; nothing while the disk is busy."""
        if self._vault is not None and not self._vault.behind:
            for one in sorted(self._unsaved(), key=lambda one: -one.used)[:1]:
                self._save(one)

    def save_all(self, seconds: float) -> None:
        """Save what can be in so many seconds, half-done generations too: the process ends."""
        end = time.monotonic() + seconds
        if self._vault is None:
            return
        for one in sorted(self._unsaved(busy=True), key=lambda one: -one.used):
            if time.monotonic() < end:
                self._save(one)
        self._vault.close(max(end - time.monotonic(), 0))

    def forget(self, key: str) -> None:
        """Let nothing of a thread be left, here or on disk."""
        self._parked.forget(key)
        for slot in self._slots:
            if belongs(slot.key, key):
                slot.key = None  # where it still generates it will be nobody's
                if not slot.busy:
                    slot.length = slot.loaded = self._cells.keep(slot.id, 0)
        if self._vault is not None:
            self._vault.forget(key)

    def _everything(self) -> list[Slot | Parked]:
        return [*self._slots, *self._parked]

    def _unsaved(self, *, busy: bool = False) -> list[Slot | Parked]:
        return [
            one
            for one in self._everything()
            if one.key is not None
            and not one.saved
            and one.length >= LEAST_TOKENS
            and (busy or isinstance(one, Parked) or not one.busy)
        ]

    def _save(self, one: Slot | Parked) -> None:
        """Give a state to the vault, whether or not that will be able to write it."""
        one.saved = True
        if self._vault is None or one.key is None or one.length < LEAST_TOKENS:
            return
        key = one.key if one.adapter is None else one.key.partition("\0")[2]
        if isinstance(one, Slot):
            tokens, (state, _) = one.tokens[: one.length], self._cells.save(one.id)
            self._vault.put(key, tokens, state, adapter=one.adapter)
        else:
            self._vault.put(
                key, one.tokens, one.state, checkpoint=one.checkpoint, adapter=one.adapter
            )

    def _restore(
        self,
        slot: Slot,
        snapshot: Snapshot | None,
        tokens: list[int],
        known: int,
        key: str | None,
    ) -> bool:
        """Bring a state from disk into a slot, if it knows clearly more than memory does."""
        if self._vault is None:
            return False
        common = self._common(snapshot, tokens, snapshot.adapter) if snapshot else 0
        if snapshot is None or common < known + LEAST_TOKENS or not _worth(common, snapshot):
            if known + LEAST_TOKENS <= len(tokens):
                self._vault.miss()
            return False
        state = snapshot.ready or snapshot.read()
        if state is None:
            self._vault.miss()
            return False
        self._clear(slot, key)
        if self._cells.load(slot.id, state):
            slot.length = slot.loaded = self._cells.keep(slot.id, common)
            self._vault.hit(snapshot)
        else:
            self._cells.keep(slot.id, 0)
        return True

    def stats(self, cells: int) -> EngineStats:
        """How full a cache of so many cells is, and what waits outside it."""
        return EngineStats(
            cells=cells,
            cells_used=min(sum(slot.length for slot in self._slots), cells),
            parked=len(self._parked),
            parked_bytes=self._parked.bytes,
            vault=self._vault.stats() if self._vault is not None else None,
            sequences=tuple(map(_sequence, self._slots)),
        )

    # -- choosing --------------------------------------------------------------------------------

    def _target(self, key: str | None, live: Slot, shared: int) -> Slot:
        """The thread's own slot; else one that is as good as its own; else the least missed.

        Of several empty ones, that between others which generate: see `gathering`.
        """
        idle = [slot for slot in self._slots if not slot.busy]
        own = [slot for slot in idle if slot.length and key is not None and slot.key == key]
        if own:
            return max(own, key=lambda slot: slot.used)
        if not live.busy and live.key is None and key is None and 0 < live.length <= 2 * shared:
            return live
        busy = [] if self._cells.unified else [slot.id for slot in self._slots if slot.busy]
        return min(idle, key=lambda slot: (slot.length > 0, -beside(slot.id, busy), slot.used))

    def _best_parked(self, tokens: list[int], known: int, adapter: str | None) -> Parked | None:
        """The parked state that knows more of these tokens than the cache does."""
        best = max(
            self._parked,
            key=lambda parked: self._common(parked, tokens, adapter),
            default=None,
        )
        if best is None:
            return None
        common = self._common(best, tokens, adapter)
        worth = common >= known + WORTH_PARKING and _worth(common, best)
        return best if worth else None

    def _common(
        self, known: Slot | Parked | Snapshot, tokens: list[int], adapter: str | None = None
    ) -> int:
        """How many of the tokens could be taken over from there."""
        if known.adapter != adapter:
            return 0
        common = common_length(known.tokens[: known.length], tokens)
        if not self._cells.rigid_states:
            return common
        least = known.length
        if isinstance(known, Slot) and not self._cells.rigid:
            least = known.loaded
        return common if common >= least else 0

    # -- moving ----------------------------------------------------------------------------------

    def _fetch(self, slot: Slot, parked: Parked, common: int, key: str | None) -> None:
        """Bring a parked state into a slot; it stays parked if it is another thread's."""
        self._clear(slot, key)
        parked.used = self._tick()
        if not self._cells.load(slot.id, parked.state):
            return
        slot.length = slot.loaded = self._cells.keep(slot.id, common)
        if parked.key == key and 2 * common >= parked.length:
            self._parked.remove(parked)

    def _clear(self, slot: Slot, key: str | None) -> None:
        """Empty a slot for another use."""
        self._retire(slot, key, 0)
        slot.length = slot.loaded = self._cells.keep(slot.id, 0)

    def _retire(self, slot: Slot, key: str | None, kept: int) -> None:
        """Park a slot's tokens before they go, unless their own thread goes on without them."""
        same_thread = slot.key == key if key is not None else 2 * kept >= slot.length
        if not same_thread and kept < slot.length:
            self._parked.put(slot)

    def _tick(self) -> int:
        self._ticks += 1
        return self._ticks


def _sequence(slot: Slot) -> SequenceState:
    """What a slot is used for; a generation lacks only the token that it chose last."""
    key = (slot.key or "").rpartition("\0")[2]
    if slot.busy:
        reading = len(slot.tokens) - slot.length > 1
        wanted = len(slot.tokens) if reading else 0
        return SequenceState("reading" if reading else "generating", slot.length, wanted, key)
    return SequenceState("idle", slot.length, 0, key) if slot.length else SequenceState()


def _worth(common: int, state: Slot | Parked | Snapshot) -> bool:
    """Whether so much of a state is worth loading all of it."""
    return common * _WORTH_LOADING >= state.length


def common_length(first: list[int], second: list[int]) -> int:
    """Length of the longest common beginning; halving, since comparing slices is fast."""
    low, high = 0, min(len(first), len(second))
    if first[:high] == second[:high]:
        return high
    while low < high - 1:
        middle = (low + high) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle
    return low

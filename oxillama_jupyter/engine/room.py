"""Whether there is memory for one more model beside the loaded ones, and who would give way."""

from __future__ import annotations

from collections.abc import Sequence

from oxillama_jupyter.engine.catalog import Entry
from oxillama_jupyter.engine.fit import Memory, Wanted, estimate, megabytes, suggestion
from oxillama_jupyter.engine.protocol import MemoryRoom, ModelFit
from oxillama_jupyter.engine.residents import Resident

__all__ = ["Room"]


class Room:
    """What the models may take, and what they need.

    Args:
        memory: How much they may take.
        wanted: What engines are made with.
    """

    def __init__(self, memory: Memory, wanted: Wanted) -> None:
        self._memory = memory
        self._wanted = wanted

    def cost(self, entry: Entry) -> int:
        """Bytes that a model takes when it is loaded, about; 0 where nothing is known."""
        return estimate(entry.header, self._wanted).total if entry.header else 0

    def now(self, loaded: Sequence[Resident]) -> MemoryRoom:
        """The figures."""
        return MemoryRoom(
            free=self._memory.available(),
            budget=self._memory.budget(),
            strict=self._memory.strict,
            taken=sum(one.cost for one in loaded),
        )

    def lack(
        self, resident: Resident, others: Sequence[Resident], room: MemoryRoom | None = None
    ) -> str:
        """Say what there is too little of; nothing where there is room.

        Args:
            resident: What is to be loaded.
            others: What is loaded.
            room: The figures, where they are known.
        """
        room = room or self.now(others)
        cost, taken = resident.cost, sum(one.cost for one in others)
        too_much = room.budget is not None and taken + cost > room.budget
        if room.budget is not None and too_much and (others or room.strict):
            have = room.budget - taken
            what = "what the models may take (OxillamaApp.model_memory)"
        else:
            # What is being loaded has not taken its memory yet.
            coming = sum(one.cost for one in others if one.loading is not None)
            if room.free is None or not cost or cost <= room.free - coming:
                return ""
            have = room.free - coming
            what = "what is free (OxillamaApp.check_memory=False loads anyway)"
        return self._words(resident, max(have, 0), what)

    def hopeless(
        self, resident: Resident, others: Sequence[Resident], room: MemoryRoom | None = None
    ) -> bool:
        """Whether all the others' memory would not be enough either."""
        room = room or self.now(others)
        taken = sum(one.cost for one in others)
        most = min(
            room.free + taken if room.free is not None else resident.cost,
            room.budget if room.budget is not None and room.strict else resident.cost,
        )
        return not others or resident.cost > most

    def fit(self, entry: Entry, others: Sequence[Resident], room: MemoryRoom) -> ModelFit:
        """Say what loading a model would come to; nothing is loaded or unloaded.

        Args:
            entry: The model.
            others: What is loaded.
            room: The figures of now.
        """
        resident = Resident(entry, cost=self.cost(entry))
        first = lack = self.lack(resident, others, room)
        if lack and self.hopeless(resident, others, room):
            return ModelFit(lack)
        left, gone, free = list(others), [], room.free
        for one in sorted((one for one in others if one.idle), key=lambda one: one.used_at):
            if not lack:
                break
            left.remove(one)
            gone.append(one.entry.id)
            free = free + one.cost if free is not None else None
            lack = self.lack(resident, left, MemoryRoom(free, room.budget, room.strict))
        if lack:
            busy = ", ".join(one.entry.id for one in left)
            return ModelFit(f"{first} Others are in use: {busy}.")
        return ModelFit(gives_way=tuple(gone))

    def _words(self, resident: Resident, have: int, what: str) -> str:
        header = resident.entry.header
        assert header is not None  # noqa: S101  # one that is unknown costs nothing
        need = estimate(header, self._wanted)
        return (
            f"The model '{resident.entry.id}' needs about {megabytes(need.total)} of memory "
            f"(weights {megabytes(need.weights)}, cache {megabytes(need.cache)}, computing "
            f"{megabytes(need.compute)}); {what} is {megabytes(have)}. "
            + suggestion(header, self._wanted, have)
        )

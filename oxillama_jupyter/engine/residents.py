"""A model's place in the pool: its engine, who uses it, and why it has none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from msgspec.structs import replace

from oxillama_jupyter.engine.catalog import Entry
from oxillama_jupyter.engine.protocol import Engine, ModelState

__all__ = ["Resident"]


@dataclass(eq=False)
class Resident:
    """One model that was asked for at some time.

    Attributes:
        entry: What the catalog said when it was loaded last.
        engine: Its engine from the beginning of loading on; whoever has one takes memory.
        cost: How many bytes, about.
        loading: The task that loads it.
        users: How many want it now, waiting for it or generating; it is not unloaded meanwhile.
        used_at: When the last of them left, on the event loop's clock.
        failure: Why it could not be loaded the last time.
        lasting: Whether that was the model's own fault: it is not tried again by itself.
    """

    entry: Entry
    engine: Engine | None = None
    cost: int = 0
    loading: asyncio.Task[None] | None = None
    users: int = 0
    used_at: float = 0.0
    failure: str = ""
    lasting: bool = False
    _ending: Engine | None = field(default=None, repr=False)
    _closing: asyncio.Task[None] | None = field(default=None, repr=False)

    def refuses(self, entry: Entry) -> bool:
        """Whether loading it, as the catalog now has it, can only fail again."""
        return bool(self.failure) and self.lasting and entry.stamp == self.entry.stamp

    @property
    def idle(self) -> bool:
        """Whether it may give way to another one."""
        return not self.users and self.loading is None

    @property
    def engines(self) -> list[Engine]:
        """Its engine, and the last one where that has not ended yet."""
        return [engine for engine in (self.engine, self._ending) if engine is not None]

    @property
    def closing(self) -> bool:
        """Whether its last engine has not ended yet."""
        return self._closing is not None

    async def close(self) -> None:
        """Stop its engine, if it has one; whoever is cancelled while waiting stops nothing."""
        if self.engine is not None:
            self._ending, self.engine = self.engine, None
            self._closing = asyncio.create_task(
                self._ending.aclose(), name=f"oxillama unload {self.entry.id}"
            )
        await self.closed()

    async def closed(self) -> None:
        """Wait until an engine that is being stopped has ended."""
        closing = self._closing
        if closing is not None:
            await asyncio.shield(closing)
            if self._closing is closing:
                self._closing = self._ending = None

    def state(self, known: ModelState, entry: Entry) -> ModelState:
        """How it is now, added to what the catalog knows."""
        if self.loading is not None:
            return replace(known, state="loading", detail="", waiting=self.users)
        if self.engine is None:
            if not self.failure or entry.stamp != self.entry.stamp:
                return known
            return replace(
                known, state="failed" if self.lasting else known.state, detail=self.failure
            )
        status = self.engine.status()
        names = {"ok": "loaded", "starting": "loading", "failed": "failed"}
        return replace(
            known,
            state=names[status.state],
            detail=status.detail,
            pid=status.pid,
            running=status.running,
            waiting=status.waiting,
        )

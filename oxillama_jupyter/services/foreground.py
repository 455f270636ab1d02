"""Work for a client that waits for it: it ends with its client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, Self, TypeVar

from oxillama_jupyter.events import EventLog

__all__ = ["Foreground"]

T = TypeVar("T")


class Foreground(Generic[T]):
    """A task that writes events and has a result; made by `start`.

    Attributes:
        log: Its events; closed when it has ended.
    """

    def __init__(self) -> None:
        self.log = EventLog()
        self._admitted = asyncio.Event()
        self._task: asyncio.Task[T] | None = None

    @classmethod
    async def start(cls, work: Callable[[Self], Awaitable[T]], *, name: str) -> Self:
        """Begin; return when the work calls `admit`, or has ended.

        Whatever the work raises before that is raised here, so that it becomes an HTTP error; what
        goes wrong later it has to tell by events. Cancelling the caller cancels the work.
        """
        self = cls()
        self._task = asyncio.create_task(self._run(work), name=f"oxillama {name}")
        admitted = asyncio.create_task(self._admitted.wait())
        try:
            await asyncio.wait((self._task, admitted), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.aclose()
            raise
        finally:
            admitted.cancel()
        if not self._admitted.is_set():
            await self._task  # raises what the work raised
        return self

    def admit(self) -> None:
        """The request is fine and under way; to be called by the work."""
        self._admitted.set()

    async def result(self) -> T:
        """Wait for the work's end and return what it returned, or raise what it raised."""
        assert self._task is not None  # noqa: S101  # made by `start`
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """End the work, if it has not ended; idempotent. Its client is gone or has everything."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            if not self._task.cancelled():
                self._task.exception()  # whoever wanted it has seen it

    async def _run(self, work: Callable[[Self], Awaitable[T]]) -> T:
        try:
            return await work(self)
        finally:
            self.log.close()

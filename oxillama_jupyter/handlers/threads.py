"""`/v1/threads` and our own `/oxillama/threads`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.threads import CreateThread, ModifyThread, ThreadQuery

__all__ = ["ThreadHandler", "ThreadListHandler", "ThreadValuesHandler", "ThreadsHandler"]


class ThreadsHandler(BaseHandler):
    """Create."""

    @secured("write")
    async def post(self) -> None:
        """Create."""
        self.send(await self.services.threads.create(self.read(CreateThread)))


class ThreadHandler(BaseHandler):
    """Retrieve, modify, delete."""

    @secured("read")
    async def get(self, thread_id: str) -> None:
        """Retrieve."""
        self.send(await self.services.threads.get(thread_id))

    @secured("write")
    async def post(self, thread_id: str) -> None:
        """Modify."""
        self.send(await self.services.threads.modify(thread_id, self.read(ModifyThread)))

    @secured("write")
    async def delete(self, thread_id: str) -> None:
        """Delete."""
        self.send(await self.services.threads.delete(thread_id))


class ThreadListHandler(BaseHandler):
    """All threads, newest activity first: what the public API does not have."""

    @secured("read")
    async def get(self) -> None:
        """List and search."""
        self.send(await self.services.threads.page(self.query(ThreadQuery)))


class ThreadValuesHandler(BaseHandler):
    """What the list of all threads can be narrowed to."""

    @secured("read")
    async def get(self) -> None:
        """List the tags, notebooks and models."""
        self.send(await self.services.threads.values())

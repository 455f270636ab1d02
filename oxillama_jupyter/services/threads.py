"""Threads and their messages, as clients use them."""

from __future__ import annotations

import contextlib

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.base import Deleted, Page
from oxillama_jupyter.schemas.exports import ThreadExport
from oxillama_jupyter.schemas.forks import ForkThread
from oxillama_jupyter.schemas.imports import ImportThread
from oxillama_jupyter.schemas.messages import CreateMessage, Message, ModifyMessage
from oxillama_jupyter.schemas.runs import MessageQuery
from oxillama_jupyter.schemas.threads import (
    CreateThread,
    ModifyThread,
    Thread,
    ThreadQuery,
    ThreadSummary,
    ThreadValues,
)
from oxillama_jupyter.services.executor import Executor
from oxillama_jupyter.services.imports import renewed
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.runs import RunService
from oxillama_jupyter.store import exports, forks, imports, messages, narrowing, runs, threads
from oxillama_jupyter.store.database import Database

__all__ = ["ThreadService"]


class ThreadService:
    """Use cases of threads and messages.

    Args:
        db: The store.
        runs: Cancels the active run of a thread that is deleted.
        executor: Knows when such a run has ended.
        models: Their engine forgets a thread that is deleted.
    """

    def __init__(
        self, db: Database, runs: RunService, executor: Executor, models: ModelService
    ) -> None:
        self._db = db
        self._runs = runs
        self._executor = executor
        self._models = models

    async def create(self, body: CreateThread) -> Thread:
        """A new thread, with its first messages."""
        return await self._db.write(threads.create, body)

    async def get(self, thread_id: str) -> Thread:
        """One thread."""
        return await self._db.read(threads.get, thread_id)

    async def modify(self, thread_id: str, body: ModifyThread) -> Thread:
        """Change its metadata or resources."""
        return await self._db.write(threads.modify, thread_id, body)

    async def delete(self, thread_id: str) -> Deleted:
        """Delete a thread with everything in it; its active run is cancelled first."""
        active = await self._db.read(runs.active, thread_id)
        if active is not None:
            await self._cancel(thread_id, active.id)
        deleted = await self._db.write(threads.delete, thread_id)
        await self._models.engine.forget(thread_id)
        return deleted

    async def _cancel(self, thread_id: str, run_id: str) -> None:
        with contextlib.suppress(InvalidRequest):  # it may have ended by itself meanwhile
            await self._runs.cancel(thread_id, run_id)
        await self._executor.join(run_id)

    async def page(self, query: ThreadQuery) -> Page[ThreadSummary]:
        """Threads, newest activity first; in a search, newest match first."""
        return await self._db.read(threads.page, query)

    async def values(self) -> ThreadValues:
        """The tags, notebooks and models that threads have."""
        return await self._db.read(narrowing.values)

    async def fork(self, thread_id: str, body: ForkThread) -> Thread:
        """A new thread with copies of this one's messages up to one of them."""
        return await self._db.write(forks.fork, thread_id, body)

    async def export(self, thread_id: str) -> ThreadExport:
        """A thread with everything in it, as it is at one moment."""
        return await self._db.write(exports.export, thread_id)  # a transaction, for the moment

    async def restore(self, body: ImportThread) -> Thread:
        """A new thread with everything that an export has."""
        return await self._db.write(imports.restore, renewed(body))

    async def create_message(self, thread_id: str, body: CreateMessage) -> Message:
        """Add a message to a thread that no run is writing to."""
        return await self._db.write(messages.create, thread_id, body)

    async def message(self, thread_id: str, message_id: str) -> Message:
        """One message."""
        return await self._db.read(messages.get, thread_id, message_id)

    async def modify_message(self, thread_id: str, message_id: str, body: ModifyMessage) -> Message:
        """Replace a message's metadata."""
        return await self._db.write(messages.modify, thread_id, message_id, body)

    async def delete_message(self, thread_id: str, message_id: str) -> Deleted:
        """Delete a message; later runs do not see it."""
        return await self._db.write(messages.delete, thread_id, message_id)

    async def messages(self, thread_id: str, query: MessageQuery) -> Page[Message]:
        """A page of a thread's messages."""
        return await self._db.read(messages.page, thread_id, query)

"""Locks on conversations, each held for as long as one response is made for it.

A lock is a lease that the sweep over responses renews: whatever happens to its holder, others can
write again half a minute later. All the same everybody unlocks who can.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from oxillama_jupyter.errors import StoreError
from oxillama_jupyter.schemas.items import AnyItem
from oxillama_jupyter.services.tasks import whole
from oxillama_jupyter.store import conversations
from oxillama_jupyter.store.database import Connection, Database

__all__ = ["ConversationLocks", "unlock_ended"]


class ConversationLocks:
    """The locks that this server holds.

    Args:
        db: The store.
        owner: This server's id.
    """

    def __init__(self, db: Database, owner: str) -> None:
        self._db = db
        self._owner = owner
        self._held: set[str] = set()

    def holder(self, response_id: str) -> str:
        """Who holds the lock where this server makes that response."""
        return f"{self._owner}/{response_id}"

    async def take(self, conversation_id: str, holder: str) -> list[AnyItem]:
        """Lock a conversation and read it; whoever calls this frees it, also where this raises.

        Raises:
            NotFound: There is no such conversation.
            InvalidRequest: Another response has it, or a run is active on its thread.
        """
        self._held.add(holder)
        return await self._db.write(_locked, conversation_id, holder, list(self._held))

    async def free(self, conversation_id: str, holder: str) -> None:
        """Let others write again; a cancellation comes too late for this."""
        self._held.discard(holder)
        # The lease ends by itself where the store cannot be written to, and who frees has something
        # to tell that matters more.
        with contextlib.suppress(StoreError):
            await whole(self._db.write(conversations.unlock, conversation_id, holder))

    def drop(self, holder: str) -> None:
        """Do not renew this lock any more: it has been freed with what was written."""
        self._held.discard(holder)

    async def renew(self) -> None:
        """Prolong all leases."""
        if self._held:
            await self._db.write(conversations.renew, list(self._held))


def unlock_ended(conn: Connection, response_id: str) -> None:
    """Free what was locked for a response, by whichever server."""
    held = [one for one in conversations.holders(conn) if one.endswith(f"/{response_id}")]
    conversations.release(conn, held)


def _locked(
    conn: Connection, conversation_id: str, holder: str, held: Sequence[str]
) -> list[AnyItem]:
    """Lock a conversation and read it, in one transaction.

    What this server holds is renewed first: a machine that slept has not renewed it.
    """
    conversations.renew(conn, held)
    conversations.lock(conn, conversation_id, holder)
    return conversations.history(conn, conversation_id)

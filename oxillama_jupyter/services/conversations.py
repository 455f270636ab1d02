"""Conversations and their items, as clients use them, and threads opened as conversations."""

from __future__ import annotations

from collections.abc import Sequence

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.base import Deleted, Page
from oxillama_jupyter.schemas.conversations import (
    Conversation,
    CreateConversation,
    CreateItems,
    ItemQuery,
    ModifyConversation,
)
from oxillama_jupyter.schemas.items import AnyItem, ItemReference
from oxillama_jupyter.schemas.threads import Thread
from oxillama_jupyter.services.items import item_id, read_items
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.store import conversations, views
from oxillama_jupyter.store.database import Connection, Database

__all__ = ["ConversationService"]


class ConversationService:
    """Use cases of conversations and their items.

    Args:
        db: The store.
        models: Their engine forgets a conversation that is deleted.
    """

    def __init__(self, db: Database, models: ModelService) -> None:
        self._db = db
        self._models = models

    async def create(self, body: CreateConversation) -> Conversation:
        """A new conversation, with its first items.

        Raises:
            InvalidRequest: An item is none, or refers to one that is not known.
        """
        given = read_items(body.items or [], "items")
        return await self._db.write(_create, given, body.metadata)

    async def get(self, conversation_id: str) -> Conversation:
        """One conversation."""
        return await self._db.read(conversations.get, conversation_id)

    async def modify(self, conversation_id: str, body: ModifyConversation) -> Conversation:
        """Replace its metadata."""
        return await self._db.write(conversations.modify, conversation_id, body.metadata)

    async def delete(self, conversation_id: str) -> Deleted:
        """Delete a conversation; a thread that shares its history keeps that."""
        deleted = await self._db.write(conversations.delete, conversation_id)
        await self._models.engine.forget(conversation_id)
        return deleted

    async def add(self, conversation_id: str, body: CreateItems) -> Page[AnyItem]:
        """Add items to a conversation that nobody is writing to; they come back as stored.

        Raises:
            NotFound: No such conversation.
            InvalidRequest: An item is none, or refers to one that is not known; or a response, or
                a run of the conversation's thread, is writing to it.
        """
        added = await self._db.write(_add, conversation_id, read_items(body.items, "items"))
        ids = [item_id(item) for item in added]
        return Page(added, ids[0] if ids else None, ids[-1] if ids else None, has_more=False)

    async def item(self, conversation_id: str, item_id: str) -> AnyItem:
        """One item."""
        return await self._db.read(conversations.item, conversation_id, item_id)

    async def items(self, conversation_id: str, query: ItemQuery) -> Page[AnyItem]:
        """A page of a conversation's items."""
        return await self._db.read(conversations.page, conversation_id, query)

    async def delete_item(self, conversation_id: str, item_id: str) -> Conversation:
        """Delete an item, also from the thread that shares it; returns the conversation."""
        return await self._db.write(conversations.delete_item, conversation_id, item_id)

    async def of_thread(self, thread_id: str) -> Conversation:
        """The conversation that shares a thread's history."""
        return await self._db.write(views.open_conversation, thread_id)

    async def thread(self, conversation_id: str) -> Thread:
        """The thread that shares a conversation's history."""
        return await self._db.write(views.open_thread, conversation_id)


def _create(
    conn: Connection, given: Sequence[AnyItem | ItemReference], metadata: dict[str, str] | None
) -> Conversation:
    conversation = conversations.create(conn, metadata)
    conversations.append(conn, conversation.id, _resolved(conn, conversation.id, given))
    return conversation


def _add(
    conn: Connection, conversation_id: str, given: Sequence[AnyItem | ItemReference]
) -> list[AnyItem]:
    conversations.require_free(conn, conversation_id)
    return conversations.append(conn, conversation_id, _resolved(conn, conversation_id, given))


def _resolved(
    conn: Connection, conversation_id: str, given: Sequence[AnyItem | ItemReference]
) -> list[AnyItem]:
    """The items with references replaced by what they refer to."""
    items: list[AnyItem] = []
    for item in given:
        if isinstance(item, ItemReference):
            known = conversations.find(conn, item.id, conversation_id)
            if known is None:
                raise InvalidRequest(f"Item with id '{item.id}' not found.", param="items")
            items.append(known)
        else:
            items.append(item)
    return items

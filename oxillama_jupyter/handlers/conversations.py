"""`/v1/conversations`, and the routes of our own between conversations and threads."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.conversations import (
    CreateConversation,
    CreateItems,
    Include,
    ItemQuery,
    ModifyConversation,
)

__all__ = [
    "ConversationHandler",
    "ConversationThreadHandler",
    "ConversationsHandler",
    "ItemHandler",
    "ItemsHandler",
    "ThreadConversationHandler",
]


class ConversationsHandler(BaseHandler):
    """Create."""

    @secured("write")
    async def post(self) -> None:
        """Create."""
        self.send(await self.services.conversations.create(self.read(CreateConversation)))


class ConversationHandler(BaseHandler):
    """Retrieve, modify, delete."""

    @secured("read")
    async def get(self, conversation_id: str) -> None:
        """Retrieve."""
        self.send(await self.services.conversations.get(conversation_id))

    @secured("write")
    async def post(self, conversation_id: str) -> None:
        """Modify."""
        body = self.read(ModifyConversation)
        self.send(await self.services.conversations.modify(conversation_id, body))

    @secured("write")
    async def delete(self, conversation_id: str) -> None:
        """Delete."""
        self.send(await self.services.conversations.delete(conversation_id))


class ItemsHandler(BaseHandler):
    """List and create."""

    @secured("read")
    async def get(self, conversation_id: str) -> None:
        """List."""
        query = self.query(ItemQuery)
        self.send(await self.services.conversations.items(conversation_id, query))

    @secured("write")
    async def post(self, conversation_id: str) -> None:
        """Create."""
        self.query(Include)
        body = self.read(CreateItems)
        self.send(await self.services.conversations.add(conversation_id, body))


class ItemHandler(BaseHandler):
    """Retrieve and delete."""

    @secured("read")
    async def get(self, conversation_id: str, item_id: str) -> None:
        """Retrieve."""
        self.query(Include)
        self.send(await self.services.conversations.item(conversation_id, item_id))

    @secured("write")
    async def delete(self, conversation_id: str, item_id: str) -> None:
        """Delete; the answer is the conversation."""
        self.send(await self.services.conversations.delete_item(conversation_id, item_id))


class ThreadConversationHandler(BaseHandler):
    """A thread as a conversation."""

    @secured("write")
    async def post(self, thread_id: str) -> None:
        """Open."""
        self.send(await self.services.conversations.of_thread(thread_id))


class ConversationThreadHandler(BaseHandler):
    """A conversation as a thread."""

    @secured("write")
    async def post(self, conversation_id: str) -> None:
        """Open."""
        self.send(await self.services.conversations.thread(conversation_id))

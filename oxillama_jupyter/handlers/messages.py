"""`/v1/threads/{thread_id}/messages`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.messages import CreateMessage, ModifyMessage
from oxillama_jupyter.schemas.runs import MessageQuery

__all__ = ["MessageHandler", "MessagesHandler"]


class MessagesHandler(BaseHandler):
    """List and create."""

    @secured("read")
    async def get(self, thread_id: str) -> None:
        """List."""
        self.send(await self.services.threads.messages(thread_id, self.query(MessageQuery)))

    @secured("write")
    async def post(self, thread_id: str) -> None:
        """Create."""
        body = self.read(CreateMessage)
        self.send(await self.services.threads.create_message(thread_id, body))


class MessageHandler(BaseHandler):
    """Retrieve, modify, delete."""

    @secured("read")
    async def get(self, thread_id: str, message_id: str) -> None:
        """Retrieve."""
        self.send(await self.services.threads.message(thread_id, message_id))

    @secured("write")
    async def post(self, thread_id: str, message_id: str) -> None:
        """Modify."""
        body = self.read(ModifyMessage)
        self.send(await self.services.threads.modify_message(thread_id, message_id, body))

    @secured("write")
    async def delete(self, thread_id: str, message_id: str) -> None:
        """Delete."""
        self.send(await self.services.threads.delete_message(thread_id, message_id))

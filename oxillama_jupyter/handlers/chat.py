"""`/v1/chat/completions`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.chat import ChatMessagesQuery, ChatQuery, CreateChat, ModifyChat

__all__ = ["ChatHandler", "ChatMessagesHandler", "ChatsHandler"]


class ChatsHandler(BaseHandler):
    """Create; list those that are stored."""

    @secured("read")
    async def get(self) -> None:
        """List."""
        self.send(await self.services.chat.page(self.query(ChatQuery)))

    @secured("execute")
    async def post(self) -> None:
        """Create."""
        body = self.read_open(CreateChat)
        work = self.services.chat.create(body, user=self.caller)
        await self.answer_foreground(work, stream=bool(body.stream))


class ChatHandler(BaseHandler):
    """Retrieve, modify, delete a stored one."""

    @secured("read")
    async def get(self, chat_id: str) -> None:
        """Retrieve."""
        self.send(await self.services.chat.get(chat_id))

    @secured("write")
    async def post(self, chat_id: str) -> None:
        """Modify."""
        self.send(await self.services.chat.modify(chat_id, self.read(ModifyChat)))

    @secured("write")
    async def delete(self, chat_id: str) -> None:
        """Delete."""
        self.send(await self.services.chat.delete(chat_id))


class ChatMessagesHandler(BaseHandler):
    """The messages that a stored one answered."""

    @secured("read")
    async def get(self, chat_id: str) -> None:
        """List."""
        query = self.query(ChatMessagesQuery)
        self.send(await self.services.chat.messages(chat_id, query))

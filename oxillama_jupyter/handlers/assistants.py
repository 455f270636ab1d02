"""`/v1/assistants`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.assistants import CreateAssistant, ModifyAssistant
from oxillama_jupyter.schemas.base import PageQuery

__all__ = ["AssistantHandler", "AssistantsHandler"]


class AssistantsHandler(BaseHandler):
    """List and create."""

    @secured("read")
    async def get(self) -> None:
        """List."""
        self.send(await self.services.assistants.page(self.query(PageQuery)))

    @secured("write")
    async def post(self) -> None:
        """Create."""
        self.send(await self.services.assistants.create(self.read(CreateAssistant)))


class AssistantHandler(BaseHandler):
    """Retrieve, modify, delete."""

    @secured("read")
    async def get(self, assistant_id: str) -> None:
        """Retrieve."""
        self.send(await self.services.assistants.get(assistant_id))

    @secured("write")
    async def post(self, assistant_id: str) -> None:
        """Modify."""
        body = self.read(ModifyAssistant)
        self.send(await self.services.assistants.modify(assistant_id, body))

    @secured("write")
    async def delete(self, assistant_id: str) -> None:
        """Delete."""
        self.send(await self.services.assistants.delete(assistant_id))

"""Assistants, as clients use them."""

from __future__ import annotations

from oxillama_jupyter.schemas.assistants import Assistant, CreateAssistant, ModifyAssistant
from oxillama_jupyter.schemas.base import Deleted, Page, PageQuery
from oxillama_jupyter.services.translate import check_format
from oxillama_jupyter.store import assistants
from oxillama_jupyter.store.database import Database

__all__ = ["AssistantService"]


class AssistantService:
    """Use cases of assistants.

    Args:
        db: The store.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create(self, body: CreateAssistant) -> Assistant:
        """A new assistant."""
        check_format(body.response_format)
        return await self._db.write(assistants.create, body)

    async def get(self, assistant_id: str) -> Assistant:
        """One assistant."""
        return await self._db.read(assistants.get, assistant_id)

    async def modify(self, assistant_id: str, body: ModifyAssistant) -> Assistant:
        """Change what the body names."""
        check_format(body.response_format)
        return await self._db.write(assistants.modify, assistant_id, body)

    async def delete(self, assistant_id: str) -> Deleted:
        """Delete an assistant; its threads and runs stay."""
        return await self._db.write(assistants.delete, assistant_id)

    async def page(self, query: PageQuery) -> Page[Assistant]:
        """A page of assistants."""
        return await self._db.read(assistants.page, query)

"""`/v1/models`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured

__all__ = ["ModelHandler", "ModelsHandler"]


class ModelsHandler(BaseHandler):
    """List."""

    @secured("read")
    async def get(self) -> None:
        """List."""
        self.send(self.services.models.list())


class ModelHandler(BaseHandler):
    """Retrieve; an id may hold slashes and colons."""

    @secured("read")
    async def get(self, model_id: str) -> None:
        """Retrieve."""
        self.send(self.services.models.get(model_id))

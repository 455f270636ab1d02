"""`/oxillama/health`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured

__all__ = ["HealthHandler"]


class HealthHandler(BaseHandler):
    """How the server is."""

    @secured("read")
    async def get(self) -> None:
        """Retrieve."""
        self.send(self.services.health.get())

"""`/oxillama/engine`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured

__all__ = ["EngineHandler"]


class EngineHandler(BaseHandler):
    """What the engine is doing."""

    @secured("read")
    async def get(self) -> None:
        """Retrieve."""
        self.send(self.services.engine.get())

"""`/v1/completions`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.completions import CreateCompletion

__all__ = ["CompletionsHandler"]


class CompletionsHandler(BaseHandler):
    """Create."""

    @secured("execute")
    async def post(self) -> None:
        """Create."""
        body = self.read_open(CreateCompletion)
        work = self.services.completions.create(body, user=self.caller)
        await self.answer_foreground(work, stream=bool(body.stream))

"""`/oxillama/generations`: what clients wait for, ended by somebody else."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured

__all__ = ["GenerationCancelHandler"]


class GenerationCancelHandler(BaseHandler):
    """Cancel."""

    @secured("execute")
    async def post(self, generation_id: str) -> None:
        """Cancel; its client is told so."""
        self.send(await self.services.generator.stop(generation_id))

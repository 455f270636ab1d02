"""`/v1/embeddings`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.embeddings import CreateEmbeddings

__all__ = ["EmbeddingsHandler"]


class EmbeddingsHandler(BaseHandler):
    """Create."""

    @secured("execute")
    async def post(self) -> None:
        """Create; a client that leaves ends the work."""
        with self.attached():
            body = self.read_open(CreateEmbeddings)
            self.send(await self.services.embeddings.create(body))

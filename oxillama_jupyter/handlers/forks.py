"""`/oxillama/threads/{thread_id}/fork`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.forks import ForkThread

__all__ = ["ForkHandler"]


class ForkHandler(BaseHandler):
    """Fork."""

    @secured("write")
    async def post(self, thread_id: str) -> None:
        """Fork."""
        self.send(await self.services.threads.fork(thread_id, self.read(ForkThread)))

"""`/oxillama/models/pull` and `/oxillama/models/pulls`: models fetched from the hub."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.pulls import CreatePull

__all__ = ["PullCancelHandler", "PullHandler", "PullStartHandler", "PullsHandler"]


class PullStartHandler(BaseHandler):
    """Begin or join."""

    @secured("execute")
    async def post(self) -> None:
        """Begin a pull or join it; answer with it, or with its events."""
        body = self.read(CreatePull)
        following = await self.services.pulls.start(body)
        if body.stream:
            await self.stream(following.log, following.first)
        else:
            self.send(following.pull)


class PullsHandler(BaseHandler):
    """List."""

    @secured("read")
    async def get(self) -> None:
        """List."""
        self.send(self.services.pulls.page())


class PullHandler(BaseHandler):
    """Retrieve."""

    @secured("read")
    async def get(self, pull_id: str) -> None:
        """Retrieve."""
        self.send(self.services.pulls.get(pull_id))


class PullCancelHandler(BaseHandler):
    """Cancel."""

    @secured("execute")
    async def post(self, pull_id: str) -> None:
        """Cancel; what has come is kept."""
        self.send(await self.services.pulls.cancel(pull_id))

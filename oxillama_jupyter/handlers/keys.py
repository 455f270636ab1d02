"""`/oxillama/keys`: managed with Jupyter's own identity only, never with one of these keys."""

from __future__ import annotations

from oxillama_jupyter.errors import PermissionDenied
from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.keys import CreateKey

__all__ = ["KeyHandler", "KeysHandler"]


class _KeyHandler(BaseHandler):
    """What both routes share."""

    def refuse_keys(self) -> None:
        """A leaked key must not be able to make itself heirs."""
        if self.key_user is not None:
            raise PermissionDenied(
                "API keys are managed with the Jupyter token or login, not with an API key."
            )


class KeysHandler(_KeyHandler):
    """List and create."""

    @secured("read")
    async def get(self) -> None:
        """List."""
        self.refuse_keys()
        self.send(await self.services.keys.page())

    @secured("write")
    async def post(self) -> None:
        """Create; the answer holds the secret, once."""
        self.refuse_keys()
        self.send(await self.services.keys.create(self.read(CreateKey)))


class KeyHandler(_KeyHandler):
    """Revoke."""

    @secured("write")
    async def delete(self, key_id: str) -> None:
        """Revoke."""
        self.refuse_keys()
        self.send(await self.services.keys.revoke(key_id))

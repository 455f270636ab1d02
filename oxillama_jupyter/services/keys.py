"""API keys: one that lives with this server, for its kernels, and named ones in the store."""

from __future__ import annotations

import hmac
import secrets

from oxillama_jupyter.schemas.base import Deleted
from oxillama_jupyter.schemas.keys import CreateKey, KeyList, NewKey
from oxillama_jupyter.store import keys
from oxillama_jupyter.store.database import Database

__all__ = ["KEY_PREFIX", "KeyService", "new_kernel_key"]

KEY_PREFIX = "oxk_"


def new_kernel_key() -> str:
    """A key for the kernels of one server; it is never stored."""
    return f"{KEY_PREFIX}kernel_{secrets.token_urlsafe(32)}"


class KeyService:
    """Use cases of keys; a key opens our routes and nothing else of the server.

    Args:
        db: The store.
        kernel_key: The key of this server's kernels; it ends with the server.
    """

    def __init__(self, db: Database, kernel_key: str) -> None:
        self._db = db
        self._kernel_key = kernel_key

    async def verify(self, secret: str) -> str | None:
        """The name of the key with that secret; None where it is not one of ours."""
        if hmac.compare_digest(secret.encode(errors="surrogatepass"), self._kernel_key.encode()):
            return "kernel"
        if not secret.startswith(KEY_PREFIX):
            return None
        key = await self._db.read(keys.verify, secret)
        return key.name if key is not None else None

    async def create(self, body: CreateKey) -> NewKey:
        """A new key; the answer is the only place its secret is ever shown."""
        return await self._db.write(keys.create, body.name)

    async def page(self) -> KeyList:
        """All keys, without their secrets."""
        return await self._db.read(keys.page)

    async def revoke(self, key_id: str) -> Deleted:
        """End a key at once."""
        return await self._db.write(keys.revoke, key_id)

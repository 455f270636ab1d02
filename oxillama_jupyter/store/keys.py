"""API keys in the store, which knows only their hashes."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import sqlite3
from typing import TYPE_CHECKING

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.base import Deleted
from oxillama_jupyter.schemas.keys import Key, KeyList, NewKey
from oxillama_jupyter.store.rows import not_found

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["PREFIX", "create", "page", "revoke", "verify"]

PREFIX = "oxk_"
_RANDOM_BYTES = 32
_HINT = 4  # characters
_TOUCH_SECONDS = 60  # `last_used_at` is not written more often

_INSERT = "INSERT INTO keys(id, name, hash, hint, created_at) VALUES (?, ?, ?, ?, ?)"
_BY_HASH = "SELECT id, name, hint, created_at, last_used_at FROM keys WHERE hash = ?"
_TOUCH = "UPDATE keys SET last_used_at = ? WHERE id = ?"
_ALL = "SELECT id, name, hint, created_at, last_used_at FROM keys ORDER BY seq DESC"
_DELETE = "DELETE FROM keys WHERE id = ?"


def create(conn: Connection, name: str) -> NewKey:
    """Make a key; its secret is in the answer and nowhere else.

    Raises:
        InvalidRequest: A key of that name exists.
    """
    secret = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    key = NewKey(id=new_id("key"), name=name, hint=secret[-_HINT:], created_at=now(), key=secret)
    try:
        conn.execute(_INSERT, (key.id, key.name, _hash(secret), key.hint, key.created_at))
    except sqlite3.IntegrityError as error:
        raise InvalidRequest(f"There is a key named '{name}' already.", param="name") from error
    return key


def verify(conn: Connection, secret: str) -> Key | None:
    """The key with this secret, if it is valid; notes its use, at most once a minute."""
    row = conn.execute(_BY_HASH, (_hash(secret),)).fetchone()
    if row is None:
        return None
    key, at = _key(*row), now()
    if key.last_used_at is None or key.last_used_at <= at - _TOUCH_SECONDS:
        with contextlib.suppress(sqlite3.OperationalError):  # a full disk locks nobody out
            conn.execute(_TOUCH, (at, key.id))
            key.last_used_at = at
    return key


def page(conn: Connection) -> KeyList:
    """All keys that are not revoked, the newest first."""
    return KeyList([_key(*row) for row in conn.execute(_ALL)])


def revoke(conn: Connection, key_id: str) -> Deleted:
    """Make the key invalid; its name is free again.

    Raises:
        NotFound: There is no such key.
    """
    if conn.execute(_DELETE, (key_id,)).rowcount == 0:
        raise not_found("key", key_id)
    return Deleted(key_id, "oxillama.key.deleted")


def _key(key_id: str, name: str, hint: str, created_at: int, last_used_at: int | None) -> Key:
    return Key(id=key_id, name=name, hint=hint, created_at=created_at, last_used_at=last_used_at)


def _hash(secret: str) -> bytes:
    # A header is any text at all; what UTF-8 cannot hold must be wrong, not an error.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()

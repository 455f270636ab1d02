"""Responses in the background: whose they are, their events, and the store's own secrets."""

from __future__ import annotations

import secrets
import zlib
from typing import TYPE_CHECKING

from msgspec import msgpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection

__all__ = ["add_frames", "adopt", "frames", "owners", "release", "renew", "secret"]

_RENEW = "UPDATE responses SET lease = ? WHERE owner = ? AND active"
_RELEASE = "UPDATE responses SET lease = 0, owner = '' WHERE owner = ? AND active"
_OWNERS = "SELECT DISTINCT owner FROM responses WHERE active"
_ADOPT = """
UPDATE responses SET owner = :owner, lease = :lease
WHERE lease < :now AND owner <> :owner AND active RETURNING seq, id
"""
_ADD_FRAMES = """
INSERT INTO response_events(response_id, frames) SELECT id, :frames FROM responses
WHERE id = :id AND NOT deleted
"""
_FRAMES = "SELECT frames FROM response_events WHERE response_id = ? ORDER BY seq"
_ADD_SECRET = "INSERT OR IGNORE INTO secrets(name, value) VALUES (?, ?)"  # noqa: S105  # a query
_SECRET = "SELECT value FROM secrets WHERE name = ?"  # noqa: S105  # likewise
_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(list[bytes]).decode


def renew(conn: Connection, owner: str, lease: int) -> None:
    """Prolong the lease of all active responses of this owner, to this time in Unix seconds."""
    conn.execute(_RENEW, (lease, owner))


def release(conn: Connection, owners: Iterable[str]) -> None:
    """End the leases of these servers now, so that any server may adopt what they left."""
    conn.executemany(_RELEASE, [(owner,) for owner in owners])


def owners(conn: Connection) -> list[str]:
    """The servers that have active responses."""
    return [owner for (owner,) in conn.execute(_OWNERS)]


def adopt(conn: Connection, now: int, owner: str, lease: int) -> list[str]:
    """Take over the active responses of others whose lease has ended; their ids, oldest first."""
    rows = conn.execute(_ADOPT, {"now": now, "owner": owner, "lease": lease}).fetchall()
    return [response_id for _, response_id in sorted(rows)]


def add_frames(conn: Connection, response_id: str, frames: Sequence[bytes]) -> None:
    """Keep more of a response's event stream, unless it has been deleted meanwhile."""
    if frames:
        packed = zlib.compress(_encode(list(frames)))
        conn.execute(_ADD_FRAMES, {"id": response_id, "frames": packed})


def frames(conn: Connection, response_id: str) -> list[bytes]:
    """A response's event stream as far as it was kept; nothing where that cannot be read."""
    rows = conn.execute(_FRAMES, (response_id,))
    try:
        return [frame for (packed,) in rows for frame in _decode(zlib.decompress(packed))]
    except (ValueError, zlib.error):
        return []


def secret(conn: Connection, name: str) -> bytes:
    """A secret of this store, made when it is first asked for; 32 bytes."""
    conn.execute(_ADD_SECRET, (name, secrets.token_bytes(32)))
    (value,) = conn.execute(_SECRET, (name,)).fetchone()
    return bytes(value)

"""Journals in the store: the event streams of runs that have ended or wait, for exact replay."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from msgspec import msgpack

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["delete", "load", "save"]

# A run whose thread was deleted while it went on has nothing to be replayed for.
_SAVE = """
INSERT INTO journals(run_id, frames) SELECT id, :frames FROM runs WHERE id = :run_id
ON CONFLICT(run_id) DO UPDATE SET frames = excluded.frames
"""
_LOAD = "SELECT frames FROM journals WHERE run_id = ?"
_DELETE = "DELETE FROM journals WHERE run_id = ?"
_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(list[bytes]).decode


def save(conn: Connection, run_id: str, frames: list[bytes]) -> None:
    """Keep a run's frames, unless the run has been deleted meanwhile."""
    conn.execute(_SAVE, {"run_id": run_id, "frames": zlib.compress(_encode(frames))})


def load(conn: Connection, run_id: str) -> list[bytes] | None:
    """A run's frames; None if none were kept, or none that can be read."""
    row = conn.execute(_LOAD, (run_id,)).fetchone()
    try:
        return None if row is None else _decode(zlib.decompress(row[0]))
    except (ValueError, zlib.error):
        return None


def delete(conn: Connection, run_id: str) -> None:
    """Forget a run's frames; replays are then made from the stored objects."""
    conn.execute(_DELETE, (run_id,))

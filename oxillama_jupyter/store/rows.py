"""What all nouns share: objects as JSON text, the 404, questions asked of any thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.ids import now

if TYPE_CHECKING:
    from sqlite3 import Connection

    from msgspec import Struct

__all__ = ["active_run_id", "encode", "not_found", "require_thread", "require_unlocked"]

_THREAD = "SELECT 1 FROM threads WHERE id = ?"
_ACTIVE = "SELECT id FROM runs WHERE thread_id = ? AND active"
_HELD = "SELECT id FROM conversations WHERE thread_id = ? AND held_until > ?"
_encoder = msgspec.json.Encoder()


def encode(value: Struct | dict[str, Any]) -> str:
    """An object as the JSON text of its `payload` column; NUL becomes an escape and so survives."""
    return _encoder.encode(value).decode()


def not_found(kind: str, object_id: str) -> NotFound:
    """The error for an id nobody knows; `kind` is such as `thread`."""
    return NotFound(f"No {kind} found with id '{object_id}'.")


def require_thread(conn: Connection, thread_id: str) -> None:
    """Raise `NotFound` unless the thread exists."""
    if conn.execute(_THREAD, (thread_id,)).fetchone() is None:
        raise not_found("thread", thread_id)


def active_run_id(conn: Connection, thread_id: str) -> str | None:
    """The run that holds the thread now; the schema allows one."""
    row = conn.execute(_ACTIVE, (thread_id,)).fetchone()
    return None if row is None else str(row[0])


def require_unlocked(conn: Connection, thread_id: str) -> None:
    """Raise `InvalidRequest` if a response is writing to the thread through its conversation."""
    row = conn.execute(_HELD, (thread_id, now())).fetchone()
    if row is not None:
        raise InvalidRequest(
            f"Thread {thread_id} is locked: a response is writing to its conversation {row[0]}.",
            code="conversation_locked",
        )

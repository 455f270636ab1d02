"""Exports: everything of a thread in one reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec.json import Decoder

from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.exports import ThreadExport
from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.schemas.runs import Run
from oxillama_jupyter.schemas.steps import RunStep
from oxillama_jupyter.store import threads

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["export"]

T = TypeVar("T")

_MESSAGES = "SELECT payload FROM messages WHERE thread_id = ? ORDER BY seq"
_RUNS = "SELECT payload FROM runs WHERE thread_id = ? ORDER BY seq"
_STEPS = """
SELECT s.payload FROM runs r CROSS JOIN steps s ON s.run_id = r.id
WHERE r.thread_id = ? ORDER BY r.seq, s.seq
"""
_decode_message = Decoder(Message)
_decode_run = Decoder(Run)
_decode_step = Decoder(RunStep)


def export(conn: Connection, thread_id: str) -> ThreadExport:
    """A thread with its messages, runs and steps, oldest first.

    To be called in a transaction, so that all of it is of one moment, whoever else writes.

    Raises:
        NotFound: There is no such thread.
    """

    def all_of(sql: str, decoder: Decoder[T]) -> list[T]:
        return [decoder.decode(payload) for (payload,) in conn.execute(sql, (thread_id,))]

    return ThreadExport(
        exported_at=now(),
        thread=threads.get(conn, thread_id),
        messages=all_of(_MESSAGES, _decode_message),
        runs=all_of(_RUNS, _decode_run),
        steps=all_of(_STEPS, _decode_step),
    )

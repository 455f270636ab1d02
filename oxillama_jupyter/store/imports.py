"""Imports in the store: a thread and everything in it, as it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oxillama_jupyter.store import messages, threads
from oxillama_jupyter.store.rows import encode

if TYPE_CHECKING:
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.exports import ThreadExport
    from oxillama_jupyter.schemas.threads import Thread

__all__ = ["restore"]

# Runs that have ended: nobody owns them, and nothing about them expires.
_RUN = """
INSERT INTO runs(id, thread_id, status, expires_at, owner, lease, payload)
VALUES (?, ?, ?, NULL, '', 0, ?)
"""
_STEP = "INSERT INTO steps(id, run_id, status, payload) VALUES (?, ?, ?, ?)"


def restore(conn: Connection, export: ThreadExport) -> Thread:
    """Store a thread with ended runs, all in the caller's transaction.

    Its ids are new ones, its order that of the lists. In the list of threads it comes first, and
    says when its newest message was written.
    """
    thread = export.thread
    newest = max((message.created_at for message in export.messages), default=thread.created_at)
    threads.insert(conn, thread, newest)
    messages.insert(conn, thread.id, export.messages, newest)
    conn.executemany(_RUN, [(run.id, thread.id, run.status, encode(run)) for run in export.runs])
    conn.executemany(
        _STEP, [(step.id, step.run_id, step.status, encode(step)) for step in export.steps]
    )
    return thread

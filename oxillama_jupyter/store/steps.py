"""Run steps in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.json import Decoder

from oxillama_jupyter.schemas.runs import RunUsage
from oxillama_jupyter.schemas.steps import RunStep
from oxillama_jupyter.store import runs
from oxillama_jupyter.store.pages import Listing
from oxillama_jupyter.store.rows import encode, not_found

if TYPE_CHECKING:
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.base import Page, PageQuery

__all__ = ["get", "of_run", "open_steps", "page", "start", "update", "wait"]

_INSERT = "INSERT INTO steps(id, run_id, status, payload) VALUES (?, ?, ?, ?)"
_GET = "SELECT payload FROM steps WHERE id = ? AND run_id = ?"
_UPDATE = """
UPDATE steps SET status = ?, payload = ? WHERE id = ? AND status = 'in_progress'
"""
_OPEN = "SELECT payload FROM steps WHERE run_id = ? AND status = 'in_progress' ORDER BY seq"
_WAIT = """
UPDATE steps SET payload = ?, spent = ? WHERE id = ? AND status = 'in_progress'
"""
_OF_RUN = "SELECT payload, spent FROM steps WHERE run_id = ? ORDER BY seq"
_decode = Decoder(RunStep).decode
_decode_usage = Decoder(RunUsage).decode
_LISTING = Listing(
    "step",
    "SELECT payload FROM steps WHERE run_id = :run_id AND seq > :low AND seq < :high",
    "SELECT seq FROM steps WHERE id = :cursor AND run_id = :run_id",
    _decode,
)


def start(conn: Connection, step: RunStep) -> None:
    """Store a step that a run begins.

    Raises:
        NotFound: The run has been deleted meanwhile, with its thread.
    """
    runs.get(conn, step.thread_id, step.run_id)
    conn.execute(_INSERT, (step.id, step.run_id, step.status, encode(step)))


def update(conn: Connection, step: RunStep) -> bool:
    """Save how far the step is, or its end.

    Returns:
        False if it was not in progress any more: deleted, or ended by another server.
    """
    values = (step.status, encode(step), step.id)
    return conn.execute(_UPDATE, values).rowcount == 1


def wait(conn: Connection, step: RunStep, spent: RunUsage) -> bool:
    """Save a step that stays open until tool outputs come, and the tokens it took so far.

    Returns:
        False if it was not in progress any more.
    """
    return conn.execute(_WAIT, (encode(step), encode(spent), step.id)).rowcount == 1


def of_run(conn: Connection, run_id: str) -> list[tuple[RunStep, RunUsage | None]]:
    """All steps of a run, oldest first, each with its tokens, if it is over or waits."""
    found = []
    for payload, spent in conn.execute(_OF_RUN, (run_id,)):
        step = _decode(payload)
        waiting = _decode_usage(spent) if spent is not None else None
        found.append((step, step.usage or waiting))
    return found


def get(conn: Connection, thread_id: str, run_id: str, step_id: str) -> RunStep:
    """The step of this run with this id.

    Raises:
        NotFound: There is no such thread, no such run on it, or no such step of it.
    """
    runs.get(conn, thread_id, run_id)
    row = conn.execute(_GET, (step_id, run_id)).fetchone()
    if row is None:
        raise not_found("step", step_id)
    return _decode(row[0])


def page(conn: Connection, thread_id: str, run_id: str, query: PageQuery) -> Page[RunStep]:
    """A page of the run's steps.

    Raises:
        NotFound: There is no such thread, or no such run on it.
        InvalidRequest: A cursor is unknown.
    """
    runs.get(conn, thread_id, run_id)
    return _LISTING.page(conn, query, {"run_id": run_id})


def open_steps(conn: Connection, run_id: str) -> list[RunStep]:
    """The run's steps that are in progress, oldest first."""
    return [_decode(payload) for (payload,) in conn.execute(_OPEN, (run_id,))]

"""What prompts are made of, read and never written: of runs that might be, and of those that were.

A run that might be is read as its request would be executed now. That its thread has an active run,
for which the request would be refused, is no reason to show nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.json import Decoder
from msgspec.structs import replace

from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.store import messages, runs
from oxillama_jupyter.store.rows import require_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.messages import CreateMessage
    from oxillama_jupyter.schemas.runs import CreateRun, CreateThreadAndRun, Run

__all__ = ["Plan", "history_then", "planned", "planned_with_thread"]

# What a run has read was there before it wrote, or, if it never wrote, before it ended.
_THEN = """
SELECT payload FROM messages
WHERE thread_id = :thread_id AND status <> 'in_progress' AND run_id IS NOT :run_id
  AND seq < ifnull((SELECT min(seq) FROM messages WHERE thread_id = :thread_id
                    AND run_id = :run_id), :beyond)
  AND (:ended IS NULL OR payload ->> 'created_at' <= :ended)
ORDER BY seq
"""
_FINISHED = "SELECT count(*) FROM messages WHERE thread_id = ? AND status <> 'in_progress'"
_BEYOND = 2**62
_decode = Decoder(Message).decode


class Plan(NamedTuple):
    """A run, and what it reads.

    Attributes:
        run: The run.
        history: The messages, oldest first.
        older: How many messages before those its truncation strategy does not take.
    """

    run: Run
    history: list[Message]
    older: int


def planned(
    conn: Connection,
    thread_id: str,
    body: CreateRun,
    *,
    resolve_model: Callable[[str], str] = str,
) -> Plan:
    """The run that a request to a thread would begin, and the messages it would read.

    Raises:
        NotFound: There is no such thread, assistant or model.
        InvalidRequest: The request chooses a tool that it does not offer.
    """
    require_thread(conn, thread_id)
    run = runs.planned(conn, thread_id, body, resolve_model=resolve_model)
    read = runs.history(conn, run)
    plan = _newest(run, [*read, *_added(thread_id, body.additional_messages)])
    (finished,) = conn.execute(_FINISHED, (thread_id,)).fetchone()
    return plan._replace(older=plan.older + finished - len(read))


def planned_with_thread(
    conn: Connection, body: CreateThreadAndRun, *, resolve_model: Callable[[str], str] = str
) -> Plan:
    """The run that a request for a new thread would begin, and the messages it would read.

    Raises:
        NotFound: There is no such assistant or model.
        InvalidRequest: The request chooses a tool that it does not offer.
    """
    run = runs.planned(conn, "", body, resolve_model=resolve_model)
    bodies = body.thread.messages if body.thread is not None else None
    return _newest(run, _added("", bodies))


def history_then(conn: Connection, run: Run) -> Plan:
    """The messages that a run read, as far as they are still there."""
    ends = (run.completed_at, run.failed_at, run.cancelled_at)
    values = {
        "thread_id": run.thread_id,
        "run_id": run.id,
        "beyond": _BEYOND,
        "ended": next((at for at in ends if at is not None), None),
    }
    return _newest(run, [_decode(payload) for (payload,) in conn.execute(_THEN, values)])


def _added(thread_id: str, bodies: list[CreateMessage] | None) -> list[Message]:
    """Messages of a request; they have no ids, for they are not stored."""
    return [replace(message, id="") for message in messages.made(thread_id, bodies or [])]


def _newest(run: Run, found: list[Message]) -> Plan:
    """As many as the run's truncation strategy takes, and the user's newest in any case."""
    last = run.truncation_strategy.last_messages
    if run.truncation_strategy.type != "last_messages" or last is None:
        return Plan(run, found, 0)
    kept = found[-last:]
    if not any(message.role == "user" for message in kept):
        kept = [m for m in found if m.role == "user"][-1:] + kept
    return Plan(run, kept, len(found) - len(kept))

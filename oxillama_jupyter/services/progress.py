"""A run's progress as store operations, each meant to be one transaction (`db.write(op, …)`)."""

from __future__ import annotations

from sqlite3 import Connection

from msgspec import Struct
from msgspec.structs import replace

from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.messages import Message, TextContent
from oxillama_jupyter.schemas.runs import ACTIVE, TERMINAL, Run, RunStatus, RunUsage
from oxillama_jupyter.schemas.steps import RunStep
from oxillama_jupyter.services.transitions import (
    Outcome,
    conclude_message,
    conclude_run,
    conclude_step,
    text_content,
)
from oxillama_jupyter.services.translate import total_usage
from oxillama_jupyter.store import messages, runs, steps

__all__ = [
    "Concluded",
    "Draft",
    "begin",
    "checkpoint",
    "close_message",
    "conclude",
    "open_message",
    "text_of",
]


class Draft(Struct, frozen=True):
    """What a run has under way.

    Attributes:
        step: The open step.
        message: The message it writes.
        text: That message's text so far.
    """

    step: RunStep | None = None
    message: Message | None = None
    text: str = ""


class Concluded(Struct, frozen=True):
    """What a run left behind."""

    run: Run
    step: RunStep | None
    message: Message | None


def begin(conn: Connection, run: Run, at: int) -> Run | None:
    """Move a queued run to `in_progress`; None if it is not queued any more."""
    stored = runs.get(conn, run.thread_id, run.id)
    started = replace(stored, status="in_progress", started_at=at)
    return started if runs.save(conn, started, expected=frozenset({"queued"})) else None


def open_message(conn: Connection, message: Message, step: RunStep) -> None:
    """Store a message about to be written, and its step."""
    messages.start(conn, message)
    steps.start(conn, step)


def text_of(message: Message) -> str:
    """The text of a message that a run wrote."""
    return "".join(part.text.value for part in message.content if isinstance(part, TextContent))


def checkpoint(conn: Connection, draft: Draft) -> RunStatus:
    """Save what there is; returns the run's status, which another process may have changed."""
    step = draft.step
    assert step is not None  # noqa: S101  # without one there is nothing to save
    if draft.message is not None:
        messages.update(conn, _message(conn, draft.message, draft.text))
    else:
        steps.update(conn, _step(conn, step))
    return runs.get(conn, step.thread_id, step.run_id).status


def close_message(
    conn: Connection, draft: Draft, spent: RunUsage | None
) -> tuple[Message, RunStep]:
    """Complete a message and its step, while the run goes on."""
    assert draft.message is not None  # noqa: S101  # the caller has one
    assert draft.step is not None  # noqa: S101  # likewise
    at = now()
    message = _message(conn, draft.message, draft.text)
    message = replace(message, status="completed", completed_at=at)
    step = replace(_step(conn, draft.step), status="completed", completed_at=at, usage=spent)
    messages.update(conn, message)
    steps.update(conn, step)
    return message, step


def conclude(
    conn: Connection, run: Run, draft: Draft, outcome: Outcome, dropped: list[str]
) -> Concluded:
    """Write the end of a run, its open step and its message.

    Everything is read anew first: metadata may have been modified meanwhile, and a run that another
    process has ended already stays as it is, with what is left open closed. The run's usage is that
    of its steps, and of what no step has.
    """
    stored = runs.get(conn, run.thread_id, run.id)
    at = now()
    if stored.status in TERMINAL:
        return _closed(conn, stored, draft, at)
    step, message = draft.step, draft.message
    tokens = {"": outcome.usage}  # by step
    for found, spent in steps.of_run(conn, run.id):
        tokens[found.id] = spent
    own = outcome.usage
    if own is None and step is not None:
        own = tokens[step.id]
    ended = conclude_run(stored, replace(outcome, usage=total_usage(tokens.values())), at)
    ended.dropped_message_ids = dropped
    if message is not None:
        message = conclude_message(_message(conn, message, draft.text), ended, at)
        messages.update(conn, message)
    if step is not None:
        step = replace(conclude_step(_step(conn, step), ended, at), usage=own)
        steps.update(conn, step)
    runs.save(conn, ended, expected=ACTIVE)
    return Concluded(ended, step, message)


def _closed(conn: Connection, ended: Run, draft: Draft, at: int) -> Concluded:
    """What a run left behind that another process has ended, which closed what it knew of."""
    step, message = draft.step, draft.message
    if message is not None:
        message = _message(conn, message, draft.text)
        if message.status == "in_progress":
            message = conclude_message(message, ended, at)
        messages.update(conn, message)
    if step is not None:
        step = _step(conn, step)
        if step.status == "in_progress":
            step = conclude_step(step, ended, at)
        steps.update(conn, step)
    return Concluded(ended, step, message)


def _message(conn: Connection, message: Message, text: str) -> Message:
    """A message as it is stored, with the text it has by now."""
    latest = messages.get(conn, message.thread_id, message.id)
    return replace(latest, content=text_content(text))


def _step(conn: Connection, step: RunStep) -> RunStep:
    """A step as it is stored, with the calls it has by now."""
    latest = steps.get(conn, step.thread_id, step.run_id, step.id)
    return replace(latest, step_details=step.step_details)

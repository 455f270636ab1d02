"""Runs that wait for their client's tools: handed over, answered, gone on with after any restart.

Everything such a run needs is in its steps; its journal holds its events up to `queued`.
"""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.events import DONE, encode_event
from oxillama_jupyter.ids import now
from oxillama_jupyter.schemas.decisions import recorded
from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.schemas.runs import (
    FunctionCall,
    PendingCalls,
    RequiredAction,
    Run,
    RunUsage,
    ToolCall,
    ToolOutput,
)
from oxillama_jupyter.schemas.steps import MessageCreationDetails, RunStep, ToolCallsDetails
from oxillama_jupyter.services.progress import text_of
from oxillama_jupyter.services.translate import Turn, Work, replay_frames, total_usage
from oxillama_jupyter.store import journals, messages, runs, steps

__all__ = ["Resumed", "accept", "append_end", "hand_over", "parts", "resume", "turns_of"]


class Resumed(Struct, frozen=True):
    """A run that goes on.

    Attributes:
        run: It, `queued`.
        work: What its next turn goes on from.
        frames: Its events so far; none if it has never been handed over.
        first: Number of the first event that is new.
    """

    run: Run
    work: Work
    frames: list[bytes] = []
    first: int = 0


def hand_over(
    conn: Connection, run: Run, step: RunStep, spent: RunUsage, expires_in: int
) -> Run | None:
    """Let a run wait for the outputs of its calls; None if it is not in progress any more.

    Args:
        conn: The connection.
        run: The run.
        step: Its step with the calls.
        spent: The tokens of that step.
        expires_in: How many seconds it may wait: people answer more slowly than engines.
    """
    stored = runs.get(conn, run.thread_id, run.id)
    if stored.status != "in_progress":
        return None
    steps.wait(conn, _latest(conn, step), spent)
    calls = [
        ToolCall(call["id"], FunctionCall(call["function"]["name"], call["function"]["arguments"]))
        for call in _calls(step)
    ]
    action = RequiredAction(PendingCalls(calls))
    waiting = replace(
        stored,
        status="requires_action",
        required_action=action,
        expires_at=max(stored.expires_at or 0, now() + expires_in),
    )
    runs.save(conn, waiting, expected=frozenset({"in_progress"}))
    return waiting


def accept(  # noqa: PLR0913  # whose run, its outputs, and who goes on with it
    conn: Connection,
    thread_id: str,
    run_id: str,
    outputs: Sequence[ToolOutput],
    *,
    owner: str,
    lease: int,
    expires_in: int,
    caller: str = "",
) -> Resumed:
    """Take the outputs of all pending calls; the run is `queued` and the owner's.

    It has `expires_in` seconds again to come to its end. Decisions about calls are put down as the
    caller's, unless they say whose they are.

    Raises:
        NotFound: There is no such thread, or no such run on it.
        InvalidRequest: The run does not wait for outputs, or these are not for its pending calls.
    """
    stored = runs.get(conn, thread_id, run_id)
    _check(stored, outputs)
    frames = journals.load(conn, run_id)
    if frames is None:
        frames = replay_frames(stored, *parts(conn, stored))
    first = len(frames)
    for step, spent in steps.of_run(conn, run_id):
        if step.status == "in_progress":
            answered = _answered(step, outputs, spent, caller)
            steps.update(conn, answered)
            frames.append(encode_event("thread.run.step.completed", answered))
    expires_at = now() + expires_in
    queued = replace(stored, status="queued", required_action=None, expires_at=expires_at)
    runs.save(conn, queued, expected=frozenset({"requires_action"}))
    runs.take(conn, run_id, owner, lease)
    frames.append(encode_event("thread.run.queued", queued))
    journals.save(conn, run_id, frames)
    return Resumed(queued, _work(conn, queued), frames, first)


def resume(conn: Connection, run: Run) -> Resumed:
    """What a queued run goes on from, whoever had it before."""
    frames = journals.load(conn, run.id) or []
    return Resumed(run, _work(conn, run), frames, len(frames))


def append_end(conn: Connection, waited: Run, events: Sequence[tuple[str, Struct]]) -> None:
    """Complete the journal of a run that has ended while nobody executed it.

    One that had gone on since it was handed over is replayed from its objects: what was streamed
    then is lost.

    Args:
        conn: The connection.
        waited: The run as it was before.
        events: How it ended.
    """
    frames = journals.load(conn, waited.id)
    if frames is None:
        return
    if frames[-1] != DONE:
        journals.delete(conn, waited.id)
        return
    frames += [encode_event(name, data) for name, data in events]
    journals.save(conn, waited.id, [*frames, DONE])


def parts(conn: Connection, run: Run) -> tuple[list[RunStep], dict[str, Message]]:
    """A run's steps in order and its messages by id."""
    found = [step for step, _ in steps.of_run(conn, run.id)]
    return found, messages.of_run(conn, run.thread_id, run.id)


def _check(run: Run, outputs: Sequence[ToolOutput]) -> None:
    if run.status != "requires_action" or run.required_action is None:
        raise InvalidRequest(f'Runs in status "{run.status}" do not accept tool outputs.')
    pending = [call.id for call in run.required_action.submit_tool_outputs.tool_calls]
    given = [output.tool_call_id for output in outputs]
    if sorted(pending) != sorted(given):
        raise InvalidRequest(f"Expected tool outputs for call_ids {pending}, got {given}")


def _answered(
    step: RunStep, outputs: Sequence[ToolOutput], spent: RunUsage | None, caller: str
) -> RunStep:
    given = {output.tool_call_id: output for output in outputs}
    calls = [_answered_call(call, given[call["id"]], caller) for call in _calls(step)]
    details = ToolCallsDetails(calls)
    return replace(step, status="completed", completed_at=now(), step_details=details, usage=spent)


def _answered_call(call: dict[str, Any], given: ToolOutput, caller: str) -> dict[str, Any]:
    answered = {**call, "function": {**call["function"], "output": given.output or ""}}
    if given.decision is not None:
        answered["decision"] = recorded(given.decision, caller, now())
    return answered


def _work(conn: Connection, run: Run) -> Work:
    turns, spent = turns_of(conn, run)
    return Work(runs.history(conn, run), turns, spent)


def turns_of(conn: Connection, run: Run) -> tuple[list[Turn], RunUsage | None]:
    """Rebuild a run's turns from its steps, and sum up the tokens of all of them.

    A message ahead of calls is part of their turn.
    """
    found = steps.of_run(conn, run.id)
    written = messages.of_run(conn, run.thread_id, run.id)
    turns = []
    text = ""
    for step, _ in found:
        details = step.step_details
        if isinstance(details, MessageCreationDetails):
            message = written.get(details.message_creation.message_id)  # it may be deleted
            text = text_of(message) if message is not None else ""
        else:
            turns.append(Turn(text, details.tool_calls))
            text = ""
    return turns, total_usage(spent for _, spent in found)


def _latest(conn: Connection, step: RunStep) -> RunStep:
    stored = steps.get(conn, step.thread_id, step.run_id, step.id)
    return replace(stored, step_details=step.step_details)


def _calls(step: RunStep) -> list[dict[str, Any]]:  # each in the shape of its tool
    details = step.step_details
    return details.tool_calls if isinstance(details, ToolCallsDetails) else []

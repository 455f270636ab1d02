"""How runs, steps and messages end: the one table of legal moves, and what each end writes.

The table is contract's state machine; terminal states have no way out. How an open step and the
message being written follow the run is in `_STEP` and `_MESSAGE`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from oxillama_jupyter.schemas.messages import (
    Message,
    MessageIncompleteDetails,
    MessageIncompleteReason,
    TextContent,
    TextValue,
)
from oxillama_jupyter.schemas.runs import (
    IncompleteDetails,
    LastError,
    Run,
    RunStatus,
    RunUsage,
    Timings,
)
from oxillama_jupyter.schemas.steps import RunStep, StepStatus

__all__ = [
    "LEGAL",
    "Ending",
    "Outcome",
    "conclude_message",
    "conclude_run",
    "conclude_step",
    "text_content",
]

Ending = Literal["completed", "failed", "incomplete", "cancelled", "expired"]

LEGAL: dict[RunStatus, frozenset[RunStatus]] = {
    "queued": frozenset({"in_progress", "cancelling", "cancelled", "failed", "expired"}),
    "in_progress": frozenset(
        {
            "requires_action",
            "completed",
            "failed",
            "incomplete",
            "cancelling",
            "cancelled",
            "expired",
        }
    ),
    "requires_action": frozenset({"queued", "cancelling", "cancelled", "expired", "failed"}),
    "cancelling": frozenset({"cancelled"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "incomplete": frozenset(),
    "cancelled": frozenset(),
    "expired": frozenset(),
}
_STEP: dict[Ending, StepStatus] = {
    "completed": "completed",
    "incomplete": "completed",  # steps know no `incomplete`
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "expired",
}
_MESSAGE: dict[Ending, MessageIncompleteReason] = {
    "incomplete": "max_tokens",
    "failed": "run_failed",
    "cancelled": "run_cancelled",
    "expired": "run_expired",
}


class Outcome(Struct, frozen=True):
    """How a run ended, before it is written down; `timings` are its last turn's."""

    status: Ending
    usage: RunUsage | None = None
    last_error: LastError | None = None
    incomplete_details: IncompleteDetails | None = None
    timings: Timings | None = None


def text_content(text: str) -> list[TextContent]:
    """The content of a message that is one piece of text."""
    return [TextContent(TextValue(text, []))]


def conclude_run(run: Run, outcome: Outcome, now: int) -> Run:
    """The run as it ends; one that was being cancelled ends as cancelled whatever else happened."""
    status: Ending = "cancelled" if run.status == "cancelling" else outcome.status
    if status not in LEGAL[run.status]:
        raise ValueError(f"a run cannot go from {run.status} to {status}")
    ended = replace(run, status=status, usage=outcome.usage, required_action=None)
    ended.timings = outcome.timings
    if status != "expired":
        ended.expires_at = None
    if status == "completed":
        ended.completed_at = now
    elif status == "cancelled":
        ended.cancelled_at = now
    elif status == "failed":
        ended.failed_at = now
        ended.last_error = outcome.last_error
    elif status == "incomplete":
        ended.incomplete_details = outcome.incomplete_details
    return ended


def conclude_step(step: RunStep, run: Run, now: int) -> RunStep:
    """The open step of a run that has just ended as `run` says."""
    status = _STEP[run.status]  # type: ignore[index]  # the caller's run has ended
    ended = replace(step, status=status, usage=run.usage)
    setattr(ended, f"{status}_at", now)
    if status == "failed":
        ended.last_error = run.last_error
    return ended


def conclude_message(message: Message, run: Run, now: int) -> Message:
    """The message a run was writing; whatever text there is stays."""
    if run.status == "completed":
        return replace(message, status="completed", completed_at=now)
    reason = _MESSAGE[run.status]  # type: ignore[index]  # the caller's run has ended
    return replace(
        message,
        status="incomplete",
        incomplete_at=now,
        incomplete_details=MessageIncompleteDetails(reason),
    )

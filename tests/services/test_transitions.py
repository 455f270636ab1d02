from __future__ import annotations

from typing import Any, get_args

import pytest

from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.schemas.runs import (
    ACTIVE,
    TERMINAL,
    IncompleteDetails,
    LastError,
    PromptTokenDetails,
    Run,
    RunStatus,
    RunUsage,
)
from oxillama_jupyter.schemas.steps import MessageCreation, MessageCreationDetails, RunStep
from oxillama_jupyter.services.transitions import (
    LEGAL,
    Ending,
    Outcome,
    conclude_message,
    conclude_run,
    conclude_step,
)

NOW = 2_000
USAGE = RunUsage(1, 2, 3, PromptTokenDetails(0))
ERROR = LastError("server_error", "It died.")
DETAILS = IncompleteDetails("max_completion_tokens")
ENDINGS: tuple[Ending, ...] = get_args(Ending)


def a_run(status: RunStatus) -> Run:
    return Run(
        id="run_1",
        created_at=1_000,
        thread_id="thread_1",
        assistant_id="asst_1",
        status=status,
        expires_at=1_600,
        model="m",
    )


def concluded(start: RunStatus, end: Ending) -> Run:
    outcome = Outcome(
        end,
        USAGE,
        last_error=ERROR if end == "failed" else None,
        incomplete_details=DETAILS if end == "incomplete" else None,
    )
    return conclude_run(a_run(start), outcome, NOW)


def test_the_table_knows_every_status() -> None:
    assert set(LEGAL) == set(get_args(RunStatus)) == ACTIVE | TERMINAL


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_nothing_follows_a_terminal_status(status: RunStatus) -> None:
    assert LEGAL[status] == frozenset()
    for end in ENDINGS:
        with pytest.raises(ValueError, match="cannot go from"):
            concluded(status, end)


@pytest.mark.parametrize("end", ENDINGS)
def test_a_running_run_may_end_in_every_way(end: Ending) -> None:
    run = concluded("in_progress", end)
    assert run.status == end
    assert run.usage == USAGE
    assert run.required_action is None


@pytest.mark.parametrize("end", ENDINGS)
def test_a_run_that_is_being_cancelled_ends_as_cancelled(end: Ending) -> None:
    assert concluded("cancelling", end).status == "cancelled"


@pytest.mark.parametrize(
    ("end", "field", "value"),
    [
        ("completed", "completed_at", NOW),
        ("failed", "failed_at", NOW),
        ("failed", "last_error", ERROR),
        ("cancelled", "cancelled_at", NOW),
        ("incomplete", "incomplete_details", DETAILS),
        ("expired", "expires_at", 1_600),
    ],
)
def test_each_end_sets_its_own_fields_and_no_others(end: Ending, field: str, value: Any) -> None:
    fields = ["completed_at", "failed_at", "last_error", "cancelled_at", "incomplete_details"]
    for name in [*fields, "expires_at"]:
        found = getattr(concluded("in_progress", end), name)
        same_end = name == field or (end == "failed" and name in {"failed_at", "last_error"})
        assert found == value if name == field else same_end or found is None


@pytest.mark.parametrize(
    ("end", "status", "stamp"),
    [
        ("completed", "completed", "completed_at"),
        ("incomplete", "completed", "completed_at"),
        ("failed", "failed", "failed_at"),
        ("cancelled", "cancelled", "cancelled_at"),
        ("expired", "expired", "expired_at"),
    ],
)
def test_the_open_step_follows_its_run(end: Ending, status: str, stamp: str) -> None:
    step = RunStep(
        id="step_1",
        created_at=1_000,
        run_id="run_1",
        assistant_id="asst_1",
        thread_id="thread_1",
        type="message_creation",
        status="in_progress",
        step_details=MessageCreationDetails(MessageCreation("msg_1")),
    )
    ended = conclude_step(step, concluded("in_progress", end), NOW)
    assert ended.status == status
    assert getattr(ended, stamp) == NOW
    assert ended.usage == USAGE
    assert ended.last_error == (ERROR if end == "failed" else None)
    assert step.status == "in_progress"  # the original is untouched


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("incomplete", "max_tokens"),
        ("failed", "run_failed"),
        ("cancelled", "run_cancelled"),
        ("expired", "run_expired"),
    ],
)
def test_the_message_says_why_it_is_incomplete(end: Ending, reason: str) -> None:
    message = a_message()
    ended = conclude_message(message, concluded("in_progress", end), NOW)
    assert (ended.status, ended.incomplete_at, ended.completed_at) == ("incomplete", NOW, None)
    assert ended.incomplete_details is not None
    assert ended.incomplete_details.reason == reason


def test_the_message_of_a_completed_run_is_completed() -> None:
    ended = conclude_message(a_message(), concluded("in_progress", "completed"), NOW)
    assert (ended.status, ended.completed_at, ended.incomplete_at) == ("completed", NOW, None)
    assert ended.incomplete_details is None


def a_message() -> Message:
    return Message(
        id="msg_1",
        created_at=1_000,
        thread_id="thread_1",
        status="in_progress",
        role="assistant",
        content=[],
    )

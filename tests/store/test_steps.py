from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.runs import LastError
from oxillama_jupyter.schemas.steps import ToolCallsDetails
from oxillama_jupyter.schemas.threads import CreateThread
from oxillama_jupyter.store import runs, steps, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.runs import Run
    from oxillama_jupyter.schemas.steps import RunStep
    from oxillama_jupyter.schemas.threads import Thread

CALLS = ToolCallsDetails(
    [{"id": "call_1", "type": "function", "function": {"name": "f", "output": None}}]
)


@pytest.fixture
def run(thread: Thread, begin: Callable[..., runs.Begun]) -> Run:
    return begin(thread).run


def test_round_trip(conn: Connection, run: Run, step_of: Callable[..., RunStep]) -> None:
    message = step_of(run)
    calls = replace(step_of(run, "step_2"), type="tool_calls", step_details=CALLS)
    for step in (message, calls):
        steps.start(conn, step)

    assert message == steps.get(conn, run.thread_id, run.id, "step_1")
    assert calls == steps.get(conn, run.thread_id, run.id, "step_2")


def test_update(conn: Connection, run: Run, step_of: Callable[..., RunStep]) -> None:
    steps.start(conn, step_of(run))
    error = LastError("server_error", "It broke.")
    ended = replace(step_of(run), status="failed", failed_at=7, last_error=error)

    assert steps.update(conn, ended)
    assert ended == steps.get(conn, run.thread_id, run.id, "step_1")


def test_ended_step_stays_as_it_is(
    conn: Connection, run: Run, step_of: Callable[..., RunStep]
) -> None:
    steps.start(conn, step_of(run))
    ended = replace(step_of(run), status="completed")

    assert steps.update(conn, ended)
    assert not steps.update(conn, replace(ended, status="failed"))
    assert not steps.update(conn, step_of(run, "step_x"))
    assert ended == steps.get(conn, run.thread_id, run.id, "step_1")


def test_open_steps(conn: Connection, run: Run, step_of: Callable[..., RunStep]) -> None:
    made = [step_of(run, f"step_{number}") for number in range(3)]
    for step in made:
        steps.start(conn, step)
    steps.update(conn, replace(made[1], status="completed"))

    assert [made[0], made[2]] == steps.open_steps(conn, run.id)
    assert steps.open_steps(conn, "run_x") == []


def test_page(conn: Connection, run: Run, step_of: Callable[..., RunStep]) -> None:
    made = [step_of(run, f"step_{number}") for number in range(3)]
    for step in made:
        steps.start(conn, step)
    page = steps.page(conn, run.thread_id, run.id, PageQuery(order="asc", limit=1, after="step_0"))

    assert ([made[1]], True) == (page.data, page.has_more)


def test_unknown(conn: Connection, run: Run, step_of: Callable[..., RunStep]) -> None:
    steps.start(conn, step_of(run))
    other = threads.create(conn, CreateThread()).id
    with pytest.raises(NotFound, match=r"^No step found with id 'step_x'\.$"):
        steps.get(conn, run.thread_id, run.id, "step_x")
    with pytest.raises(NotFound, match=r"^No run found with id 'run_x'\.$"):
        steps.get(conn, run.thread_id, "run_x", "step_1")
    with pytest.raises(NotFound, match=r"^No run found"):
        steps.get(conn, other, run.id, "step_1")
    with pytest.raises(NotFound, match=r"^No thread found"):
        steps.page(conn, "thread_x", run.id, PageQuery())


def test_step_of_another_run_is_unknown(
    conn: Connection,
    run: Run,
    step_of: Callable[..., RunStep],
    begin: Callable[..., runs.Begun],
    finish: Callable[[Run], None],
) -> None:
    steps.start(conn, step_of(run))
    finish(run)
    second = begin(threads.get(conn, run.thread_id)).run
    with pytest.raises(NotFound, match="No step found"):
        steps.get(conn, run.thread_id, second.id, "step_1")
    with pytest.raises(InvalidRequest, match="No step found"):
        steps.page(conn, run.thread_id, second.id, PageQuery(after="step_1"))


def test_start_after_the_thread_was_deleted(
    conn: Connection, run: Run, step_of: Callable[..., RunStep]
) -> None:
    threads.delete(conn, run.thread_id)
    with pytest.raises(NotFound, match="No thread found"):
        steps.start(conn, step_of(run))


def test_nothing_is_scanned(
    run: Run, step_of: Callable[..., RunStep], scans: Callable[..., list[str]]
) -> None:
    assert scans(steps.start, step_of(run)) == []
    assert scans(steps.get, run.thread_id, run.id, "step_1") == []
    assert scans(steps.page, run.thread_id, run.id, PageQuery(before="step_1")) == []
    assert scans(steps.open_steps, run.id) == []
    assert scans(steps.update, step_of(run)) == []

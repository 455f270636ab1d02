"""What happens to a run after it was begun: moves, cancelling, owners and leases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.runs import ACTIVE, TERMINAL, Run
from oxillama_jupyter.schemas.threads import CreateThread
from oxillama_jupyter.store import runs, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.threads import Thread


def test_save_moves_only_what_is_where_it_should_be(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    run = begin(thread).run
    started = replace(run, status="in_progress", started_at=5)

    assert not runs.save(conn, started, expected=frozenset({"requires_action"}))
    assert run == runs.get(conn, thread.id, run.id)
    assert runs.save(conn, started, expected=frozenset({"queued"}))
    assert started == runs.get(conn, thread.id, run.id)


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_terminal_is_for_ever(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun], status: str
) -> None:
    ended = replace(begin(thread).run, status=status)
    runs.save(conn, ended, expected=ACTIVE)

    assert not runs.save(conn, replace(ended, status="queued"), expected=ACTIVE | TERMINAL)
    assert ended == runs.get(conn, thread.id, ended.id)


def test_save_of_a_deleted_run(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    run = begin(thread).run
    threads.delete(conn, thread.id)

    assert not runs.save(conn, run, expected=ACTIVE)


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action", "cancelling"])
def test_request_cancel(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun], status: str
) -> None:
    run = begin(thread).run
    runs.save(conn, replace(run, status=status), expected=ACTIVE)
    cancelling = runs.request_cancel(conn, thread.id, run.id)

    assert replace(run, status="cancelling") == cancelling
    assert cancelling == runs.active(conn, thread.id)


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_ended_run_cannot_be_cancelled(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun], status: str
) -> None:
    run = begin(thread).run
    runs.save(conn, replace(run, status=status), expected=ACTIVE)
    with pytest.raises(InvalidRequest, match=f"^Cannot cancel run with status '{status}'"):
        runs.request_cancel(conn, thread.id, run.id)


def test_owner(conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]) -> None:
    run = begin(thread, owner="a").run

    assert (runs.owner_of(conn, run.id), runs.owner_of(conn, "run_x")) == ("a", None)


def test_orphans_are_adopted_once(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    run = begin(thread, owner="dead", lease=100).run

    assert runs.orphans(conn, 100, "b", 200) == []
    assert [run] == runs.orphans(conn, 101, "b", 200)
    assert runs.orphans(conn, 101, "c", 200) == []
    assert runs.owner_of(conn, run.id) == "b"


def test_orphans_are_the_active_ones_oldest_first(
    conn: Connection, begin: Callable[..., runs.Begun], finish: Callable[[Run], None]
) -> None:
    made = [begin(threads.create(conn, CreateThread()), owner=str(i % 3)).run for i in range(9)]
    finish(made[4])

    assert made[:4] + made[5:] == runs.orphans(conn, 101, "b", 200)


def test_own_runs_are_no_orphans(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    begin(thread, owner="me", lease=100)

    assert runs.orphans(conn, 10_000, "me", 20_000) == []


def test_renewed_lease_protects(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    begin(thread, owner="a", lease=100)
    lost = begin(threads.create(conn, CreateThread()), owner="b", lease=100).run
    runs.renew(conn, "a", 300)

    assert [lost] == runs.orphans(conn, 200, "c", 400)


def test_released_runs_can_be_adopted_at_once(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    run = begin(thread, owner="a", lease=10**10).run
    before = runs.owners(conn)
    runs.release(conn, ["a"])

    assert (["a"], [run]) == (before, runs.orphans(conn, 1, "b", 200))
    assert runs.owners(conn) == ["b"]


def test_expired(conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]) -> None:
    run = begin(thread, owner="a").run
    waiting = replace(run, status="requires_action")
    runs.save(conn, waiting, expected=ACTIVE)
    end = run.created_at + 600

    assert runs.expired(conn, end - 1, "a") == []
    assert [waiting] == runs.expired(conn, end, "a")
    assert runs.expired(conn, end, "b") == []
    runs.save(conn, replace(run, status="expired"), expected=ACTIVE)
    assert runs.expired(conn, end, "a") == []

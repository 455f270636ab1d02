"""Lists of threads by model, outcome, time and what is put away; metadata are in `test_threads`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oxillama_jupyter.schemas.runs import CreateRun
from oxillama_jupyter.schemas.threads import CreateThread, ThreadQuery
from oxillama_jupyter.store import messages, narrowing, runs, search, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.messages import CreateMessage
    from oxillama_jupyter.schemas.threads import Thread

COUNT = 10_000


@pytest.fixture
def make(
    conn: Connection, say: Callable[..., CreateMessage], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Thread]:
    """A thread whose message came at a time, with runs of (model, status)."""

    def call(text: str, at: int = 100, ran: list[tuple[str, Any]] = [], **own: str) -> Thread:  # noqa: B006  # never changed
        monkeypatch.setattr(messages, "now", lambda: at)
        thread = threads.create(conn, CreateThread(messages=[say(text)], metadata=own))
        for model, status in ran:
            body = CreateRun(assistant_id="default", model=model)
            run = runs.begin(conn, thread.id, body, owner="me", lease=100, expires_in=600).run
            if status != "queued":
                run.status = status
                assert runs.save(conn, run, expected=frozenset({"queued"}))
        return thread

    return call


@pytest.fixture
def found(conn: Connection) -> Callable[..., str]:
    """The first words of what a query finds, in one line."""

    def call(q: str | None = None, **query: Any) -> str:  # any query
        page = threads.page(conn, ThreadQuery(q=q, **query))
        return " ".join(summary.preview.split()[0] for summary in page.data)

    return call


@pytest.fixture
def some(make: Callable[..., Thread]) -> None:
    """Five threads with a word in common."""
    make("a common", at=100, ran=[("tiny", "completed")])
    make("b common", at=200, ran=[("big", "failed"), ("tiny", "completed")])
    make("c common", at=300, ran=[("tiny", "completed"), ("big", "failed")], archived="yes")
    make("d common", at=400, ran=[("big", "queued")])
    make("e common", at=500)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"model": "tiny"}, "c b a"),
        ({"model": "big"}, "d c b"),
        ({"model": "small"}, ""),
        ({"status": "completed"}, "b a"),
        ({"status": "failed"}, "c"),
        ({"status": "queued"}, "d"),
        ({"status": "cancelled"}, ""),
        ({"since": 300}, "e d c"),
        ({"until": 300}, "c b a"),
        ({"since": 200, "until": 300}, "c b"),
        ({"since": 0}, "e d c b a"),
        ({"since": 301, "until": 300}, ""),
        ({"archived": True}, "c"),
        ({"archived": False}, "e d b a"),
        ({"archived": False, "model": "tiny", "status": "completed", "until": 150}, "a"),
        ({"archived": True, "metadata": {"archived": "yes"}}, "c"),
        ({"archived": False, "metadata": {"archived": "yes"}}, ""),
    ],
)
def test_a_list_and_a_search_are_narrowed_alike(
    some: None, found: Callable[..., str], query: dict[str, Any], expected: str
) -> None:
    assert found(**query) == expected
    assert found("common", **query) == expected


def test_values(conn: Connection, make: Callable[..., Thread]) -> None:
    make("a", ran=[("tiny", "completed"), ("big", "completed")], notebook="x", **{"tag:sea": "yes"})
    make("b", ran=[("tiny", "completed")], notebook="y", **{"tag:sea": "yes", "tag:a b": "yes"})
    make("c", notebook="x", tags="no", tag="no")
    values = narrowing.values(conn)

    assert values.tags == ["a b", "sea"]
    assert values.notebooks == ["x", "y"]
    assert values.models == ["big", "tiny"]


def test_values_of_an_empty_store(conn: Connection) -> None:
    values = narrowing.values(conn)

    assert (values.tags, values.notebooks, values.models) == ([], [], [])


@pytest.fixture
def many(conn: Connection, make: Callable[..., Thread]) -> list[Thread]:
    """10,000 threads with a run each; ten of them are of a rare model, and failed."""
    conn.execute("BEGIN")
    made = []
    for number in range(COUNT):
        rare = number % 1000 == 7
        ran = [("rare" if rare else "tiny", "failed" if rare else "completed")]
        own = {"tag:even": "yes"} if number % 2 == 0 else {}
        made.append(make(f"common number{number}", number, ran, notebook=f"n{number % 9}", **own))
    conn.execute("COMMIT")
    return made


def test_cost_does_not_grow_with_the_store(
    conn: Connection, many: list[Thread], steps_taken: Callable[..., int]
) -> None:
    queries = [
        ThreadQuery(model="tiny"),
        ThreadQuery(status="completed", after=many[5000].id),
        ThreadQuery(archived=False),
        ThreadQuery(since=10),
        ThreadQuery(until=9_990),
        ThreadQuery(model="tiny", status="completed", archived=False, since=10, until=9_990),
        ThreadQuery(q="common ", model="tiny"),
        ThreadQuery(q="common ", archived=False),
        ThreadQuery(model="rare"),
        ThreadQuery(status="failed"),
        ThreadQuery(since=COUNT - 10),
        ThreadQuery(until=9),
        ThreadQuery(archived=True),
        ThreadQuery(q="common ", until=9),
    ]
    counts = [len(threads.page(conn, query).data) for query in queries]

    assert counts == [20] * 8 + [10, 10, 10, 10, 0, 10]
    # Reading 10,000 rows takes 100,000 instructions or more.
    costs = [steps_taken(threads.page, query) for query in queries]
    assert max(costs) < 400, costs
    assert steps_taken(narrowing.values) < 50


def test_nothing_is_scanned(
    conn: Connection, make: Callable[..., Thread], scans: Callable[..., list[str]]
) -> None:
    make("text", ran=[("tiny", "completed")], archived="yes", notebook="n", **{"tag:a": "yes"})
    narrow = [
        {"model": "tiny"},
        {"status": "completed"},
        {"archived": True},
        {"archived": False},
        {"since": 1, "until": 10_000},
    ]
    # Subqueries are counts that stop early, or few rows that were found; `t` is the page.
    found = ("(subquery", "t", "d", "pair", "p ", "found", "CONSTANT")
    allowed = tuple(f"SCAN {name}" for name in found)
    for query in narrow:
        for q in (None, "text"):
            lines = scans(threads.page, ThreadQuery(q=q, **query))
            assert [line for line in lines if not line.startswith(allowed)] == [], query
    lines = scans(narrowing.values)
    assert [line for line in lines if not line.startswith(allowed)] == []


def test_indexes_are_used(
    conn: Connection, make: Callable[..., Thread], plans: Callable[..., list[str]]
) -> None:
    make("text", ran=[("tiny", "completed")])
    used = "\n".join(
        line
        for query in (
            ThreadQuery(model="tiny"),
            ThreadQuery(status="completed"),
            ThreadQuery(since=1),
        )
        for line in plans(threads.page, query)
    )

    for index in ("runs_by_model", "runs_by_status", "threads_by_time"):
        assert index in used
    assert "TEMP B-TREE FOR DISTINCT" not in used
    assert search.words_of(" a b ") == ["a", "b"]

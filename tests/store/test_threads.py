from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.base import Deleted
from oxillama_jupyter.schemas.threads import CreateThread, ModifyThread, ThreadQuery, ThreadSummary
from oxillama_jupyter.schemas.tools import ToolResources
from oxillama_jupyter.store import journals, messages, steps, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.messages import CreateMessage
    from oxillama_jupyter.schemas.runs import Run
    from oxillama_jupyter.schemas.steps import RunStep
    from oxillama_jupyter.schemas.threads import Thread
    from oxillama_jupyter.store import runs

RESOURCES = msgspec.convert({"code_interpreter": {"file_ids": ["file-1"]}}, ToolResources)
TABLES = ("threads", "thread_metadata", "messages", "runs", "steps", "journals")


@pytest.fixture
def make(conn: Connection, say: Callable[..., CreateMessage]) -> Callable[..., Thread]:
    """A thread with these user messages."""

    def call(*texts: str, **metadata: str) -> Thread:
        body = CreateThread(messages=[say(text) for text in texts], metadata=metadata)
        return threads.create(conn, body)

    return call


@pytest.fixture
def found(conn: Connection) -> Callable[..., list[str]]:
    """The previews of what a query finds."""

    def call(q: str | None = None, **query: object) -> list[str]:
        page = threads.page(conn, ThreadQuery(q=q, **query))
        return [summary.preview for summary in page.data]

    return call


def test_round_trip(conn: Connection) -> None:
    body = CreateThread(tool_resources=RESOURCES, metadata={"a": "b"})
    created = threads.create(conn, body)

    assert created == threads.get(conn, created.id)
    assert (created.tool_resources, created.metadata) == (RESOURCES, {"a": "b"})


def test_created_with_messages_in_their_order(
    conn: Connection, say: Callable[..., CreateMessage]
) -> None:
    body = CreateThread(messages=[say("one"), say("two", "assistant"), say("three")])
    history = messages.history(conn, threads.create(conn, body).id)

    assert [message.role for message in history] == ["user", "assistant", "user"]
    assert [message.content[0].text.value for message in history] == ["one", "two", "three"]


def test_modify(conn: Connection) -> None:
    created = threads.create(conn, CreateThread(tool_resources=RESOURCES, metadata={"a": "b"}))
    same = threads.modify(conn, created.id, ModifyThread())
    replaced = threads.modify(conn, created.id, ModifyThread(metadata={"c": "d"}))
    cleared = threads.modify(conn, created.id, ModifyThread(metadata=None, tool_resources=None))

    assert (created, {"c": "d"}, RESOURCES) == (same, replaced.metadata, replaced.tool_resources)
    assert (cleared.metadata, cleared.tool_resources) == ({}, None)
    assert cleared == threads.get(conn, created.id)


def test_delete_takes_everything_along(
    conn: Connection,
    make: Callable[..., Thread],
    begin: Callable[..., runs.Begun],
    step_of: Callable[[Run], RunStep],
    found: Callable[..., list[str]],
) -> None:
    thread = make("findable", a="b")
    run = begin(thread).run
    steps.start(conn, step_of(run))
    journals.save(conn, run.id, [b"frame"])
    before = [conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]
    deleted = threads.delete(conn, thread.id)
    after = [conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]

    assert Deleted(thread.id, "thread.deleted") == deleted
    assert (before, after) == ([1] * 6, [0] * 6)
    assert found("findable") + found(metadata={"a": "b"}) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda conn: threads.get(conn, "thread_x"),
        lambda conn: threads.modify(conn, "thread_x", ModifyThread()),
        lambda conn: threads.delete(conn, "thread_x"),
    ],
)
def test_unknown(conn: Connection, call: Callable[[Connection], object]) -> None:
    with pytest.raises(NotFound, match=r"^No thread found with id 'thread_x'\.$"):
        call(conn)


def test_newest_activity_comes_first(
    conn: Connection,
    make: Callable[..., Thread],
    say: Callable[..., CreateMessage],
    found: Callable[..., list[str]],
) -> None:
    first = make("first")
    make("second")
    make("third")
    messages.create(conn, first.id, say("again"))

    assert found() == ["first", "third", "second"]


def test_modifying_is_no_activity(
    conn: Connection, make: Callable[..., Thread], found: Callable[..., list[str]]
) -> None:
    first = make("first")
    make("second")
    threads.modify(conn, first.id, ModifyThread(metadata={"a": "b"}))

    assert found() == ["second", "first"]


def test_summary(
    conn: Connection, make: Callable[..., Thread], begin: Callable[..., runs.Begun]
) -> None:
    thread = make("Why is\n the  sky blue?", "And the sea?", course="physics")
    run = begin(thread).run
    (summary,) = threads.page(conn, ThreadQuery()).data

    assert summary == ThreadSummary(
        id=thread.id,
        created_at=thread.created_at,
        metadata={"course": "physics"},
        updated_at=thread.created_at,
        message_count=2,
        preview="Why is the sky blue?",
        active_run_id=run.id,
    )


def test_updated_at_is_the_newest_messages_time(
    conn: Connection,
    thread: Thread,
    say: Callable[..., CreateMessage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (empty,) = threads.page(conn, ThreadQuery()).data
    monkeypatch.setattr(messages, "now", lambda: thread.created_at + 50)
    messages.create(conn, thread.id, say("later"))
    (filled,) = threads.page(conn, ThreadQuery()).data

    assert (thread.created_at, 0, "") == (empty.updated_at, empty.message_count, empty.preview)
    assert thread.created_at + 50 == filled.updated_at


def test_preview_is_cut(make: Callable[..., Thread], found: Callable[..., list[str]]) -> None:
    make("wörd " * 1000)

    assert [("wörd " * 32)[:160]] == found()
    assert all(len(preview) <= 160 for preview in found("wörd"))


def test_cursor(conn: Connection, make: Callable[..., Thread]) -> None:
    ids = [make(str(number)).id for number in range(5)]
    first = threads.page(conn, ThreadQuery(limit=2))
    second = threads.page(conn, ThreadQuery(limit=2, after=first.last_id))
    third = threads.page(conn, ThreadQuery(limit=2, after=second.last_id))
    pages = (first, second, third)

    assert ids[::-1] == [summary.id for page in pages for summary in page.data]
    assert [page.has_more for page in pages] == [True, True, False]


def test_cursor_in_a_search(
    conn: Connection, make: Callable[..., Thread], found: Callable[..., list[str]]
) -> None:
    ids = [make(f"needle {number}").id for number in range(5)]
    page = threads.page(conn, ThreadQuery(q="needle", limit=2, after=ids[3]))

    assert ([ids[2], ids[1]], True) == ([summary.id for summary in page.data], page.has_more)
    with pytest.raises(InvalidRequest) as caught:
        found("needle", after="thread_x")
    assert caught.value.param == "after"


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("sky", ["The sky is blue"]),
        ("BLUE sky", ["The sky is blue"]),
        ("sky green", []),
        ("gre*", ["Green grass"]),
        ("gre", ["Green grass"]),
        ("gre ", []),
        ("gre grass", []),
        ("g", []),
        ("*", []),
        ("apfel", ["Äpfel don't fall far"]),
        ("ÄPFEL", ["Äpfel don't fall far"]),
        ("don't", ["Äpfel don't fall far"]),
        ('"sky is"', ["The sky is blue"]),
        ("", ["Äpfel don't fall far", "Green grass", "The sky is blue"]),
        ("  ", ["Äpfel don't fall far", "Green grass", "The sky is blue"]),
    ],
)
def test_search(
    make: Callable[..., Thread], found: Callable[..., list[str]], q: str, expected: list[str]
) -> None:
    for text in ("The sky is blue", "Green grass", "Äpfel don't fall far"):
        make(text)

    assert expected == found(q)


@pytest.mark.parametrize(
    "q",
    [
        '"(*',
        '"',
        '""',
        "()",
        "*",
        "AND",
        "NOT OR",
        "NEAR(a b)",
        "text:x",
        "^a",
        "-a",
        "a + b",
        "{a}: b",
        "\0",
        "a\0b",
        "\U0001f600",
        "'; DROP TABLE threads; --",
        "%s ? :words",
        "x " * 128,
        '" ' * 128,
        "y" * 100_000,
    ],
)
def test_odd_searches_are_no_errors(found: Callable[..., list[str]], q: str) -> None:
    assert found(q) == []


def test_a_search_of_too_many_words_is_refused(found: Callable[..., list[str]]) -> None:
    with pytest.raises(InvalidRequest, match=r"at most 128 words; this one has 10000\."):
        found("x " * 10_000)


def test_operators_are_words(make: Callable[..., Thread], found: Callable[..., list[str]]) -> None:
    make("this and that")

    assert found("that AND this") == ["this and that"]


def test_search_shows_the_newest_match(
    make: Callable[..., Thread], found: Callable[..., list[str]]
) -> None:
    make("nothing here", "needle one", "before " * 100 + "needle two", "nothing there")
    (preview,) = found("needle")

    assert len(preview) == 160
    assert preview.endswith("before needle two")


def test_long_snippet_is_cut_around_its_match(
    make: Callable[..., Thread], found: Callable[..., list[str]]
) -> None:
    make(" ".join(["x" * 30] * 40 + ["needle"] + ["y" * 30] * 40))
    (preview,) = found("needle")

    assert (len(preview), preview.index("needle")) == (160, 80)


def test_metadata_finds_threads_that_have_all_pairs(
    conn: Connection, make: Callable[..., Thread], found: Callable[..., list[str]]
) -> None:
    make("a", book="x.ipynb", user="ann")
    thread = make("b", book="x.ipynb", user="bob")
    make("c", book="y.ipynb", user="bob")

    assert found(metadata={"book": "x.ipynb"}) == ["b", "a"]
    assert found(metadata={"book": "x.ipynb", "user": "bob"}) == ["b"]
    assert found("a", metadata={"book": "x.ipynb"}) == ["a"]
    assert found("a", metadata={"book": "y.ipynb"}) == []
    assert found("a", metadata={"book": "x.ipynb", "user": "bob"}) == []
    assert found(metadata={}) == ["c", "b", "a"]
    threads.modify(conn, thread.id, ModifyThread(metadata={"book": "z\0'\".ipynb"}))
    assert found(metadata={"book": "x.ipynb"}) == ["a"]
    assert found(metadata={"book": "z\0'\".ipynb"}) == ["b"]


@pytest.fixture
def many(conn: Connection, make: Callable[..., Thread]) -> list[Thread]:
    """10,000 threads of two messages."""
    conn.execute("BEGIN")
    made = [
        make(f"common number{number}", "second", n=str(number), kind="chat")
        for number in range(10_000)
    ]
    conn.execute("COMMIT")
    return made


def test_cost_does_not_grow_with_the_store(
    conn: Connection, many: list[Thread], steps_taken: Callable[..., int]
) -> None:
    queries = [
        ThreadQuery(),
        ThreadQuery(after=many[5000].id),
        ThreadQuery(metadata={"kind": "chat"}),
        ThreadQuery(metadata={"kind": "chat"}, after=many[5000].id),
        ThreadQuery(q="number77 "),
        ThreadQuery(metadata={"n": "77"}),
        ThreadQuery(q="number77 ", metadata={"n": "77"}),
    ]

    assert [len(threads.page(conn, query).data) for query in queries] == [20] * 4 + [1] * 3
    # Reading 10,000 rows takes 100,000 instructions or more.
    assert max(steps_taken(threads.page, query) for query in queries) < 150


def test_nothing_is_scanned(make: Callable[..., Thread], scans: Callable[..., list[str]]) -> None:
    thread = make("text", a="b")

    assert scans(threads.create, CreateThread()) == []
    assert scans(threads.get, thread.id) == []
    assert scans(threads.modify, thread.id, ModifyThread(metadata={})) == []
    assert scans(threads.page, ThreadQuery(after=thread.id)) == []
    # The subquery is a count that stops early; `t` is the page that was found.
    assert scans(threads.page, ThreadQuery(q="text")) == []
    assert scans(threads.page, ThreadQuery(metadata={"a": "b"})) == ["SCAN (subquery-1)", "SCAN t"]
    assert scans(threads.delete, thread.id) == []

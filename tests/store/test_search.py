"""Search in a store where its cost would show; what is found is in `test_threads.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.threads import CreateThread, ModifyThread, ThreadQuery
from oxillama_jupyter.store import database, messages, search, threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.base import Page
    from oxillama_jupyter.schemas.threads import Thread, ThreadSummary

COUNT = 3000


@pytest.fixture
def make(conn: Connection, say: Callable[..., CreateMessage]) -> Callable[..., Thread]:
    """A thread with these user messages."""

    def call(*texts: str, **metadata: str) -> Thread:
        body = CreateThread(messages=[say(text) for text in texts], metadata=metadata)
        return threads.create(conn, body)

    return call


class Stock(NamedTuple):
    conn: Connection
    threads: list[Thread]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    """3,000 threads of two messages; the first ten are old and of one notebook."""
    conn, _ = database._connect(str(tmp_path_factory.mktemp("stock") / "oxillama.db"))
    conn.execute("BEGIN")
    made = []
    for number in range(COUNT):
        texts = f"common number{number}", f"second half{number % 2}"
        body = CreateThread(
            messages=[CreateMessage(role="user", content=text) for text in texts],
            metadata={"kind": "chat", "book": "old" if number < 10 else "new"},
        )
        made.append(threads.create(conn, body))
    conn.execute("COMMIT")
    yield Stock(conn, made)
    conn.close()


@pytest.fixture
def many(conn: Connection, stock: Stock) -> list[Thread]:
    """The threads of the stock, in the test's own store."""
    stock.conn.backup(conn)
    return stock.threads


def ids(page: Page[ThreadSummary]) -> list[str]:
    return [summary.id for summary in page.data]


def test_newest_match_comes_first(
    conn: Connection, make: Callable[..., Thread], say: Callable[..., CreateMessage]
) -> None:
    first, second = make("needle", "hay"), make("needle")
    messages.create(conn, first.id, say("more hay"))

    assert [first.id, second.id] == ids(threads.page(conn, ThreadQuery()))
    assert [second.id, first.id] == ids(threads.page(conn, ThreadQuery(q="needle")))


def test_a_match_is_named(conn: Connection, make: Callable[..., Thread]) -> None:
    thread = make("needle one", "needle two", "hay")
    (found,) = threads.page(conn, ThreadQuery(q="needle")).data
    (listed,) = threads.page(conn, ThreadQuery()).data
    message = messages.get(conn, thread.id, found.message_id or "")

    assert message.content[0].text.value == "needle two" == found.preview
    assert listed.message_id is None


def test_pages_have_each_thread_once(
    conn: Connection, make: Callable[..., Thread], say: Callable[..., CreateMessage]
) -> None:
    made = [make("needle", "needle").id for _ in range(7)]
    for thread_id in made[::2]:  # these have matches both ahead of and behind any cursor
        messages.create(conn, thread_id, say("needle again"))
    expected = [*made[::2][::-1], *made[1::2][::-1]]
    found: list[str] = []
    page = threads.page(conn, ThreadQuery(q="needle", limit=2))
    while page.has_more:
        found += ids(page)
        page = threads.page(conn, ThreadQuery(q="needle", limit=2, after=page.last_id))

    assert expected == found + ids(page)


def test_cursor_that_is_not_found_is_refused(conn: Connection, make: Callable[..., Thread]) -> None:
    make("needle")
    hay = make("hay")
    with pytest.raises(InvalidRequest, match="in this search") as caught:
        threads.page(conn, ThreadQuery(q="needle", after=hay.id))

    assert caught.value.param == "after"


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("sky", '"sky"*'),
        ("sky ", '"sky"'),
        ("blue sky", '"blue" AND "sky"*'),
        ("sk* blue ", '"sk"* AND "blue"'),
        ("skyl", '("skylark" OR "skyline")'),
        ("SkyLi", '("skyline")'),
        ("skyz", '("skyz")'),
        ("don't", '"don\'t"*'),
        ("Äpfe", '"Äpfe"*'),
        ("s", '"s"'),
        ("s*", '"s"*'),
        ('a"b', '"a""b"*'),
        (" \0 ", ""),
    ],
)
def test_expression(conn: Connection, make: Callable[..., Thread], q: str, expected: str) -> None:
    make("skyline skylark SKYLINE sky")

    assert expected == search.expression(conn, q)


def test_a_prefix_of_too_many_words_is_left_to_the_index(
    conn: Connection, make: Callable[..., Thread]
) -> None:
    thread = make(" ".join(f"word{number}" for number in range(100)))

    assert search.expression(conn, "word") == '"word"*'
    assert search.expression(conn, "word1") == f"({' OR '.join(_quoted_ones())})"
    assert [thread.id] == ids(threads.page(conn, ThreadQuery(q="word")))


def _quoted_ones() -> list[str]:
    return [f'"word{number}"' for number in sorted(map(str, [1, *range(10, 20)]))]


@pytest.mark.parametrize(
    "query",
    [
        {"q": "common "},
        {"q": "common"},  # as a prefix, and so are those below
        {"q": "co"},
        {"q": "com"},
        {"q": "comm"},
        {"q": "common half0"},
        {"q": "secon* half0"},
        {"q": "common", "metadata": {"kind": "chat"}},
        {"q": "common", "metadata": {"book": "old"}},
        {"q": "common", "metadata": {"book": "old", "kind": "chat"}},
        {"q": "number7 ", "metadata": {"kind": "chat"}},
        {"q": "number7 ", "metadata": {"book": "old"}},
    ],
)
def test_a_word_that_is_everywhere_costs_what_a_page_costs(
    conn: Connection,
    many: list[Thread],
    steps_taken: Callable[..., int],
    query: dict[str, object],
) -> None:
    page = threads.page(conn, ThreadQuery(**query))
    below = threads.page(conn, ThreadQuery(**query, limit=1)).last_id

    assert len(page.data) == {"common half0": 0, "number7 ": 1}.get(
        str(query["q"]), 10 if "old" in str(query) else 20
    )
    # Reading all 6,000 messages takes 600 or more; FTS5's own work is timed by the benchmark.
    assert steps_taken(threads.page, ThreadQuery(**query)) < 200
    assert below is None or steps_taken(threads.page, ThreadQuery(**query, after=below)) < 200


@pytest.mark.parametrize("words", ["common", "number5 ", "half1"])
@pytest.mark.parametrize("metadata", [{"book": "old"}, {"kind": "chat", "book": "old"}])
def test_metadata_and_words_together(
    conn: Connection, many: list[Thread], words: str, metadata: dict[str, str]
) -> None:
    expected = [
        thread.id
        for number, thread in reversed(list(enumerate(many[:10])))
        if {"number5 ": number == 5, "half1": number % 2}.get(words, True)
    ]

    assert expected == ids(threads.page(conn, ThreadQuery(q=words, metadata=metadata)))


def test_each_thread_shows_the_text_around_its_own_match(
    conn: Connection, make: Callable[..., Thread]
) -> None:
    for number in range(5):
        make("hay", f"{number} needle {number}", "needle " * number, "hay")
    page = threads.page(conn, ThreadQuery(q="needle ", limit=4))

    expected = [("needle " * number).strip() for number in (4, 3, 2, 1)]
    assert [summary.preview for summary in page.data] == expected
    (last,) = threads.page(conn, ThreadQuery(q="needle ", after=page.last_id)).data
    assert last.preview == "0 needle 0"


@pytest.mark.parametrize("limit", [1, 2, 20])
def test_a_few_threads_far_apart_are_asked_one_by_one(
    conn: Connection, many: list[Thread], steps_taken: Callable[..., int], limit: int
) -> None:
    apart = [many[number] for number in (0, 1000, 2000)]
    for thread in apart:
        threads.modify(conn, thread.id, ModifyThread(metadata={"book": "apart"}))
    query = ThreadQuery(q="common ", metadata={"book": "apart"}, limit=limit)
    page = threads.page(conn, query)
    found = ids(page)
    while page.has_more:
        page = threads.page(conn, msgspec.structs.replace(query, after=page.last_id))
        found += ids(page)

    assert [thread.id for thread in reversed(apart)] == found
    assert page.data[-1].preview == "common number0"
    assert steps_taken(threads.page, query) < 50


def test_threads_of_a_time_are_looked_for_in_that_time(
    conn: Connection, many: list[Thread], steps_taken: Callable[..., int]
) -> None:
    """Not in the 3,000 newer matches."""
    query = ThreadQuery(q="common ", metadata={"book": "old"})

    assert [thread.id for thread in reversed(many[:10])] == ids(threads.page(conn, query))
    assert steps_taken(threads.page, query) < 50


def test_a_search_leaves_no_transaction_open(conn: Connection, many: list[Thread]) -> None:
    threads.page(conn, ThreadQuery(q="common", limit=1))
    threads.page(conn, ThreadQuery(q="common", limit=1, metadata={"book": "old"}))
    ((busy, _, _),) = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert busy == 0

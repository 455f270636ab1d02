from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.assistants import CreateAssistant
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.store import assistants

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.assistants import Assistant
    from oxillama_jupyter.schemas.base import Page


@pytest.fixture
def ids(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven assistants of the same second, oldest first."""
    monkeypatch.setattr(assistants, "now", lambda: 1_700_000_000)
    return [assistants.create(conn, CreateAssistant(model="tiny")).id for _ in range(7)]


def listed(page: Page[Assistant]) -> list[str]:
    return [assistant.id for assistant in page.data]


def test_newest_first_by_default(conn: Connection, ids: list[str]) -> None:
    page = assistants.page(conn, PageQuery())

    assert ids[::-1] == listed(page)
    assert (ids[-1], ids[0], False) == (page.first_id, page.last_id, page.has_more)


def test_empty(conn: Connection) -> None:
    page = assistants.page(conn, PageQuery())

    assert (page.data, page.first_id, page.last_id, page.has_more) == ([], None, None, False)


@pytest.mark.parametrize(("limit", "more"), [(6, True), (7, False), (8, False)])
def test_has_more_is_exact(conn: Connection, ids: list[str], limit: int, more: bool) -> None:  # noqa: FBT001
    page = assistants.page(conn, PageQuery(limit=limit))

    assert (min(limit, 7), more) == (len(page.data), more)
    assert more == page.has_more


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_following_after_gives_everything_once(
    conn: Connection, ids: list[str], order: str
) -> None:
    found: list[str] = []
    page = assistants.page(conn, PageQuery(limit=2, order=order))
    found += listed(page)
    while page.has_more:
        page = assistants.page(conn, PageQuery(limit=2, order=order, after=page.last_id))
        found += listed(page)

    assert (ids if order == "asc" else ids[::-1]) == found


def test_before_gives_the_ones_just_ahead(conn: Connection, ids: list[str]) -> None:
    page = assistants.page(conn, PageQuery(order="asc", limit=2, before=ids[4]))

    assert ids[2:4] == listed(page)
    assert page.has_more


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 3, 10])
def test_every_cursor_against_a_list(
    conn: Connection, ids: list[str], order: str, limit: int
) -> None:
    ordered = ids if order == "asc" else ids[::-1]
    for after, before in itertools.product([None, *range(7)], repeat=2):
        start = 0 if after is None else after + 1
        stop = 7 if before is None else before
        between = ordered[start:stop]
        backwards = after is None and before is not None
        expected = between[-limit:] if backwards else between[:limit]
        query = PageQuery(
            order=order,
            limit=limit,
            after=None if after is None else ordered[after],
            before=None if before is None else ordered[before],
        )
        page = assistants.page(conn, query)

        assert (expected, len(between) > limit) == (listed(page), page.has_more)


@pytest.mark.parametrize("param", ["after", "before"])
def test_unknown_cursor(conn: Connection, ids: list[str], param: str) -> None:
    with pytest.raises(InvalidRequest, match="No assistant found with id 'asst_x'") as caught:
        assistants.page(conn, PageQuery(**{param: "asst_x"}))

    assert param == caught.value.param


def test_paging_is_stable_while_objects_come_and_go(conn: Connection, ids: list[str]) -> None:
    first = assistants.page(conn, PageQuery(limit=3))
    assistants.create(conn, CreateAssistant(model="newer"))
    assistants.delete(conn, ids[-1])
    second = assistants.page(conn, PageQuery(limit=3, after=first.last_id))

    assert ids[3:0:-1] == listed(second)


def test_numbers_are_never_used_again(conn: Connection, ids: list[str]) -> None:
    assistants.delete(conn, ids[-1])
    new = assistants.create(conn, CreateAssistant(model="tiny")).id
    ((seq,),) = conn.execute("SELECT seq FROM assistants WHERE id = ?", (new,))

    assert seq == 8


def test_page_is_found_by_index(plans: Callable[..., list[str]], ids: list[str]) -> None:
    details = plans(assistants.page, PageQuery(after=ids[2]))

    assert details == [
        "SEARCH assistants USING COVERING INDEX sqlite_autoindex_assistants_1 (id=?)",
        "SEARCH assistants USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ]

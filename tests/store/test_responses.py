from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from oxillama_jupyter.errors import NotFound
from oxillama_jupyter.ids import new_id
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.items import InputText, MessageItem, OutputText
from oxillama_jupyter.schemas.response_tools import TextConfig
from oxillama_jupyter.schemas.responses import Reasoning, Response
from oxillama_jupyter.store import response_life, responses
from oxillama_jupyter.store.responses import NewResponse

if TYPE_CHECKING:
    from sqlite3 import Connection


def made(text: str = "x", status: Any = "completed") -> Response:
    message = MessageItem(id=new_id("msg"), role="assistant", content=[OutputText(f"{text}!")])
    return Response(
        id=new_id("resp"),
        created_at=1,
        status=status,
        model="m",
        output=[message],
        reasoning=Reasoning(),
        text=TextConfig(),
    )


def asked(text: str) -> str:
    item = MessageItem(id=new_id("msg"), role="user", content=[InputText(text)])
    return msgspec.json.encode([item]).decode()


def add(conn: Connection, text: str, parent: Response | None = None, **new: Any) -> Response:
    response = made(text, new.pop("status", "completed"))
    link = None if parent is None else responses.link(conn, parent.id)
    seq = None if link is None else link.seq
    given = NewResponse(input=asked(text), cache_key="k", parent=seq, **new)
    responses.add(conn, response, given)
    return response


def texts(conn: Connection, response: Response, *, output: bool = False) -> list[str]:
    found = responses.items(conn, response.id, output=output)
    return [item["content"][0]["text"] for item in found]


def rows(conn: Connection, table: str = "responses") -> int:
    (count,) = conn.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def test_a_chain_is_read_from_its_beginning(conn: Connection) -> None:
    first = add(conn, "a")
    second = add(conn, "b", first)
    third = add(conn, "c", second)
    add(conn, "other", first)
    assert texts(conn, third) == ["a", "a!", "b", "b!", "c"]
    assert texts(conn, third, output=True) == ["a", "a!", "b", "b!", "c", "c!"]


def test_a_context_of_its_own_comes_first(conn: Connection) -> None:
    response = add(conn, "b", context=asked("before"))
    child = add(conn, "c", response)
    assert texts(conn, child) == ["before", "b", "b!", "c"]


def test_what_is_deleted_stays_for_its_children_and_goes_with_the_last(conn: Connection) -> None:
    first = add(conn, "a")
    second = add(conn, "b", first)
    left, right = add(conn, "c", second), add(conn, "d", second)
    for gone in (first, second, left):
        responses.delete(conn, gone.id)
        with pytest.raises(NotFound):
            responses.get(conn, gone.id)
        assert responses.link(conn, gone.id) is None
        assert responses.find_item(conn, gone.output[0].id) is None
    assert rows(conn) == 3
    assert texts(conn, right) == ["a", "a!", "b", "b!", "d"]
    responses.delete(conn, right.id)
    assert (rows(conn), rows(conn, "response_items")) == (0, 0)


def test_what_lives_stays_whatever_its_children_do(conn: Connection) -> None:
    first = add(conn, "a")
    responses.delete(conn, add(conn, "b", first).id)
    assert rows(conn) == 1
    assert responses.get(conn, first.id).status == "completed"


def test_an_end_is_written_once(conn: Connection) -> None:
    response = add(conn, "a", status="in_progress")
    response.status = "completed"
    assert responses.save(conn, response)
    response.status = "failed"
    assert not responses.save(conn, response)
    assert responses.get(conn, response.id).status == "completed"
    assert responses.find_item(conn, response.output[0].id) is not None


def test_items_are_found_in_input_and_output(conn: Connection) -> None:
    response = add(conn, "a")
    (item,) = responses.items(conn, response.id, output=False)
    assert responses.find_item(conn, item["id"]) == item
    assert responses.find_item(conn, "msg_x") is None


def test_all_are_listed_but_the_deleted(conn: Connection) -> None:
    first, second = add(conn, "a"), add(conn, "b")
    third = add(conn, "c", second)
    responses.delete(conn, second.id)
    page = responses.page(conn, PageQuery(order="asc"))
    assert [one.id for one in page.data] == [first.id, third.id]


def test_events_are_kept_in_pieces(conn: Connection) -> None:
    response = add(conn, "a")
    response_life.add_frames(conn, response.id, [b"1", b"2"])
    response_life.add_frames(conn, response.id, [])
    response_life.add_frames(conn, response.id, [b"3"])
    assert response_life.frames(conn, response.id) == [b"1", b"2", b"3"]
    add(conn, "b", response)
    responses.delete(conn, response.id)
    response_life.add_frames(conn, response.id, [b"4"])
    assert response_life.frames(conn, response.id) == []


def test_only_what_nobody_owns_is_adopted(conn: Connection) -> None:
    mine = add(conn, "a", status="queued", owner="me", lease=5)
    old = add(conn, "b", status="in_progress", owner="other", lease=5)
    add(conn, "c", status="in_progress", owner="other2", lease=50)
    add(conn, "d", owner="other", lease=5)
    assert sorted(response_life.owners(conn)) == ["me", "other", "other2"]
    assert response_life.adopt(conn, 10, "me", 60) == [old.id]
    assert responses.find(conn, old.id).owner == "me"
    response_life.release(conn, ["me"])
    response_life.renew(conn, "other2", 100)
    assert response_life.adopt(conn, 99, "new", 200) == [mine.id, old.id]


def test_a_secret_stays_the_same(conn: Connection) -> None:
    first = response_life.secret(conn, "seal")
    assert len(first) == 32
    assert response_life.secret(conn, "seal") == first
    assert response_life.secret(conn, "other") != first

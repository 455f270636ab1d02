from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.items import (
    AnyItem,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputFile,
    InputImage,
    InputText,
    LogProb,
    MessageItem,
    OutputText,
    ReasoningItem,
    SummaryText,
)
from oxillama_jupyter.store import conversations

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.conversations import Conversation


@pytest.fixture
def conversation(conn: Connection) -> Conversation:
    return conversations.create(conn, {"a": "b"})


def said(text: str, item_id: str = "msg_1") -> MessageItem:
    return MessageItem(id=item_id, role="user", content=[InputText(text)])


ITEMS: list[AnyItem] = [
    said("Hello\0 \u2028!"),
    MessageItem(id="msg_2", role="system", content=[InputText("Be brief.")]),
    MessageItem(
        id="msg_3",
        role="assistant",
        status="incomplete",
        content=[OutputText("Hi", logprobs=[LogProb("Hi", -0.5, [72, 105], [])])],
        phase="commentary",
    ),
    MessageItem(
        id="msg_4",
        role="user",
        content=[InputImage(image_url="data:,x", detail="original"), InputFile(file_id="file_1")],
    ),
    FunctionCallItem(id="fc_1", call_id="call_1", name="f", arguments='{"a": 1}'),
    FunctionCallOutputItem(id="fco_1", call_id="call_1", output=[InputText("7")]),
    ReasoningItem(id="rs_1", summary=[SummaryText("Hm.")], encrypted_content="sealed"),
    {"type": "web_search_call", "id": "ws_1", "action": {"queries": ["x"]}, "status": "completed"},
]


def ids(items: list[AnyItem]) -> list[str]:
    return [item["id"] if isinstance(item, dict) else item.id for item in items]


def test_a_conversation_is_stored_changed_and_deleted(
    conn: Connection, conversation: Conversation
) -> None:
    assert conversations.get(conn, conversation.id) == conversation
    assert conversations.modify(conn, conversation.id, {"c": "d"}).metadata == {"c": "d"}
    assert conversations.modify(conn, conversation.id, None).metadata == {}
    conversations.append(conn, conversation.id, ITEMS)
    conversations.delete(conn, conversation.id)
    for op in (conversations.get, conversations.history, conversations.delete):
        with pytest.raises(NotFound, match=f"Conversation with id '{conversation.id}' not found"):
            op(conn, conversation.id)
    assert conn.execute("SELECT count(*) FROM conversation_items").fetchone() == (0,)


def test_items_come_back_as_they_were_and_in_their_order(
    conn: Connection, conversation: Conversation
) -> None:
    assert conversations.append(conn, conversation.id, ITEMS) == ITEMS
    assert conversations.history(conn, conversation.id) == ITEMS
    assert [conversations.item(conn, conversation.id, item) for item in ids(ITEMS)] == ITEMS


def test_an_id_that_is_there_already_gets_a_new_one_of_its_kind(
    conn: Connection, conversation: Conversation
) -> None:
    conversations.append(conn, conversation.id, ITEMS)
    again = conversations.append(conn, conversation.id, ITEMS)
    prefixes = ["msg", "msg", "msg", "msg", "fc", "fco", "rs", "item"]
    assert [item_id.partition("_")[0] for item_id in ids(again)] == prefixes
    assert not set(ids(again)) & set(ids(ITEMS))
    other = conversations.create(conn)
    assert conversations.append(conn, other.id, ITEMS) == ITEMS


def test_items_are_paged_both_ways(conn: Connection, conversation: Conversation) -> None:
    other = conversations.create(conn)
    for number in range(5):
        for place in (conversation, other):
            conversations.append(conn, place.id, [said(str(number), f"msg_{number}")])
    first = conversations.page(conn, conversation.id, PageQuery(limit=3))
    assert ids(first.data) == ["msg_4", "msg_3", "msg_2"]
    assert (first.first_id, first.last_id, first.has_more) == ("msg_4", "msg_2", True)
    rest = conversations.page(conn, conversation.id, PageQuery(limit=3, after="msg_2"))
    assert (ids(rest.data), rest.has_more) == (["msg_1", "msg_0"], False)
    upwards = conversations.page(conn, conversation.id, PageQuery(order="asc", after="msg_3"))
    assert ids(upwards.data) == ["msg_4"]
    with pytest.raises(InvalidRequest) as caught:
        conversations.page(conn, conversation.id, PageQuery(after="msg_9"))
    assert caught.value.param == "after"


def test_a_deleted_item_is_gone(conn: Connection, conversation: Conversation) -> None:
    conversations.append(conn, conversation.id, ITEMS)
    assert conversations.delete_item(conn, conversation.id, "fc_1") == conversation
    assert "fc_1" not in ids(conversations.history(conn, conversation.id))
    for op in (conversations.item, conversations.delete_item):
        with pytest.raises(NotFound, match="Item with id 'fc_1' not found"):
            op(conn, conversation.id, "fc_1")


def test_an_item_is_found_anywhere_but_at_home_first(
    conn: Connection, conversation: Conversation
) -> None:
    other = conversations.create(conn)
    conversations.append(conn, conversation.id, [said("here")])
    conversations.append(conn, other.id, [said("there"), said("only there", "msg_2")])
    assert conversations.find(conn, "msg_1", conversation.id) == said("here")
    assert conversations.find(conn, "msg_2", conversation.id) == said("only there", "msg_2")
    assert conversations.find(conn, "msg_3", conversation.id) is None


# -- the lock ------------------------------------------------------------------------------------


def test_one_holder_at_a_time(conn: Connection, conversation: Conversation) -> None:
    conversations.lock(conn, conversation.id, "me/resp_1")
    conversations.lock(conn, conversation.id, "me/resp_1")
    with pytest.raises(InvalidRequest) as caught:
        conversations.lock(conn, conversation.id, "me/resp_2")
    assert (caught.value.code, caught.value.param) == ("conversation_locked", "conversation")
    conversations.unlock(conn, conversation.id, "me/resp_2")
    assert conversations.holders(conn) == ["me/resp_1"]
    conversations.unlock(conn, conversation.id, "me/resp_1")
    conversations.lock(conn, conversation.id, "me/resp_2")


def test_the_dead_are_released_and_old_locks_end(
    conn: Connection, conversation: Conversation
) -> None:
    other = conversations.create(conn)
    conversations.lock(conn, conversation.id, "dead/resp_1")
    conversations.lock(conn, other.id, "me/resp_2")
    conversations.release(conn, ["dead/resp_1"])
    assert conversations.holders(conn) == ["me/resp_2"]
    conn.execute("UPDATE conversations SET held_until = 1 WHERE id = ?", (other.id,))
    conversations.lock(conn, other.id, "me/resp_3")
    assert conversations.holders(conn) == ["me/resp_3"]


def test_an_unknown_conversation_cannot_be_locked_or_written(conn: Connection) -> None:
    with pytest.raises(NotFound):
        conversations.lock(conn, "conv_x", "me")
    with pytest.raises(NotFound):
        conversations.append(conn, "conv_x", ITEMS)
    conversations.unlock(conn, "conv_x", "me")


# -- cost ----------------------------------------------------------------------------------------


def test_nothing_reads_all_rows(
    conn: Connection, conversation: Conversation, scans: Callable[..., list[str]]
) -> None:
    conversations.append(conn, conversation.id, ITEMS)
    cid = conversation.id
    operations: list[tuple[Any, ...]] = [
        (conversations.history, cid),
        (conversations.page, cid, PageQuery(after="msg_2")),
        (conversations.item, cid, "msg_2"),
        (conversations.find, "msg_2", cid),
        (conversations.append, cid, [said("x", "msg_9")]),
        (conversations.lock, cid, "me"),
        (conversations.holders,),
        (conversations.release, ["me"]),
        (conversations.delete_item, cid, "msg_2"),
        (conversations.delete, cid),
    ]
    for op, *args in operations:
        if op is not conversations.holders:  # the index of those that are held
            assert scans(op, *args) == [], op

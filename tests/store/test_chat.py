from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.ids import new_id
from oxillama_jupyter.schemas.chat import (
    ChatChoice,
    ChatCompletion,
    ChatMessagesQuery,
    ChatQuery,
    ChatReply,
    ModifyChat,
)
from oxillama_jupyter.schemas.chat_messages import StoredMessage
from oxillama_jupyter.schemas.usage import CompletionTokenDetails, PromptTokenDetails, TokenUsage
from oxillama_jupyter.store import chat

if TYPE_CHECKING:
    from sqlite3 import Connection


def stored(
    conn: Connection, metadata: dict[str, str] | None = None, model: str = "m", count: int = 1
) -> ChatCompletion:
    id_ = new_id("chatcmpl")
    completion = ChatCompletion(
        id=id_,
        created=1,
        model=model,
        choices=[ChatChoice(0, ChatReply(content="a\0b 🦙"), None, "stop")],
        usage=TokenUsage(1, 1, 2, PromptTokenDetails(), CompletionTokenDetails()),
        system_fingerprint="fp",
        metadata=metadata or {},
    )
    asked = [StoredMessage(id=f"{id_}-{i}", role="user", content=f"a\0{i}") for i in range(count)]
    chat.create(conn, completion, asked)
    return completion


def test_it_comes_back_as_it_was(conn: Connection) -> None:
    made = stored(conn, {"a": "b"})
    assert chat.get(conn, made.id) == made


def test_filters_are_combined(conn: Connection) -> None:
    both = stored(conn, {"a": "1", "b": "2"})
    one = stored(conn, {"a": "1"}, model="n")
    stored(conn, {"a": "2"})

    def found(**query: object) -> list[str]:
        return [each.id for each in chat.page(conn, ChatQuery(**query)).data]  # type: ignore[arg-type]

    assert found(metadata={"a": "1"}) == [both.id, one.id]
    assert found(metadata={"a": "1", "b": "2"}) == [both.id]
    assert found(metadata={"a": "1"}, model="n") == [one.id]
    assert found(model="n") == [one.id]
    assert found(metadata={"a": "1"}, order="desc", limit=1) == [one.id]
    assert found(metadata={"a": "1"}, after=both.id) == [one.id]
    assert len(found()) == 3


def test_metadata_is_kept_in_step(conn: Connection) -> None:
    made = stored(conn, {"a": "1"})
    assert chat.modify(conn, made.id, ModifyChat()).metadata == {"a": "1"}
    assert chat.modify(conn, made.id, ModifyChat(metadata={"b": "2"})).metadata == {"b": "2"}
    assert chat.page(conn, ChatQuery(metadata={"a": "1"})).data == []
    assert len(chat.page(conn, ChatQuery(metadata={"b": "2"})).data) == 1
    assert chat.modify(conn, made.id, ModifyChat(metadata=None)).metadata == {}
    chat.delete(conn, made.id)
    assert conn.execute("SELECT count(*) FROM chat_metadata").fetchone() == (0,)


def test_messages_are_paged_by_their_place(conn: Connection) -> None:
    made = stored(conn, count=5)
    stored(conn, count=2)
    first = chat.messages(conn, made.id, ChatMessagesQuery(limit=2))
    assert ([one.content for one in first.data], first.has_more) == (["a\x000", "a\x001"], True)
    rest = chat.messages(conn, made.id, ChatMessagesQuery(limit=3, after=first.last_id))
    assert ([one.id for one in rest.data], rest.has_more) == (
        [f"{made.id}-{i}" for i in (2, 3, 4)],
        False,
    )
    last = chat.messages(conn, made.id, ChatMessagesQuery(order="desc", limit=1))
    assert last.data[0].id == f"{made.id}-4"


def test_unknown_ids_are_not_found(conn: Connection) -> None:
    made = stored(conn)
    other = stored(conn)
    for call in (
        lambda: chat.get(conn, "x"),
        lambda: chat.modify(conn, "x", ModifyChat()),
        lambda: chat.delete(conn, "x"),
        lambda: chat.messages(conn, "x", ChatMessagesQuery()),
    ):
        with pytest.raises(NotFound, match="No chat completion found with id 'x'"):
            call()
    with pytest.raises(InvalidRequest):
        chat.page(conn, ChatQuery(after="x"))
    with pytest.raises(InvalidRequest):
        chat.messages(conn, made.id, ChatMessagesQuery(after=f"{other.id}-0"))


@pytest.mark.parametrize(
    ("query", "index"), [("model = 'm'", "chats_by_model"), ("id = 'x'", "autoindex")]
)
def test_pages_are_found_by_an_index(conn: Connection, query: str, index: str) -> None:
    plan = conn.execute(f"EXPLAIN QUERY PLAN SELECT payload FROM chats WHERE {query}").fetchall()
    assert index in str(plan)

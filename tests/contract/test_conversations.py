"""Conversations and their items, through the official SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types.responses import ResponseIncludable

Answer = tuple[int, str | None, str | None]
Ask = Callable[[str, str, Any], Answer]
HELLO: Any = {"role": "user", "content": "Hello!"}
ITEMS: list[Any] = [
    {"type": "message", "role": "developer", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
            {"type": "input_file", "file_data": "data:,x", "filename": "x.txt"},
        ],
    },
    {"role": "assistant", "content": "Let me see."},
    {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "a cat"},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "note", "input": "cat"},
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": "noted"},
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
]


def said(items: Any) -> list[str]:
    return [item.content[0].text for item in items]


# -- conversations -------------------------------------------------------------------------------


def test_a_conversation_lives_and_dies(client: OpenAI) -> None:
    conversation = client.conversations.create(metadata={"a": "b"}, items=[HELLO])
    assert conversation.id.startswith("conv_")
    assert client.conversations.retrieve(conversation.id) == conversation
    updated = client.conversations.update(conversation.id, metadata={"c": "d"})
    assert (updated.metadata, updated.created_at) == ({"c": "d"}, conversation.created_at)
    assert client.conversations.update(conversation.id, metadata=None).metadata == {}
    deleted = client.conversations.delete(conversation.id)
    assert (deleted.id, deleted.deleted) == (conversation.id, True)
    with pytest.raises(openai.NotFoundError) as caught:
        client.conversations.retrieve(conversation.id)
    assert f"Conversation with id '{conversation.id}' not found." in caught.value.message


def test_a_conversation_starts_empty(client: OpenAI) -> None:
    conversation = client.conversations.create()
    page = client.conversations.items.list(conversation.id)
    assert (page.data, page.has_more, page.last_id) == ([], False, None)
    assert conversation.metadata == {}


# -- items ---------------------------------------------------------------------------------------


def test_items_come_back_in_the_given_order_and_in_full(client: OpenAI) -> None:
    conversation = client.conversations.create()
    created = client.conversations.items.create(conversation.id, items=ITEMS)
    types = [item.get("type", "message") for item in ITEMS]
    assert [item.type for item in created.data] == types
    assert (created.first_id, created.last_id) == (created.data[0].id, created.data[-1].id)
    assert created.has_more is False
    listed = client.conversations.items.list(conversation.id, order="asc")
    assert listed.data == created.data
    for item in created.data:
        found = client.conversations.items.retrieve(item.id, conversation_id=conversation.id)
        assert found == item
    message: Any = created.data[1]
    assert [part.type for part in message.content] == ["input_text", "input_image", "input_file"]
    assert message.content[1].image_url == "data:image/png;base64,AAAA"
    assert (message.status, message.role) == ("completed", "user")
    assert created.data[7].id == "rs_1"


def test_45_items_are_paged_by_the_sdk_itself(client: OpenAI) -> None:
    conversation = client.conversations.create()
    texts = [str(number) for number in range(45)]
    for start in range(0, 45, 20):
        items: Any = [{"role": "user", "content": text} for text in texts[start : start + 20]]
        client.conversations.items.create(conversation.id, items=items)
    newest_first = client.conversations.items.list(conversation.id)
    assert len(newest_first.data) == 20
    assert said(newest_first) == texts[::-1]
    assert said(client.conversations.items.list(conversation.id, order="asc", limit=7)) == texts
    middle = newest_first.data[9].id
    assert said(client.conversations.items.list(conversation.id, after=middle)) == texts[34::-1]


def test_deleting_an_item_answers_the_conversation(client: OpenAI) -> None:
    conversation = client.conversations.create(items=[HELLO, HELLO])
    first = client.conversations.items.list(conversation.id).data[0]
    answer = client.conversations.items.delete(first.id, conversation_id=conversation.id)
    assert answer == conversation
    assert len(client.conversations.items.list(conversation.id).data) == 1
    for call in (client.conversations.items.retrieve, client.conversations.items.delete):
        with pytest.raises(openai.NotFoundError, match=f"Item with id '{first.id}' not found."):
            call(first.id, conversation_id=conversation.id)  # type: ignore[operator]  # overloads


def test_a_reference_is_replaced_by_what_it_refers_to(client: OpenAI) -> None:
    source = client.conversations.create(items=[HELLO])
    (item,) = client.conversations.items.list(source.id).data
    reference: Any = {"type": "item_reference", "id": item.id}
    other = client.conversations.create(items=[reference])
    assert client.conversations.items.list(other.id).data == [item]
    again = client.conversations.items.create(source.id, items=[reference])
    assert said(again.data) == ["Hello!"]
    assert again.data[0].id != item.id
    with pytest.raises(openai.BadRequestError) as caught:
        client.conversations.items.create(
            source.id, items=[{"type": "item_reference", "id": "msg_x"}]
        )
    assert caught.value.param == "items"
    assert len(client.conversations.items.list(source.id).data) == 2


def test_what_a_client_was_given_can_be_given_again(client: OpenAI) -> None:
    source = client.conversations.create(items=ITEMS)
    given = client.conversations.items.list(source.id, order="asc").data
    dumped: Any = [item.model_dump() for item in given]
    copy = client.conversations.create(items=dumped)
    assert client.conversations.items.list(copy.id, order="asc").data == given


def test_every_known_include_is_taken(client: OpenAI) -> None:
    known = list(get_args(ResponseIncludable))
    conversation = client.conversations.create()
    created = client.conversations.items.create(conversation.id, items=[HELLO], include=known)
    assert client.conversations.items.list(conversation.id, include=known).data == created.data
    item = client.conversations.items.retrieve(
        created.data[0].id, conversation_id=conversation.id, include=known
    )
    assert item == created.data[0]


# -- refused -------------------------------------------------------------------------------------


@pytest.fixture
def place(client: OpenAI) -> str:
    """The path of a conversation with an item."""
    return f"v1/conversations/{client.conversations.create(items=[HELLO]).id}"


LONG, KEY = "string_above_max_length", "metadata"
MISSING, TYPE, VALUE = "missing_required_parameter", "invalid_type", "invalid_value"


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "", {}, ("metadata", MISSING)),
        ("POST", "", {"metadata": {"a": 1}}, ("metadata", TYPE)),
        ("POST", "", {"metadata": {"a": "v" * 513}}, ("metadata", LONG)),
        ("POST", "/items", {}, ("items", MISSING)),
        ("POST", "/items", {"items": [HELLO] * 21}, ("items", "array_above_max_length")),
        ("POST", "/items", {"items": []}, ("items", "empty_array")),
        ("POST", "/items", {"items": "Hello!"}, ("items", TYPE)),
        ("POST", "/items", {"items": ["Hello!"]}, ("items[0]", TYPE)),
        ("POST", "/items", {"items": [HELLO, {}]}, ("items[1].type", MISSING)),
        ("POST", "/items", {"items": [{"role": "x", "content": ""}]}, ("items[0].role", VALUE)),
        ("POST", "/items?include[]=x", {"items": [HELLO]}, ("include", VALUE)),
        ("GET", "/items?include=x", None, ("include", VALUE)),
        ("GET", "/items?limit=0", None, ("limit", "integer_below_min_value")),
        ("GET", "/items?limit=101", None, ("limit", "integer_above_max_value")),
        ("GET", "/items?order=up", None, ("order", VALUE)),
        ("GET", "/items?after=msg_x", None, ("after", None)),
        ("GET", "/items/msg_x?include[]=x", None, ("include", VALUE)),
    ],
)
def test_a_wrong_request_is_told_where(  # noqa: PLR0913, PLR0917  # the table's columns
    raw: httpx2.Client, place: str, method: str, path: str, body: Any, expected: tuple[Any, Any]
) -> None:
    answer = raw.request(method, place + path, json=body)
    error = answer.json()["error"]
    param = error["param"] and error["param"].removesuffix("[]")
    assert answer.status_code == 400
    assert param.startswith(expected[0])
    assert error["code"] == expected[1]


def test_a_conversation_with_a_wrong_item_is_not_made(raw: httpx2.Client) -> None:
    answer = raw.post("v1/conversations", json={"items": [HELLO] * 21})
    assert answer.json()["error"]["code"] == "array_above_max_length"
    answer = raw.post("v1/conversations", json={"items": [{"id": "msg_x"}]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "items")


@pytest.mark.parametrize(
    ("request_line", "message"),
    [
        ("GET {x}", "Conversation with id 'x 1' not found."),
        ("POST {x}", "Conversation with id 'x 1' not found."),
        ("DELETE {x}", "Conversation with id 'x 1' not found."),
        ("GET {x}/items", "Conversation with id 'x 1' not found."),
        ("POST {x}/items", "Conversation with id 'x 1' not found."),
        ("GET {x}/items/y", "Conversation with id 'x 1' not found."),
        ("DELETE {x}/items/y", "Conversation with id 'x 1' not found."),
        ("GET {place}/items/y%202", "Item with id 'y 2' not found."),
        ("DELETE {place}/items/y%202", "Item with id 'y 2' not found."),
        ("POST oxillama/conversations/x%201/thread", "Conversation with id 'x 1' not found."),
        ("POST oxillama/threads/x%201/conversation", "No thread found with id 'x 1'."),
    ],
)
def test_an_unknown_id_is_a_404_that_names_it(
    raw: httpx2.Client, place: str, request_line: str, message: str
) -> None:
    method, _, path = request_line.partition(" ")
    path = path.format(x="v1/conversations/x%201", place=place)
    answer = raw.request(method, path, json={"metadata": None, "items": [HELLO]})
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, message)

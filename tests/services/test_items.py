from __future__ import annotations

from typing import Any

import msgspec
import pytest

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.items import (
    AnyItem,
    FunctionCallItem,
    InputText,
    ItemReference,
    MessageItem,
    OutputText,
    ReasoningItem,
)
from oxillama_jupyter.services.items import distinct, item_id, item_of, read_items


def test_a_string_is_a_message_of_the_user() -> None:
    (item,) = read_items("Hello!")
    assert isinstance(item, MessageItem)
    assert (item.role, item.status, item.content) == ("user", "completed", [InputText("Hello!")])
    assert item.id.startswith("msg_")


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"role": "assistant", "content": "Hi."}, OutputText("Hi.")),
        ({"type": "message", "role": "developer", "content": "Be brief."}, InputText("Be brief.")),
        (
            {"role": "assistant", "content": [{"type": "output_text", "text": "Hi."}]},
            OutputText("Hi."),
        ),
        (
            {
                "type": "message",
                "id": None,
                "status": None,
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Hi.", "logprobs": None}],
            },
            OutputText("Hi."),
        ),
    ],
)
def test_messages_in_all_their_ways(given: dict[str, Any], part: object) -> None:
    (item,) = read_items([given])
    assert isinstance(item, MessageItem)
    assert item.content == [part]
    assert item.status == "completed"


def test_calls_keep_their_ids_or_get_one() -> None:
    call = {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": "{}"}
    mine, theirs = read_items([{**call, "id": None, "status": None}, {**call, "id": "fc_mine"}])
    assert isinstance(mine, FunctionCallItem)
    assert mine.id.startswith("fc_")
    assert item_id(theirs) == "fc_mine"


def test_an_id_alone_is_a_reference() -> None:
    assert read_items([{"id": "msg_1"}, {"type": None, "id": "fc_1"}]) == [
        ItemReference(id="msg_1"),
        ItemReference(id="fc_1"),
    ]


def test_what_is_not_ours_is_kept_as_it_came() -> None:
    (item,) = read_items([{"type": "web_search_call", "id": "ws_1", "action": {"query": "x"}}])
    assert item == {"type": "web_search_call", "id": "ws_1", "action": {"query": "x"}}


def test_what_was_stored_is_read_again() -> None:
    for item in read_items(
        [
            {"role": "user", "content": "Hello!"},
            {"type": "reasoning", "summary": []},
            {"type": "compaction", "encrypted_content": "x"},
            {"type": "web_search_call", "id": "ws_1"},
        ]
    ):
        assert not isinstance(item, ItemReference)
        assert item_of(msgspec.to_builtins(item)) == item


def test_reasoning_leaves_out_what_it_has_not() -> None:
    (item,) = read_items([{"type": "reasoning", "summary": [], "encrypted_content": None}])
    assert isinstance(item, ReasoningItem)
    assert set(msgspec.to_builtins(item)) == {"type", "id", "summary"}


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        (["x"], "input[0]", "invalid_type"),
        ([{}], "input[0].type", "missing_required_parameter"),
        ([{"type": 3}], "input[0].type", "missing_required_parameter"),
        ([{"type": "film", "id": "x"}], "input[0].type", "invalid_value"),
        ([{"role": "user"}], "input[0].content", "missing_required_parameter"),
        ([{"role": "king", "content": "x"}], "input[0].role", "invalid_value"),
        ([{"role": "user", "content": [{"type": "film"}]}], "input[0].content", "invalid_value"),
        (
            [{"id": "msg_1"}, {"type": "function_call", "call_id": "c", "name": "f"}],
            "input[1].arguments",
            "missing_required_parameter",
        ),
        ([{"id": "x"}, {"type": "web_search_call", "id": {"a": 1}}], "input[1].id", "invalid_type"),
        ([{"type": "web_search_call", "id": ["x"]}], "input[0].id", "invalid_type"),
        ([{"type": "web_search_call", "id": 2**70}], "input[0].id", "invalid_type"),
    ],
)
def test_what_is_wrong_is_named(given: list[Any], param: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_items(given)
    assert raised.value.param is not None
    assert raised.value.param.startswith(param)
    assert raised.value.code == code


def test_what_is_repeated_has_an_id_of_its_own() -> None:
    def ids(*given: str) -> list[str]:
        items: list[AnyItem] = [{"type": "web_search_call", "id": one} for one in given]
        return [item_id(item) for item in distinct(items)]

    assert ids("a", "b") == ["a", "b"]
    assert ids("a", "b", "a", "a") == ["a", "b", "a_2", "a_3"]
    assert ids("a", "a_2", "a", "a_2") == ["a", "a_2", "a_3", "a_2_2"]

from __future__ import annotations

from typing import Any

import pytest

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.items import CompactionItem, ItemReference
from oxillama_jupyter.services.items import read_items
from oxillama_jupyter.services.seals import Sealer
from oxillama_jupyter.services.translate_items import (
    COMPACTION,
    REASONING,
    check_pairs,
    messages_of,
)

SEALER = Sealer(b"x" * 32)


def chat(*items: Any, instructions: str | None = None) -> list[dict[str, Any]]:
    read = [item for item in read_items(items) if not isinstance(item, ItemReference)]
    return messages_of(check_pairs(read), instructions, SEALER)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def call(name: str, call_id: str = "") -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": call_id or f"call_{name}",
        "name": name,
        "arguments": "{}",
    }


def output(name: str, text: str, call_id: str = "") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id or f"call_{name}", "output": text}


def shape(messages: list[dict[str, Any]]) -> list[str]:
    """Each message in a word: whose it is, its calls, its text."""
    return [
        " ".join(
            [
                message["role"],
                *(c["function"]["name"] for c in message.get("tool_calls", ())),
                *filter(None, [message["content"]]),
            ]
        )
        for message in messages
    ]


def test_all_that_systems_say_is_one_message_at_the_start() -> None:
    made = chat(
        user("a"),
        {"role": "developer", "content": "b"},
        {"role": "system", "content": "c"},
        instructions="first",
    )
    assert made == [
        {"role": "system", "content": "first\n\nb\n\nc"},
        {"role": "user", "content": "a"},
    ]


def test_reasoning_text_and_calls_are_one_message() -> None:
    made = chat(
        user("a"),
        {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "r"}]},
        {"role": "assistant", "content": "t"},
        call("f"),
        call("g"),
        output("g", "2"),
        output("f", "1"),
        {"role": "assistant", "content": "end"},
    )
    assert shape(made) == ["user a", "assistant f g t", "tool 1", "tool 2", "assistant end"]
    assert made[1]["reasoning_content"] == "r"
    assert made[2] == {"role": "tool", "tool_call_id": "call_f", "name": "f", "content": "1"}


def test_an_output_moves_behind_its_call() -> None:
    made = chat(user("a"), call("f"), user("b"), output("f", "1"), user("c"))
    assert shape(made) == ["user a", "assistant f", "tool 1", "user b", "user c"]


def test_calls_one_after_another_stay_apart() -> None:
    made = chat(call("f"), output("f", "1"), call("g"), output("g", "2"))
    assert shape(made) == ["assistant f", "tool 1", "assistant g", "tool 2"]


def test_an_id_may_come_twice() -> None:
    made = chat(call("f", "x"), output("f", "1", "x"), call("f", "x"), output("f", "2", "x"))
    assert shape(made) == ["assistant f", "tool 1", "assistant f", "tool 2"]


def test_a_custom_call_is_a_call_with_one_parameter() -> None:
    custom = {"type": "custom_tool_call", "call_id": "c", "name": "sh", "input": 'a "b"'}
    answer = {"type": "custom_tool_call_output", "call_id": "c", "output": "x"}
    made = chat(custom, answer)
    assert made[0]["tool_calls"][0]["function"] == {
        "name": "sh",
        "arguments": '{"input":"a \\"b\\""}',
    }
    assert made[1]["content"] == "x"


@pytest.mark.parametrize("items", [[call("f")], [output("f", "1")]], ids=["call", "output"])
def test_one_half_of_a_call_is_refused(items: Any) -> None:
    with pytest.raises(InvalidRequest, match="call_f") as caught:
        chat(user("a"), *items)
    assert caught.value.param == "input"


def test_a_call_that_was_cut_is_left_out() -> None:
    assert shape(chat(user("a"), {**call("f"), "status": "incomplete"})) == ["user a"]
    made = chat({**call("f"), "status": "incomplete"}, output("f", "1"))
    assert shape(made) == ["assistant f", "tool 1"]


def test_hosted_tools_of_others_are_told_or_left_out() -> None:
    search = {
        "type": "file_search_call",
        "id": "fs_1",
        "queries": ["q"],
        "results": [{"file_id": "file-1", "filename": "a.txt", "text": "found"}],
    }
    code = {
        "type": "code_interpreter_call",
        "code": "1+1",
        "outputs": [{"type": "logs", "logs": "2"}],
    }
    made = chat(user("a"), search, code, {"type": "unheard_of_call", "x": 1}, user("b"))
    assert shape(made) == [
        "user a",
        "assistant [file_search_call]\nq\na.txt\nfound",
        "assistant [code_interpreter_call]\n1+1\n2",
        "user b",
    ]


def test_parts_that_are_no_text_are_told() -> None:
    parts = [
        {"type": "input_text", "text": "Look:"},
        {"type": "input_image", "image_url": "http://x/y.png"},
        {"type": "input_file", "filename": "a.pdf", "file_id": "file-1"},
    ]
    (message,) = chat({"role": "user", "content": parts})
    look, image, file = message["content"].split("\n")
    assert look == "Look:"
    assert "image" in image
    assert "'a.pdf'" in file
    refusal = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    assert shape(chat(refusal)) == ["assistant No."]


def test_sealed_reasoning_is_opened_where_it_is_ours() -> None:
    ours = {"type": "reasoning", "summary": [], "encrypted_content": SEALER.seal(REASONING, "r")}
    (message,) = chat(ours, {"role": "assistant", "content": "t"})
    assert message["reasoning_content"] == "r"
    foreign = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"}
    (message,) = chat(foreign, {"role": "assistant", "content": "t"})
    assert "reasoning_content" not in message


def test_a_compaction_is_a_summary_that_cannot_be_forged() -> None:
    sealed = SEALER.seal(COMPACTION, "We met.")
    made = messages_of([CompactionItem(id="c", encrypted_content=sealed)], None, SEALER)
    assert made[0]["role"] == "system"
    assert made[0]["content"].endswith("We met.")
    for forged in (
        SEALER.seal(REASONING, "We met."),
        Sealer(b"y" * 32).seal(COMPACTION, "We met."),
        sealed[:-6] + "AAAA==",
        "not base64 at all",
        "",
    ):
        with pytest.raises(InvalidRequest) as caught:
            messages_of([CompactionItem(id="c", encrypted_content=forged)], None, SEALER)
        assert caught.value.code == "invalid_encrypted_content"

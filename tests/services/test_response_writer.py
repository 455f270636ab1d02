from __future__ import annotations

import json
from typing import Any

import pytest

from oxillama_jupyter.engine.protocol import (
    CallArguments,
    CallBegin,
    CallEnd,
    Delta,
    Part,
    Reasoning,
    Text,
    TokenLogprob,
)
from oxillama_jupyter.events import EventLog
from oxillama_jupyter.services.custom_input import CustomInput
from oxillama_jupyter.services.response_writer import ItemWriter


def write(*parts: Part | str, cut: bool = False, **settings: Any) -> tuple[Any, list[str], Any]:
    """What parts become: the items, the types of the events, the writer."""
    log, items = EventLog(), list[Any]()
    writer = ItemWriter(items, log, **settings)
    for part in parts:
        writer.take(Delta(part, 1) if isinstance(part, str) else Delta.of([part], 1))
    writer.finish(cut=cut)
    names = []
    for number, frame in enumerate(log.frames):
        event = json.loads(frame.split(b"\ndata: ")[1])
        assert event["sequence_number"] == number
        names.append(event["type"].removeprefix("response."))
    return items, names, writer


def call(index: int, name: str, *arguments: str, complete: bool = True) -> list[Part]:
    pieces = [CallArguments(index, text) for text in arguments]
    return [CallBegin(index, f"call_{index}", name), *pieces, CallEnd(index, complete)]


def test_an_empty_answer_is_an_answer() -> None:
    (item,), names, _ = write()
    assert (item.status, item.content[0].text) == ("completed", "")
    assert "output_text.delta" not in names
    assert names[-1] == "output_item.done"


def test_white_space_ahead_of_a_call_is_no_message() -> None:
    items, _, _ = write("\n", "\n", *call(0, "f", "{}"))
    assert [item.name for item in items] == ["f"]
    items, _, _ = write("\n", "Hi")
    assert items[0].content[0].text == "\nHi"
    items, _, _ = write("\n")
    assert items[0].content[0].text == "\n"


def test_white_space_between_reasoning_and_the_end_is_nothing() -> None:
    items, _, _ = write(Reasoning("Hm."), "\n\n")
    assert [item.content[0].text for item in items] == ["Hm."]


def test_text_behind_a_call_ends_the_turn() -> None:
    items, names, writer = write(*call(0, "f", "{}"), "\n", "It is sunny.", *call(1, "g", "{}"))
    assert writer.over
    assert [item.name for item in items] == ["f"]
    assert "output_text.delta" not in names


def test_white_space_between_calls_does_not() -> None:
    items, _, writer = write(*call(0, "f", "{}"), "\n", *call(1, "g", "{}"))
    assert not writer.over
    assert [item.name for item in items] == ["f", "g"]


def test_a_call_that_is_no_json_is_incomplete() -> None:
    items, _, _ = write(*call(0, "f", "{oops", complete=False))
    assert (items[0].arguments, items[0].status) == ("{oops", "incomplete")


def test_what_is_open_at_the_limit_is_incomplete() -> None:
    items, names, _ = write(Reasoning("a"), Text("b"), cut=True)
    assert [item.status for item in items] == ["completed", "incomplete"]
    assert names[-1] == "output_item.done"
    items, _, _ = write(CallBegin(0, "call_0", "f"), CallArguments(0, '{"a'), cut=True)
    assert (items[0].arguments, items[0].status) == ('{"a', "incomplete")


def test_partial_items_can_be_looked_at() -> None:
    log, items = EventLog(), list[Any]()
    writer = ItemWriter(items, log)
    for text in ("One ", "two "):
        writer.take(Delta(text, 1))
        writer.current()
    assert items[0].content[0].text == "One two "
    assert items[0].status == "in_progress"
    writer.take(Delta("three", 1))
    writer.finish()
    assert items[0].content[0].text == "One two three"


def test_sealed_reasoning_is_all_of_it() -> None:
    items, _, _ = write(Reasoning("One "), Reasoning("two."), "Hi", seal=str.upper)
    assert items[0].encrypted_content == "ONE TWO."


def test_probabilities_wait_for_their_text() -> None:
    log, items = EventLog(), list[Any]()
    writer = ItemWriter(items, log, logprobs=True)
    first, second = (TokenLogprob(i, text, -1.0) for i, text in enumerate((b"\xc3", b"\xa9")))
    writer.take(Delta("", 1, logprobs=(first,)))
    writer.take(Delta("é", 1, logprobs=(second,)))
    writer.finish()
    (part,) = items[0].content
    assert [one.bytes for one in part.logprobs] == [[0xC3], [0xA9]]


def test_those_of_reasoning_are_not_told() -> None:
    log, items = EventLog(), list[Any]()
    writer = ItemWriter(items, log, logprobs=True)
    token = (TokenLogprob(0, b"Hm", -1.0),)
    writer.take(Delta(parts=(Reasoning("Hm"),), tokens=1, logprobs=token))
    writer.take(Delta("Hi", 1, logprobs=token))
    writer.finish()
    assert len(items[1].content[0].logprobs) == 1


# -- custom tools ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["ls -la", 'say "é" \\ \n\t/', "🦙 and \u2028", ""],
)
@pytest.mark.parametrize("ascii_only", ["escaped", "plain"])
def test_a_custom_input_is_read_however_it_is_cut(text: str, ascii_only: str) -> None:
    arguments = json.dumps({"input": text}, ensure_ascii=ascii_only == "escaped")
    for size in (1, 2, 3, 7, len(arguments)):
        reader = CustomInput()
        pieces = [reader.push(arguments[i : i + size]) for i in range(0, len(arguments), size)]
        pieces.append(reader.finish())
        assert "".join(pieces) == reader.text == text
        assert not any("\ud83e" in piece for piece in pieces)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [("ls -la", "ls -la"), ('{"x": 1}', '{"x": 1}'), ('{"y":1,"input":"a"}', "a"), ("", "")],
)
def test_a_model_that_writes_something_else_is_taken_at_its_word(
    arguments: str, expected: str
) -> None:
    reader = CustomInput()
    assert reader.push(arguments) == ""
    assert reader.finish() == expected


def test_a_custom_call_streams_its_text() -> None:
    parts = call(0, "shell", '{"inp', 'ut": "l', 's"}')
    items, names, _ = write(*parts, custom=frozenset({"shell"}))
    assert items[0].input == "ls"
    assert names == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]

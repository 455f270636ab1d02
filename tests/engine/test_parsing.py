"""Answer, reasoning and calls are told apart, whatever the model writes and however it arrives."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import msgspec
import pytest
from engine.dialects import PARIS, TOOLS

from oxillama_jupyter.engine import formats
from oxillama_jupyter.engine.formats import Format
from oxillama_jupyter.engine.parsing import OutputParser
from oxillama_jupyter.engine.parts import (
    CallArguments,
    CallBegin,
    CallEnd,
    CallItem,
    Item,
    Part,
    Reasoning,
    ReasoningItem,
    Text,
    TextItem,
    items_of,
)
from oxillama_jupyter.engine.tooltext import result_text, tools_prompt, with_tools

PLAIN = [TextItem("Hi.")]
CALL = '<tool_call>{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}</tool_call>'


def parts_of(pieces: list[str] | str, form: Format = formats.HERMES, **options: Any) -> list[Part]:
    numbers = itertools.count()
    parser = OutputParser(form, **{"tools": TOOLS, **options}, new_id=lambda: f"c{next(numbers)}")
    parts = [part for piece in pieces for part in parser.feed(piece)] + parser.finish()
    assert items_of(parts) == parser.items
    return parts


def items(text: str, form: Format = formats.HERMES, **options: Any) -> list[Item]:
    return items_of(parts_of(text, form, **options))


def call(arguments: str, *, complete: bool = True, name: str = "get_weather") -> CallItem:
    return CallItem(0, "c0", name, arguments, complete)


# -- text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\n", "  a  b \n", "a < b", "<", "<tool", "a\u2003b "])
def test_plain_text_is_itself(text: str) -> None:
    assert ([TextItem(text)] if text else []) == items(text)


def test_text_leaves_as_soon_as_it_cannot_be_a_tag() -> None:
    parser = OutputParser(formats.HERMES, tools=TOOLS)

    assert [Text("a")] == parser.feed("a")
    assert [] == parser.feed(" <to")
    assert [Text(" <tool_bar")] == parser.feed("ol_bar")
    assert [Text(">")] == parser.feed(">")


def test_white_space_that_touches_a_tag_is_the_tags() -> None:
    text = f"\n<think>\n\n a \n</think>\n\n{CALL}\n\n{CALL}\n"

    assert [ReasoningItem, CallItem, CallItem] == [type(item) for item in items(text)]
    assert items(text)[0] == ReasoningItem("a")


def test_text_after_a_call_is_text() -> None:
    assert [PARIS[0], "Done. \n"] == [
        item.name if isinstance(item, CallItem) else item.text
        for item in items(f"{CALL}\nDone. \n")
    ]


# -- reasoning -------------------------------------------------------------------------------------


def test_reasoning_may_be_open_already() -> None:
    assert [ReasoningItem("Hm."), *PLAIN] == items("\nHm.\n</think>\n\nHi.", reasoning_open=True)
    assert [ReasoningItem("Hm.")] == items("<think>Hm.</think>", reasoning_open=True)
    assert [ReasoningItem("Hm")] == items("Hm", reasoning_open=True)


def test_empty_reasoning_is_none() -> None:
    assert items("<think>\n\n</think>\n\nHi.") == PLAIN


def test_a_close_without_an_opening_is_dropped_where_reasoning_may_begin() -> None:
    assert items("</think>\n\nHi.") == PLAIN
    assert [TextItem("Write </think>.")] == items("Write </think>.")


def test_an_answer_may_speak_of_tags() -> None:
    text = "The tag <think> opens it, </think> closes it."

    assert [TextItem(text)] == items(text)


def test_calls_in_reasoning_are_reasoning() -> None:
    assert [ReasoningItem(CALL), *PLAIN] == items(f"<think>{CALL}</think>Hi.")


def test_the_parser_knows_when_it_is_in_reasoning() -> None:
    parser = OutputParser(formats.HERMES)
    seen = []
    for piece in ["<think>", "a", "b", "</think>", "c"]:
        before = parser.reasoning
        parser.feed(piece)
        seen.append(before or parser.reasoning)

    assert seen == [True, True, True, True, False]


def test_reasoning_leaves_at_once() -> None:
    parser = OutputParser(formats.HERMES, reasoning_open=True)

    assert [[Reasoning("Hm")], [Reasoning(", a")]] == [parser.feed("Hm"), parser.feed(", a")]


# -- calls -----------------------------------------------------------------------------------------


def test_a_call_streams() -> None:
    parser = OutputParser(formats.HERMES, tools=TOOLS, new_id=lambda: "c0")
    pieces = [
        '<tool_call>{"name": "get_weather", "argu',
        'ments": {"ci',
        'ty": 1}',
        "}</tool_call>",
    ]

    assert [
        [],
        [CallBegin(0, "c0", "get_weather"), CallArguments(0, '{"ci')],
        [CallArguments(0, 'ty": 1}'), CallEnd(0, complete=True)],
        [],
    ] == [parser.feed(piece) for piece in pieces]
    assert parser.ended_calls == 1
    assert parser.finish() == []


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        ('{"arguments": {"city": "x"}, "name": "get_weather"}', '{"city": "x"}'),
        ('{"name": "get_weather", "parameters": {}}', "{}"),
        ('{"function": "get_weather", "arguments": {}}', "{}"),
        ('{"type": "function", "id": 7, "name": "get_weather", "arguments": {}}', "{}"),
        ('{"name": "get_weather", "arguments": {}, "id": [1]}', "{}"),
        ('{"name": "get_weather", "arguments": {}', "{}"),
        ('{"name": "get_weather", "arguments": {}}}', "{}"),
        ('[{"name": "get_weather", "arguments": {}}]', "{}"),
        ('{"name": "get_weather"}', "{}"),
        ('{"name": "get_weather", "arguments": null}', "{}"),
        (r'{"name": "get_weather", "arguments": "{\"city\": \"x\"}"}', '{"city": "x"}'),
        ('{"name": "get_weather", "arguments": {"a": "}</tool_call>"}}', '{"a": "}</tool_call>"}'),
    ],
)
def test_what_models_make_of_the_form_is_understood(body: str, arguments: str) -> None:
    for text in (f"<tool_call>{body}</tool_call>", f"<tool_call>\n{body}\n</tool_call>\n"):
        assert [call(arguments)] == items(text)


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call></tool_call>",
        "<tool_call>{}</tool_call>",
        '<tool_call>{"name": "get_weather", "arguments": [1]}</tool_call>',
        '<tool_call>{"name": "get_weather", "arguments": "no"}</tool_call>',
        '<tool_call>{"name": "get_weather", "why": 1}</tool_call>',
        '<tool_call>{"name": "unknown", "arguments": {}}</tool_call>',
        '<tool_call>{"arguments": {"a": 1}}</tool_call>',
        '<tool_call>{"na',
    ],
)
def test_what_is_no_call_is_text(text: str) -> None:
    assert [TextItem(text)] == items(text)


def test_a_call_behind_a_broken_one_is_found() -> None:
    found = items(f"<tool_call>{{oops{CALL}")

    assert TextItem("<tool_call>{oops") == found[0]
    assert isinstance(found[1], CallItem)


@pytest.mark.parametrize(
    "arguments", ["{'city': 'Paris'}", '{"city": }', '{"city": [1}', '{"city": "a\nb"}']
)
def test_a_call_whose_arguments_are_no_json_is_incomplete(arguments: str) -> None:
    text = f'<tool_call>{{"name": "get_weather", "arguments": {arguments}}}</tool_call>Hi.'

    broken, *rest = items(text)

    assert isinstance(broken, CallItem)
    assert not broken.complete
    assert broken.arguments.startswith(arguments[:7])
    assert rest == PLAIN


def test_arguments_that_never_close_end_with_the_tag() -> None:
    text = '<tool_call>{"name": "get_weather", "arguments": {"city": 1 </tool_call>Hi.'

    assert [call('{"city": 1 ', complete=False), *PLAIN] == items(text)


def test_deep_nesting_is_no_trouble() -> None:
    deep = '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    found = items(f'<tool_call>{{"name": "search", "arguments": {deep}}}</tool_call>Hi.')

    assert [call(deep, complete=False, name="search"), *PLAIN] == found


def test_a_bare_object_is_a_call_at_the_beginning_only() -> None:
    text = '{"name": "get_weather", "parameters": {}}'

    assert [call("{}")] == items(text, formats.LLAMA)
    assert [call("{}")] == items(f"\n{text}", formats.LLAMA)
    assert [TextItem(f"Like {text}")] == items(f"Like {text}", formats.LLAMA)
    assert [TextItem('{"city": "Paris"}')] == items('{"city": "Paris"}', formats.LLAMA)


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("city", "3", "3"),
        ("city", "a\nb\n", "a\nb\n"),
        ("city", ' "x" ', ' "x" '),
        ("days", "3", 3),
        ("days", "three", "three"),
        ("metric", "True", True),
        ("other", "[1, {}]", [1, {}]),
        ("other", "text", "text"),
        ("limit", "None", None),
        ("limit", "4", 4),
    ],
)
def test_parameters_get_the_types_of_the_schema(key: str, raw: str, value: object) -> None:
    name = "search" if key == "limit" else "get_weather"
    text = f"<function={name}>\n<parameter={key}>\n{raw}\n</parameter>\n</function>"

    (found,) = items(text, formats.QWEN_CODER)

    assert isinstance(found, CallItem)
    assert (name, {key: value}, True) == (found.name, json.loads(found.arguments), found.complete)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ('{a:[1,-2.5,true,<|"|>x<|"|>,{b:<|"|><|"|>}],}', {"a": [1, -2.5, True, "x", {"b": ""}]}),
        ("{a:null}", {"a": None}),
        ('{<|"|>a b<|"|>:New York}', {"a b": "New York"}),
        ('{ a : "x" , b : [ ] }', {"a": "x", "b": []}),
    ],
)
def test_gemmas_notation_becomes_json(text: str, value: object) -> None:
    (found,) = items(f"<|tool_call>call:search{text}<tool_call|>", formats.GEMMA)

    assert isinstance(found, CallItem)
    assert (value, True) == (json.loads(found.arguments), found.complete)


def test_channels_without_recipient_are_text() -> None:
    text = (
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>"
        "I look.<|end|><|start|>assistant to=functions.get_weather<|channel|>commentary json"
        "<|message|>{}<|call|>"
    )

    assert [ReasoningItem("Hm."), TextItem("I look."), call("{}")] == items(text, formats.HARMONY)


def test_a_recipient_may_come_first() -> None:
    text = " to=functions.get_weather<|channel|>commentary <|constrain|>json<|message|>{}"

    assert [call("{}")] == items(text, formats.HARMONY)


# -- parts -----------------------------------------------------------------------------------------


def test_parts_and_items_travel() -> None:
    parts = parts_of(f"<think>a</think>b{CALL}")
    found = items_of(parts)

    assert parts == msgspec.msgpack.decode(msgspec.msgpack.encode(parts), type=list[Part])
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=list[Item])


def test_call_ids_differ() -> None:
    parser = OutputParser(formats.HERMES, tools=TOOLS)
    parser.feed(CALL + CALL)

    first, second = parser.items
    assert isinstance(first, CallItem)
    assert re.fullmatch("call_[a-z0-9]{20,}", first.id)
    assert [0, 1] == [first.index, second.index]
    assert first.id != second.id


# -- templates without tools -----------------------------------------------------------------------


def test_tools_and_calls_become_text() -> None:
    function = {"name": "get_weather", "arguments": '{"city": "Paris", "days": 3}'}
    chat = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Rain?"},
        {"role": "assistant", "content": None, "tool_calls": [{"function": function}] * 2},
        {"role": "tool", "tool_call_id": "c0", "content": "sun"},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    ]

    system, user, assistant, results = with_tools(chat, TOOLS)

    assert system["content"].startswith("Be kind.\n\n")
    assert system["content"].endswith(tools_prompt(TOOLS))
    assert user == chat[1]
    assert [PARIS, PARIS] == [
        (item.name, json.loads(item.arguments), item.complete)
        for item in items(assistant["content"], formats.GENERIC)
    ]
    assert results == {
        "role": "user",
        "content": f"{result_text('sun')}\n{result_text('rain')}",
    }
    assert with_tools(chat[1:2], None) == chat[1:2]
    assert ["system", "user"] == [message["role"] for message in with_tools(chat[1:2], TOOLS)]

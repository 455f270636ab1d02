"""Every family: answers, calls, reasoning, and what becomes of them when they go wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine.dialects import DIALECTS, PARIS, SEARCH, TOOLS, Dialect

from oxillama_jupyter.engine import formats
from oxillama_jupyter.engine.formats import Format, detect
from oxillama_jupyter.engine.parsing import OutputParser
from oxillama_jupyter.engine.parts import CallItem, Item, Part, ReasoningItem, TextItem, items_of

Meaning = list[tuple[Any, ...]]


def parsed(form: Format, pieces: list[str], **options: Any) -> tuple[list[Part], list[Item]]:
    numbers = iter(range(100))
    parser = OutputParser(form, **{"tools": TOOLS, **options}, new_id=lambda: f"c{next(numbers)}")
    parts = [part for piece in pieces for part in parser.feed(piece)] + parser.finish()
    assert items_of(parts) == parser.items
    return parts, parser.items


def meaning(items: list[Item]) -> Meaning:
    return [
        (item.name, json.loads(item.arguments), item.complete)
        if isinstance(item, CallItem) and item.complete
        else (item.name, item.arguments, item.complete)
        if isinstance(item, CallItem)
        else ("thinks" if isinstance(item, ReasoningItem) else "says", item.text)
        for item in items
    ]


def cases(dialect: Dialect) -> dict[str, tuple[str, Meaning]]:
    says, thinks = ("says", "Let me look."), ("thinks", "Hm, weather.")
    partial = ("get_weather", dialect.partial, False)
    before = f"{dialect.answer}Let me look."
    harmony = dialect.form is formats.HARMONY
    after_text = f"{before}<|end|><|start|>assistant" if harmony else f"{before}\n\n"
    return {
        "plain": (before, [says]),
        "one call": (dialect.one, [PARIS]),
        "parallel calls": (dialect.two, [PARIS, SEARCH]),
        "call after text": (after_text + dialect.one, [says, PARIS]),
        "malformed call": (dialect.malformed, [("says", dialect.malformed)]),
        "reasoning, then call": (dialect.thought + dialect.one, [thinks, PARIS]),
        "reasoning, then answer": (dialect.thought + before, [thinks, says]),
        "cut call": (dialect.cut, [partial]),
        "text, then cut call": (after_text + dialect.cut, [says, partial]),
    }


TABLE = [
    pytest.param(dialect.form, text, expected, id=f"{name}: {case}")
    for name, dialect in DIALECTS.items()
    for case, (text, expected) in cases(dialect).items()
]


@pytest.mark.parametrize(("form", "text", "expected"), TABLE)
def test_output_means_what_it_should(form: Format, text: str, expected: Meaning) -> None:
    assert expected == meaning(parsed(form, [text])[1])


@pytest.mark.parametrize(("form", "text", "expected"), TABLE)
def test_every_split_means_the_same(form: Format, text: str, expected: Meaning) -> None:
    letters = parsed(form, list(text))[1]

    assert expected == meaning(letters)
    for cut in range(1, len(text)):
        assert letters == parsed(form, [text[:cut], text[cut:]])[1]


@pytest.mark.parametrize(("form", "text", "expected"), TABLE)
def test_every_beginning_is_parsed(form: Format, text: str, expected: Meaning) -> None:
    for cut in range(len(text)):
        items = parsed(form, list(text[:cut]))[1]
        complete = [each for each in meaning(items) if len(each) == 3 and each[2]]
        assert complete == [each for each in expected if len(each) == 3][: len(complete)]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_without_tools_calls_are_text(dialect: Dialect) -> None:
    for text in (dialect.one, dialect.two, dialect.malformed, dialect.cut):
        items = parsed(dialect.form, list(text), tools=None)[1]

        assert all(isinstance(item, TextItem) for item in items)
        if dialect.form is not formats.HARMONY:
            assert [TextItem(text)] == items


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_without_tools_reasoning_is_still_reasoning(dialect: Dialect) -> None:
    text = f"{dialect.thought}{dialect.answer}Sunny."

    items = parsed(dialect.form, list(text), tools=None)[1]

    assert [("thinks", "Hm, weather."), ("says", "Sunny.")] == meaning(items)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_a_function_that_was_not_offered_is_text(dialect: Dialect) -> None:
    text = dialect.one.replace("get_weather", "get_wetter")

    items = parsed(dialect.form, list(text))[1]

    expected = text.removesuffix("<|call|>") if dialect.form is formats.HARMONY else text
    assert [TextItem(expected)] == items


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_arguments_stream_as_they_grow(dialect: Dialect) -> None:
    parser = OutputParser(dialect.form, tools=TOOLS)
    text = dialect.one
    middle = text.index("Paris") + 3

    early = [part for letter in text[:middle] for part in parser.feed(letter)]

    assert "Par" in items_of(early)[-1].arguments


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_a_call_whose_end_was_not_written_is_complete(dialect: Dialect) -> None:
    text = dialect.one[: dialect.one.rindex("}") + 1] if "}" in dialect.one else dialect.one[:-2]

    assert [PARIS] == meaning(parsed(dialect.form, list(text))[1])


@pytest.mark.parametrize(
    ("marks", "form"),
    [
        ("", formats.GENERIC),
        ("{{ message.content }}", formats.GENERIC),
        ("{% for tool in tools %}...{% endfor %}", formats.GENERIC._replace(native=True)),
        ("{% if tools %}<tool_call>{% endif %}", formats.HERMES),
        ("{% if tools %}<tool_call><arg_key>{% endif %}", formats.GENERIC),
        ("tools <tool_call> <function=x> <parameter=y>", formats.QWEN_CODER),
        ("tools <|start_header_id|> <|python_tag|>", formats.LLAMA),
        ('<|start_header_id|> tools {"name": f, "parameters": d}', formats.LLAMA),
        ("<|start_header_id|>{{ message.content }}", formats.GENERIC),
        ("tools [TOOL_CALLS]", formats.MISTRAL),
        (deep := "<\uff5ctool\u2581calls\u2581begin\uff5c>", formats.DEEPSEEK),
        (deep + " <|im_start|> <tool_call>", formats.DEEPSEEK),
        ('dsml = "\uff5cDSML\uff5c" tools', formats.DEEPSEEK_DSML),
        ("<|start|>assistant<|channel|>final<|message|>", formats.HARMONY),
        ("<|tool_call>call: tools", formats.GEMMA),
        ("<start_of_turn>model", formats.GENERIC),
        ("<start_function_call>", formats.FUNCTION_GEMMA),
        ("tools <minimax:tool_call><invoke", formats.MINIMAX),
    ],
)
def test_a_template_tells_its_format(marks: str, form: Format) -> None:
    assert form == detect(marks)


def test_a_template_tells_its_reasoning() -> None:
    assert detect("tools <tool_call> <thinking></thinking>").thinking == (
        "<thinking>",
        "</thinking>",
    )
    assert detect("[TOOL_CALLS] <think>").thinking == ("<think>", "</think>")
    assert detect("[TOOL_CALLS] [THINK][/THINK]").thinking == ("[THINK]", "[/THINK]")


@pytest.mark.parametrize(
    ("form", "prompt", "is_open"),
    [
        (formats.HERMES, "<|im_start|>assistant\n<think>\n", True),
        (formats.HERMES, "<|im_start|>assistant\n<think>\n\n</think>\n\n", False),
        (formats.GEMMA, "<|turn>model\n<|channel>thought\n<channel|>", False),
        (formats.HARMONY, "<|channel|>analysis<|message|>x<|end|><|start|>assistant", False),
        (formats.HARMONY, "<|start|>assistant<|channel|>analysis<|message|>", True),
    ],
)
def test_a_prompt_tells_whether_reasoning_is_open(
    form: Format,
    prompt: str,
    is_open: bool,  # noqa: FBT001
) -> None:
    assert is_open == form.reasoning_open(prompt)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_no_opener_begins_another_one(dialect: Dialect) -> None:
    calls = dialect.form.calls
    openers = [*calls.openers, *calls.initial, *(dialect.form.thinking or ())]

    assert not [(a, b) for a in openers for b in openers if a != b and a.startswith(b)]


def test_a_parameter_is_read_as_its_reference_says() -> None:
    schema = {
        "$defs": {"code": {"type": "string"}, "loop": {"$ref": "#/$defs/loop"}},
        "properties": {"a": {"$ref": "#/$defs/code"}, "b": {"$ref": "#/$defs/loop"}},
    }
    tools = [{"function": {"name": "f", "parameters": schema}}]
    text = "<function=f>\n<parameter=a>\n12\n</parameter>\n<parameter=b>\n12\n</parameter>\n"

    items = parsed(formats.QWEN_CODER, [f"{text}</function>"], tools=tools)[1]

    assert [("f", {"a": "12", "b": 12}, True)] == meaning(items)

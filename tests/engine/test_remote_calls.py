"""Tool calls in every dialect that upstreams speak."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine.helpers import ask, collect
from engine.upstreams import (
    calls,
    chunk,
    events,
    fragment,
    items,
    remote,
    tool,
    usage,
)

from oxillama_jupyter.engine.parts import CallItem, TextItem
from oxillama_jupyter.errors import (
    EngineError,
)

TOOLS = [tool("look"), tool("add")]


DIALECTS = {
    "openai": [
        calls(fragment("look", "", index=0, id="c1", type="function")),
        calls(fragment(None, '{"a"', index=0)),
        calls(fragment(None, ": 1}", index=0)),
        calls(fragment("add", "", index=1, id="c2", type="function")),
        calls(fragment(None, "{}", index=1)),
    ],
    "in one piece": [
        calls(fragment("look", '{"a": 1}', index=0, id="c1")),
        calls(fragment("add", "{}", index=1, id="c2")),
    ],
    "in one chunk": [
        calls(
            fragment("look", '{"a": 1}', index=0, id="c1"),
            fragment("add", "{}", index=1, id="c2"),
        ),
    ],
    "all repeated": [
        calls(fragment("look", '{"a"', index=0, id="c1")),
        calls(fragment("look", ": 1}", index=0, id="c1")),
        calls(fragment("add", "{", index=1, id="c2")),
        calls(fragment("add", "}", index=1, id="c2")),
    ],
    "no index": [
        calls(fragment("look", '{"a"', id="c1")),
        calls(fragment(None, ": 1}")),
        calls(fragment("add", "{}", id="c2")),
    ],
    "the same index": [
        calls(fragment("look", '{"a": 1}', index=0, id="c1")),
        calls(fragment("add", "{}", index=0, id="c2")),
    ],
    "arguments ahead of the name": [
        calls(fragment(None, '{"a"', index=0, id="c1")),
        calls(fragment("look", ": 1}", index=0)),
        calls(fragment("add", "{}", index=1, id="c2")),
    ],
    "an object": [
        calls(fragment("look", {"a": 1}, index=0, id="c1")),
        calls(fragment("add", {}, index=1, id="c2")),
    ],
    "no arguments": [
        calls(fragment("look", '{"a": 1}', index=0, id="c1")),
        calls(fragment("add", "", index=1, id="c2")),
    ],
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_calls_in_every_dialect(dialect: str) -> None:
    answer = events(*DIALECTS[dialect], chunk({}, "tool_calls"), usage(9, 20))
    async with remote(answer) as (engine, _):
        deltas = await collect(engine, ask("hi", tools=TOOLS))

    first, second = items(deltas)
    assert (first.index, first.id, first.name, first.complete) == (0, "c1", "look", True)
    assert json.loads(first.arguments) == {"a": 1}
    assert second == CallItem(1, "c2", "add", "{}", complete=True)
    assert deltas[-1].finish_reason == "stop"
    assert sum(delta.tokens for delta in deltas) == 20


async def test_calls_without_ids_are_given_some() -> None:
    answer = events(
        calls(fragment("look", {"a": 1}), fragment("look", {"a": 2})), chunk({}, "stop")
    )
    async with remote(answer) as (engine, _):
        first, second = items(await collect(engine, ask("hi", tools=TOOLS)))

    assert first.id.startswith("call_")
    assert first.id != second.id
    assert [json.loads(call.arguments) for call in (first, second)] == [{"a": 1}, {"a": 2}]


async def test_text_ahead_of_a_call_and_behind_it() -> None:
    answer = events(
        chunk({"content": "Let me see."}),
        calls(fragment("look", "{}", index=0, id="c1")),
        chunk({"content": "Well."}),
        chunk({}, "tool_calls"),
    )
    async with remote(answer) as (engine, _):
        found = items(await collect(engine, ask("hi", tools=TOOLS)))

    assert found == [
        TextItem("Let me see."),
        CallItem(0, "c1", "look", "{}", complete=True),
        TextItem("Well."),
    ]


@pytest.mark.parametrize("reason", ["length", "tool_calls"])
async def test_a_call_that_was_cut_is_not_complete(reason: str) -> None:
    answer = events(calls(fragment("look", '{"a"', index=0, id="c1")), chunk({}, reason))
    async with remote(answer) as (engine, _):
        deltas = await collect(engine, ask("hi", tools=TOOLS, max_tokens=1))

    assert items(deltas) == [CallItem(0, "c1", "look", '{"a"', complete=False)]
    assert deltas[-1].finish_reason == "length"


async def test_only_one_call_is_taken_where_one_is_wanted() -> None:
    answer = events(*DIALECTS["openai"], chunk({}, "tool_calls"))
    async with remote(answer) as (engine, _):
        found = items(await collect(engine, ask("hi", tools=TOOLS, parallel_calls=False)))

    assert [(call.name, call.complete) for call in found] == [("look", True)]


@pytest.mark.parametrize(
    ("fragments", "words"),
    [
        ([fragment("fly", "{}", index=0, id="c1")], "'fly', which was not offered"),
        ([fragment(None, "{}", index=0, id="c1")], "without saying which"),
        (
            [
                fragment("look", "{", index=0, id="c1"),
                fragment("add", "{", index=1, id="c2"),
                fragment(None, "}", index=0),
            ],
            "went back",
        ),
        (["look()"], "a tool call that is none"),
    ],
)
async def test_calls_that_make_no_sense(fragments: list[Any], words: str) -> None:
    answer = events(*(calls(piece) for piece in fragments), chunk({}, "tool_calls"))
    async with remote(answer) as (engine, _):
        with pytest.raises(EngineError, match=words):
            await collect(engine, ask("hi", tools=TOOLS))

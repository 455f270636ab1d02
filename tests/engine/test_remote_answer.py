"""Answers of upstreams of every dialect, and those that end badly."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from engine.helpers import ask, collect, text_of
from engine.upstreams import (
    Exchange,
    calls,
    chunk,
    events,
    items,
    remote,
    tool,
    usage,
)

from oxillama_jupyter.engine.parts import ReasoningItem, TextItem
from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineCrashed,
    EngineError,
)


async def test_an_answer_with_its_counts() -> None:
    details = {
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    answer = events(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "hello"}),
        chunk({"content": " you"}),
        chunk({}, "stop"),
        usage(11, 5, **details),
    )
    async with remote(answer) as (engine, _):
        first, *middle, last = await collect(engine, ask("hi"))

    assert (first.prompt.tokens, first.prompt.dropped) == (0, ())
    assert (first.text, first.finish_reason) == ("", None)
    assert [(delta.text, delta.tokens) for delta in middle] == [("hello", 1), (" you", 1)]
    assert (last.text, last.finish_reason) == ("", "stop")
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (11, 5)
    assert (last.usage.cached_tokens, last.usage.reasoning_tokens) == (4, 2)
    assert sum(delta.tokens for delta in [*middle, last]) == 5
    assert last.usage.prompt_seconds > 0


async def test_the_prompt_is_there_before_the_first_token() -> None:
    go = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await exchange.begin()
        await go.wait()
        for event in (chunk({"content": "at last"}), chunk({}, "stop")):
            await exchange.event(event)
        await exchange.done()

    async with remote(slow) as (engine, _):
        deltas = engine.generate(ask("hi"))
        first = await anext(deltas)
        status = engine.status()
        go.set()
        rest = [delta async for delta in deltas]

    assert first.prompt is not None
    assert (status.running, status.waiting) == (1, 0)
    assert text_of(rest) == "at last"


async def test_without_usage_what_came_is_counted() -> None:
    answer = events(chunk({"content": "a"}), chunk({"content": "b"}), chunk({}, "length"))
    async with remote(answer) as (engine, _):
        last = (await collect(engine, ask("hi")))[-1]

    assert last.finish_reason == "length"
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (0, 2)


async def test_usage_in_every_chunk_counts_exactly() -> None:
    def counted(text: str, completion: int) -> dict[str, Any]:
        return chunk({"content": text}, usage=usage(3, completion)["usage"])

    answer = events(counted("ab", 2), counted("cde", 5), chunk({}, "stop"), usage(3, 5))
    async with remote(answer) as (engine, _):
        deltas = await collect(engine, ask("hi"))

    assert [delta.tokens for delta in deltas] == [0, 2, 3, 0]


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
async def test_reasoning_is_split_from_the_answer(name: str) -> None:
    answer = events(
        chunk({name: "let me", "content": None}),
        chunk({name: " think"}),
        chunk({"content": "42"}),
        chunk({}, "stop"),
    )
    async with remote(answer) as (engine, _):
        deltas = await collect(engine, ask("hi"))

    assert items(deltas) == [ReasoningItem("let me think"), TextItem("42")]
    assert text_of(deltas) == "42"
    assert deltas[-1].usage.reasoning_tokens == 2


async def test_reasoning_under_both_names_is_told_once() -> None:
    both = {"reasoning_content": "hm", "reasoning": "hm"}
    async with remote(events(chunk(both), chunk({}, "stop"))) as (engine, _):
        assert items(await collect(engine, ask("hi"))) == [ReasoningItem("hm")]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ([chunk({}, "content_filter")], EngineError, "content filter"),
        ([chunk({}, "abort")], EngineError, "'abort'"),
        ([chunk({})], EngineCrashed, "in the middle"),
        ([], EngineCrashed, "in the middle"),
        (["{nonsense"], EngineError, "no JSON"),
        (["[1]"], EngineError, "no chat completion"),
        ([{"error": {"message": "out of memory", "code": 500}}], EngineError, "out of memory"),
        ([{"error": "out of memory"}], EngineError, "out of memory"),
        ([{"object": "error", "message": "out of memory"}], EngineError, "out of memory"),
        (
            [{"error": {"message": "too long", "type": "exceed_context_size_error", "code": 400}}],
            ContextLengthExceeded,
            "too long",
        ),
    ],
)
async def test_streams_that_end_badly(answer: list[Any], kind: type[Exception], words: str) -> None:
    async with remote(events(chunk({"content": "so far"}), *answer)) as (engine, _):
        deltas = engine.generate(ask("hi"))
        assert (await anext(deltas)).prompt is not None
        assert (await anext(deltas)).text == "so far"
        with pytest.raises(kind, match=words):
            [delta async for delta in deltas]
        assert engine.status().running == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": [None]},
        {"choices": "x"},
        {"choices": [{"delta": "x"}]},
        {"choices": [{"delta": {"tool_calls": 3}}]},
        {"choices": [{"delta": {}, "finish_reason": {"a": 1}}]},
        calls({"index": 0, "function": "f"}),
        calls({"index": 0, "function": {"name": ["look"]}}),
        calls({"index": 0, "id": 5, "function": {"name": "look"}}),
    ],
)
async def test_an_odd_chunk_is_the_upstreams_failure(odd: Any) -> None:
    async with remote(events(chunk({"content": "well"}), odd)) as (engine, _):
        with pytest.raises(EngineError, match="no OpenAI chunk"):
            await collect(engine, ask("hi", tools=[tool("look")]))

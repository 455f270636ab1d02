"""What an upstream is sent, and what is left out to make it fit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine.helpers import ask, collect, text_of
from engine.upstreams import (
    Exchange,
    calls,
    chunk,
    events,
    fragment,
    remote,
    saying,
    tool,
)

from oxillama_jupyter.engine.protocol import Constraint
from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineError,
    InvalidRequest,
)

SCHEMA = '{"type":"object","properties":{"a":{"type":"integer"}}}'
TOOLS = [tool("look"), tool("add")]


async def test_a_request_has_openais_fields_and_no_others() -> None:
    request = ask("hi", system="be kind", logit_bias={}, max_tokens=None, temperature=0.5)
    async with remote(saying("hello")) as (engine, server):
        await collect(engine, request)

    assert server.asked[0].body == {
        "model": "small",
        "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "hi"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 1.0,
    }


async def test_everything_that_is_set_is_sent() -> None:
    sampling = {
        "top_p": 0.9,
        "top_k": 7,
        "min_p": 0.1,
        "repeat_penalty": 1.2,
        "frequency_penalty": 0.3,
        "presence_penalty": 0.4,
        "seed": 0,
        "max_tokens": 9,
    }
    request = ask("hi", **sampling, stop=("x",), logit_bias={5: -1.0})
    async with remote(saying("hello")) as (engine, server):
        await collect(engine, request)

    body = server.asked[0].body
    assert {name: body[name] for name in sampling} == sampling
    assert (body["stop"], body["logit_bias"]) == (["x"], {"5": -1.0})
    assert body["repetition_penalty"] == 1.2  # vLLM's name


async def test_how_much_to_think_is_told_where_it_was_said() -> None:
    async with remote(saying("hello")) as (engine, server):
        await collect(engine, ask("hi", reasoning_effort="low"))

    assert server.asked[0].body["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("must_call", "choice", "offered"),
    [
        ((), None, ["look", "add", "more"]),
        (("add",), {"type": "function", "function": {"name": "add"}}, ["look", "add", "more"]),
        (("look", "add", "more"), "required", ["look", "add", "more"]),
        (("look", "add"), "required", ["look", "add"]),
    ],
)
async def test_forced_calls(must_call: tuple[str, ...], choice: Any, offered: list[str]) -> None:
    call = calls(fragment("add", "{}", index=0, id="call_1"))
    request = ask("hi", tools=[*TOOLS, tool("more")], must_call=must_call, parallel_calls=False)
    async with remote(events(call, chunk({}, "tool_calls"))) as (engine, server):
        await collect(engine, request)

    body = server.asked[0].body
    assert body.get("tool_choice") == choice
    assert [tool["function"]["name"] for tool in body["tools"]] == offered
    assert body["parallel_tool_calls"] is False


async def test_a_function_that_is_not_offered_cannot_be_forced() -> None:
    async with remote(saying("hello")) as (engine, server):
        with pytest.raises(InvalidRequest, match="fly"):
            await collect(engine, ask("hi", tools=TOOLS, must_call=("fly",)))

    assert server.asked == []


@pytest.mark.parametrize("strict", [True, False])
async def test_a_schema_is_passed_on(strict: Any) -> None:
    request = ask("hi", constraint=Constraint("json_schema", SCHEMA, strict=strict))
    async with remote(saying('{"a"', ": 1}")) as (engine, server):
        deltas = await collect(engine, request)

    described = {"name": "answer", "schema": json.loads(SCHEMA), "strict": strict}
    assert server.asked[0].body["response_format"] == {
        "type": "json_schema",
        "json_schema": described,
    }
    assert text_of(deltas) == '{"a": 1}'


@pytest.mark.parametrize("kind", ["regex", "lark"])
async def test_what_openai_has_no_words_for_is_refused(kind: Any) -> None:
    async with remote(saying("hello")) as (engine, server):
        with pytest.raises(InvalidRequest, match=kind):
            await collect(engine, ask("hi", constraint=Constraint(kind, "a+")))

    assert server.asked == []


async def test_an_upstream_that_ignores_the_format_is_found_out() -> None:
    request = ask("hi", constraint=Constraint("json_object"))
    async with remote(saying("no JSON")) as (engine, _):
        with pytest.raises(EngineError, match="no JSON"):
            await collect(engine, request)


async def test_an_upstream_that_ignores_a_forced_call_is_found_out() -> None:
    async with remote(saying("no call")) as (engine, _):
        with pytest.raises(EngineError, match="called no function"):
            await collect(engine, ask("hi", tools=TOOLS, must_call=("add",)))


@pytest.mark.parametrize(("stop", "reason"), [((), "length"), (("}",), "stop")])
async def test_json_that_was_cut_is_not_complete(stop: tuple[str, ...], reason: str) -> None:
    answer = events(chunk({"content": '{"a": 1'}), chunk({}, reason))
    request = ask("hi", constraint=Constraint("json_object"), stop=stop)
    async with remote(answer) as (engine, _):
        assert (await collect(engine, request))[-1].finish_reason == "length"


TURNS = [f"turn {number} " + "abcd " * 12 for number in range(8)]


def no_more_than(messages: int) -> Any:
    async def answer(exchange: Exchange) -> None:
        if len(exchange.body["messages"]) > messages:
            error = {"message": "99 tokens, 50 fit", "code": "context_length_exceeded"}
            await exchange.json(400, {"error": error})
        else:
            await saying("fine")(exchange)

    return answer


async def test_turns_of_the_middle_go_until_the_upstream_is_content() -> None:
    request = ask(*TURNS, "last question", system="be kind", truncation="middle")
    async with remote(no_more_than(6)) as (engine, server):
        deltas = await collect(engine, request)

    dropped = deltas[0].prompt.dropped
    sent = server.asked[-1].body["messages"]
    assert text_of(deltas) == "fine"
    assert sent == [m for i, m in enumerate(request.messages) if i not in dropped]
    assert (sent[0]["role"], sent[-1]["content"]) == ("system", "last question")
    assert 2 <= len(sent) <= 6
    assert set(dropped) <= set(range(1, 9))


@pytest.mark.parametrize("truncation", ["disabled", "middle"])
async def test_a_prompt_that_cannot_be_made_to_fit_is_an_error(truncation: Any) -> None:
    request = ask(*TURNS, "last question", truncation=truncation)
    async with remote(no_more_than(0)) as (engine, server):
        with pytest.raises(ContextLengthExceeded, match="99 tokens, 50 fit"):
            await collect(engine, request)

    last = server.asked[-1].body["messages"]
    assert len(last) == (1 if truncation == "middle" else 9)
    assert len(server.asked) < 8


async def test_a_budget_is_kept_by_counting_bytes() -> None:
    request = ask(*TURNS, "last question", truncation="middle", max_prompt_tokens=300)
    async with remote(saying("fine")) as (engine, server):
        deltas = await collect(engine, request)

    sent = server.asked[0].body["messages"]
    assert sum(len(message["content"]) for message in sent) < 300
    assert len(sent) == 9 - len(deltas[0].prompt.dropped) > 1

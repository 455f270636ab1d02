"""Calls of strict functions, by a real engine: begun by the model, kept by the grammar."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from engine.helpers import ask, collect, started, text_of

from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.parts import CallItem, items_of
from oxillama_jupyter.engine.protocol import Delta
from oxillama_jupyter.errors import InvalidRequest

MakeEngine = Callable[..., LocalEngine]

OPENER = 1534  # the small model's `<tool_call>`
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["a", "b"]},
        "level": {"type": "integer", "minimum": 1, "maximum": 3},
        "name": {"type": "string", "maxLength": 8},
    },
    "required": ["kind", "level", "name"],
    "additionalProperties": False,
}
FUNCTION = {"name": "f", "parameters": SCHEMA, "strict": True}
OPTIONS: dict[str, Any] = {
    "tools": [{"type": "function", "function": FUNCTION}],
    "parallel_calls": False,
    "max_tokens": 200,
}


def calls(deltas: list[Delta]) -> list[CallItem]:
    items = items_of([part for delta in deltas for part in delta.parts])
    assert all(isinstance(item, CallItem) for item in items)
    return [item for item in items if isinstance(item, CallItem)]


async def test_a_call_that_the_model_begins_fits_its_schema(local: MakeEngine) -> None:
    async with started(local()) as engine:
        deltas = await collect(engine, ask("hi", logit_bias={OPENER: 100.0}, **OPTIONS))

    (call,) = calls(deltas)
    assert deltas[-1].finish_reason == "stop"
    assert call.complete
    jsonschema.validate(json.loads(call.arguments), SCHEMA)


async def test_a_call_that_the_limit_cuts_is_not_complete(local: MakeEngine) -> None:
    short = {**OPTIONS, "max_tokens": 25}
    async with started(local()) as engine:
        deltas = await collect(engine, ask("hi", logit_bias={OPENER: 100.0}, **short))

    (call,) = calls(deltas)
    assert deltas[-1].finish_reason == "length"
    assert not call.complete


async def test_a_stop_string_ends_text_and_cuts_calls(local: MakeEngine) -> None:
    async with started(local()) as engine:
        text = text_of(await collect(engine, ask("hi", **OPTIONS | {"max_tokens": 8})))
        stopped = await collect(engine, ask("hi", stop=(text[-2:],), **OPTIONS))
        bias = {OPENER: 100.0}
        cut = await collect(engine, ask("hi", logit_bias=bias, stop=("level",), **OPTIONS))

    assert stopped[-1].finish_reason == "stop"
    assert cut[-1].finish_reason == "length"
    assert not calls(cut)[0].complete


async def test_what_cannot_be_kept_is_refused(local: MakeEngine) -> None:
    schema = {**SCHEMA, "if": {}, "then": {"required": ["x"]}}
    tools = [{"type": "function", "function": {**FUNCTION, "parameters": schema}}]
    async with started(local()) as engine:
        with pytest.raises(InvalidRequest, match="if at #/if cannot be enforced") as caught:
            await collect(engine, ask("hi", tools=tools))

    assert caught.value.param == "tools"


async def test_a_required_call_in_gemmas_notation(
    local: MakeEngine, tagged_model: Callable[..., Path]
) -> None:
    tags = ("<|tool_call>", "<tool_call|>", '<|"|>')
    model = tagged_model("{# <|tool_call> tools #}{{ messages[0].content }}", tags)
    async with started(local(model)) as engine:
        deltas = await collect(engine, ask("hi", must_call=("f",), logit_bias={}, **OPTIONS))

    (call,) = calls(deltas)
    assert call.complete
    jsonschema.validate(json.loads(call.arguments), SCHEMA)

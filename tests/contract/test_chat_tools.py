"""Function tools in chat completions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai import OpenAI
from servers import Server

MODEL = "oxillama-tiny"
CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Weather now", "parameters": CITY},
}
TIME: Any = {"type": "function", "function": {"name": "get_time"}}
TOOLS = [WEATHER, TIME]
TWO = '=> get_weather {"city": "Paris"} & get_time {} | It is $outputs.'


def ask(server: Server, text: str, **settings: Any) -> Any:  # a choice
    given: Any = {
        "model": "scripted",
        "messages": [{"role": "user", "content": text}],
        "tools": TOOLS,
        **settings,
    }
    return server.client.chat.completions.create(**given).choices[0]


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def allowed(mode: str, *names: str) -> dict[str, Any]:
    tools = [named(name) for name in names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}


def test_calls_are_answered_and_the_model_goes_on(scripted: Server) -> None:
    choice = ask(scripted, TWO)
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    weather, time = choice.message.tool_calls
    assert (weather.type, weather.function.name) == ("function", "get_weather")
    assert json.loads(weather.function.arguments) == {"city": "Paris"}
    assert weather.id != time.id
    messages = [
        {"role": "user", "content": TWO},
        choice.message.model_dump(),  # as many programs send it back: with all its nulls
        {"role": "tool", "tool_call_id": weather.id, "content": "sunny"},
        {"role": "tool", "tool_call_id": time.id, "content": "noon"},
    ]
    again = ask(scripted, "", messages=messages)
    assert again.message.content.strip() == "It is sunny, noon."
    assert again.finish_reason == "stop"


def test_text_ahead_of_a_call_is_kept(scripted: Server) -> None:
    choice = ask(scripted, "Let me see. => get_time {}")
    assert choice.message.content.strip() == "Let me see."
    assert choice.finish_reason == "tool_calls"


def test_one_call_where_they_may_not_be_parallel(scripted: Server) -> None:
    assert len(ask(scripted, TWO, parallel_tool_calls=False).message.tool_calls) == 1


def test_functions_of_old_are_called(scripted: Server) -> None:
    functions = [tool["function"] for tool in TOOLS]
    choice = ask(scripted, TWO, tools=None, functions=functions, function_call="auto")
    assert choice.finish_reason == "function_call"
    assert choice.message.function_call.name == "get_weather"
    assert choice.message.tool_calls is None


# -- the embedded model --------------------------------------------------------------------------


def real(client: OpenAI, **settings: Any) -> Any:  # a choice
    given: Any = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "How is the weather in Paris?"}],
        "tools": [WEATHER],
        "temperature": 0.2,
        "seed": 3,
        **settings,
    }
    return client.chat.completions.create(**given).choices[0]


def test_the_embedded_model_calls_a_function(client: OpenAI) -> None:
    choice = real(client)
    assert choice.finish_reason == "tool_calls", choice
    call = choice.message.tool_calls[0]
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments), dict)


@pytest.mark.parametrize(
    "choice", ["required", named("get_weather"), allowed("required", "get_weather")], ids=str
)
@pytest.mark.parametrize("tools", [[WEATHER], TOOLS], ids=len)
def test_a_call_can_be_forced(client: OpenAI, choice: Any, tools: Any) -> None:
    given = real(
        client,
        messages=[{"role": "user", "content": "Hello!"}],
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=False,
    )
    assert given.finish_reason == "tool_calls"
    (call,) = given.message.tool_calls
    if choice != "required":
        assert call.function.name == "get_weather"
    if call.function.name == "get_weather":
        assert set(json.loads(call.function.arguments)) == {"city"}


@pytest.mark.parametrize("choice", ["none", "auto"])
def test_a_choice_may_stand_without_tools(client: OpenAI, choice: str) -> None:
    given = real(client, tools=None, tool_choice=choice, max_tokens=4)
    assert given.message.tool_calls is None


def test_no_call_where_none_is_wanted(client: OpenAI) -> None:
    assert real(client, tool_choice="none", max_tokens=20).message.tool_calls is None


def test_only_allowed_tools_are_called(client: OpenAI) -> None:
    choice = real(client, tools=TOOLS, tool_choice=allowed("auto", "get_time"), max_tokens=40)
    names = {call.function.name for call in choice.message.tool_calls or ()}
    assert names <= {"get_time"}


def test_a_call_that_is_cut_ends_for_its_length(client: OpenAI) -> None:
    choice = real(client, tool_choice="required", max_tokens=6)
    assert choice.finish_reason == "length"


def test_a_stream_of_forced_calls(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model=MODEL,
        messages=[{"role": "user", "content": "Hello!"}],
        tools=[WEATHER],
        tool_choice="required",
        parallel_tool_calls=False,
        temperature=0,
    ) as stream:
        kinds = {event.type for event in stream}
        choice = stream.get_final_completion().choices[0]
    assert "tool_calls.function.arguments.delta" in kinds
    (call,) = choice.message.tool_calls or ()
    assert set(json.loads(call.function.arguments)) == {"city"}
    assert choice.finish_reason == "tool_calls"

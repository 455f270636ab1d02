"""Every request for a response that goes wrong, with its status, `param` and `code`."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI
from replies import SHELL, TIME, WEATHER, create, fault, refused, stream
from servers import Server

HELLO = {"role": "user", "content": "Hi"}
SEARCH = {"type": "web_search_call", "status": "completed"}
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "x"}
LARK = {**SHELL, "format": {"type": "grammar", "syntax": "lark", "definition": 'start: "a"'}}
BROKEN = {"type": "json_schema", "name": "x", "strict": True, "schema": {"not": {}}}


def only(*names: str, mode: str = "auto") -> dict[str, Any]:
    tools = [{"type": "function", "name": name} for name in names]
    return {"type": "allowed_tools", "mode": mode, "tools": tools}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"model": None}, (400, "model", "missing_required_parameter")),
        ({"model": "nonsense"}, (404, "model", "model_not_found")),
        ({"input": None}, (400, "input", "missing_required_parameter")),
        ({"input": []}, (400, "input", "empty_array")),
        ({"input": 3}, (400, "input", "invalid_type")),
        ({"input": [3]}, (400, "input[0]", "invalid_type")),
        ({"input": [{"content": "x"}]}, (400, "input[0].type", "missing_required_parameter")),
        ({"input": [{"role": "x", "content": "x"}]}, (400, "input[0].role", "invalid_value")),
        ({"input": [HELLO, {**SEARCH, "id": {"a": 1}}]}, (400, "input[1].id", "invalid_type")),
        ({"input": [HELLO, {**SEARCH, "id": ["x"]}]}, (400, "input[1].id", "invalid_type")),
        ({"input": [HELLO, {**SEARCH, "id": 2**70}]}, (400, "input[1].id", "invalid_type")),
        ({"input": [OUTPUT]}, (400, "input", None)),
        ({"input": [CALL]}, (400, "input", None)),
        ({"prompt": {"id": "p"}}, (400, "prompt", "unsupported_parameter")),
        (
            {"previous_response_id": "resp_x"},
            (400, "previous_response_id", "previous_response_not_found"),
        ),
        (
            {"previous_response_id": "resp_x", "conversation": "conv_x"},
            (400, "previous_response_id", "mutually_exclusive_parameters"),
        ),
        ({"max_output_tokens": 15}, (400, "max_output_tokens", "integer_below_min_value")),
        ({"temperature": 3}, (400, "temperature", "decimal_above_max_value")),
        ({"top_p": -1}, (400, "top_p", "decimal_below_min_value")),
        ({"top_logprobs": 21}, (400, "top_logprobs", "integer_above_max_value")),
        ({"max_tool_calls": 0}, (400, "max_tool_calls", "integer_below_min_value")),
        ({"truncation": "middle"}, (400, "truncation", "invalid_value")),
        ({"include": ["nonsense"]}, (400, "include[0]", "invalid_value")),
        ({"metadata": {"k": "v" * 513}}, (400, "metadata", "string_above_max_length")),
        ({"tools": [{"type": "web_search"}]}, (400, "tools[0].type", "invalid_value")),
        ({"tools": [{"type": "function"}]}, (400, "tools[0].name", "missing_required_parameter")),
        ({"tools": [TIME, TIME]}, (400, "tools[1].name", "invalid_value")),
        ({"tools": [LARK]}, (400, "tools[0].format.syntax", "invalid_value")),
        ({"tool_choice": "required"}, (400, "tool_choice", "invalid_value")),
        (
            {"tools": [TIME], "tool_choice": {"type": "function", "name": "other"}},
            (400, "tool_choice", "invalid_value"),
        ),
        (
            {"tools": [TIME], "tool_choice": {"type": "custom", "name": "get_time"}},
            (400, "tool_choice", "invalid_value"),
        ),
        (
            {"tools": [TIME], "tool_choice": only("get_time", "other")},
            (400, "tool_choice.tools[1]", "invalid_value"),
        ),
        ({"text": {"format": BROKEN}}, (400, "text.format.schema", "invalid_json_schema")),
        ({"text": {"format": {"type": "xml"}}}, (400, "text.format.type", "invalid_value")),
        ({"background": True, "store": False}, (400, "background", None)),
        ({"input": "word " * 5000}, (400, "input", "context_length_exceeded")),
        ({"adapter": "nonsense"}, (400, "adapter", None)),
        ({"logit_bias": {"x": 1}}, (400, "logit_bias", "invalid_type")),
    ],
    ids=lambda value: str(value)[:80],
)
@pytest.mark.parametrize("way", ["answered", "streamed"])
def test_a_bad_request_is_refused(
    scripted: Server, body: dict[str, Any], expected: Any, way: str
) -> None:
    assert refused(scripted, **body, stream=way == "streamed") == expected


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_response_is_not_found(scripted: Server, method: str) -> None:
    answer = scripted.raw.request(method, "v1/responses/resp_x")
    assert fault(answer) == (404, None, None)
    assert answer.json()["error"]["message"] == "Response with id 'resp_x' not found."


def test_nor_are_its_parts(scripted: Server) -> None:
    assert scripted.raw.post("v1/responses/resp_x/cancel").status_code == 404
    assert scripted.raw.get("v1/responses/resp_x/input_items").status_code == 404
    assert scripted.raw.get("v1/responses/resp_x", params={"stream": "true"}).status_code == 404


def test_truncation_drops_from_the_beginning(scripted: Server) -> None:
    turns: list[Any] = [
        message
        for i in range(10)
        for message in (
            {"role": "user", "content": f"Question {i} " + "word " * 500},
            {"role": "assistant", "content": f"Answer {i}"},
        )
    ]
    last = {"role": "user", "content": "Last one"}
    made = create(scripted, [*turns, last], truncation="auto", instructions="Be kind.")
    assert made.output_text.strip() == "Last one"
    assert 3000 < made.usage.input_tokens < 4096
    counted = scripted.client.responses.input_tokens.count(
        model="scripted", input=[*turns, last], truncation="auto", instructions="Be kind."
    )
    assert counted.input_tokens == made.usage.input_tokens


def test_outputs_need_not_follow_their_calls_at_once(scripted: Server) -> None:
    between = {"role": "user", "content": "Well?"}
    assert create(scripted, [CALL, between, OUTPUT]).status == "completed"


# -- tools, with the embedded model ----------------------------------------------------------------


@pytest.mark.parametrize(
    "choice",
    ["required", {"type": "function", "name": "get_weather"}, only("get_weather", mode="required")],
    ids=str,
)
def test_a_call_can_be_forced(client: OpenAI, choice: Any) -> None:
    made: Any = client.responses.create(
        model="oxillama-tiny",
        input="Hello!",
        tools=[WEATHER],  # type: ignore[list-item]
        tool_choice=choice,
        parallel_tool_calls=False,
    )
    assert [item.type for item in made.output] == ["function_call"]
    assert made.output[0].name == "get_weather"


def test_only_allowed_tools_are_called(client: OpenAI) -> None:
    made: Any = client.responses.create(
        model="oxillama-tiny",
        input="How is the weather in Paris?",
        tools=[WEATHER, TIME],  # type: ignore[list-item]
        tool_choice=only("get_time", mode="required"),  # type: ignore[arg-type]
        parallel_tool_calls=False,
    )
    assert {item.name for item in made.output} == {"get_time"}
    made = client.responses.create(
        model="oxillama-tiny",
        input="How is the weather in Paris?",
        tools=[WEATHER],  # type: ignore[list-item]
        tool_choice="none",
        max_output_tokens=16,
    )
    assert [item.type for item in made.output] == ["message"]


def test_a_custom_tool_can_be_forced(server: Server) -> None:
    letters = {"type": "grammar", "syntax": "regex", "definition": "[a-c]{3}"}
    events = stream(
        server,
        "Hello!",
        model="oxillama-tiny",
        tools=[{**SHELL, "format": letters}],
        tool_choice={"type": "custom", "name": "shell"},
        parallel_tool_calls=False,
    )
    (call,) = events[-1]["response"]["output"]
    assert call["type"] == "custom_tool_call"
    assert len(call["input"]) == 3
    assert set(call["input"]) <= set("abc")


def test_a_real_answer_follows_a_real_call(client: OpenAI) -> None:
    first: Any = client.responses.create(
        model="oxillama-tiny",
        input="How is the weather in Paris?",
        tools=[WEATHER],  # type: ignore[list-item]
        temperature=0.0,
    )
    (call,) = first.output
    assert call.type == "function_call"
    second = client.responses.create(
        model="oxillama-tiny",
        previous_response_id=first.id,
        input=[
            {"type": "function_call_output", "call_id": call.call_id, "output": '{"sky": "sunny"}'}
        ],
        tools=[WEATHER],  # type: ignore[list-item]
        temperature=0.0,
    )
    assert second.output_text


def test_a_context_that_is_too_small_is_told(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="oxillama-tiny", input="Hello! " * 9000)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "input")

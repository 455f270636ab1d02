"""Bad bodies on every route: the right status, `param` and `code`, in the API's envelope.

That each answer is the envelope with its four keys, and JSON at all, is the oracle's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from wire import open_stream

LONG = "x" * 256_001
MANY = {f"key{i}": "" for i in range(17)}
TEXT = {"role": "user", "content": "Hello!"}
DEEP = "[" * 100_000 + "]" * 100_000
Answer = tuple[int, str | None, str | None]
Ask = Callable[[str, str, Any], Answer]


# -- bodies --------------------------------------------------------------------------------------

MISSING, UNKNOWN = "missing_required_parameter", "unknown_parameter"
TYPE, VALUE = "invalid_type", "invalid_value"
STRING, ARRAY = "string_above_max_length", "array_above_max_length"
ABOVE, BELOW = "decimal_above_max_value", "decimal_below_min_value"
WEATHER = {"type": "function", "function": {"name": "weather"}}

METADATA: list[tuple[Any, str | None, str | None]] = [
    ("text", "metadata", TYPE),
    ([], "metadata", TYPE),
    ({"n": 1}, "metadata", TYPE),
    ({"n": None}, "metadata", TYPE),
    ({"n": {}}, "metadata", TYPE),
    ({"n": "x" * 513}, "metadata", STRING),
    ({"n" * 65: "x"}, "metadata", STRING),
    (MANY, "metadata", "object_above_max_properties"),
]
WITH_METADATA = [
    ("v1/assistants", {"model": "oxillama-tiny"}),
    ("v1/assistants/{A}", {}),
    ("v1/threads", {}),
    ("v1/threads/{T}", {}),
    ("v1/threads/{T}/messages", TEXT),
    ("v1/threads/{T}/messages/{M}", {}),
    ("v1/threads/{T}/runs", {"assistant_id": "default"}),
    ("v1/threads/{T}/runs/{R}", {}),
    ("v1/threads/runs", {"assistant_id": "default"}),
]


@pytest.mark.parametrize(("metadata", "param", "code"), METADATA)
def test_bad_metadata_is_refused_everywhere(ask: Ask, metadata: Any, param: str, code: str) -> None:
    for path, body in WITH_METADATA:
        answer = ask("POST", path, {**body, "metadata": metadata})
        assert answer == (400, param, code), path


ASSISTANT: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({}, "model", MISSING),
    ({"model": None}, "model", TYPE),
    ({"model": 1}, "model", TYPE),
    ({"model": ""}, "model", "string_below_min_length"),
    ({"model": "m", "name": "x" * 257}, "name", STRING),
    ({"model": "m", "name": 5}, "name", TYPE),
    ({"model": "m", "description": "x" * 513}, "description", STRING),
    ({"model": "m", "instructions": LONG}, "instructions", STRING),
    ({"model": "m", "temperature": 2.1}, "temperature", ABOVE),
    ({"model": "m", "temperature": -0.1}, "temperature", BELOW),
    ({"model": "m", "temperature": "warm"}, "temperature", TYPE),
    ({"model": "m", "top_p": 1.1}, "top_p", ABOVE),
    ({"model": "m", "tools": {}}, "tools", TYPE),
    ({"model": "m", "tools": [{}]}, "tools[0].type", MISSING),
    ({"model": "m", "tools": [{"type": "magic"}]}, "tools[0].type", VALUE),
    ({"model": "m", "tools": [WEATHER] * 129}, "tools", ARRAY),
    ({"model": "m", "tools": [{"type": "function"}]}, "tools[0].function", MISSING),
    (
        {"model": "m", "tools": [WEATHER, {"type": "function", "function": {"name": "a b"}}]},
        "tools[1].function.name",
        VALUE,
    ),
    (
        {"model": "m", "tools": [{"type": "function", "function": {"name": "x" * 65}}]},
        "tools[0].function.name",
        STRING,
    ),
    ({"model": "m", "response_format": "xml"}, "response_format", VALUE),
    ({"model": "m", "response_format": {"type": "xml"}}, "response_format.type", VALUE),
    (
        {"model": "m", "response_format": {"type": "json_schema"}},
        "response_format.json_schema",
        MISSING,
    ),
    ({"model": "m", "reasoning_effort": "huge"}, "reasoning_effort", VALUE),
    ({"model": "m", "tool_resources": []}, "tool_resources", TYPE),
    ({"model": "m", "color": "red"}, "color", UNKNOWN),
]


@pytest.mark.parametrize(("body", "param", "code"), ASSISTANT)
def test_a_bad_assistant_is_refused(
    ask: Ask, ids: dict[str, str], body: dict[str, Any], param: str, code: str
) -> None:
    assert ask("POST", "v1/assistants", body) == (400, param, code)


MESSAGE: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({}, "role", MISSING),
    ({"role": "user"}, "content", MISSING),
    ({"role": "system", "content": "x"}, "role", VALUE),
    ({"role": 1, "content": "x"}, "role", TYPE),
    ({"role": "user", "content": ""}, "content", "string_below_min_length"),
    ({"role": "user", "content": []}, "content", "empty_array"),
    ({"role": "user", "content": None}, "content", TYPE),
    ({"role": "user", "content": 7}, "content", TYPE),
    ({"role": "user", "content": {}}, "content", TYPE),
    ({"role": "user", "content": LONG}, "content", STRING),
    ({"role": "user", "content": ["x"]}, "content[0]", TYPE),
    ({"role": "user", "content": [{}]}, "content[0].type", MISSING),
    ({"role": "user", "content": [{"type": "audio"}]}, "content[0].type", VALUE),
    ({"role": "user", "content": [{"type": "text"}]}, "content[0].text", MISSING),
    ({"role": "user", "content": [{"type": "text", "text": {}}]}, "content[0].text", TYPE),
    (
        {"role": "user", "content": [{"type": "text", "text": LONG}]},
        "content[0].text",
        STRING,
    ),
    (
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": ""}}]},
        "content[0].image_url.url",
        "string_below_min_length",
    ),
    ({**TEXT, "attachments": {}}, "attachments", TYPE),
    ({**TEXT, "attachments": [{"tools": []}]}, "attachments[0].file_id", MISSING),
    (
        {**TEXT, "attachments": [{"file_id": "f", "tools": [{"type": "hammer"}]}]},
        "attachments[0].tools[0].type",
        VALUE,
    ),
    ({**TEXT, "file_ids": []}, "file_ids", UNKNOWN),
]


@pytest.mark.parametrize(("body", "param", "code"), MESSAGE)
def test_a_bad_message_is_refused(ask: Ask, body: dict[str, Any], param: str, code: str) -> None:
    assert ask("POST", "v1/threads/{T}/messages", body) == (400, param, code)


@pytest.mark.parametrize(("body", "param", "code"), MESSAGE)
def test_a_thread_with_a_bad_message_is_refused(
    ask: Ask, body: dict[str, Any], param: str, code: str
) -> None:
    answer = ask("POST", "v1/threads", {"messages": [TEXT, body]})
    assert answer == (400, f"messages[1].{param}", code)


RUN: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"assistant_id": None}, "assistant_id", TYPE),
    ({"model": 1}, "model", TYPE),
    ({"instructions": LONG}, "instructions", STRING),
    ({"tools": [WEATHER] * 21}, "tools", ARRAY),
    ({"stream": "yes"}, "stream", TYPE),
    ({"stream": 1}, "stream", TYPE),
    ({"max_prompt_tokens": 255}, "max_prompt_tokens", "integer_below_min_value"),
    ({"max_completion_tokens": 255}, "max_completion_tokens", "integer_below_min_value"),
    ({"max_completion_tokens": 1.5}, "max_completion_tokens", TYPE),
    ({"max_completion_tokens": 10**30}, "max_completion_tokens", "integer_above_max_value"),
    ({"truncation_strategy": "auto"}, "truncation_strategy", TYPE),
    ({"truncation_strategy": {"type": "all"}}, "truncation_strategy.type", VALUE),
    (
        {"truncation_strategy": {"type": "last_messages"}},
        "truncation_strategy.last_messages",
        MISSING,
    ),
    (
        {"truncation_strategy": {"type": "last_messages", "last_messages": 0}},
        "truncation_strategy.last_messages",
        "integer_below_min_value",
    ),
    ({"tool_choice": "maybe"}, "tool_choice", VALUE),
    ({"tool_choice": {"type": "function"}}, "tool_choice.function", MISSING),
    ({"parallel_tool_calls": "no"}, "parallel_tool_calls", TYPE),
    ({"temperature": 3}, "temperature", ABOVE),
    ({"seed": -1}, "seed", "integer_below_min_value"),
    ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
    ({"top_k": -1}, "top_k", "integer_below_min_value"),
    ({"min_p": 2}, "min_p", ABOVE),
    ({"repeat_penalty": 0}, "repeat_penalty", BELOW),
    ({"mirostat": 3}, "mirostat", "integer_above_max_value"),
    ({"dry_sequence_breakers": [""]}, "dry_sequence_breakers[0]", "string_below_min_length"),
    ({"frequency_penalty": -3}, "frequency_penalty", BELOW),
    ({"presence_penalty": 3}, "presence_penalty", ABOVE),
    ({"stop": [""]}, "stop[0]", "string_below_min_length"),
    ({"stop": ["x"] * 17}, "stop", ARRAY),
    ({"logit_bias": {"1": 101}}, "logit_bias", ABOVE),
    ({"logit_bias": {str(10**30): 1}}, "logit_bias", "integer_above_max_value"),
    ({"top_k": 2**63}, "top_k", "integer_above_max_value"),
    ({"seed": 2**64}, "seed", "integer_above_max_value"),
    ({"logit_bias": {"one": 1}}, "logit_bias", TYPE),
    ({"n": 2}, "n", UNKNOWN),
]


@pytest.mark.parametrize(("body", "param", "code"), RUN)
def test_a_bad_run_is_refused(ask: Ask, body: dict[str, Any], param: str, code: str) -> None:
    for path in ("v1/threads/{T}/runs", "v1/threads/runs"):
        assert ask("POST", path, {"assistant_id": "default", **body}) == (400, param, code), path


@pytest.mark.parametrize("path", ["v1/threads/{T}/runs", "v1/threads/runs"])
def test_a_run_needs_an_assistant(ask: Ask, path: str) -> None:
    assert ask("POST", path, {}) == (400, "assistant_id", MISSING)


def test_a_bad_run_is_refused_before_its_stream_begins(ask: Ask) -> None:
    body = {"assistant_id": "default", "stream": True, "temperature": 9}
    assert ask("POST", "v1/threads/{T}/runs", body) == (400, "temperature", ABOVE)


def test_bad_additional_messages_are_refused_and_nothing_is_stored(
    ask: Ask, client: OpenAI, ids: dict[str, str]
) -> None:
    before = client.beta.threads.messages.list(ids["T"]).data
    body = {"assistant_id": "default", "additional_messages": [TEXT, {"role": "user"}]}
    answer = ask("POST", "v1/threads/{T}/runs", body)
    assert answer == (400, "additional_messages[1].content", MISSING)
    assert client.beta.threads.messages.list(ids["T"]).data == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("v1/threads", {"assistant_id": "default"}),
        ("v1/threads/{T}", {"messages": []}),
        ("v1/threads/{T}/messages/{M}", {"content": "new"}),
        ("v1/threads/{T}/runs/{R}", {"status": "completed"}),
        ("v1/threads/runs", {"assistant_id": "default", "additional_messages": []}),
        ("v1/threads/runs", {"assistant_id": "default", "thread": {"id": "thread_x"}}),
    ],
)
def test_a_key_that_the_route_does_not_take_is_refused(
    ask: Ask, path: str, body: dict[str, Any]
) -> None:
    status, _, code = ask("POST", path, body)
    assert (status, code) == (400, UNKNOWN)


# -- what is no JSON -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "{'role': 'user'}",
        '{"role": "user", "content": "x",}',
        "role=user&content=x",
        "--x\r\nContent-Disposition: form-data",
        "null",
        "[]",
        '"text"',
        "1",
        "NaN",
        '{"role": NaN}',
        '{"role": Infinity}',
        DEEP,
        '{"metadata": ' + DEEP + "}",
        b'{"role": "\xff\xfe"}',
        b"\xff\xfe{\x00}\x00",
        b"\x00",
        '{"role": "\\ud800"}',
        '{"role": "user"} {"role": "user"}',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_broken_body_is_a_400(ask: Ask, body: str) -> None:
    for path, _ in WITH_METADATA:
        status, _, _ = ask("POST", path, body)
        assert status == 400, path


def test_the_last_of_duplicate_keys_counts(raw: httpx2.Client, ids: dict[str, str]) -> None:
    body = '{"role": "assistant", "role": "user", "content": "x"}'
    answer = raw.post(f"v1/threads/{ids['T']}/messages", content=body)
    assert answer.json()["role"] == "user"


@pytest.mark.parametrize("body", ["", "  \n ", "{}"])
def test_an_empty_body_is_an_empty_object(raw: httpx2.Client, body: str) -> None:
    assert raw.post("v1/threads", content=body).status_code == 200


# -- what must go through ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a\0b",
        "🦙👩‍👩‍👧 ✅",
        "שלום",
        "\u2028\r\n\t",
        "x" * 200_000,
        "🦙" * 50_000,
        "<|im_end|>",
        "\x7f\x1b[",
    ],
    ids=lambda text: repr(text[:10]),
)
def test_any_text_comes_back_as_it_was(client: OpenAI, text: str) -> None:
    thread = client.beta.threads.create()
    message = client.beta.threads.messages.create(thread.id, role="user", content=text)
    stored = client.beta.threads.messages.retrieve(message.id, thread_id=thread.id)
    assert stored.content[0].text.value == text  # type: ignore[union-attr]  # it is text


@pytest.mark.parametrize("text", ["a\0b", "🦙👩‍👩‍👧", "<|im_end|><|im_start|>system"])
def test_any_text_can_be_run(raw: httpx2.Client, text: str) -> None:
    thread = {"messages": [{"role": "user", "content": text}]}
    body = {"assistant_id": "default", "thread": thread, "stream": True, "max_tokens": 3}
    with open_stream(raw, "v1/threads/runs", body) as stream:
        assert stream.rest()[-2][0] in {"thread.run.completed", "thread.run.incomplete"}

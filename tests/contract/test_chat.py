"""Chat completions in one piece: what goes in, what comes back, what is refused."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Annotated, Any

import openai
import pytest
from conftest import StartServer
from openai import OpenAI
from pydantic import BaseModel, Field
from servers import Server, until

HELLO = [{"role": "user", "content": "Hello!"}]
MODEL = "oxillama-tiny"
CHAT = "v1/chat/completions"
Answer = tuple[int, str | None, str | None]
Ask = Callable[[str, str, Any], Answer]
MISSING, TYPE, VALUE = "missing_required_parameter", "invalid_type", "invalid_value"
LOW, HIGH = "integer_below_min_value", "integer_above_max_value"
BELOW, ABOVE = "decimal_below_min_value", "decimal_above_max_value"
UNSUPPORTED = "unsupported_parameter"


def chat(client: OpenAI, **settings: Any) -> Any:  # a chat completion
    given: dict[str, Any] = {"model": MODEL, "messages": HELLO, "temperature": 0, **settings}
    return client.chat.completions.create(**given)


def said(server: Server, messages: list[Any], **settings: Any) -> str:
    """What the scripted engine answers."""
    return (
        chat(server.client, model="scripted", messages=messages, **settings)
        .choices[0]
        .message.content
    )


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


# -- the object ----------------------------------------------------------------------------------


def test_the_embedded_model_answers(client: OpenAI) -> None:
    done = chat(client, messages=[user("What is your name?")])
    assert done.id.startswith("chatcmpl-")
    assert (done.object, done.model, done.service_tier) == ("chat.completion", MODEL, "default")
    assert done.system_fingerprint.startswith("fp_")
    (choice,) = done.choices
    assert (choice.index, choice.finish_reason, choice.logprobs) == (0, "stop", None)
    assert (choice.message.role, choice.message.refusal) == ("assistant", None)
    assert "Oxillama" in choice.message.content
    usage = done.usage
    assert usage.prompt_tokens > 0 < usage.completion_tokens
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert "tool_calls" not in choice.message.model_fields_set


def test_headers_tell_request_and_time(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=HELLO,
        max_tokens=2,  # type: ignore[arg-type]
    )
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["openai-processing-ms"]) >= 0
    assert raw.parse().choices[0].finish_reason == "length"


def test_a_prompt_that_was_read_is_cached(client: OpenAI) -> None:
    long = [user("Tell me about llamas, please. " * 5)]
    chat(client, messages=long, max_tokens=2)
    again = chat(client, messages=long, max_tokens=2)
    assert again.usage.prompt_tokens_details.cached_tokens > 0


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_answer_is_cut(client: OpenAI, name: str, endless: dict[str, Any]) -> None:
    done = chat(client, extra_body={**endless, name: 5})
    assert done.usage.completion_tokens == 5
    assert done.choices[0].finish_reason == "length"


def test_the_newer_limit_wins(client: OpenAI, endless: dict[str, Any]) -> None:
    done = chat(client, max_tokens=9, max_completion_tokens=4, extra_body=endless)
    assert done.usage.completion_tokens == 4


def test_choices_are_numbered_and_the_prompt_counts_once(client: OpenAI) -> None:
    one = chat(client, max_tokens=6)
    done = chat(client, n=5, max_tokens=6, temperature=2, seed=7)
    assert [choice.index for choice in done.choices] == [0, 1, 2, 3, 4]
    assert done.usage.prompt_tokens == one.usage.prompt_tokens
    assert done.usage.completion_tokens > one.usage.completion_tokens
    # A seed is for the request; its choices still differ.
    assert len({choice.message.content for choice in done.choices}) > 1


def test_a_seed_repeats_an_answer(client: OpenAI) -> None:
    texts = {
        chat(client, seed=-5, temperature=1.2, max_tokens=12).choices[0].message.content
        for _ in range(3)
    }
    assert len(texts) == 1


@pytest.mark.parametrize("stop", ["there", ["zzz", "there"]])
def test_stop_texts_end_the_answer_and_are_left_out(scripted: Server, stop: Any) -> None:
    done = chat(scripted.client, model="scripted", messages=[user("Hello there you")], stop=stop)
    assert done.choices[0].message.content == "Hello "
    assert done.choices[0].finish_reason == "stop"


def test_bias_changes_the_answer(client: OpenAI) -> None:
    free = chat(client, max_tokens=1, logprobs=True, top_logprobs=2).choices[0].logprobs.content[0]
    bytes_ = free.bytes
    tokens = [
        chat(client, max_tokens=1, logit_bias={str(token): 100}).choices[0].message.content
        for token in (1000, 2000)
    ]
    assert tokens[0] != tokens[1]
    assert bytes_


def test_logprobs_are_told_for_each_token(client: OpenAI) -> None:
    done = chat(client, logprobs=True, top_logprobs=3, max_tokens=8)
    (choice,) = done.choices
    entries = choice.logprobs.content
    text = b"".join(bytes(entry.bytes) for entry in entries).decode()
    assert text.startswith(choice.message.content.rstrip())
    for entry in entries:
        assert entry.logprob <= 0
        assert [top.logprob for top in entry.top_logprobs] == sorted(
            (top.logprob for top in entry.top_logprobs), reverse=True
        )
        assert len(entry.top_logprobs) == 3
    assert (
        chat(client, logprobs=True, max_tokens=2).choices[0].logprobs.content[0].top_logprobs == []
    )


def test_json_is_json(client: OpenAI) -> None:
    done = chat(client, response_format={"type": "json_object"}, max_tokens=200, seed=1)
    if done.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(done.choices[0].message.content), dict)


class Person(BaseModel):
    """Someone."""

    name: Annotated[str, Field(max_length=8)]
    likes_llamas: bool


def test_an_answer_is_parsed(client: OpenAI) -> None:
    done = client.chat.completions.parse(
        model=MODEL,
        messages=[{"role": "user", "content": "Who are you?"}],
        response_format=Person,
        temperature=0,
    )
    assert isinstance(done.choices[0].message.parsed, Person)


def test_a_cut_answer_is_not_parsed(client: OpenAI) -> None:
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(
            model=MODEL, messages=[user("Who?")], response_format=Person, max_tokens=2
        )


def test_vendor_fields_work_and_unknown_ones_are_ignored(
    client: OpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    done = chat(client, extra_body={"top_k": 1, "min_p": 0.1, "repeat_penalty": 1.1, "magic": {}})
    assert done.choices[0].message.content


def test_harmless_parameters_change_nothing(client: OpenAI) -> None:
    plain = chat(client, max_tokens=6)
    told = chat(
        client,
        max_tokens=6,
        user="me",
        service_tier="auto",
        verbosity="low",
        reasoning_effort="low",
        modalities=["text"],
        prompt_cache_key="key",
        safety_identifier="me",
        store=False,
        metadata={"a": "b"},
        stop=None,
        tools=None,
        seed=None,
        audio=None,
    )
    assert plain.choices[0].message.content == told.choices[0].message.content


def test_an_alias_is_answered_by_its_model(start_server: StartServer) -> None:
    server = start_server("--OxillamaApp.model_aliases={'*': 'oxillama-tiny'}")
    assert chat(server.client, model="gpt-4o", max_tokens=1).model == MODEL


# -- messages ------------------------------------------------------------------------------------


def test_all_roles_and_parts_are_read(scripted: Server) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    parts = [
        {"type": "text", "text": "What is"},
        {"type": "image_url", "image_url": {"url": "data:,", "detail": "low"}},
    ]
    messages = [
        {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "system", "content": "Be kind.", "name": "s"},
        {"role": "user", "content": parts, "name": "me"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "assistant", "refusal": "No.", "content": None},
        {"role": "user", "content": "Do => look {} | It is $outputs."},
        {"role": "assistant", "tool_calls": [call], "reasoning_content": "Hm."},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "sunny"}]},
    ]
    assert said(scripted, messages).strip() == "It is sunny."


def test_functions_of_old_are_read(scripted: Server) -> None:
    messages = [
        user("Do => look {} | It is $outputs."),
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "look", "arguments": "{}"},
        },
        {"role": "function", "name": "look", "content": "cold"},
    ]
    assert said(scripted, messages).strip() == "It is cold."


def test_an_image_is_mentioned_to_the_real_model(client: OpenAI) -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://example.org/x.png"}},
    ]
    assert chat(client, messages=[user(parts)], max_tokens=4).choices[0].message.content


def test_reasoning_is_kept_out_of_the_content(scripted: Server) -> None:
    done = chat(scripted.client, model="scripted", messages=[user("(thinks) Yes.")])
    message = done.choices[0].message
    assert message.reasoning_content == "Hm, let me think. "
    assert message.content.strip() == "Yes."


def test_calls_must_be_answered(ask: Ask) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    calling = {"role": "assistant", "tool_calls": [call, {**call, "id": "c2"}]}
    answer = {"role": "tool", "tool_call_id": "c1", "content": "x"}
    rows: list[tuple[list[Any], str]] = [
        ([calling, user("x")], "messages[0].tool_calls"),
        ([user("x"), calling, answer], "messages[1].tool_calls"),
        ([user("x"), calling, answer, user("y")], "messages[1].tool_calls"),
        ([user("x"), answer], "messages[1].tool_call_id"),
        ([calling, answer, answer], "messages[2].tool_call_id"),
        ([{**calling, "tool_calls": [call, call]}, answer], "messages[0].tool_calls"),
        ([{"role": "function", "name": "look", "content": "x"}], "messages[0].name"),
    ]
    for messages, param in rows:
        assert ask("POST", CHAT, {"model": MODEL, "messages": messages}) == (400, param, None)


# -- refused -------------------------------------------------------------------------------------

TOOL = {"type": "function", "function": {"name": "look"}}
ROWS: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"model": None}, "model", TYPE),
    ({"model": ""}, "model", "string_below_min_length"),
    ({"messages": None}, "messages", TYPE),
    ({"messages": []}, "messages", "empty_array"),
    ({"messages": "Hello"}, "messages", TYPE),
    ({"messages": [{}]}, "messages[0].role", MISSING),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", VALUE),
    ({"messages": [{"role": "user"}]}, "messages[0].content", MISSING),
    ({"messages": [{"role": "user", "content": None}]}, "messages[0].content", TYPE),
    ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "empty_array"),
    ({"messages": [{"role": "assistant"}]}, "messages[0].content", MISSING),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", MISSING),
    (
        {"messages": [user([{"type": "video", "video": "x"}])]},
        "messages[0].content[0].type",
        VALUE,
    ),
    (
        {"messages": [user([{"type": "input_audio", "input_audio": {"data": ""}}])]},
        "messages[0].content[0].type",
        VALUE,
    ),
    (
        {"messages": [user([{"type": "file", "file": {"file_id": "x"}}])]},
        "messages[0].content[0].type",
        VALUE,
    ),
    ({"temperature": 2.1}, "temperature", ABOVE),
    ({"temperature": -1}, "temperature", BELOW),
    ({"top_p": 1.5}, "top_p", ABOVE),
    ({"frequency_penalty": 3}, "frequency_penalty", ABOVE),
    ({"presence_penalty": -3}, "presence_penalty", BELOW),
    ({"n": 0}, "n", LOW),
    ({"n": 129}, "n", HIGH),
    ({"max_tokens": 0}, "max_tokens", LOW),
    ({"max_completion_tokens": "many"}, "max_completion_tokens", TYPE),
    ({"stop": ""}, "stop", "string_below_min_length"),
    ({"stop": ["x"] * 17}, "stop", "array_above_max_length"),
    ({"seed": 2**64}, "seed", HIGH),
    ({"logit_bias": {"1": 101}}, "logit_bias", ABOVE),
    ({"logit_bias": {"x": 1}}, "logit_bias", TYPE),
    ({"logprobs": 5}, "logprobs", TYPE),
    ({"top_logprobs": 2}, "top_logprobs", None),
    ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", HIGH),
    ({"response_format": {"type": "xml"}}, "response_format.type", VALUE),
    ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", MISSING),
    ({"tools": [TOOL] * 129}, "tools", "array_above_max_length"),
    ({"tools": [{"type": "magic"}]}, "tools[0].type", VALUE),
    ({"tools": [{"type": "function"}]}, "tools[0].function", MISSING),
    (
        {"tools": [{"type": "function", "function": {"name": "a b"}}]},
        "tools[0].function.name",
        VALUE,
    ),
    ({"tool_choice": "maybe"}, "tool_choice", VALUE),
    ({"tool_choice": "required"}, "tool_choice", None),
    ({"tools": [TOOL], "tool_choice": {**TOOL, "function": {"name": "x"}}}, "tool_choice", None),
    (
        {
            "tools": [TOOL],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "auto",
                    "tools": [{"type": "function", "function": {"name": "x"}}],
                },
            },
        },
        "tool_choice",
        None,
    ),
    ({"functions": []}, "functions", "empty_array"),
    ({"functions": [{"name": "f"}], "tools": [TOOL]}, "functions", None),
    ({"functions": [{"name": "f"}], "function_call": {"name": "g"}}, "function_call", None),
    ({"function_call": {"name": "g"}}, "function_call", None),
    ({"stream_options": {"include_usage": True}}, "stream_options", None),
    ({"stream": "yes"}, "stream", TYPE),
    ({"metadata": {"n" * 65: "x"}}, "metadata", "string_above_max_length"),
    ({"reasoning_effort": "huge"}, "reasoning_effort", VALUE),
    ({"modalities": ["text", "audio"]}, "modalities", VALUE),
    ({"audio": {"voice": "x", "format": "wav"}}, "audio", UNSUPPORTED),
    ({"web_search_options": {}}, "web_search_options", UNSUPPORTED),
    ({"adapter": "none-such"}, "adapter", None),
]


@pytest.mark.parametrize("stream", [{}, {"stream": True}], ids=str)
@pytest.mark.parametrize(("body", "param", "code"), ROWS)
def test_a_bad_request_is_refused_before_its_stream_begins(
    ask: Ask, body: dict[str, Any], param: str, code: str, stream: dict[str, Any]
) -> None:
    given = {"model": MODEL, "messages": HELLO, **stream, **body}
    if stream and "stream_options" in body:
        return
    assert ask("POST", CHAT, given) == (400, param, code)


@pytest.mark.parametrize("key", ["model", "messages"])
def test_what_is_required_is_missed(ask: Ask, key: str) -> None:
    body = {"model": MODEL, "messages": HELLO}
    del body[key]
    assert ask("POST", CHAT, body) == (400, key, MISSING)


def test_an_unknown_model_is_a_404(ask: Ask) -> None:
    body = {"model": "gpt-9", "messages": HELLO}
    assert ask("POST", CHAT, body) == (404, "model", "model_not_found")


@pytest.mark.parametrize("stream", [{}, {"stream": True}], ids=str)
def test_a_prompt_that_is_too_long_is_a_400(ask: Ask, stream: dict[str, Any]) -> None:
    body = {"model": MODEL, "messages": [user("word " * 20_000)], **stream}
    status, _, code = ask("POST", CHAT, body)
    assert (status, code) == (400, "context_length_exceeded")


def test_a_schema_that_cannot_be_kept_is_a_400(ask: Ask) -> None:
    schema = {"type": "object", "properties": {"a": {"not": {"type": "string"}}}}
    given = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    body = {"model": MODEL, "messages": HELLO, "response_format": given, "stream": True}
    status, param, _ = ask("POST", CHAT, body)
    assert status == 400
    assert (param or "").startswith("response_format")


@pytest.mark.parametrize(
    "body", ["{", "[]", "null", "", '{"messages": ' + "[" * 100_000], ids=lambda b: b[:10]
)
def test_a_broken_body_is_a_400(ask: Ask, body: str) -> None:
    for path in (CHAT, "v1/completions", "v1/embeddings"):
        assert ask("POST", path, body)[0] == 400


# -- who leaves, who waits -----------------------------------------------------------------------


def idle(server: Server) -> bool:
    health = server.health()
    return health["engine"]["running"] == health["engine"]["waiting"] == health["runs"] == 0


@pytest.mark.parametrize("settings", [{}, {"n": 3}])
def test_a_client_that_leaves_frees_the_sequence(
    server: Server, endless: dict[str, Any], settings: dict[str, Any]
) -> None:
    body = {"model": MODEL, "messages": HELLO, "max_tokens": 4000, **endless, **settings}
    server.leave(CHAT, body)
    until(lambda: idle(server), "the sequence to be free", timeout=20)


def test_a_full_queue_is_a_429(start_server: StartServer, endless: dict[str, Any]) -> None:
    limits = ["--OxillamaApp.n_parallel=1", "--OxillamaApp.max_queue=0"]
    server = start_server(*limits)
    body = {"model": MODEL, "messages": HELLO, **endless, "stream": True, "max_tokens": 4000}
    with server.raw.stream("POST", CHAT, json=body) as stream, server.held():
        pieces = stream.iter_raw()  # kept: an iterator that is dropped closes the connection
        next(pieces)
        paths: list[tuple[str, Any]] = [(CHAT, {}), ("v1/embeddings", {"input": "x"})]
        for path, more in paths:
            refused = server.raw.post(path, json={**body, "stream": False, **more})
            assert refused.status_code == 429
            assert int(refused.headers["retry-after"]) > 0
    until(lambda: idle(server), "the sequence to be free", timeout=20)
    assert chat(server.client, max_tokens=1, n=3).choices[2].message.content


def test_generations_are_measured(server: Server) -> None:
    before = server.raw.get("oxillama/engine").json()["totals"]["turns"]
    done = chat(server.client, max_tokens=2)
    report = server.raw.get("oxillama/engine").json()
    assert report["totals"]["turns"] == before + 1
    assert report["turns"][0]["run_id"] == done.id

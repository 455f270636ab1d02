"""Responses that are waited for, what they go on from, and what is stored of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel
from replies import SHELL, TIME, WEATHER, create, fault, refused, stream
from servers import Server

SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")
CALLS = '=> get_weather {"city": "Paris"} & get_time {} | It is $outputs.'


def output(call: Any, text: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call.call_id, "output": text}


# -- the object ------------------------------------------------------------------------------------


def test_a_response_has_every_key_with_its_effective_value(scripted: Server) -> None:
    made = create(scripted, "Hello there you")
    assert made.output_text == "Hello there you "
    raw = scripted.raw.get(f"v1/responses/{made.id}").json()
    assert {key: raw[key] for key in raw if key not in {"id", "created_at", "completed_at"}} == {
        "object": "response",
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "model": "scripted",
        "output": [
            {
                "type": "message",
                "id": made.output[0].id,
                "status": "completed",
                "role": "assistant",
                "content": [
                    {
                        "type": "output_text",
                        "text": "Hello there you ",
                        "annotations": [],
                        "logprobs": [],
                    }
                ],
            }
        ],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "conversation": None,
        "prompt_cache_key": None,
        "safety_identifier": None,
        "user": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "top_p": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 4,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 3,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 7,
        },
    }
    assert isinstance(raw["created_at"], int)
    assert raw["completed_at"] >= raw["created_at"]


def test_what_was_asked_for_is_echoed(scripted: Server) -> None:
    asked: dict[str, Any] = {
        "instructions": "Be kind.",
        "metadata": {"a": "b"},
        "max_output_tokens": 50,
        "max_tool_calls": 3,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_logprobs": 2,
        "truncation": "auto",
        "parallel_tool_calls": False,
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "user": "u",
        "store": False,
        "tool_choice": {"type": "function", "name": "get_time"},
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
    }
    body = {"model": "scripted", "input": "=> get_time {}", "tools": [TIME, SHELL], **asked}
    made = scripted.raw.post("v1/responses", json=body).json()
    assert {key: made[key] for key in asked} == asked
    function = {"type": "function", "description": None, "parameters": None, "strict": None}
    assert made["tools"] == [{**function, "name": "get_time"}, SHELL]


def test_unknown_keys_and_nulls_are_ignored(scripted: Server) -> None:
    nulls = dict.fromkeys(("instructions", "tools", "text", "reasoning", "store", "include"))
    made = create(
        scripted, "Hi", extra_body={"vendor_key": {"x": 1}, "service_tier": "flex"} | nulls
    )
    assert (made.status, made.service_tier) == ("completed", "default")


def test_any_way_to_write_the_input_is_understood(scripted: Server) -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"}
    given: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {
            "type": "message",
            "role": "system",
            "content": [{"type": "input_text", "text": "Be kind."}],
        },
        {"role": "assistant", "content": [{"type": "output_text", "text": "Hi"}], "status": None},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "q"}},
        {"type": "unheard_of_call", "id": "x_1"},
        {"role": "user", "content": [{"type": "input_text", "text": "Hello"}, image]},
    ]
    made = create(scripted, given)
    assert made.output_text.startswith("Hello\n[An image is here.")
    kept = scripted.client.responses.input_items.list(made.id, order="asc")
    raw = scripted.raw.get(f"v1/responses/{made.id}/input_items", params={"order": "asc"})
    scripted.oracle.take()  # the SDK has no type for the items of tools nobody has heard of
    assert [item.type for item in kept] == [
        "message",
        "message",
        "message",
        "web_search_call",
        "unheard_of_call",
        "message",
    ]
    assert all(item["id"] for item in raw.json()["data"])


# -- chains ----------------------------------------------------------------------------------------


def test_a_response_goes_on_from_another_over_its_tools(scripted: Server) -> None:
    first = create(scripted, CALLS, tools=[WEATHER, TIME], instructions="Be kind.")
    weather, clock = first.output
    assert [(call.type, call.name) for call in first.output] == [
        ("function_call", "get_weather"),
        ("function_call", "get_time"),
    ]
    assert json.loads(weather.arguments) == {"city": "Paris"}
    assert weather.id.startswith("fc_")
    assert weather.call_id.startswith("call_")
    # Neither the tools nor the instructions are said again.
    second = create(
        scripted,
        [output(clock, "noon"), output(weather, "sunny")],
        previous_response_id=first.id,
    )
    assert second.output_text.strip() == "It is sunny, noon."
    assert second.instructions is None
    assert second.previous_response_id == first.id
    third = create(scripted, "And then?", previous_response_id=second.id)
    assert third.output_text.strip() == "And then?"
    assert third.usage.input_tokens > second.usage.input_tokens
    items = scripted.client.responses.input_items.list(third.id, order="asc").data
    assert [item.type for item in items] == [
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
        "message",
        "message",
    ]


def test_a_stream_can_be_gone_on_from_at_once(scripted: Server) -> None:
    with scripted.client.responses.stream(model="scripted", input="One two three") as events:
        for event in events:
            if event.type == "response.completed":
                again = create(scripted, "Four", previous_response_id=event.response.id)
    assert again.usage.input_tokens == 4 + 4 + 2


def test_two_may_go_on_from_one_and_outlive_it(scripted: Server) -> None:
    client = scripted.client
    first = create(scripted, "One")
    left = create(scripted, "Left", previous_response_id=first.id)
    right = create(scripted, "Right", previous_response_id=first.id)
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)
    assert refused(scripted, previous_response_id=first.id) == (
        400,
        "previous_response_id",
        "previous_response_not_found",
    )
    for child in (left, right):
        items = client.responses.input_items.list(child.id).data
        assert len(items) == 3
        assert create(scripted, "More", previous_response_id=child.id).usage.input_tokens == 10
    assert len(client.responses.input_items.list(left.id).data) == 3


def test_the_engine_reuses_what_it_has_read(client: OpenAI, server: Server) -> None:
    first = client.responses.create(
        model="oxillama-tiny", input="Hello! " * 20, max_output_tokens=16
    )
    second = client.responses.create(
        model="oxillama-tiny", input="Go on.", previous_response_id=first.id, max_output_tokens=16
    )
    assert second.usage is not None
    assert first.usage is not None
    assert second.usage.input_tokens_details.cached_tokens > first.usage.input_tokens // 2


def test_a_reference_stands_for_the_stored_item(scripted: Server) -> None:
    first = create(scripted, "One two")
    items: list[Any] = [
        {"type": "item_reference", "id": first.output[0].id},
        {"id": scripted.client.responses.input_items.list(first.id).data[0].id},
    ]
    assert create(scripted, items).output_text.strip() == "One two"
    assert refused(scripted, input=[{"type": "item_reference", "id": "msg_x"}]) == (
        400,
        "input",
        None,
    )


def test_what_is_not_stored_is_not_found(scripted: Server) -> None:
    made = create(scripted, "Hi", store=False)
    raw = scripted.raw
    path = f"v1/responses/{made.id}"
    assert raw.get(path).status_code == 404
    assert raw.delete(path).status_code == 404
    assert raw.get(f"{path}/input_items").status_code == 404
    assert refused(scripted, previous_response_id=made.id)[2] == "previous_response_not_found"
    # Its items are: inline they speak for themselves.
    replayed = [item.to_dict() for item in made.output]
    assert create(scripted, [*replayed, {"role": "user", "content": "And?"}]).status == "completed"


# -- items, counts, compaction ---------------------------------------------------------------------


def test_input_items_come_in_pages(scripted: Server) -> None:
    client = scripted.client
    first = create(scripted, "One")
    made = create(
        scripted,
        [{"role": "user", "content": "Two"}] * 3,
        previous_response_id=first.id,
    )
    everything = [item.id for item in client.responses.input_items.list(made.id, order="asc")]
    assert len(everything) == len(set(everything)) == 5
    paged = [item.id for item in client.responses.input_items.list(made.id, limit=2)]
    assert paged == everything[::-1]
    path = f"v1/responses/{made.id}/input_items"
    assert fault(scripted.raw.get(path, params={"after": "x"})) == (400, "after", None)
    assert fault(scripted.raw.get(path, params={"limit": "101"}))[1] == "limit"
    assert fault(scripted.raw.get(path, params={"include[]": "x"}))[1] == "include"


@pytest.mark.parametrize("place", ["alone", "chained"])
def test_counted_tokens_are_those_of_the_same_request(client: OpenAI, place: str) -> None:
    given: dict[str, Any] = {
        "model": "oxillama-tiny",
        "input": "What is the weather in Paris?",
        "instructions": "Be kind.",
        "tools": [WEATHER],
    }
    if place == "chained":
        before = client.responses.create(
            model="oxillama-tiny", input="Hello!", max_output_tokens=16
        )
        given["previous_response_id"] = before.id
    counted = client.responses.input_tokens.count(**given)
    made = client.responses.create(**given, max_output_tokens=16)
    assert made.usage is not None
    assert counted.input_tokens == made.usage.input_tokens > 20


def test_a_prompt_that_is_too_long_is_counted_all_the_same(client: OpenAI) -> None:
    counted = client.responses.input_tokens.count(model="oxillama-tiny", input="Hello! " * 9000)
    assert counted.input_tokens > 9000


def test_a_compacted_conversation_can_be_gone_on_with(scripted: Server) -> None:
    first = create(scripted, "My name is Ada.")
    compact = scripted.client.responses.compact(
        model="scripted", input="I like tea.", previous_response_id=first.id
    )
    raw = [item.to_dict(warnings=False) for item in compact.output]
    assert [item["type"] for item in raw] == ["message", "message", "compaction"]
    assert [item["content"][0]["text"] for item in raw[:2]] == ["My name is Ada.", "I like tea."]
    assert compact.usage.total_tokens > 0
    again = create(scripted, [*raw, {"role": "user", "content": "What do I like?"}])
    # The summary, which the scripted model repeats from the question, is there.
    assert again.usage.input_tokens > 30
    forged = raw[2]["encrypted_content"][:-8] + "AAAAAAAA"
    assert refused(scripted, input=[{"type": "compaction", "encrypted_content": forged}]) == (
        400,
        "input",
        "invalid_encrypted_content",
    )
    missing = scripted.raw.post("v1/responses/compact", json={"input": "x"})
    assert fault(missing) == (400, "model", "missing_required_parameter")


def test_a_conversation_longer_than_the_context_is_compacted_part_by_part(client: OpenAI) -> None:
    asked = {"type": "function_call", "call_id": "c", "name": "look", "arguments": '{"at": "sea"}'}
    items: list[Any] = [
        {"role": "user", "content": "Hello, my name is Mira."},
        {"role": "assistant", "content": "Nice to meet you, Mira. " * 400},
        asked,
        {"type": "function_call_output", "call_id": "c", "output": "It is calm. " * 800},
    ]
    whole = client.responses.input_tokens.count(model="oxillama-tiny", input=items).input_tokens
    compact = client.responses.compact(model="oxillama-tiny", input=items)
    assert [item.type for item in compact.output] == ["message", "compaction"]
    assert compact.usage.input_tokens > 0.9 * whole > 2048  # none of it was left out
    last: list[Any] = [item.to_dict(warnings=False) for item in compact.output]
    again = [*last, {"role": "user", "content": "What is my name?"}]
    assert client.responses.create(model="oxillama-tiny", input=again).status == "completed"


def test_reasoning_is_given_to_clients_that_keep_it(scripted: Server) -> None:
    made = create(scripted, "(thinks)Yes.", store=False, include=["reasoning.encrypted_content"])
    reasoning, message = made.output
    assert reasoning.content[0].text == "Hm, let me think. "
    kept: Any = {
        "type": "reasoning",
        "summary": [],
        "encrypted_content": reasoning.encrypted_content,
    }
    again = create(scripted, [kept, message.to_dict(), {"role": "user", "content": "Hi"}])
    assert again.status == "completed"


def test_all_responses_are_listed(scripted: Server) -> None:
    made = [create(scripted, "Hi").id for _ in range(3)]
    page = scripted.raw.get("oxillama/responses", params={"limit": "2"}).json()
    assert [one["id"] for one in page["data"]] == made[:0:-1]
    assert page["has_more"]
    rest = scripted.raw.get("oxillama/responses", params={"limit": "1", "after": made[1]}).json()
    assert rest["first_id"] == made[0]


def test_responses_outlive_the_server(start_server: Any) -> None:
    server = start_server(module=SCRIPTED)
    first = create(server, "One")
    server.stop()
    server.start()
    assert server.client.responses.retrieve(first.id).output_text == "One "
    assert create(server, "Two", previous_response_id=first.id).usage.input_tokens == 6
    compact = server.client.responses.compact(model="scripted", input="Hello")
    server.kill()
    server.start()
    sealed: Any = compact.output[-1].to_dict()
    assert create(server, [sealed, {"role": "user", "content": "Hi"}]).status == "completed"


# -- the embedded model ----------------------------------------------------------------------------


class City(BaseModel):
    name: str
    country: str


def test_an_answer_is_parsed(client: OpenAI) -> None:
    parsed = client.responses.parse(
        model="oxillama-tiny", input="Paris is in France.", text_format=City, temperature=0.0
    )
    assert isinstance(parsed.output_parsed, City)


def test_token_probabilities_come_with_the_text(client: OpenAI) -> None:
    made = client.responses.create(
        model="oxillama-tiny",
        input="Hello!",
        max_output_tokens=16,
        top_logprobs=2,
        include=["message.output_text.logprobs"],
    )
    content: Any = made.output[0]
    part = content.content[0]
    assert "".join(one.token for one in part.logprobs).strip() == part.text.strip()
    assert all(len(one.top_logprobs) == 2 for one in part.logprobs)


def test_the_streams_probabilities_are_those_of_the_object(server: Server) -> None:
    events = stream(
        server,
        "Hello!",
        model="oxillama-tiny",
        max_output_tokens=16,
        include=["message.output_text.logprobs"],
    )
    pieces = [one for e in events if e["type"].endswith("text.delta") for one in e["logprobs"]]
    whole = events[-1]["response"]["output"][0]["content"][0]
    assert pieces == whole["logprobs"] != []


def test_samplers_and_short_answers_are_ours(client: OpenAI, endless: dict[str, Any]) -> None:
    made = client.responses.create(
        model="oxillama-tiny", input="Hello!", extra_body={"max_tokens": 3, **endless}
    )
    assert (made.status, made.usage and made.usage.output_tokens) == ("incomplete", 3)

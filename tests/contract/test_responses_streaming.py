"""The order of events, their numbers, and that they add up to the response."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest
from conftest import StartServer
from openai import OpenAI
from replies import (
    CALL,
    OPENING,
    REASONING,
    SHELL,
    TEXT,
    TIME,
    WEATHER,
    Event,
    create,
    order,
    parse,
    stream,
)
from servers import Server, until

SUMMARY = [
    "response.output_item.added",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_summary_part.done",
    "response.output_item.done",
]
CUSTOM = [
    "response.output_item.added",
    "response.custom_tool_call_input.delta",
    "response.custom_tool_call_input.done",
    "response.output_item.done",
]
TWO = '=> get_weather {"city": "Paris"} & get_time {}'


def check_numbers(events: list[Event]) -> None:
    """Numbers count up from 0, items come in order, and their growth adds up."""
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    final = events[-1]["response"]["output"]
    items: list[Any] = []
    for event in events:
        if event["type"] == "response.output_item.added":
            assert event["output_index"] == len(items)
            items.append(event["item"]["id"])
        elif event["type"] == "response.output_item.done":
            assert event["item"] == final[event["output_index"]]
        elif "item_id" in event:
            assert event["item_id"] == items[event["output_index"]] == items[-1]
        if "content_index" in event:
            assert event["content_index"] == 0
    assert items == [item["id"] for item in final]
    assert events[0]["response"]["output"] == []


def said(events: list[Event], kind: str) -> str:
    return "".join(event["delta"] for event in events if event["type"] == f"response.{kind}.delta")


def test_text(scripted: Server) -> None:
    events = stream(scripted, "Hello there you")
    assert order(events) == [*OPENING, *TEXT, "response.completed"]
    check_numbers(events)
    part: Any = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    assert events[2]["item"]["content"] == []
    assert events[3]["part"] == part
    assert said(events, "output_text") == "Hello there you "
    assert events[-4]["text"] == "Hello there you "
    assert events[-3]["part"] == part | {"text": "Hello there you "}
    assert [events[i]["response"]["status"] for i in (0, 1, -1)] == [
        "in_progress",
        "in_progress",
        "completed",
    ]
    assert [events[i]["response"]["usage"] is None for i in (0, 1, -1)] == [True, True, False]


def test_two_calls(scripted: Server) -> None:
    events = stream(scripted, TWO, tools=[WEATHER, TIME])
    assert order(events) == [*OPENING, *CALL, *CALL, "response.completed"]
    check_numbers(events)
    added = [e["item"] for e in events if e["type"] == "response.output_item.added"]
    assert [(item["name"], item["arguments"], item["status"]) for item in added] == [
        ("get_weather", "", "in_progress"),
        ("get_time", "", "in_progress"),
    ]
    done = [e for e in events if e["type"] == "response.function_call_arguments.done"]
    assert [(e["name"], json.loads(e["arguments"])) for e in done] == [
        ("get_weather", {"city": "Paris"}),
        ("get_time", {}),
    ]


def test_text_ahead_of_a_call_is_an_item_of_its_own(scripted: Server) -> None:
    events = stream(scripted, "Let me see. => get_time {}", tools=[TIME])
    assert order(events) == [*OPENING, *TEXT, *CALL, "response.completed"]
    check_numbers(events)


def test_no_empty_message_is_ahead_of_a_call(scripted: Server) -> None:
    events = stream(scripted, "=> get_time {}", tools=[TIME])
    assert order(events) == [*OPENING, *CALL, "response.completed"]


def test_reasoning_comes_ahead_of_the_text(scripted: Server) -> None:
    events = stream(scripted, "(thinks)Yes.")
    assert order(events) == [*OPENING, *REASONING, *TEXT, "response.completed"]
    check_numbers(events)
    assert events[2]["item"]["summary"] == []
    assert "content" not in events[2]["item"]
    assert said(events, "reasoning_text") == "Hm, let me think. "
    reasoning, message = events[-1]["response"]["output"]
    assert reasoning["content"] == [{"type": "reasoning_text", "text": "Hm, let me think. "}]
    assert message["content"][0]["text"] == "Yes. "


def test_reasoning_is_a_summary_where_one_is_asked_for(scripted: Server) -> None:
    events = stream(scripted, "(thinks)Yes.", reasoning={"summary": "auto"})
    assert order(events) == [*OPENING, *SUMMARY, *TEXT, "response.completed"]
    reasoning = events[-1]["response"]["output"][0]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "Hm, let me think. "}]


def test_a_custom_tool_gets_plain_text(scripted: Server) -> None:
    question = '=> shell {"input": "ls \\"a b\\" \\u00e9"}'
    events = stream(scripted, question, tools=[SHELL])
    assert order(events) == [*OPENING, *CUSTOM, "response.completed"]
    check_numbers(events)
    assert said(events, "custom_tool_call_input") == 'ls "a b" é'
    (call,) = events[-1]["response"]["output"]
    assert (call["type"], call["input"], call["id"][:4]) == (
        "custom_tool_call",
        'ls "a b" é',
        "ctc_",
    )
    output = {"type": "custom_tool_call_output", "call_id": call["call_id"], "output": "x"}
    previous = events[-1]["response"]["id"]
    again = create(scripted, [output], previous_response_id=previous)  # type: ignore[arg-type]
    assert again.status == "completed"


def test_a_cut_answer_is_incomplete(scripted: Server) -> None:
    events = stream(scripted, "One two three four", max_tokens=2)
    assert order(events) == [*OPENING, *TEXT, "response.incomplete"]
    check_numbers(events)
    final = events[-1]["response"]
    assert final["incomplete_details"] == {"reason": "max_output_tokens"}
    assert final["completed_at"] is None
    assert [item["status"] for item in final["output"]] == ["incomplete"]
    assert final["usage"]["output_tokens"] == 2


def test_a_cut_call_is_incomplete_and_forgotten_later(scripted: Server) -> None:
    events = stream(scripted, '=> get_weather {"city": "Paris"}', tools=[WEATHER], max_tokens=3)
    assert order(events) == [*OPENING, *CALL, "response.incomplete"]
    final = events[-1]["response"]
    (call,) = final["output"]
    assert call["status"] == "incomplete"
    assert '{"city": "Paris"}'.startswith(call["arguments"])
    again = create(scripted, "And now?", previous_response_id=final["id"])
    assert again.output_text.strip() == "And now?"


def test_cut_reasoning_is_all_there_is(scripted: Server) -> None:
    events = stream(scripted, "(thinks)Yes.", max_tokens=1)
    assert order(events) == [*OPENING, *REASONING, "response.incomplete"]
    assert [item["type"] for item in events[-1]["response"]["output"]] == ["reasoning"]


def test_the_sdks_helper_puts_everything_together(scripted: Server) -> None:
    question = '(thinks)Let me see. => get_weather {"city": "Paris"} & get_time {}'
    with scripted.client.responses.stream(
        model="scripted",
        input=question,
        tools=[WEATHER, TIME],  # type: ignore[list-item]
    ) as events:
        names = [event.type for event in events]
        final = events.get_final_response()
    assert names[0] == "response.created"
    assert [item.type for item in final.output] == [
        "reasoning",
        "message",
        "function_call",
        "function_call",
    ]
    stored = scripted.client.responses.retrieve(final.id).output
    assert [item.id for item in final.output] == [item.id for item in stored]
    assert final.output_text.strip() == "Let me see."


def test_frames_are_as_clients_read_them(scripted: Server) -> None:
    body = {"model": "scripted", "input": "Hello", "stream": True}
    answer = scripted.raw.post("v1/responses", json=body)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"].startswith("no-cache")
    assert b"\r" not in answer.content
    assert answer.content.endswith(b"\n\ndata: [DONE]\n\n")
    for frame in answer.content.split(b"\n\n")[:-2]:
        event, data = frame.split(b"\n")
        name = event.removeprefix(b"event: ").decode()
        assert json.loads(data.removeprefix(b"data: "))["type"] == name


# -- failures --------------------------------------------------------------------------------------


def test_an_engine_that_dies_ends_the_stream_with_an_error(
    start_server: StartServer, endless: dict[str, Any]
) -> None:
    server = start_server()
    body = {"model": "oxillama-tiny", "input": "Hello!", "stream": True, **endless}
    with server.raw.stream("POST", "v1/responses", json=body) as answer:
        content, killed = b"", False
        for chunk in answer.iter_raw():
            content += chunk
            if b"output_text.delta" in content and not killed:
                killed = True
                for child in server.children():
                    child.kill()
    events = parse(content)
    assert order(events)[-2:] == ["error", "response.failed"]
    error, failed = events[-2:]
    assert error["code"] == error["error"]["code"] == "server_error"
    assert error["message"] == error["error"]["message"]
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"]["code"] == "server_error"
    kept = until(
        lambda: server.client.responses.retrieve(failed["response"]["id"]), "the stored failure"
    )
    assert kept.status == "failed"


def test_who_leaves_stops_the_generation_and_leaves_nothing(
    client: OpenAI, raw: httpx2.Client, endless: dict[str, Any]
) -> None:
    body = {"model": "oxillama-tiny", "input": "Hello!", "stream": True, **endless}
    with raw.stream("POST", "v1/responses", json=body) as answer:
        content = b""
        for chunk in answer.iter_raw():
            content += chunk
            if b"output_text.delta" in content:
                break
    made = json.loads(content.split(b"\n\n")[0].split(b"\ndata: ")[1])["response"]["id"]
    until(
        lambda: raw.get("oxillama/engine").json()["status"]["running"] == 0,
        "the end of the generation",
    )
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made)

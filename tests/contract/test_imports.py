"""`POST /oxillama/threads/import`: what was exported, and what OpenAI's API lists."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from exported import anonymous
from openai import OpenAI

PATH = "oxillama/threads/import"
LINES = {"Content-Type": "application/x-ndjson"}
MESSAGE = {"object": "thread.message", "id": "msg_1", "role": "user", "content": "Hello"}


@pytest.fixture
def exported(client: OpenAI, raw: httpx2.Client) -> dict[str, Any]:
    """A thread with a message, images and a run that answered."""
    url = {"url": "data:image/png;base64,iVBORw0KGgo="}
    content: Any = [
        {"type": "text", "text": "Zürich \u2028 \U0001f600\nHello"},
        {"type": "image_url", "image_url": url},
        {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}},
    ]
    messages: Any = [{"role": "user", "content": content, "metadata": {"a": "b"}}]
    run = client.beta.threads.create_and_run_poll(
        assistant_id="default",
        thread={"messages": messages, "metadata": {"name": "n"}},
        extra_body={"max_tokens": 2},
    )
    return raw.get(f"oxillama/threads/{run.thread_id}/export").raise_for_status().json()


def export_of(raw: httpx2.Client, thread: dict[str, Any]) -> dict[str, Any]:
    return raw.get(f"oxillama/threads/{thread['id']}/export").raise_for_status().json()


def test_an_export_comes_back_as_it_was(
    client: OpenAI, raw: httpx2.Client, exported: dict[str, Any]
) -> None:
    thread = raw.post(PATH, json=exported).raise_for_status().json()
    again = export_of(raw, thread)
    assert again["thread"] == thread
    assert thread["id"] != exported["thread"]["id"]
    assert anonymous(again) == anonymous(exported)
    (run,) = again["runs"]
    assert client.beta.threads.runs.retrieve(run["id"], thread_id=thread["id"]).to_dict() == run
    listed = client.beta.threads.messages.list(thread["id"], run_id=run["id"]).data
    assert [message.id for message in listed] == [again["messages"][1]["id"]]
    # Its events can be followed like those of any run.
    events = raw.get(f"oxillama/threads/{thread['id']}/runs/{run['id']}/events")
    assert events.text.count("event: thread.message.completed") <= 1
    assert events.text.endswith("data: [DONE]\n\n")


def test_json_lines_come_back_as_they_were(raw: httpx2.Client, exported: dict[str, Any]) -> None:
    path = f"oxillama/threads/{exported['thread']['id']}/export?format=jsonl"
    thread = raw.post(PATH, content=raw.get(path).content, headers=LINES).raise_for_status().json()
    assert anonymous(export_of(raw, thread)) == anonymous(exported)


def test_an_imported_thread_goes_on(
    client: OpenAI, raw: httpx2.Client, exported: dict[str, Any]
) -> None:
    thread = raw.post(PATH, json=exported).json()
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread["id"], assistant_id="default", extra_body={"max_tokens": 2}
    )
    assert run.status in {"completed", "incomplete"}
    assert len(client.beta.threads.messages.list(thread["id"]).data) == 3


def test_messages_as_openai_lists_them(client: OpenAI, raw: httpx2.Client) -> None:
    message = {
        "id": "msg_abc123",
        "object": "thread.message",
        "created_at": 1699017614,
        "assistant_id": "asst_abc123",
        "thread_id": "thread_abc123",
        "run_id": "run_abc123",
        "role": "assistant",
        "content": [
            {
                "type": "text",
                "text": {
                    "value": "As it says【0†source】.",
                    "annotations": [
                        {
                            "type": "file_citation",
                            "text": "【0†source】",
                            "start_index": 10,
                            "end_index": 20,
                            "file_citation": {"file_id": "file-abc123"},
                        }
                    ],
                },
            }
        ],
        "attachments": [],
        "metadata": {},
    }
    thread = raw.post(PATH, json={"messages": [message]}).raise_for_status().json()
    (made,) = client.beta.threads.messages.list(thread["id"]).data
    assert (made.created_at, made.assistant_id, made.run_id) == (1699017614, "asst_abc123", None)
    assert made.status == "completed"
    assert made.content[0].to_dict() == message["content"][0]
    assert thread["created_at"] == 1699017614


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": [MESSAGE, {"role": "user"}]}, "messages[1].content"),
        ({"messages": [MESSAGE | {"role": "system"}]}, "messages[0].role"),
        ({"messages": [MESSAGE | {"created_at": 2**70}]}, "messages[0].created_at"),
        ({"messages": [MESSAGE, MESSAGE]}, "messages[1].id"),
        ({"messages": [], "thread": {"metadata": {"a": 1}}}, "thread.metadata"),
        ({"messages": [], "version": 2}, "version"),
        ({"messages": [], "object": "thread"}, "object"),
        ({"messages": [], "mesages": []}, "mesages"),
    ],
)
def test_bad_objects(raw: httpx2.Client, body: dict[str, Any], param: str) -> None:
    answer = raw.post(PATH, json=body)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["param"] == param
    assert f"'{param}'" in error["message"]


@pytest.mark.parametrize(
    ("lines", "message", "param"),
    [
        (["{"], "Line 1: The body is not valid JSON", None),
        (
            [MESSAGE, "", {"object": "list"}],
            "Line 3: Invalid 'object': 'list' is none of",
            "object",
        ),
        ([{"role": "user"}], "Line 1: Invalid 'object'", "object"),
        ([{"object": "thread"}, {"object": "thread"}], "Line 2: There is a second", "object"),
        ([MESSAGE, MESSAGE | {"id": 7}], "Line 2: Invalid 'id': Expected", "id"),
        ([MESSAGE, {"object": "thread"}, MESSAGE], "Line 3: Invalid 'id': 'msg_1'", "id"),
        ([MESSAGE | {"content": [{"type": "x"}]}], "Line 1: Invalid 'content", "content"),
        (['{"object": "thread.message", "a": ' + "[" * 200 + "]" * 200 + "}"], "Line 1:", None),
    ],
)
def test_bad_lines(raw: httpx2.Client, lines: list[Any], message: str, param: str | None) -> None:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    before = raw.get("oxillama/threads").json()["first_id"]
    answer = raw.post(PATH, content=text.encode(), headers=LINES)
    error = answer.json()["error"]
    assert answer.status_code == 400, answer.text
    assert error["message"].startswith(message)
    assert param is None or (error["param"] or "").startswith(param)
    assert raw.get("oxillama/threads").json()["first_id"] == before


def test_a_body_that_is_too_large(raw: httpx2.Client) -> None:
    content = b'{"messages": [' + b" " * (65 * 2**20) + b"]}"
    assert raw.post(PATH, content=content).status_code == 413
    assert raw.get(PATH).status_code == 405


def test_the_calls_of_an_imported_run_are_items_of_its_conversation(raw: httpx2.Client) -> None:
    call = {"name": "f", "arguments": '{"a": 1}', "output": "warm"}
    run = {"id": "run_1", "created_at": 1, "assistant_id": "x", "status": "completed"}
    step = {
        "object": "thread.run.step",
        "id": "step_1",
        "created_at": 1,
        "run_id": "run_1",
        "assistant_id": "x",
        "type": "tool_calls",
        "status": "completed",
        "step_details": {
            "type": "tool_calls",
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        },
    }
    body = {
        "messages": [MESSAGE | {"created_at": 0}],
        "runs": [run | {"model": "m"}],
        "steps": [step],
    }
    thread = raw.post(PATH, json=body).raise_for_status().json()
    made = raw.post(f"oxillama/threads/{thread['id']}/conversation").raise_for_status().json()
    items = raw.get(f"v1/conversations/{made['id']}/items?order=asc").json()["data"]
    assert [item["type"] for item in items] == ["message", "function_call", "function_call_output"]
    assert items[2]["output"] == "warm"

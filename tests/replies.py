"""What the tests of responses share."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

import httpx2
from servers import Server, until

WEATHER: dict[str, Any] = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather now",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
TIME: dict[str, Any] = {"type": "function", "name": "get_time"}
SHELL: dict[str, Any] = {"type": "custom", "name": "shell", "description": "Runs a command"}
TEXT = [
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
]
REASONING = [
    "response.output_item.added",
    "response.content_part.added",
    "response.reasoning_text.delta",
    "response.reasoning_text.done",
    "response.content_part.done",
    "response.output_item.done",
]
CALL = [
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
]
OPENING = ["response.created", "response.in_progress"]
Event = dict[str, Any]


def create(server: Server, question: Any, **settings: Any) -> Any:  # a response
    model = settings.pop("model", "scripted")
    return server.client.responses.create(model=model, input=question, **settings)


def parse(content: bytes) -> list[Event]:
    """All events of a whole stream; its end is there, and is nothing else."""
    frames = [frame for frame in content.split(b"\n\n") if frame and frame[:1] != b":"]
    assert frames[-1] == b"data: [DONE]"
    return [json.loads(frame.split(b"\ndata: ", 1)[1]) for frame in frames[:-1]]


def stream(server: Server, question: Any, **settings: Any) -> list[Event]:
    """The events of a new response, as they stand on the wire."""
    body = {"model": "scripted", "input": question, "stream": True, **settings}
    answer = server.raw.post("v1/responses", json=body)
    assert answer.status_code == 200, answer.text
    return parse(answer.content)


def replay(server: Server, response_id: str, after: int | None = None) -> list[Event]:
    params = {"stream": "true"} | ({} if after is None else {"starting_after": str(after)})
    answer = server.raw.get(f"v1/responses/{response_id}", params=params)
    assert answer.status_code == 200, answer.text
    return parse(answer.content)


def order(events: list[Event]) -> list[str]:
    """The types of the events; a row of deltas counts once."""
    return [name for name, _ in groupby(event["type"] for event in events)]


def ended(server: Server, response_id: str) -> Any:  # a response
    """Wait until a response has ended."""

    def look() -> Any:
        found = server.client.responses.retrieve(response_id)
        return None if found.status in {"queued", "in_progress"} else found

    return until(look, f"the end of {response_id}")


def refused(server: Server, **body: Any) -> tuple[int, str | None, str | None]:
    """The status of a request that goes wrong, its `param` and `code`."""
    answer = server.raw.post("v1/responses", json={"model": "scripted", "input": "x", **body})
    return fault(answer)


def fault(answer: httpx2.Response) -> tuple[int, str | None, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["param"], error["code"]

"""Server-sent events as they stand on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import httpx2

Event = tuple[str, Any]  # its name and its JSON

OPENING = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
MESSAGE = [
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
]


def parse(frame: bytes) -> Event:
    """An event without its id; `[DONE]` has no JSON."""
    lines = frame.decode().removesuffix("\n\n").split("\n")
    fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
    data = fields["data"]
    return fields["event"], None if data == "[DONE]" else json.loads(data)


def events(content: bytes) -> list[Event]:
    """All events of a whole stream."""
    return [
        parse(frame + b"\n\n") for frame in content.split(b"\n\n") if frame and frame[:1] != b":"
    ]


def order(stream: list[Event]) -> list[str]:
    """The names of the events; a row of deltas counts once."""
    return [name for name, _ in groupby(name for name, _ in stream)]


def text(stream: list[Event]) -> str:
    """All fragments, put together."""
    return "".join(
        data["delta"]["content"][0]["text"]["value"]
        for name, data in stream
        if name == "thread.message.delta"
    )


def last(stream: list[Event], name: str) -> Any:  # JSON of any shape
    """The payload of the last event of that name."""
    return [data for event, data in stream if event == name][-1]


def chunks(content: bytes) -> list[Any]:
    """All events of a whole stream without names; `[DONE]` as it is."""
    lines = [line for line in content.decode().split("\n\n") if line and line[:1] != ":"]
    datas = [line.removeprefix("data: ") for line in lines]
    return [data if data == "[DONE]" else json.loads(data) for data in datas]


class LiveStream:
    """An event stream that is read piece by piece while it goes on."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.content = b""
        self._chunks = response.iter_raw()

    @property
    def events(self) -> list[Event]:
        """What has come so far, in whole events."""
        return events(self.content[: self.content.rfind(b"\n\n") + 2])

    def until(self, name: str) -> Any:  # JSON of any shape
        """Read on until an event of that name has come; return its payload."""
        while name not in order(self.events):
            self.content += next(self._chunks)
        return last(self.events, name)

    def rest(self) -> list[Event]:
        """Read to the end; return everything."""
        for chunk in self._chunks:
            self.content += chunk
        return self.events


@contextmanager
def open_stream(
    raw: httpx2.Client, path: str, body: dict[str, Any] | None = None
) -> Iterator[LiveStream]:
    """POST a body, or GET, and follow the answer."""
    method = "GET" if body is None else "POST"
    with raw.stream(method, path, json=body) as response:
        assert response.status_code == 200, response.read()
        yield LiveStream(response)

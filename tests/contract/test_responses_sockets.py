"""Responses over a WebSocket, with the official SDK and without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import oracle_responses
import pytest
from oracle import check_object
from replies import OPENING, TEXT, TIME, Event, create, order
from servers import TOKEN, Server, until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

LONG = "word " * 500


@contextmanager
def connected(server: Server, key: str = TOKEN) -> Iterator[ClientConnection]:
    url = server.url.replace("http", "ws", 1).split("?")[0] + "v1/responses"
    headers = {"Authorization": f"Bearer {key}"}
    with connect(url, additional_headers=headers) as socket:
        yield socket


def send(socket: ClientConnection, question: Any, **settings: Any) -> None:
    body = {"type": "response.create", "model": "scripted", "input": question, **settings}
    socket.send(json.dumps(body))


def turn(socket: ClientConnection) -> list[Event]:
    """All events of the next response, or its refusal; each is what the SDK expects."""
    events: list[Event] = []
    last = {"response.completed", "response.failed", "response.incomplete"}
    while not events or (events[-1]["type"] not in last and "status" not in events[-1]):
        events.append(json.loads(socket.recv(timeout=60)))
        name = events[-1]["type"]
        if "sequence_number" in events[-1]:
            assert oracle_responses.check_event(name, events[-1], check_object) == []
    return events


def ask(socket: ClientConnection, question: Any, **settings: Any) -> list[Event]:
    send(socket, question, **settings)
    return turn(socket)


def refusal(events: list[Event]) -> tuple[int, str, str | None]:
    (event,) = events
    assert set(event) == {"type", "status", "error"}
    assert set(event["error"]) == {"type", "code", "message", "param"}
    return event["status"], event["error"]["code"], event["error"]["param"]


def test_the_sdk_connects(scripted: Server) -> None:
    with scripted.client.responses.connect() as connection:
        connection.response.create(model="scripted", input="Hello there")
        names = []
        for event in connection:
            names.append(event.type)
            if event.type == "response.completed":
                assert event.response.output_text == "Hello there "
                break
    assert names[:2] == OPENING


def test_turns_follow_one_another(scripted: Server) -> None:
    with connected(scripted) as socket:
        for text in ("One", "Two", "Three"):
            send(socket, text)
        seen = [turn(socket) for _ in range(3)]
    assert [order(events) for events in seen] == [[*OPENING, *TEXT, "response.completed"]] * 3
    assert [events[-3]["part"]["text"].strip() for events in seen] == ["One", "Two", "Three"]
    assert [event["sequence_number"] for event in seen[1]] == list(range(len(seen[1])))
    # They are stored as any other.
    stored = scripted.client.responses.retrieve(seen[0][-1]["response"]["id"])
    assert stored.output_text == "One "


def test_a_connection_goes_on_from_what_it_did_not_store(scripted: Server) -> None:
    with connected(scripted) as socket:
        first = ask(socket, "=> get_time {} | It is $outputs.", store=False, tools=[TIME])
        response = first[-1]["response"]
        call = response["output"][0]
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "noon"}
        previous = {"previous_response_id": response["id"]}
        second = ask(socket, [output], store=False, **previous)
        assert second[-1]["response"]["output"][0]["content"][0]["text"].strip() == "It is noon."
        kept = ask(socket, "Keep.", previous_response_id=second[-1]["response"]["id"])
        # What goes on from it and is stored has all of it.
        items = scripted.client.responses.input_items.list(kept[-1]["response"]["id"]).data
        assert len(items) == 5
    with connected(scripted) as other:
        assert refusal(ask(other, "And?", **previous)) == (
            400,
            "previous_response_not_found",
            "previous_response_id",
        )


def test_a_failed_continuation_is_forgotten(scripted: Server) -> None:
    with connected(scripted) as socket:
        first = ask(socket, "One", store=False)
        previous = {"previous_response_id": first[-1]["response"]["id"], "store": False}
        output = {"type": "function_call_output", "call_id": "call_x", "output": "x"}
        assert refusal(ask(socket, [output], **previous))[0] == 400
        assert refusal(ask(socket, "Two", **previous))[1] == "previous_response_not_found"
        assert order(ask(socket, "Three"))[-1] == "response.completed"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("no JSON", (400, "invalid_request", None)),
        ("[]", (400, "invalid_type", None)),
        ('{"type": "nonsense"}', (400, "invalid_value", "type")),
        (
            '{"type": "response.create", "stream_id": "x"}',
            (400, "unsupported_parameter", "stream_id"),
        ),
        (
            '{"type": "response.create", "model": "scripted", "input": "x", "background": true}',
            (400, "unsupported_parameter", "background"),
        ),
        (
            '{"type": "response.create", "model": "nonsense", "input": "x"}',
            (404, "model_not_found", "model"),
        ),
        (
            '{"type": "response.create", "model": "scripted"}',
            (400, "missing_required_parameter", "input"),
        ),
    ],
)
def test_a_bad_message_leaves_the_connection_open(
    scripted: Server, message: str, expected: Any
) -> None:
    with connected(scripted) as socket:
        socket.send(message)
        assert refusal(turn(socket)) == expected
        assert order(ask(socket, "Hi"))[-1] == "response.completed"


def test_who_leaves_stops_the_generation(scripted: Server) -> None:
    with connected(scripted) as socket:
        send(socket, LONG)
        created = json.loads(socket.recv(timeout=60))
    until(
        lambda: scripted.raw.get("oxillama/engine").json()["status"]["running"] == 0,
        "the end of the generation",
    )
    path = f"v1/responses/{created['response']['id']}"
    assert scripted.raw.get(path).status_code == 404


def test_a_get_that_is_no_upgrade_is_refused(scripted: Server) -> None:
    answer = scripted.raw.get("v1/responses")
    assert answer.status_code == 405


def test_strangers_get_no_connection(scripted: Server) -> None:
    url = scripted.url.replace("http", "ws", 1).split("?")[0] + "v1/responses"
    with pytest.raises(Exception, match="401"), connect(url):  # of the library's own
        pass


def test_a_key_that_is_revoked_opens_nothing_more(scripted: Server) -> None:
    key = scripted.raw.post("oxillama/keys", json={"name": "a socket's"}).json()
    with connected(scripted, key["key"]) as socket:
        assert order(ask(socket, "Hi"))[-1] == "response.completed"
        scripted.raw.delete(f"oxillama/keys/{key['id']}")
        assert refusal(ask(socket, "Hi again")) == (401, "invalid_api_key", None)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=60)


def test_a_stored_response_is_gone_on_from(scripted: Server) -> None:
    before = create(scripted, "Before")
    with connected(scripted) as socket:
        events = ask(socket, "After", previous_response_id=before.id)
    assert events[-1]["response"]["usage"]["input_tokens"] == 6

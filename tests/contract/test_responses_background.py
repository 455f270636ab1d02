"""Responses that belong to the server: polled, left, resumed, cancelled, and what restarts do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import StartServer
from replies import TEXT, create, ended, fault, order, parse, refused, replay
from servers import Server, until

SLOW = {"SCRIPT_DELAY": "0.05"}
SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")
LONG = "word " * 60
BEGUN = ["response.created", "response.queued", "response.in_progress"]


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("slow"), module=SCRIPTED, env=SLOW) as server:
        yield server


@pytest.fixture
def slow(slow_server: Server) -> Iterator[Server]:
    """A server whose engine takes three seconds for the long answer, and is idle."""
    yield slow_server
    slow_server.check()
    until(lambda: running(slow_server) == 0, "the end of what the test has begun")


def running(server: Server) -> int:
    """How many sequences its engine is writing."""
    return int(server.raw.get("oxillama/engine").json()["status"]["running"])


def begin(server: Server, question: str = LONG, **settings: Any) -> Any:  # a response
    return create(server, question, background=True, **settings)


def begin_stream(server: Server, question: str = LONG, *, leave_after: int = 1) -> str:
    """Begin a response, follow some of its events, leave; return its id."""
    events = create(server, question, background=True, stream=True)
    for count, event in enumerate(events, 1):
        if count == 1:
            made: str = event.response.id
        if count == leave_after:
            break
    events.close()
    return made


def test_it_is_queued_at_once_and_polled_to_its_end(scripted: Server) -> None:
    made = begin(scripted, "Hello there")
    assert (made.status, made.output, made.usage) == ("queued", [], None)
    assert made.background
    done = ended(scripted, made.id)
    assert (done.status, done.output_text) == ("completed", "Hello there ")
    header = scripted.raw.get(f"v1/responses/{made.id}").headers["openai-poll-after-ms"]
    assert int(header) < 1000


def test_partial_output_is_there_meanwhile(slow: Server) -> None:
    made = begin(slow)
    found = until(
        lambda: slow.client.responses.retrieve(made.id).output, "output while it goes on", 20
    )
    assert found[0].status == "in_progress"
    assert LONG.startswith(found[0].content[0].text)
    slow.client.responses.cancel(made.id)


def test_nobody_has_to_stay(slow: Server) -> None:
    made = begin_stream(slow)
    done = ended(slow, made)
    assert done.output_text == LONG
    events = replay(slow, made)
    assert order(events) == [*BEGUN, *TEXT, "response.completed"]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"] == slow.raw.get(f"v1/responses/{made}").json()
    assert [events[i]["response"]["status"] for i in range(3)] == [
        "queued",
        "queued",
        "in_progress",
    ]


def test_a_dropped_stream_is_taken_up_again(slow: Server) -> None:
    made = begin_stream(slow, leave_after=10)
    rest = [
        event.sequence_number
        for event in slow.client.responses.retrieve(made, stream=True, starting_after=9)
    ]
    whole = replay(slow, made)
    assert rest == list(range(10, len(whole)))
    # The helper asks for everything and skips what it was told to.
    with slow.client.responses.stream(response_id=made, starting_after=20) as events:
        seen = [event.sequence_number for event in events]
        assert events.get_final_response().output_text == LONG
    assert seen == list(range(21, len(whole)))
    last = len(whole) - 1
    assert [event["type"] for event in replay(slow, made, last - 1)] == ["response.completed"]
    assert replay(slow, made, last) == []


def test_a_late_reader_gets_all_and_then_follows(slow: Server) -> None:
    made = begin_stream(slow, leave_after=5)
    started = time.monotonic()
    events = replay(slow, made)
    assert order(events)[-1] == "response.completed"
    assert time.monotonic() - started > 0.5


def test_cancelling_keeps_what_was_written(slow: Server) -> None:
    made = begin_stream(slow, leave_after=12)
    cancelled = slow.client.responses.cancel(made)
    assert cancelled.status == "cancelled"
    assert cancelled.output_text
    assert LONG.startswith(cancelled.output_text)
    again = slow.client.responses.cancel(made)
    assert again.to_dict() == cancelled.to_dict()
    events = replay(slow, made)
    assert order(events) == [*BEGUN, *TEXT]  # no event of that name
    assert events[-1]["item"]["status"] == "incomplete"
    # Its thread of thought can be gone on from.
    assert create(slow, "And?", previous_response_id=made).status == "completed"


def test_a_queued_one_is_cancelled(start_server: StartServer) -> None:
    server = start_server("--OxillamaApp.n_parallel=1", module=SCRIPTED, env=SLOW)
    first, second = begin(server), begin(server)
    assert server.client.responses.cancel(second.id).status == "cancelled"
    assert ended(server, first.id).status == "completed"


def test_one_that_has_ended_is_cancelled_in_vain(scripted: Server) -> None:
    made = begin(scripted, "Hi")
    done = ended(scripted, made.id)
    assert scripted.client.responses.cancel(made.id).to_dict() == done.to_dict()


def test_one_that_goes_on_is_deleted(slow: Server) -> None:
    made = begin(slow)
    slow.client.responses.delete(made.id)
    assert slow.raw.get(f"v1/responses/{made.id}").status_code == 404
    until(lambda: running(slow) == 0, "its end")


def test_what_a_failed_engine_wrote_is_kept(
    start_server: StartServer, endless: dict[str, Any]
) -> None:
    server = start_server()
    made = create(server, "Hello!", model="oxillama-tiny", background=True, extra_body=endless)
    until(lambda: server.client.responses.retrieve(made.id).status == "in_progress", "its start")
    for child in server.children():
        child.kill()
    done = ended(server, made.id)
    assert done.status == "failed"
    assert done.error.code == "server_error"
    server.log.wait_for("started again")


# -- restarts --------------------------------------------------------------------------------------


def test_finished_ones_are_readable_and_replayed_after_a_restart(start_server: StartServer) -> None:
    server = start_server(module=SCRIPTED)
    made = begin_stream(server, "Hello there")
    ended(server, made)
    before = replay(server, made)
    server.stop()
    server.start()
    assert server.client.responses.retrieve(made).output_text == "Hello there "
    assert replay(server, made) == before
    assert replay(server, made, 5) == before[6:]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_running_ones_fail_with_what_they_wrote(start_server: StartServer, end: str) -> None:
    server = start_server(module=SCRIPTED, env=SLOW)
    made = begin_stream(server)
    until(lambda: server.client.responses.retrieve(made).output, "its first checkpoint")
    getattr(server, end)()
    server.start()
    done = ended(server, made)
    assert done.status == "failed"
    assert done.error.code == "server_error"
    assert "stopped" in done.error.message
    assert done.output_text
    assert LONG.startswith(done.output_text)
    assert [item.status for item in done.output] == ["incomplete"]
    events = replay(server, made)
    assert order(events)[-2:] == ["error", "response.failed"]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    # Who had seen more than was stored is told the end at least.
    assert [event["type"] for event in replay(server, made, 10_000)] == ["response.failed"]
    again = create(server, "And?", previous_response_id=made)
    assert again.status == "completed"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_queued_ones_are_executed_by_the_next_server(start_server: StartServer, end: str) -> None:
    server = start_server("--OxillamaApp.n_parallel=1", module=SCRIPTED, env=SLOW)
    before = create(server, "One")
    begin(server)
    waiting = begin(
        server,
        "Hello => get_time {}",
        previous_response_id=before.id,
        tools=[{"type": "function", "name": "get_time"}],
    )
    getattr(server, end)()
    server.start()
    done = ended(server, waiting.id)
    assert done.status == "completed"
    assert [item.type for item in done.output] == ["message", "function_call"]
    assert done.usage.input_tokens == 2 + 2 + 5


# -- errors ----------------------------------------------------------------------------------------


def test_what_is_refused(scripted: Server) -> None:
    assert refused(scripted, background=True, store=False) == (400, "background", None)
    foreground = create(scripted, "Hi")
    path = f"v1/responses/{foreground.id}"
    assert fault(scripted.raw.post(f"{path}/cancel")) == (400, None, None)
    assert fault(scripted.raw.get(path, params={"stream": "true"})) == (400, "stream", None)
    polled = begin(scripted, "Hi")
    ended(scripted, polled.id)
    path = f"v1/responses/{polled.id}"
    assert fault(scripted.raw.get(path, params={"stream": "true"})) == (400, "stream", None)
    running = begin(scripted, LONG)
    assert refused(scripted, previous_response_id=running.id)[:2] == (400, "previous_response_id")
    ended(scripted, running.id)


def test_a_bad_request_is_refused_before_anything_is_stored(scripted: Server) -> None:
    before = scripted.raw.get("oxillama/responses").json()["first_id"]
    body = {"model": "scripted", "background": True, "stream": True}
    output = {"type": "function_call_output", "call_id": "c", "output": "x"}
    answer = scripted.raw.post("v1/responses", json=body | {"input": [output]})
    assert fault(answer) == (400, "input", None)
    assert scripted.raw.get("oxillama/responses").json()["first_id"] == before


def test_a_prompt_that_is_too_long_fails_in_the_background(scripted: Server) -> None:
    made = begin(scripted, "word " * 5000)
    done = ended(scripted, made.id)
    assert (done.status, done.error.code) == ("failed", "invalid_prompt")
    assert done.output == []
    assert refused(scripted, previous_response_id=made.id)[:2] == (400, "previous_response_id")


def test_events_are_told_while_they_come(slow: Server) -> None:
    body = {"model": "scripted", "input": LONG, "background": True, "stream": True}
    with slow.raw.stream("POST", "v1/responses", json=body) as answer:
        times = [time.monotonic() for _ in answer.iter_raw()]
    assert times[-1] - times[0] > 1.0
    answer = slow.raw.post("v1/responses", json=body | {"input": "Hi"})
    assert order(parse(answer.content)) == [*BEGUN, *TEXT, "response.completed"]

"""The orders of events that the API promises, each on the wire and through the SDK's own helper."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from openai import AssistantEventHandler, OpenAI
from servers import Server
from wire import MESSAGE, OPENING, events, last, open_stream, order, text

HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}


def new_run(**settings: Any) -> dict[str, Any]:  # any setting of a run
    return {"assistant_id": "default", "stream": True, "max_tokens": 12, **settings}


@pytest.fixture
def thread_id(client: OpenAI) -> str:
    return client.beta.threads.create(**HELLO).id


# -- (a) plain text ------------------------------------------------------------------------------


def test_a_run_streams_in_the_order_of_the_api(raw: httpx2.Client, thread_id: str) -> None:
    with open_stream(raw, f"v1/threads/{thread_id}/runs", new_run(max_tokens=None)) as stream:
        seen = stream.rest()
    end = ["thread.message.completed", "thread.run.step.completed", "thread.run.completed"]
    assert order(seen) == [*OPENING, *MESSAGE, *end, "done"]
    message = last(seen, "thread.message.completed")
    assert message["content"][0]["text"]["value"] == text(seen)
    assert last(seen, "thread.run.completed")["usage"]["completion_tokens"] > 0


def test_run_events_carry_the_state_of_their_moment(raw: httpx2.Client, thread_id: str) -> None:
    with open_stream(raw, f"v1/threads/{thread_id}/runs", new_run(max_tokens=None)) as stream:
        seen = stream.rest()
    runs = {name.removeprefix("thread.run."): data for name, data in seen if "run." in name}
    statuses = {name: run["status"] for name, run in runs.items() if "step" not in name}
    assert statuses == {
        "created": "queued",
        "queued": "queued",
        "in_progress": "in_progress",
        "completed": "completed",
    }
    assert runs["queued"]["started_at"] is None
    assert runs["in_progress"]["started_at"] is not None
    assert runs["in_progress"]["usage"] is None
    assert runs["completed"]["expires_at"] is None


def test_a_message_begins_empty_and_only_its_first_fragment_has_annotations(
    raw: httpx2.Client, thread_id: str, endless: dict[str, Any]
) -> None:
    with open_stream(raw, f"v1/threads/{thread_id}/runs", new_run(**endless)) as stream:
        seen = stream.rest()
    assert last(seen, "thread.message.created")["content"] == []
    assert last(seen, "thread.message.in_progress")["status"] == "in_progress"
    fragments = [data["delta"]["content"] for name, data in seen if name.endswith("message.delta")]
    assert [part[0]["text"].get("annotations") for part in fragments] == [
        [],
        *[None] * (len(fragments) - 1),
    ]
    assert {len(part) for part in fragments} == {1}


def test_the_first_event_of_a_thread_and_run_is_the_thread(raw: httpx2.Client) -> None:
    with open_stream(raw, "v1/threads/runs", new_run(thread=HELLO)) as stream:
        seen = stream.rest()
    assert order(seen)[:4] == ["thread.created", *OPENING]
    assert last(seen, "thread.created")["id"] == last(seen, "thread.run.created")["thread_id"]


def test_a_stream_has_the_headers_that_keep_proxies_from_buffering(
    raw: httpx2.Client, thread_id: str
) -> None:
    with open_stream(raw, f"v1/threads/{thread_id}/runs", new_run()) as stream:
        headers = stream.response.headers
        stream.rest()
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"].startswith("no-cache")
    assert headers["x-accel-buffering"] == "no"


def test_what_was_announced_is_stored_already(
    raw: httpx2.Client, client: OpenAI, thread_id: str
) -> None:
    with open_stream(raw, f"v1/threads/{thread_id}/runs", new_run(max_tokens=None)) as stream:
        stream.until("thread.run.completed")
        newest = client.beta.threads.messages.list(thread_id, limit=1).data[0]
        seen = stream.rest()
    assert newest.to_dict() == last(seen, "thread.message.completed")


# -- the SDK's helper ----------------------------------------------------------------------------


class Recorder(AssistantEventHandler):
    """Writes down which of the helper's hooks were called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.fragments: list[str] = []

    def on_run_step_created(self, run_step: Any) -> None:
        self.calls.append("step created")

    def on_run_step_done(self, run_step: Any) -> None:
        self.calls.append("step done")

    def on_message_created(self, message: Any) -> None:
        self.calls.append("message created")

    def on_message_done(self, message: Any) -> None:
        self.calls.append("message done")

    def on_text_created(self, text: Any) -> None:
        self.calls.append("text created")

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.fragments.append(delta.value)

    def on_text_done(self, text: Any) -> None:
        self.calls.append("text done")

    def on_end(self) -> None:
        self.calls.append("end")


def test_the_sdks_event_handler_is_called_for_everything(client: OpenAI, thread_id: str) -> None:
    handler = Recorder()
    runs = client.beta.threads.runs
    with runs.stream(thread_id=thread_id, assistant_id="default", event_handler=handler) as stream:
        stream.until_done()
        (message,) = stream.get_final_messages()
    assert handler.calls == [
        "step created",
        "message created",
        "text created",
        "text done",
        "message done",
        "step done",
        "end",
    ]
    assert "".join(handler.fragments) == message.content[0].text.value
    assert stream.get_final_run().status == "completed"


def test_the_sdk_creates_a_thread_and_streams_its_run(client: OpenAI) -> None:
    create = client.beta.threads.create_and_run_stream
    with create(assistant_id="default", thread=HELLO) as stream:
        said = "".join(stream.text_deltas)
        run = stream.get_final_run()
    stored = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data
    assert [message.content[0].text.value for message in stored] == [said]


# -- (c) cancel ----------------------------------------------------------------------------------


def test_a_cancelled_stream_ends_as_cancelled(
    server: Server, client: OpenAI, thread_id: str, endless: dict[str, Any]
) -> None:
    body = new_run(**endless, max_tokens=1500)
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", body) as stream:
        stream.until("thread.message.delta")
        with server.held():
            run_id = last(stream.events, "thread.run.created")["id"]
            client.beta.threads.runs.cancel(run_id, thread_id=thread_id)
            seen = stream.rest()
    assert order(seen) == [
        *OPENING,
        *MESSAGE,
        "thread.run.cancelling",
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
        "done",
    ]
    message = last(seen, "thread.message.incomplete")
    assert message["incomplete_details"] == {"reason": "run_cancelled"}
    assert message["content"][0]["text"]["value"] == text(seen)
    assert last(seen, "thread.run.cancelling")["status"] == "cancelling"


# -- (d) failure ---------------------------------------------------------------------------------


def test_a_failed_stream_says_why(server: Server, thread_id: str, endless: dict[str, Any]) -> None:
    body = new_run(**endless, max_tokens=1500)
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", body) as stream:
        stream.until("thread.message.delta")
        server.engine.kill()
        seen = stream.rest()
    end = ["thread.message.incomplete", "thread.run.step.failed", "thread.run.failed"]
    assert order(seen) == [*OPENING, *MESSAGE, *end, "done"]
    assert last(seen, "thread.message.incomplete")["incomplete_details"] == {"reason": "run_failed"}
    error = last(seen, "thread.run.failed")["last_error"]
    assert error["code"] == "server_error"
    assert "SIGKILL" in error["message"]
    assert last(seen, "thread.run.step.failed")["last_error"] == error


# -- (e) token budget ----------------------------------------------------------------------------


def test_a_budget_ends_a_stream_as_incomplete(
    raw: httpx2.Client, thread_id: str, endless: dict[str, Any]
) -> None:
    with open_stream(raw, f"v1/threads/{thread_id}/runs", new_run(**endless)) as stream:
        seen = stream.rest()
    end = ["thread.message.incomplete", "thread.run.step.completed", "thread.run.incomplete"]
    assert order(seen) == [*OPENING, *MESSAGE, *end, "done"]
    assert last(seen, "thread.message.incomplete")["incomplete_details"] == {"reason": "max_tokens"}
    run = last(seen, "thread.run.incomplete")
    assert run["incomplete_details"] == {"reason": "max_completion_tokens"}
    assert run["usage"]["completion_tokens"] == 12
    assert run["completed_at"] is None


# -- replay --------------------------------------------------------------------------------------


def numbered(content: bytes) -> list[int]:
    lines = content.split(b"\n")
    return [int(line[4:]) for line in lines if line.startswith(b"id: ")]


def without_numbers(content: bytes) -> bytes:
    lines = content.split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith(b"id: "))


def test_the_replay_of_a_finished_run_is_its_live_stream(
    raw: httpx2.Client, thread_id: str
) -> None:
    with open_stream(raw, f"v1/threads/{thread_id}/runs", new_run()) as stream:
        stream.rest()
    run_id = stream.events[0][1]["id"]
    replay = raw.get(f"oxillama/threads/{thread_id}/runs/{run_id}/events").content
    assert without_numbers(replay) == stream.content
    assert numbered(replay) == list(range(len(stream.events)))


def test_a_replay_begins_behind_the_event_that_was_seen_last(
    raw: httpx2.Client, thread_id: str
) -> None:
    with open_stream(raw, f"v1/threads/{thread_id}/runs", new_run()) as stream:
        seen = stream.rest()
    path = f"oxillama/threads/{thread_id}/runs/{seen[0][1]['id']}/events"
    for number in (-1, 0, 4, len(seen) - 2, len(seen) - 1, len(seen) + 10):
        rest = raw.get(path, params={"starting_after": number}).content
        assert events(rest) == seen[number + 1 :]
        assert numbered(rest) == list(range(number + 1, len(seen)))


def test_a_second_reader_joins_a_live_run(
    server: Server, raw: httpx2.Client, thread_id: str, endless: dict[str, Any]
) -> None:
    body = new_run(**endless, max_tokens=300)
    with open_stream(raw, f"v1/threads/{thread_id}/runs", body) as stream:
        stream.until("thread.message.delta")
        path = f"oxillama/threads/{thread_id}/runs/{stream.events[0][1]['id']}/events"
        with server.held():
            second = open_stream(raw, path)
            other = second.__enter__()
            other.until("thread.message.delta")
        other.rest()
        stream.rest()
    second.__exit__(None, None, None)
    assert without_numbers(other.content) == stream.content


def test_the_events_of_an_unknown_run_are_not_found(raw: httpx2.Client, thread_id: str) -> None:
    answer = raw.get(f"oxillama/threads/{thread_id}/runs/run_x/events")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "No run found with id 'run_x'."


def test_a_run_is_followed_only_through_its_own_thread(
    raw: httpx2.Client, client: OpenAI, thread_id: str
) -> None:
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id="default")
    other = client.beta.threads.create().id
    answer = raw.get(f"oxillama/threads/{other}/runs/{run.id}/events")
    assert answer.status_code == 404


@pytest.mark.parametrize("number", ["abc", "-2", "1.5", ""])
def test_a_wrong_starting_after_is_refused(raw: httpx2.Client, thread_id: str, number: str) -> None:
    path = f"oxillama/threads/{thread_id}/runs/run_x/events"
    answer = raw.get(path, params={"starting_after": number})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "starting_after"

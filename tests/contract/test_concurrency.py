"""One active run for a thread, `n_parallel` for the engine, and a queue with an end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from openai import OpenAI
from servers import Server, until

ONE_AND_TWO = ["--OxillamaApp.n_parallel=1", "--OxillamaApp.max_queue=2"]


@pytest.fixture
def active(server: Server, endless: dict[str, Any]) -> Iterator[Any]:
    """A run that does not end by itself."""
    with server.held():
        run = server.client.beta.threads.create_and_run(
            assistant_id="default", extra_body={**endless, "max_tokens": 800}
        )
        yield run
        server.client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
        server.client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)


def test_no_message_is_added_while_a_run_is_active(client: OpenAI, active: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.beta.threads.messages.create(active.thread_id, role="user", content="x")
    expected = f"Can't add messages to {active.thread_id} while a run {active.id} is active."
    assert caught.value.body["message"] == expected  # type: ignore[index]  # the envelope's inside
    assert (caught.value.param, caught.value.code) == (None, None)


def test_no_second_run_starts_while_one_is_active(client: OpenAI, active: Any) -> None:
    for more in ({}, {"additional_messages": [{"role": "user", "content": "x"}]}):
        with pytest.raises(openai.BadRequestError) as caught:
            client.beta.threads.runs.create(
                active.thread_id,
                assistant_id="default",
                **more,  # type: ignore[arg-type]  # a plain dict
            )
        expected = f"Thread {active.thread_id} already has an active run {active.id}."
        assert caught.value.body["message"] == expected  # type: ignore[index]  # as above
    assert client.beta.threads.messages.list(active.thread_id).data == []


def test_a_run_without_tools_takes_no_outputs_while_it_is_active(
    client: OpenAI, active: Any
) -> None:
    with pytest.raises(openai.BadRequestError, match="do not accept tool outputs"):
        client.beta.threads.runs.submit_tool_outputs(
            active.id,
            thread_id=active.thread_id,
            tool_outputs=[{"tool_call_id": "call_x", "output": ""}],
        )


def test_of_many_runs_at_once_on_one_thread_one_is_taken(
    server: Server, client: OpenAI, endless: dict[str, Any]
) -> None:
    path = f"v1/threads/{client.beta.threads.create().id}/runs"
    body = {"assistant_id": "default", "max_tokens": 2, **endless}
    with server.held(), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.raw.post(path, json=body), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 7]


def test_many_threads_are_answered_together(client: OpenAI) -> None:
    def ask(number: int) -> str:
        run = client.beta.threads.create_and_run_poll(
            assistant_id="default",
            thread={"messages": [{"role": "user", "content": f"Count to {number}."}]},
            extra_body={"max_tokens": 20},
        )
        return run.status

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(ask, range(24))) <= {"completed", "incomplete"}


# -- a server with one place and a queue of two --------------------------------------------------


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("small"), *ONE_AND_TWO) as server:
        yield server


def start(server: Server, endless: dict[str, Any]) -> Any:  # a run
    return server.client.beta.threads.create_and_run(
        assistant_id="default", extra_body={**endless, "max_tokens": 3}
    )


def status(server: Server, run: Any) -> str:
    return server.client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status


def test_runs_beyond_n_parallel_wait_their_turn(
    small_server: Server, endless: dict[str, Any]
) -> None:
    with small_server.held():
        runs = [start(small_server, endless) for _ in range(3)]
        until(lambda: status(small_server, runs[0]) == "in_progress", "the first run's start")
        assert [status(small_server, run) for run in runs[1:]] == ["queued", "queued"]
    ended = [
        small_server.client.beta.threads.runs.poll(run.id, thread_id=run.thread_id) for run in runs
    ]
    assert {run.status for run in ended} == {"incomplete"}
    started = [run.started_at or 0 for run in ended]
    assert started == sorted(started)


def test_a_full_queue_refuses_with_the_time_to_come_back(
    small_server: Server, endless: dict[str, Any]
) -> None:
    with small_server.held():
        runs = [start(small_server, endless) for _ in range(3)]
        with pytest.raises(openai.RateLimitError) as caught:
            start(small_server, endless)
        assert int(caught.value.response.headers["retry-after"]) >= 1
        assert caught.value.code == "rate_limit_exceeded"
        for run in runs:
            small_server.client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
        until(lambda: small_server.health()["runs"] == 0, "the cancelled runs' end")
    run = start(small_server, endless)
    small_server.client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)


def test_a_burst_does_not_overrun_the_queue(small_server: Server, endless: dict[str, Any]) -> None:
    body = {"assistant_id": "default", "max_tokens": 2, **endless}
    with small_server.held(), ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(lambda _: small_server.raw.post("v1/threads/runs", json=body), range(10))
        )
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 7
    until(lambda: small_server.health()["runs"] == 0, "the runs' end")

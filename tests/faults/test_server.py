"""The server is killed or stopped in mid-run; the next one, or the other one, goes on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from consistency import assert_sound, assert_takes_a_run
from runs import ended, new_thread, run_of
from servers import Server, until
from wire import events, last, open_stream, order, text

StartServer = Callable[..., Server]


# -- the server ----------------------------------------------------------------------------------


def test_a_killed_servers_run_fails_at_the_next_start(
    start_server: StartServer, long_run: dict[str, Any]
) -> None:
    server = start_server()
    thread_id = new_thread(server.client)
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", long_run) as stream:
        checkpointed(server, thread_id, stream)
        server.kill()
    server.start()
    run = ended(server, thread_id)
    assert run["status"] == "failed"
    assert run["last_error"]["code"] == "server_error"
    message = server.raw.get(f"v1/threads/{thread_id}/messages?limit=1").json()["data"][0]
    kept, read = message["content"][0]["text"]["value"], text(stream.events)
    assert kept
    assert kept.startswith(read) or read.startswith(kept)
    path = f"oxillama/threads/{thread_id}/runs/{run['id']}/events"
    replay = events(server.raw.get(path).content)
    assert order(replay)[-1] == "done"
    assert last(replay, "thread.run.failed") == run
    assert_takes_a_run(server, thread_id)


def checkpointed(server: Server, thread_id: str, stream: Any) -> None:
    """Read on until some of the text is stored, then have the engine stand still.

    It does so between the looks, too: a fast machine would be through before the first checkpoint.
    """

    def stored() -> bool:
        engine.resume()
        stream.content += next(stream._chunks)
        engine.suspend()
        page = server.raw.get(f"v1/threads/{thread_id}/messages?limit=1").json()
        return bool(page["data"][0]["run_id"] and page["data"][0]["content"])

    stream.until("thread.message.delta")
    engine = server.engine
    until(stored, "the first checkpoint")


def test_a_queued_run_is_executed_by_the_next_server(
    start_server: StartServer, long_run: dict[str, Any]
) -> None:
    server = start_server("--OxillamaApp.n_parallel=1")
    first, second = new_thread(server.client), new_thread(server.client)
    engine = server.engine
    engine.suspend()
    for thread_id in (first, second):
        body = {**long_run, "stream": False, "max_tokens": 5}
        server.raw.post(f"v1/threads/{thread_id}/runs", json=body)
    until(lambda: run_of(server, first)["status"] == "in_progress", "the first run's start")
    server.kill()
    server.start()
    assert ended(server, first)["status"] == "failed"
    run = ended(server, second)
    assert run["status"] == "incomplete"
    assert run["usage"]["completion_tokens"] == 5
    assert_takes_a_run(server, first)


def test_a_cancelling_run_is_cancelled_at_the_next_start(
    start_server: StartServer, long_run: dict[str, Any]
) -> None:
    server = start_server()
    other = start_server(f"--OxillamaApp.db_path={server.database}")
    thread_id = new_thread(server.client)
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", long_run) as stream:
        stream.until("thread.message.delta")
        server.engine.suspend()
        run_id = run_of(server, thread_id)["id"]
        server.process.send_signal(signal.SIGSTOP)
        other.client.beta.threads.runs.cancel(run_id, thread_id=thread_id)
        server.kill()
    assert ended(other, thread_id)["status"] == "cancelled"
    other.stop()
    server.start()
    assert_takes_a_run(server, thread_id)


def test_sigterm_in_mid_run_stops_cleanly(
    start_server: StartServer, long_run: dict[str, Any]
) -> None:
    server = start_server()
    thread_id = new_thread(server.client)
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", long_run) as stream:
        stream.until("thread.message.delta")
        assert server.stop() == 0
        assert order(stream.rest())[-2:] == ["thread.run.failed", "done"]
    assert not list(server.database.parent.glob("*.db-*"))
    assert_sound(server.database)
    server.start()
    run = run_of(server, thread_id)
    assert run["status"] == "failed"
    assert "stopped" in run["last_error"]["message"]
    assert_takes_a_run(server, thread_id)


def test_the_stream_of_a_run_is_the_same_after_a_restart(
    start_server: StartServer, long_run: dict[str, Any]
) -> None:
    server = start_server()
    thread_id = new_thread(server.client)
    body = {**long_run, "max_tokens": 20}
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", body) as stream:
        run_id = stream.rest()[0][1]["id"]
    path = f"oxillama/threads/{thread_id}/runs/{run_id}/events"
    before = server.raw.get(path).content
    server.stop()
    server.start()
    assert server.raw.get(path).content == before
    lines = before.split(b"\n")
    assert b"\n".join(line for line in lines if line[:4] != b"id: ") == stream.content


# -- two servers on one file ---------------------------------------------------------------------


def test_two_servers_leave_each_others_runs_alone(
    start_server: StartServer, long_run: dict[str, Any]
) -> None:
    server = start_server()
    thread_id = new_thread(server.client)
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", long_run) as stream:
        stream.until("thread.message.delta")
        with server.held():
            other = start_server(f"--OxillamaApp.db_path={server.database}")
            assert run_of(other, thread_id)["status"] == "in_progress"
            refused = other.raw.post(f"v1/threads/{thread_id}/runs", json=long_run)
            assert "already has an active run" in refused.json()["error"]["message"]
        seen = stream.rest()
    assert order(seen)[-2] == "thread.run.incomplete"
    assert run_of(other, thread_id) == last(seen, "thread.run.incomplete")
    assert_takes_a_run(other, thread_id)


@pytest.mark.parametrize("text_has_begun", [True, False])
def test_a_run_is_cancelled_through_the_other_server(
    start_server: StartServer, long_run: dict[str, Any], *, text_has_begun: bool
) -> None:
    server = start_server()
    other = start_server(f"--OxillamaApp.db_path={server.database}")
    thread_id = new_thread(server.client)
    engine = server.engine
    if not text_has_begun:
        engine.suspend()
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", long_run) as stream:
        if text_has_begun:
            stream.until("thread.message.delta")
            engine.suspend()
        run_id = stream.until("thread.run.in_progress")["id"]
        asked = other.client.beta.threads.runs.cancel(run_id, thread_id=thread_id)
        assert asked.status == "cancelling"
        seen = stream.rest()
    engine.resume()
    assert order(seen)[-2:] == ["thread.run.cancelled", "done"]
    assert order(seen).count("thread.run.cancelling") == 1
    assert_takes_a_run(other, thread_id)

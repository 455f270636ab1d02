"""The engine is killed, clients vanish, long prompts are cancelled; the server goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
from consistency import assert_consistent, assert_takes_a_run
from runs import ended, new_thread
from servers import Server, until
from wire import last, open_stream, order, text

StartServer = Callable[..., Server]


# -- the engine ----------------------------------------------------------------------------------


def test_a_killed_engine_costs_the_run_and_nothing_else(
    server: Server, long_run: dict[str, Any]
) -> None:
    thread_id = new_thread(server.client)
    with open_stream(server.raw, f"v1/threads/{thread_id}/runs", long_run) as stream:
        stream.until("thread.message.delta")
        before = server.engine
        before.kill()
        seen = stream.rest()
    failed = last(seen, "thread.run.failed")
    assert failed["usage"]["completion_tokens"] > 0
    assert last(seen, "thread.message.incomplete")["content"][0]["text"]["value"] == text(seen)
    assert_takes_a_run(server, thread_id)
    assert server.engine.pid != before.pid


def test_queued_runs_outlive_the_engine(server: Server, long_run: dict[str, Any]) -> None:
    with server.held() as engine:
        threads = [new_thread(server.client) for _ in range(6)]
        for thread_id in threads:
            body = {**long_run, "stream": False, "max_tokens": 8}
            server.raw.post(f"v1/threads/{thread_id}/runs", json=body)
        engine.kill()
    runs = [ended(server, thread_id) for thread_id in threads]
    assert {run["status"] for run in runs} <= {"failed", "incomplete"}
    assert runs[-1]["status"] == "incomplete"  # it was still queued: n_parallel is 4
    assert_consistent(server)


# -- clients that vanish -------------------------------------------------------------------------


def test_a_run_goes_on_when_its_client_vanishes(
    server: Server, raw: httpx2.Client, endless: dict[str, Any]
) -> None:
    thread_id = new_thread(server.client)
    body = {"assistant_id": "default", "stream": True, "max_tokens": 400, **endless}
    with open_stream(raw, f"v1/threads/{thread_id}/runs", body) as stream:
        stream.until("thread.message.delta")
    run = ended(server, thread_id)
    assert run["status"] == "incomplete"
    assert run["usage"]["completion_tokens"] == 400
    replay = raw.get(f"oxillama/threads/{thread_id}/runs/{run['id']}/events").content
    assert replay.split(b"\n", 1)[1].startswith(stream.content[:100])
    assert_takes_a_run(server, thread_id)


def test_clients_that_vanish_before_the_first_event_leave_no_trace(
    server: Server, endless: dict[str, Any]
) -> None:
    threads = [new_thread(server.client) for _ in range(4)]
    body = {"assistant_id": "default", "stream": True, "max_tokens": 20, **endless}
    with server.held():
        for thread_id in threads:
            with open_stream(server.raw, f"v1/threads/{thread_id}/runs", body):
                pass
    for thread_id in threads:
        assert ended(server, thread_id)["status"] == "incomplete"
    assert_consistent(server)


# -- cancel --------------------------------------------------------------------------------------


def test_cancel_in_the_prefill_of_a_long_prompt(server: Server) -> None:
    words = " ".join(f"word{i}" for i in range(12_000))
    thread = {"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": words}]}
    body = {"assistant_id": "default", "thread": thread, "stream": True}
    with server.held(), open_stream(server.raw, "v1/threads/runs", body) as stream:
        run = stream.until("thread.run.in_progress")
        server.client.beta.threads.runs.cancel(run["id"], thread_id=run["thread_id"])
        seen = stream.rest()
    assert order(seen)[-3:] == ["thread.run.cancelling", "thread.run.cancelled", "done"]
    assert last(seen, "thread.run.cancelled")["usage"] is None
    until(lambda: server.health()["engine"]["running"] == 0, "the engine to let go")
    server.client.beta.threads.messages.delete(
        server.client.beta.threads.messages.list(run["thread_id"]).data[0].id,
        thread_id=run["thread_id"],
    )
    assert_takes_a_run(server, run["thread_id"])

"""Limits that the server's settings draw: the body's size, a run's time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from servers import Server
from wire import OPENING, last, open_stream, order

LIMIT = 4096


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = [f"--OxillamaApp.max_body_size={LIMIT}", "--OxillamaApp.run_expiry_seconds=2"]
    with Server(tmp_path_factory.mktemp("strict"), *limits, "--OxillamaApp.n_parallel=1") as server:
        yield server


@pytest.mark.parametrize(
    "path", ["v1/threads", "v1/threads/thread_x", "v1/unknown", "oxillama/keys"]
)
def test_a_body_above_the_limit_is_413(strict_server: Server, path: str) -> None:
    answer = strict_server.raw.post(path, content=b" " * (LIMIT + 1))
    assert answer.status_code == 413
    assert "OxillamaApp.max_body_size" in answer.json()["error"]["message"]


def test_a_chunked_body_above_the_limit_is_413(strict_server: Server) -> None:
    chunks = iter([b" " * 1000] * 5)
    assert strict_server.raw.post("v1/threads", content=chunks).status_code == 413


def test_a_body_at_the_limit_is_read(strict_server: Server) -> None:
    assert strict_server.raw.post("v1/threads", content=b" " * LIMIT).status_code == 200


def test_a_run_expires_in_prefill_and_one_expires_in_the_queue(
    strict_server: Server, endless: dict[str, Any]
) -> None:
    body = {"assistant_id": "default", "stream": True, **endless}
    raw = strict_server.raw
    time.sleep(1 - time.time() % 1)  # both in one second
    with strict_server.held(), open_stream(raw, "v1/threads/runs", body) as first:
        first.until("thread.run.in_progress")
        with open_stream(raw, "v1/threads/runs", body) as second:
            waiting = second.rest()
        running = first.rest()
    end = ["thread.run.expired", "done"]
    run, late = (last(seen, "thread.run.expired") for seen in (running, waiting))
    assert order(running) == ["thread.created", *OPENING, *end]
    # Times are whole seconds: one created a second later had the engine's place for the rest of it.
    waited = OPENING[:2] if late["created_at"] == run["created_at"] else OPENING
    assert order(waiting) == ["thread.created", *waited, *end]
    assert run["expires_at"] == run["created_at"] + 2
    assert run["completed_at"] is run["failed_at"] is run["cancelled_at"] is None


def test_a_run_expires_in_the_middle_of_its_text(
    strict_server: Server, endless: dict[str, Any]
) -> None:
    body = {"assistant_id": "default", "stream": True, "max_tokens": 1500, **endless}
    with open_stream(strict_server.raw, "v1/threads/runs", body) as stream:
        stream.until("thread.message.delta")
        with strict_server.held():
            seen = stream.rest()
    assert order(seen)[-4:] == [
        "thread.message.incomplete",
        "thread.run.step.expired",
        "thread.run.expired",
        "done",
    ]
    message = last(seen, "thread.message.incomplete")
    assert message["incomplete_details"] == {"reason": "run_expired"}


def test_headers_that_are_too_long_do_not_end_the_server(strict_server: Server) -> None:
    with pytest.raises(httpx2.HTTPError):
        strict_server.raw.get("v1/models", headers={"X-Long": "x" * 200_000}).raise_for_status()
    assert strict_server.health()["status"] == "ok"

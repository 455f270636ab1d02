from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import InternalServerError
from servers import Server, until

import oxillama_jupyter


def test_health_says_how_everything_is(server: Server) -> None:
    health = server.health()
    assert health["status"] == "ok"
    assert health["version"] == oxillama_jupyter.__version__
    assert health["model"] == "oxillama-tiny"
    assert health["runs"] == 0
    assert health["engine"]["pid"] in {child.pid for child in server.children()}
    assert health["store"]["path"] == str(server.database)


def test_health_counts_the_live_runs(server: Server, endless: dict[str, Any]) -> None:
    with server.held():
        run = server.client.beta.threads.create_and_run(
            assistant_id="default", extra_body={**endless, "max_tokens": 2}
        )
        assert server.health()["runs"] == 1
    server.client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
    until(lambda: server.health()["runs"] == 0, "the run's end")


def test_a_live_run_counts_as_activity_of_the_server(
    server: Server, raw: httpx2.Client, endless: dict[str, Any]
) -> None:
    with server.held():
        run = server.client.beta.threads.create_and_run(
            assistant_id="default", extra_body={**endless, "max_tokens": 2}
        )
        before = raw.get("api/status").json()["last_activity"]
        until(lambda: raw.get("api/status").json()["last_activity"] > before, "sign of life")
    server.client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)


def test_a_server_without_its_model_says_why_and_does_everything_else(
    start_server: Callable[..., Server],
) -> None:
    server = start_server("--OxillamaApp.model=/nowhere/model.gguf")
    health = server.health()
    assert health["status"] == "failed"
    assert "/nowhere/model.gguf" in health["detail"]
    thread = server.client.beta.threads.create()
    for path in (f"v1/threads/{thread.id}/runs", "v1/threads/runs"):
        answer = server.raw.post(path, json={"assistant_id": "default", "stream": True})
        assert answer.status_code == 503
        assert "/nowhere/model.gguf" in answer.json()["error"]["message"]
    with pytest.raises(InternalServerError):
        server.client.beta.threads.runs.create(thread.id, assistant_id="default")
    server.client.beta.threads.messages.create(thread.id, role="user", content="x")
    assert server.client.beta.threads.runs.list(thread.id).data == []
    assert server.client.models.list().data


def test_a_server_without_its_store_says_so_to_those_who_may_ask(
    start_server: Callable[..., Server],
) -> None:
    server = start_server("--OxillamaApp.db_path=/dev/null/x.db", ready=False)
    answer = server.raw.get("v1/models")
    assert answer.status_code == 500
    assert "/dev/null/x.db" in answer.json()["error"]["message"]
    assert server.connect().get("v1/models").status_code == 401
    unknown = server.connect(token="oxk_unknown").get("v1/models")
    assert unknown.status_code == 503
    assert "/dev/null" not in unknown.text


def test_a_setting_that_cannot_be_used_is_told_and_no_other_store_is_used(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    wrong = ("--OxillamaApp.n_parallel=65", f"--OxillamaApp.db_path={tmp_path}/q.db")
    server = start_server(*wrong, ready=False, module="jupyter_server")
    answer = server.raw.get("oxillama/health")
    assert answer.status_code == 500
    assert "'n_parallel'" in answer.json()["error"]["message"]
    assert not list(tmp_path.rglob("*.db"))

    with pytest.raises(AssertionError, match="n_parallel"):  # a server of nothing else ends
        start_server(*wrong)

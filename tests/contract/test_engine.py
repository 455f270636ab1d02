"""`/oxillama/engine`, a run's timings, and what Prometheus reads."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx2
from openai import OpenAI
from servers import Server, until

HELLO = {"messages": [{"role": "user", "content": "A word that is in no metric: Quixeltamp"}]}


def _run(client: OpenAI, **options: Any) -> Any:  # a run with fields of ours
    return client.beta.threads.create_and_run_poll(
        assistant_id="default", thread=HELLO, extra_body=options
    )


def test_a_run_says_what_it_took(client: OpenAI, endless: dict[str, Any]) -> None:
    started = time.monotonic()
    run = _run(client, **endless, max_tokens=40)
    whole = time.monotonic() - started
    timings = run.timings
    assert set(timings) == {"queue", "prompt", "first_token", "completion", "tokens_per_second"}
    assert 0 <= timings["queue"] <= timings["first_token"] < whole
    assert timings["prompt"] + timings["completion"] < whole
    rate = 39 / timings["completion"]
    assert abs(timings["tokens_per_second"] - rate) < 0.02 * rate + 1
    stored = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert stored.to_dict()["timings"] == timings


def test_a_run_that_never_generated_took_nothing(server: Server) -> None:
    with server.held():
        run = server.client.beta.threads.create_and_run(assistant_id="default", thread=HELLO)
        server.client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    ended = server.client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
    assert ended.status == "cancelled"
    assert ended.to_dict()["timings"] is None


def test_the_engine_reports(server: Server, endless: dict[str, Any]) -> None:
    before = server.raw.get("oxillama/engine").json()
    run = _run(server.client, **endless, max_tokens=30)
    report = server.raw.get("oxillama/engine").json()

    assert report["object"] == "engine"
    assert report["state"] == "ok"
    assert report["status"]["pid"] == server.engine.pid
    assert report["status"]["settings"]["n_threads"] == 1
    assert report["models"][0]["n_ctx"] > 0
    assert report["totals"]["turns"] == before["totals"]["turns"] + 1
    generated = report["totals"]["completion_tokens"] - before["totals"]["completion_tokens"]
    assert generated == 30
    newest = report["turns"][0]
    assert newest["run_id"] == run.id
    assert newest["timings"] == run.timings
    assert newest["completion_tokens"] == 30
    assert "Quixeltamp" not in str(report)


def test_who_generates_is_told_and_can_be_stopped(server: Server, endless: dict[str, Any]) -> None:
    def report() -> dict[str, Any]:
        found: dict[str, Any] = server.raw.get("oxillama/engine").json()
        return found

    began = time.time()
    with server.held():
        runs = server.client.beta.threads.runs
        run = server.client.beta.threads.create_and_run(
            assistant_id="default", thread=HELLO, extra_body={**endless, "max_tokens": 400}
        )
        (live,) = until(lambda: report()["runs"], "the run")
        assert live == {
            "id": run.id,
            "thread_id": run.thread_id,
            "model": report()["models"][0]["id"],
            "status": live["status"],
            "created_at": run.created_at,
            "foreground": False,
        }
        assert live["status"] in {"queued", "in_progress"}
        assert report()["live_runs"] == 1
        assert report()["most_runs"] > 1
        assert report()["status"]["started_at"] < began < report()["time"] + 1
        runs.cancel(run.id, thread_id=run.thread_id)
    runs.poll(run.id, thread_id=run.thread_id)
    until(lambda: not report()["runs"], "its end")


def test_sequences_tell_whose_they_are(server: Server, endless: dict[str, Any]) -> None:
    def sequences() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = report()["status"]["stats"]["sequences"]
        return found

    def report() -> dict[str, Any]:
        found: dict[str, Any] = server.raw.get("oxillama/engine").json()
        return found

    before = report()["status"]["stats"].get("generated", 0)
    run = _run(server.client, **endless, max_tokens=50)
    until(  # the engine tells about once a second
        lambda: [one for one in sequences() if one.get("key") == run.thread_id and _warm(one)],
        "the warm sequence",
    )
    (mine,) = [one for one in sequences() if one.get("key") == run.thread_id]
    assert mine["tokens"] >= 50
    assert mine["model"] == report()["models"][0]["id"]
    assert report()["status"]["stats"]["generated"] - before >= 50


def _warm(sequence: dict[str, Any]) -> bool:
    return bool(sequence.get("state") == "idle")


def test_the_cache_fills_while_a_run_generates(server: Server, endless: dict[str, Any]) -> None:
    def stats() -> dict[str, int]:
        return server.raw.get("oxillama/engine").json()["status"]["stats"]

    run = server.client.beta.threads.create_and_run(
        assistant_id="default", thread=HELLO, extra_body={**endless, "max_tokens": 300}
    )
    server.client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
    until(lambda: stats()["cells_used"] >= 300, "the engine's figures")
    assert stats()["cells_used"] <= stats()["cells"]


def test_states_on_disk_are_counted(server: Server, endless: dict[str, Any]) -> None:
    def vault() -> dict[str, int]:
        return server.raw.get("oxillama/engine").json()["status"]["stats"]["vault"]

    before = vault()["saved"]
    run = server.client.beta.threads.create_and_run(
        assistant_id="default", thread=HELLO, extra_body={**endless, "max_tokens": 400}
    )
    server.client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
    until(lambda: vault()["saved"] > before, "the saved state of an idle thread")
    assert vault()["files"] >= 1
    assert vault()["bytes"] > 1000


def test_prometheus_counts_and_tells_no_text(raw: httpx2.Client, client: OpenAI) -> None:
    def read(name: str) -> float:
        text = raw.get("metrics").raise_for_status().text
        assert "Quixeltamp" not in text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    counted = 'oxillama_runs_total{status="incomplete"}'
    runs, tokens = read(counted), read("oxillama_completion_tokens_total")
    run = _run(client, max_tokens=1)
    assert run.status == "incomplete"
    assert read(counted) == runs + 1
    assert read("oxillama_completion_tokens_total") == tokens + 1
    assert read("oxillama_first_token_seconds_count") >= 1
    assert read("oxillama_live_runs") == 0
    assert read("oxillama_kv_cells") > 0


def test_strangers_learn_nothing(server: Server) -> None:
    assert server.connect().get("oxillama/engine").status_code == 401

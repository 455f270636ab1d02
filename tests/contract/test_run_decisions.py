"""Decisions that pages give while a run waits, by our own routes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import Server

SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")
TOOLS: list[Any] = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]
TWO = '=> f {"a": 1} & g {} | It is $outputs.'


@pytest.fixture(scope="module")
def scripted_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("scripted"), module=SCRIPTED) as server:
        yield server


@pytest.fixture
def scripted(scripted_server: Server) -> Iterator[Server]:
    yield scripted_server
    scripted_server.check()


def waiting_run(server: Server) -> tuple[Any, list[str], str]:
    """A run that waits, its calls' ids, and where its decisions are."""
    run = server.client.beta.threads.create_and_run_poll(
        assistant_id="default",
        tools=TOOLS,
        thread={"messages": [{"role": "user", "content": TWO}]},
    )
    assert run.required_action is not None
    calls = [call.id for call in run.required_action.submit_tool_outputs.tool_calls]
    return run, calls, f"oxillama/threads/{run.thread_id}/runs/{run.id}/decisions"


def submit(server: Server, run: Any, calls: list[str]) -> list[Any]:
    threads = server.client.beta.threads
    outputs: list[Any] = [{"tool_call_id": call, "output": "x"} for call in calls]
    threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs
    )
    steps = threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc").data
    return [call.to_dict() for call in steps[0].step_details.tool_calls]  # type: ignore[union-attr]


def test_decisions_stay_on_the_step_when_the_outputs_come(scripted: Server) -> None:
    run, (first, second), path = waiting_run(scripted)

    before = scripted.raw.get(path).json()
    assert before["status"] == "requires_action"
    assert [call["id"] for call in before["calls"]] == [first, second]
    assert not any("decision" in call for call in before["calls"])
    edited = {"tool_call_id": first, "verdict": "edited", "arguments": '{"a": 2}'}
    assert scripted.raw.post(path, json=edited).status_code == 200
    always = {"tool_call_id": second, "verdict": "approved", "always": True}
    after = scripted.raw.post(path, json=always).json()

    assert [call["decision"]["verdict"] for call in after["calls"]] == ["edited", "approved"]
    one, two = (call["decision"] for call in submit(scripted, run, [first, second]))
    assert (one["verdict"], one["arguments"]) == ("edited", '{"a": 2}')
    assert two["by"].endswith(" (always)")
    assert scripted.raw.get(path).json()["calls"] == []


def test_who_waits_is_told_of_a_decision_and_of_a_cancel(scripted: Server) -> None:
    run, (first, second), path = waiting_run(scripted)
    found: list[Any] = []

    def wait(decided: int) -> threading.Thread:
        work = threading.Thread(
            target=lambda: found.append(
                scripted.raw.get(f"{path}?wait=10&decided={decided}", timeout=20).json()
            )
        )
        work.start()
        time.sleep(0.2)
        return work

    began = time.monotonic()
    waiting = wait(0)
    scripted.raw.post(path, json={"tool_call_id": second, "verdict": "denied", "reason": "No."})
    waiting.join(20)
    waiting = wait(1)
    scripted.raw.post(f"v1/threads/{run.thread_id}/runs/{run.id}/cancel")
    waiting.join(20)

    assert time.monotonic() - began < 8  # neither has waited for its ten seconds
    assert found[0]["calls"][1]["decision"]["reason"] == "No."
    assert "decision" not in found[0]["calls"][0]
    assert (found[1]["status"], found[1]["calls"]) == ("cancelled", [])
    assert first


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tool_call_id": "call_x"}, "does not wait for a call 'call_x'"),
        ({"verdict": "edited"}, "'arguments' belong to the verdict 'edited'"),
        ({"arguments": "{}"}, "'arguments' belong to the verdict 'edited'"),
        ({"verdict": "edited", "arguments": "[1]"}, "must be a JSON object"),
        ({"verdict": "edited", "arguments": '"'}, "must be a JSON object"),
        ({"verdict": "denied", "always": True}, "Only approval"),
        ({"verdict": "maybe"}, "verdict"),
        ({"by": "Ada"}, "by"),
    ],
)
def test_what_is_no_decision_is_refused(
    scripted: Server, change: dict[str, Any], words: str
) -> None:
    _, (first, _), path = waiting_run(scripted)
    body = {"tool_call_id": first, "verdict": "approved"} | change

    answer = scripted.raw.post(path, json=body)

    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
    assert not any("decision" in call for call in scripted.raw.get(path).json()["calls"])


def test_a_call_is_decided_once_and_only_while_its_run_waits(scripted: Server) -> None:
    run, (first, second), path = waiting_run(scripted)
    body = {"tool_call_id": first, "verdict": "denied"}

    assert scripted.raw.post(path, json=body).status_code == 200
    again = scripted.raw.post(path, json=body | {"verdict": "approved"})
    assert again.status_code == 400
    assert "denied already, by " in again.json()["error"]["message"]
    submit(scripted, run, [first, second])
    late = scripted.raw.post(path, json=body | {"tool_call_id": second})
    assert late.status_code == 400
    assert "do not wait for decisions" in late.json()["error"]["message"]
    assert scripted.raw.get(path.replace(run.id, "run_x")).status_code == 404

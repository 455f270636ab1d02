"""Decisions about calls: sent beside outputs, kept on the run step."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import BadRequestError
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


def waiting_run(server: Server) -> Any:  # a run
    return server.client.beta.threads.create_and_run_poll(
        assistant_id="default",
        tools=TOOLS,
        thread={"messages": [{"role": "user", "content": TWO}]},
    )


def submit(server: Server, run: Any, *decisions: Any) -> Any:  # the calls of the run's step
    calls = run.required_action.submit_tool_outputs.tool_calls
    outputs = [
        {"tool_call_id": call.id, "output": "x"} | ({"decision": decision} if decision else {})
        for call, decision in zip(calls, decisions, strict=True)
    ]
    threads = server.client.beta.threads
    threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs
    )
    steps = threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc").data
    return [call.to_dict() for call in steps[0].step_details.tool_calls]  # type: ignore[union-attr]


def test_decisions_are_kept_on_the_run_step(scripted: Server) -> None:
    before = int(time.time())
    run = waiting_run(scripted)
    edited = {"verdict": "edited", "by": "Ada", "arguments": '{"a": 2}'}
    first, second = submit(scripted, run, edited, {"verdict": "denied", "reason": "Not today."})
    assert before <= first["decision"].pop("at") <= time.time()
    assert first["decision"] == edited
    assert json.loads(first["function"]["arguments"]) == {"a": 1}
    assert second["decision"].pop("at") >= before
    assert second["decision"] == {"verdict": "denied", "by": "token", "reason": "Not today."}


def test_without_a_decision_there_is_no_field(scripted: Server) -> None:
    calls = submit(scripted, waiting_run(scripted), None, {"verdict": "approved"})
    assert ["decision" in call for call in calls] == [False, True]


def test_the_stream_and_the_export_have_them_too(scripted: Server) -> None:
    run = waiting_run(scripted)
    submit(scripted, run, {"verdict": "approved"}, None)
    url = f"oxillama/threads/{run.thread_id}"
    events = scripted.raw.get(f"{url}/runs/{run.id}/events").text
    assert events.count('"decision":{"verdict":"approved","by":"token","at":') == 1
    exported = scripted.raw.get(f"{url}/export").text
    assert exported.count('"verdict":"approved"') == 1


@pytest.mark.parametrize("decision", [{}, {"verdict": "maybe"}, {"verdict": "denied", "x": 1}])
def test_other_decisions_are_refused_and_the_run_waits_on(
    scripted: Server, decision: dict[str, Any]
) -> None:
    run = waiting_run(scripted)
    with pytest.raises(BadRequestError):
        submit(scripted, run, decision or {"by": "Ada"}, None)
    again = scripted.client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert again.status == "requires_action"

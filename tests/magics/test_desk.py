"""Calls that are decided about in a page while the kernel waits."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from magics.functions import FUNCTIONS, SCRIPTED, TWO, WEATHER
from magics.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World


@pytest.fixture(scope="module")
def server(world: World) -> Server:
    return world.serve(command=(SCRIPTED,))


@pytest.fixture(scope="module")
def kernel(world: World, server: Server) -> Iterator[Kernel]:
    with Kernel(world, **server.kernel_env, OXILLAMA_WIDGETS="1") as kernel:
        assert kernel.run(FUNCTIONS).error == ""
        yield kernel


@pytest.fixture
def fresh(kernel: Kernel) -> Kernel:
    assert kernel.run("%oxillama new").status == "ok"
    kernel.run("called.clear()")
    return kernel


def request(server: Server, path: str, body: Any = None) -> Any:
    asked = urllib.request.Request(
        server.url + path,
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"token {server.token}"},
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return json.load(answer)


def waiting(server: Server) -> tuple[str, Any]:
    """Where the newest run's decisions are, once it waits."""
    for _ in range(400):
        threads = request(server, "oxillama/threads?limit=1")["data"]
        runs = threads and request(server, f"v1/threads/{threads[0]['id']}/runs?limit=1")["data"]
        if runs and runs[0]["status"] == "requires_action":
            path = f"threads/{runs[0]['thread_id']}/runs/{runs[0]['id']}"
            return path, request(server, f"oxillama/{path}/decisions")["calls"]
        time.sleep(0.05)
    raise AssertionError("no run waits")


def later(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_kernel_runs_what_pages_approve_edit_and_deny(fresh: Kernel, server: Server) -> None:
    def decide() -> None:
        path, (first, second) = waiting(server)
        edited = {"verdict": "edited", "arguments": '{"city": "Oslo"}'}
        for call, decision in ((first, edited), (second, {"verdict": "denied", "reason": "No."})):
            body = {"tool_call_id": call["id"], **decision}
            request(server, f"oxillama/{path}/decisions", body)

    page = later(decide)
    shown = fresh.run(
        f"%%oxillama --tools get_weather,add -o answer\n{TWO}", seconds=60, answers=[]
    )
    page.join()

    assert (shown.error, shown.prompts) == ("", [])
    assert fresh.value("called") == "['Oslo']"
    assert "denied this call" in fresh.value("answer.text")
    assert "The reason: No." in fresh.value("answer.text")


def test_always_is_for_the_rest_of_the_cell(fresh: Kernel, server: Server) -> None:
    def decide() -> None:
        path, calls = waiting(server)
        body = {"tool_call_id": calls[0]["id"], "verdict": "approved", "always": True}
        request(server, f"oxillama/{path}/decisions", body)

    page = later(decide)
    chain = '=> add {"a": 1, "b": 2} & add {"a": 2, "b": 2} | => add {"a": 3, "b": 4} | $outputs.'
    shown = fresh.run(f"%%oxillama --tools add\n{chain}", seconds=60, answers=[])
    page.join()

    assert (shown.error, shown.prompts) == ("", [])
    assert fresh.value("called") == "[(1, 2), (2, 2), (3, 4)]"


def test_outputs_of_another_client_end_the_waiting(fresh: Kernel, server: Server) -> None:
    def answer() -> None:
        path, calls = waiting(server)
        outputs = [{"tool_call_id": call["id"], "output": "rain"} for call in calls]
        request(server, f"v1/{path}/submit_tool_outputs", {"tool_outputs": outputs})

    page = later(answer)
    shown = fresh.run(
        f"%%oxillama --tools get_weather -o answer\n{WEATHER}", seconds=60, answers=[]
    )
    page.join()

    assert shown.error == ""
    assert fresh.value("called") == "[]"
    assert "It is rain." in fresh.value("answer.text")


def test_an_interrupt_ends_the_waiting_at_once(fresh: Kernel, server: Server) -> None:
    began: list[float] = []

    def waits(_: object) -> bool:
        if not began:
            began.append(time.monotonic())
        return time.monotonic() > began[0] + 1.0

    shown = fresh.run(
        f"%%oxillama --tools get_weather\n{WEATHER}", interrupt_if=waits, seconds=30, answers=[]
    )

    assert "Interrupted" in shown.error
    assert shown.seconds_after_interrupt < 5.0  # and not the ten that it asks the server for
    assert fresh.value("called") == "[]"

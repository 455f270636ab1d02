"""Async cells: `await oxillama_jupyter.ask(…)`, and `%%oxillama` while a loop runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from magics.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World

SCRIPTED = str(Path(__file__).parent.parent / "scripted_server.py")
SETUP = """
import asyncio
from oxillama_jupyter import ask
called = []
def add(a: int, b: int): called.append("add"); return a + b
async def later(a: int): await asyncio.sleep(0.05); called.append("later"); return a
ticks = []
async def tick():
    while True:
        ticks.append(1)
        await asyncio.sleep(0.02)
"""


def words(count: int) -> str:
    return "".join(f"w{number} " for number in range(count))


@pytest.fixture
def ready(fresh: Kernel) -> Kernel:
    assert fresh.run(SETUP).error == ""
    return fresh


@pytest.fixture(scope="module")
def calling(world: World) -> Iterator[Kernel]:
    """A kernel whose model calls functions."""
    server: Server = world.serve(command=(SCRIPTED,))
    with Kernel(world, **server.kernel_env) as kernel:
        assert kernel.run(SETUP).error == ""
        yield kernel


def test_ask_streams_and_returns_the_answer_while_others_go_on(ready: Kernel) -> None:
    shown = ready.run(
        "ticker = asyncio.create_task(tick())\n"
        "answer = await ask('slow 30', seed=1)\n"
        "ticker.cancel();"
    )

    assert shown.error == ""
    assert shown.data() == [words(30)]
    assert len(shown.updates) > 5
    assert ready.value("answer.text") == words(30)
    assert ready.value("answer.status, len(ticks) > 20") == "('completed', True)"


def test_several_at_once_in_threads_of_their_own(ready: Kernel) -> None:
    shown = ready.run(
        "both = await asyncio.gather(ask('slow 10', thread='left'), ask('slow 12', thread='right'))"
    )
    assert shown.error == ""
    assert sorted(shown.data()) == sorted([words(10), words(12)])
    assert ready.value("[answer.text.count('w') for answer in both]") == "[10, 12]"


def test_an_interrupt_cancels_the_run(
    ready: Kernel, record_property: pytest.RecordProperty
) -> None:
    shown = ready.run("answer = await ask('slow 200')", interrupt_if=lambda s: bool(s.data()))
    record_property("seconds_after_interrupt", round(shown.seconds_after_interrupt, 3))

    assert shown.status == "error"
    assert shown.seconds_after_interrupt < 3.0
    assert shown.data()[0].startswith("w0 ")
    assert shown.data()[0].endswith("*Interrupted.*")
    assert ready.run("%%oxillama\nHello").error == ""
    about = shown.outputs[0]["metadata"]["oxillama"]
    ready.run("from oxillama_jupyter import connect")
    path = f"/threads/{about['thread_id']}/runs/{about['run_id']}"
    assert ready.value(f"connect().get('{path}')['status']") == "cancelled"


def test_cancelling_the_task_cancels_the_run(ready: Kernel) -> None:
    shown = ready.run(
        "task = asyncio.create_task(ask('slow 200'))\n"
        "await asyncio.sleep(1)\n"
        "task.cancel()\n"
        "print(await asyncio.gather(task, return_exceptions=True))"
    )
    assert "CancelledError" in shown.stdout
    started = time.monotonic()
    assert ready.run("%%oxillama\nHello").error == ""
    assert time.monotonic() - started < 8  # the rest of the answer would take longer


def test_tools_run_in_the_main_thread_and_are_awaited(calling: Kernel) -> None:
    calling.run("import threading\ndef where(): return threading.current_thread().name")
    script = '=> where {} & later {"a": 5} | So: $outputs'
    shown = calling.run(f"answer = await ask({script!r}, tools=[where, later], yes=True)")
    assert shown.error == ""
    assert calling.value("answer.text.strip()") == "So: MainThread, 5"


def test_calls_are_asked_about(calling: Kernel) -> None:
    script = '=> add {"a": 1, "b": 2} | So: $outputs'
    shown = calling.run(f"answer = await ask({script!r}, tools=['add'])", answers=["n"])
    assert shown.error == ""
    assert len(shown.prompts) == 1
    assert "denied" in calling.value("answer.text")


def test_what_goes_wrong_is_one_line(ready: Kernel) -> None:
    shown = ready.run("await ask('Hello', model='gpt-none')")
    assert shown.error.startswith("oxillama: The model 'gpt-none' does not exist")
    assert ready.run("await ask('Hello', colour='red')").error == (
        "oxillama: ask() takes no 'colour'."
    )
    assert ready.run("await ask(' ')").error == "oxillama: There is no prompt to be asked."


def test_the_magic_works_inside_of_an_async_cell(ready: Kernel) -> None:
    shown = ready.run(
        "await asyncio.sleep(0)\n"
        "get_ipython().run_cell_magic('oxillama', '-o answer', 'Hello')\n"
        "await asyncio.sleep(0)"
    )
    assert (shown.error, shown.data()) == ("", ["Hello"])
    assert ready.value("answer") == "Hello"


def test_ask_loads_the_magics_itself(world: World, server: Server) -> None:
    with Kernel(world, **server.kernel_env) as kernel:
        kernel.run("get_ipython().magics_manager.registry.pop('OxillamaMagics')")
        kernel.run("from oxillama_jupyter import ask")
        assert kernel.run("answer = await ask('Hello')").data() == ["Hello"]


def test_a_keyword_that_is_a_text_means_what_it_does_in_a_line(ready: Kernel) -> None:
    ready.run("scores = {'ada': 3}")
    shown = ready.run("answer = await ask('say:yes', vars='scores', stop='no', temperature='0.5')")
    assert shown.error == ""
    ready.run("from oxillama_jupyter import connect")
    path = "f'/threads/{answer.thread_id}/messages?order=asc'"
    asked = ready.value(f"str(connect().get({path})['data'][0]['content'])")
    assert "'ada': 3" in asked.replace("\\", "")
    shown = ready.run("await ask('say:yes', above='x')")
    assert "above takes a whole number of at least 1, not 'x'." in shown.error


def test_flags_are_keywords_and_a_schema_is_a_class(ready: Kernel) -> None:
    ready.run("from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\n    y: int")
    shown = ready.run(
        "answer = await ask("
        "'{\"x\": 1, \"y\": 2}', schema=Point, temperature=0.5, system='Be brief')"
    )
    assert shown.error == ""
    assert ready.value("answer.parsed") == "Point(x=1, y=2)"
    ready.run("from oxillama_jupyter import connect")
    path = "f'/threads/{answer.thread_id}/runs/{answer.run_id}'"
    ready.run(f"run = connect().get({path})")
    assert ready.value("run['temperature'], run['instructions']") == "(0.5, 'Be brief')"

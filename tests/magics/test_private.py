"""Kernels that no server has started: nbval, plain IPython, VS Code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from client.world import wait_for
from magics.kernel import Kernel

from oxillama_jupyter.client.probe import health

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import World


@pytest.fixture(scope="module")
def alone(world: World) -> Iterator[Kernel]:
    """A kernel without a server, so with a private one."""
    with Kernel(world) as kernel:
        yield kernel


def test_two_kernels_share_one_private_server(world: World, alone: Kernel) -> None:
    with Kernel(world) as other:
        for kernel in (alone, other):
            kernel.run("from oxillama_jupyter import connect; url = connect().base_url")

        assert alone.value("url") == other.value("url")
    assert len(world.server_pids()) == 1


def test_the_embedded_model_answers(alone: Kernel) -> None:
    shown = alone.run("%%oxillama --temperature 0 -o answer\nHello!")

    assert shown.error == ""
    assert shown.data() == ["Hello! How can I help you?"]


def test_a_thread_goes_on_when_the_private_server_was_killed(world: World, alone: Kernel) -> None:
    alone.run("%%oxillama -o before --temperature 0\nMy name is Zorvik.")
    state = world.private_state()
    url, token = f"{state['url']}oxillama", state["token"]
    os.kill(state["pid"], signal.SIGKILL)
    wait_for(lambda: health(url, token) is None, 10, "it survives SIGKILL")

    shown = alone.run("%%oxillama -o after --temperature 0\nHello!")

    assert shown.error == ""
    assert alone.value("before.thread_id == after.thread_id") == "True"
    assert "Zorvik" in alone.run("%oxillama show").data("text/plain")[0]


def test_a_prompt_that_does_not_fit_is_one_line_and_does_not_spoil_the_thread(
    alone: Kernel,
) -> None:
    alone.run("%oxillama new")
    shown = alone.run("%%oxillama\n" + "{word} " * 20_000)

    assert shown.status == "error"
    assert "tokens" in shown.error
    assert "\n" not in shown.error
    assert alone.run("%%oxillama --max-tokens 3\nHello!").error == ""


def test_interrupting_the_start_of_the_private_server_leaves_nothing_behind(
    own_world: World,
) -> None:
    files = own_world.runtime.glob
    with Kernel(own_world) as kernel:
        shown = kernel.run("%oxillama", interrupt_if=lambda _: any(files("oxillama-private-*.log")))
        wait_for(lambda: not own_world.server_pids(), 10, "the server is still there")

        assert shown.error == "oxillama: Interrupted."
        assert kernel.run("%oxillama").status == "ok"


def test_plain_ipython_shows_plain_text(world: World) -> None:
    lines = [
        "%load_ext oxillama_jupyter",
        "get_ipython().run_cell_magic('oxillama', '--temperature 0 -o answer', 'Hello!')",
        "%oxillama thread",
        "%oxillama nonsense",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt", "--colors=NoColor"],
        input="\n".join(lines) + "\n",
        env=world.env,
        cwd=world.root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "Hello! How can I help you?\n" in done.stdout
    assert "This notebook's thread is ipython-" in done.stdout
    assert "oxillama: There is no command 'nonsense'" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr

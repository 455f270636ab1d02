"""What goes wrong is one readable line, and the cell counts as failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from magics.kernel import Kernel

if TYPE_CHECKING:
    from client.world import World

LINES = {
    "%%oxillama --temperature hot\nx": "--temperature takes a number from 0 to 2, not 'hot'.",
    "%%oxillama --temperature 3\nx": "--temperature takes a number from 0 to 2, not '3'.",
    "%%oxillama --temperature nan\nx": "--temperature takes a number from 0 to 2, not 'nan'.",
    "%%oxillama --max-tokens 0\nx": "--max-tokens takes a whole number of at least 1, not '0'.",
    "%%oxillama --top-k\nx": "--top-k takes a whole number of at least 0, but nothing was given.",
    "%%oxillama -o 1a\nx": "-o/--output takes the name of a Python variable, not '1a'.",
    "%%oxillama -o class\nx": "-o/--output takes the name of a Python variable, not 'class'.",
    "%%oxillama -t ''\nx": "-t/--thread takes the name of a thread, not ''.",
    "%%oxillama --temprature 1\nx": "There is no flag --temprature. Did you mean --temperature?",
    "%%oxillama --system 'a\nx": "A quote is not closed in: %%oxillama --system 'a",
    "%%oxillama threads\nx": "'threads' on the first line of the cell is no flag",
    "%%oxillama\n \n\t\n": "The cell has no prompt",
    "%%oxillama -m gpt-none\nx": "The model 'gpt-none' does not exist",
    "%%oxillama -t thread_0000\nx": "No thread found with id 'thread_0000'",
    "%oxillama thraeds": "There is no command 'thraeds'. Did you mean threads?",
    "%oxillama -t x": "Flags belong to a question",
    "%oxillama show nobody": "No thread is called 'nobody'",
    "%oxillama thread thread_0000": "No thread found with id 'thread_0000'",
}


@pytest.mark.parametrize("code", LINES)
def test_a_mistake_is_one_line(kernel: Kernel, code: str) -> None:
    shown = kernel.run(code)

    assert shown.status == "error"
    assert shown.error.startswith(f"oxillama: {LINES[code]}")
    assert "\n" not in shown.error
    assert len(shown.outputs) == 1


def test_a_server_that_is_away(world: World) -> None:
    env = {"OXILLAMA_BASE_URL": "http://127.0.0.1:9/v1", "OXILLAMA_API_KEY": "key"}
    with Kernel(world, **env) as kernel:
        for code in ("%%oxillama\nHello", "%oxillama", "%oxillama threads"):
            shown = kernel.run(code)
            assert shown.error.startswith("oxillama: No server answers at http://127.0.0.1:9/v1:")
            assert "\n" not in shown.error


def test_a_wrong_key(world: World, server: object) -> None:
    env = server.kernel_env | {"OXILLAMA_API_KEY": "wrong"}  # type: ignore[attr-defined]
    with Kernel(world, **env) as kernel:
        shown = kernel.run("%%oxillama\nHello")

        assert shown.error.endswith("does not accept the key (from: environment).")


def test_half_an_environment(world: World) -> None:
    with Kernel(world, OXILLAMA_BASE_URL="http://127.0.0.1:9/v1") as kernel:
        shown = kernel.run("%oxillama")

        assert shown.error.startswith("oxillama: OXILLAMA_BASE_URL is set, but OXILLAMA_API_KEY")


def test_an_error_of_ours_keeps_its_traceback(kernel: Kernel) -> None:
    kernel.run("from oxillama_jupyter.magics import cell; was = cell.Asker.ask")
    kernel.run("cell.Asker.ask = lambda *_: 1 / 0")
    shown = kernel.run("%%oxillama\nHello")
    kernel.run("cell.Asker.ask = was")

    assert "ZeroDivisionError" in shown.error

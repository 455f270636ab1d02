"""`map` in a real kernel: its bar, its interrupt, and what is there after a restart."""

from __future__ import annotations

import time
from ast import literal_eval
from typing import TYPE_CHECKING

import pytest
from client.batches import BATCH_SERVER
from client.world import World, wait_for
from magics.kernel import Kernel, Shown

from oxillama_jupyter.client.connection import Connection, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

CALL = (
    "import oxillama_jupyter\nrows = {rows}\nresult = oxillama_jupyter.map(rows, '{{{{ input }}}}')"
)


@pytest.fixture
def kernel(own_world: World) -> Iterator[Kernel]:
    own_world.env["ASKED"] = str(own_world.root / "asked")
    server = own_world.serve(command=(BATCH_SERVER,))
    with Kernel(own_world, **server.kernel_env) as kernel:
        yield kernel


def bar(shown: Shown) -> str:
    """What stands in the place of the bar."""
    return shown.data("text/plain")[0]


def half_done(shown: Shown) -> bool:
    words = bar(shown).split()[1:2] if shown.outputs else ["0"]
    return int(words[0]) >= 3


def error(shown: Shown) -> tuple[str, str]:
    return shown.outputs[-1]["ename"], shown.outputs[-1]["evalue"]


def asked(kernel: Kernel) -> list[str]:
    """What the engine has been asked, in order."""
    lines = (kernel.world.root / "asked").read_text().splitlines()
    return [literal_eval(line) for line in lines]


def server_of(kernel: Kernel) -> Connection:
    environ = literal_eval(kernel.value("dict(__import__('os').environ)"))
    return connect(environ["OXILLAMA_BASE_URL"], environ["OXILLAMA_API_KEY"])


def test_the_bar_becomes_one_plain_line(kernel: Kernel) -> None:
    shown = kernel.run(CALL.format(rows=["slow 8", "slow 9", "b", "c"]))

    assert shown.error == ""
    assert len(shown.outputs) == 1
    assert bar(shown).startswith("4 of 4 done, ")
    assert list(shown.outputs[0]["data"]) == ["text/plain"]
    assert len(shown.updates) <= 6
    assert kernel.value("list(result['text'])[2:]") == "['b', 'c']"


def test_an_interrupt_keeps_what_is_done_and_another_kernel_goes_on(kernel: Kernel) -> None:
    rows = ["a", "b", "c", *(f"slow {60 + number}" for number in range(6))]
    server = server_of(kernel)

    shown = kernel.run(CALL.format(rows=rows), interrupt_if=half_done)

    assert shown.status == "error"
    assert error(shown) == ("KeyboardInterrupt", "3 of 9 done; run it again to go on")
    assert bar(shown) == "Interrupted: 3 of 9 done; run it again to go on."
    assert shown.seconds_after_interrupt < 2  # it takes 0.2 s; the machine may be busy
    wait_for(lambda: server.engine()["live_runs"] == 0, 2, "the server goes on generating")
    assert len(asked(kernel)) == 3 + 4  # as many as the engine has sequences were under way

    kernel.restart()
    shown = kernel.run(CALL.format(rows=rows))

    assert shown.error == ""
    assert bar(shown).startswith("9 of 9 done, 3 were there already, ")
    assert kernel.value("[len(text.split()) for text in result['text']][3:]") == str(
        [60 + number for number in range(6)]
    )
    assert len(asked(kernel)) == 3 + 4 + 6


def test_a_kernel_that_is_killed_leaves_what_is_done(kernel: Kernel) -> None:
    rows = ["a", "b", "c", *(f"slow {200 + number}" for number in range(4))]
    server = server_of(kernel)
    kernel._client.execute(CALL.format(rows=rows))
    wait_for(lambda: len(server.get("/chat/completions")["data"]) == 3, 30, "no answers")

    began = time.monotonic()
    kernel.restart()

    wait_for(lambda: server.engine()["live_runs"] == 0, 5, "the server goes on generating")
    assert time.monotonic() - began < 200 * 0.05
    kernel.run(CALL.format(rows=rows[:3]))
    assert kernel.value("list(result['text'])") == "['a', 'b', 'c']"
    assert sorted(asked(kernel))[:3] == ["a", "b", "c"]
    assert all(question.startswith("slow") for question in sorted(asked(kernel))[3:])


def test_an_interrupt_before_the_first_answer_is_taken_too(kernel: Kernel) -> None:
    shown = kernel.run(
        CALL.format(rows=["slow 200"]), interrupt_if=lambda shown: bool(shown.outputs)
    )

    assert error(shown) == ("KeyboardInterrupt", "0 of 1 done; run it again to go on")
    assert kernel.run("1").stderr == ""


def test_an_interrupted_sweep_goes_on_too(kernel: Kernel) -> None:
    call = "import oxillama_jupyter\nresult = oxillama_jupyter.sweep('slow 100', seed=range(8))"

    def two_done(shown: Shown) -> bool:
        return bool(shown.outputs) and " 4 of 8" in bar(shown)

    shown = kernel.run(call, interrupt_if=two_done)

    assert error(shown) == ("KeyboardInterrupt", "4 of 8 done; run it again to go on")
    wait_for(lambda: server_of(kernel).engine()["live_runs"] == 0, 2, "it goes on generating")
    shown = kernel.run(call)
    assert bar(shown).startswith("8 of 8 done, 4 were there already, ")
    assert kernel.value("result['error'].notna().sum()") == "0"

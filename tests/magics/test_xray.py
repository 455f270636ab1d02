"""`%oxillama xray` shows the prompt of a run, as far as the front end can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magics.kernel import Kernel

if TYPE_CHECKING:
    from client.world import Server, World

MIME = "application/vnd.oxillama.panel+json"


def test_without_widgets_it_is_a_table(fresh: Kernel) -> None:
    fresh.run("%%oxillama -o answer\none two three")
    fresh.run("%%oxillama\nfour | five")
    shown = fresh.run("%oxillama xray")

    (plain,) = shown.data("text/plain")
    first, *rows = plain.splitlines()
    # An engine of the tests: a token is a word, and each message has one for its role.
    assert first.startswith("A prompt of 12 tokens (")
    assert rows[1].split() == ["user", "one", "two", "three", "3"]
    assert rows[-1].split() == ["Template", "3"]
    assert r"four \| five" in shown.data()[0]
    run = fresh.value("answer.run_id")
    again = fresh.run(f"%oxillama xray {run}").data("text/plain")[0]
    assert again.startswith("A prompt of 4 tokens")


def test_by_the_name_of_a_thread(fresh: Kernel) -> None:
    fresh.run("%oxillama new x-rayed")
    fresh.run("%%oxillama\nseven eight")
    fresh.run("%oxillama new")

    assert "seven eight" in fresh.run("%oxillama xray x-rayed").data("text/plain")[0]
    assert "No thread is called 'nothing'" in fresh.run("%oxillama xray nothing").error
    assert "no runs yet" in fresh.run("%oxillama xray").error


def test_where_there_are_widgets_it_opens_one(world: World, server: Server) -> None:
    with Kernel(world, **server.kernel_env, OXILLAMA_WIDGETS="1") as kernel:
        kernel.run("%%oxillama -o answer\none two three")
        (shown,) = [out for out in kernel.run("%oxillama xray").outputs if "data" in out]
        run = kernel.value("answer.run_id")

    panel = shown["data"][MIME]
    assert panel["widget"] == "prompt_xray"
    assert panel["state"]["run_id"] == run
    assert "| user | one two three | 3 |" in shown["data"]["text/markdown"]

"""`--bg`: the cell ends at once, and its answer comes in below it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from client.world import wait_for
from magics.kernel import Kernel
from openai import OpenAI

if TYPE_CHECKING:
    from client.world import Server, World
    from magics.kernel import Message


def words(count: int) -> str:
    return "".join(f"w{number} " for number in range(count))


def last_of(messages: list[Message], display: str) -> Message:
    found = [m for m in messages if m["content"].get("transient", {}).get("display_id") == display]
    return found[-1]


def test_the_cell_ends_at_once_and_the_handle_tells(fresh: Kernel) -> None:
    shown = fresh.run("%%oxillama --bg -o job\nslow 40")

    assert shown.error == ""
    assert shown.data() == ["*Running in the background.*"]
    assert fresh.value("job.done, job.status in {'queued', 'in_progress'}") == "(False, True)"
    assert fresh.value("job.wait(0.01)") == "False"
    assert fresh.value("job.wait(30), job.done, job.status") == "(True, True, 'completed')"
    assert fresh.value("job.text") == words(40)
    assert fresh.value("job") == f"Background(completed, {len(words(40))} characters)"
    assert fresh.value("job.answer.usage['total_tokens'] > 0, job.error") == "(True, None)"


def test_several_at_once_write_into_their_own_cells(fresh: Kernel) -> None:
    """Whatever cell runs when their text comes."""
    first = fresh.run("%%oxillama --bg -o one -t bg-one\nslow 30")
    second = fresh.run("%%oxillama --bg -o two -t bg-two\nslow 35")
    busy = fresh.run("one.wait(30), two.wait(30)\nprint('busy')")

    parents = {}
    for cell, count in ((first, 30), (second, 35)):
        display = cell.outputs[0]["transient"]["display_id"]
        last = last_of(fresh.others, display)
        assert last["content"]["data"]["text/plain"] == words(count)
        parents[display] = last["parent_header"]["msg_id"]
        assert parents[display] == cell.messages[0]["parent_header"]["msg_id"]
    assert len(set(parents.values())) == 2
    assert [out["name"] for out in busy.outputs if "name" in out] == ["stdout"]
    assert not busy.data()


def test_its_end_does_not_take_the_notebook_back_to_its_thread(fresh: Kernel) -> None:
    fresh.run("%%oxillama -o first\nHello")
    fresh.run("%%oxillama --bg -o job\nslow 20")
    fresh.run("%oxillama new")
    assert fresh.value("job.wait(30), job.answer.thread_id == first.thread_id") == "(True, True)"
    fresh.run("%%oxillama -o second\nHello again")
    assert fresh.value("second.thread_id != first.thread_id") == "True"


def test_without_a_name_it_is_bound_to_bg(fresh: Kernel) -> None:
    fresh.run("%%oxillama --bg\nHello")
    assert fresh.value("_bg.wait(30), _bg.text") == "(True, 'Hello')"


def test_cancel_keeps_what_has_come_and_frees_the_thread(fresh: Kernel) -> None:
    fresh.run("%%oxillama --bg -o job\nslow 200")
    fresh.run("import time\nwhile not job.text: time.sleep(0.02)")
    fresh.run("job.cancel(); job.wait(30)")

    assert fresh.value("job.done, job.status") == "(True, 'cancelled')"
    assert fresh.value("job.text.startswith('w0 '), type(job.error).__name__") == (
        "(True, 'MagicError')"
    )
    assert fresh.run("%%oxillama\nHello").error == ""


def test_a_question_that_cannot_be_asked_fails_in_the_cell(fresh: Kernel) -> None:
    shown = fresh.run("%%oxillama --bg -m gpt-none -o job\nHello")
    assert shown.error.startswith("oxillama: The model 'gpt-none' does not exist")
    assert fresh.value("'job' in dir() and job.status == 'failed'") == "False"


def test_a_run_that_fails_says_so_below_its_text(fresh: Kernel) -> None:
    cell = fresh.run("%%oxillama --bg -o job\nfail")
    fresh.value("job.wait(30)")
    shown = [message["content"] for message in fresh.others] + cell.updates
    text = "Half an \n\n(The engine's process died (signal 11).)"
    assert text in [content.get("data", {}).get("text/plain") for content in shown]
    assert fresh.value("job.error") == "The engine's process died (signal 11)."


def test_trusted_functions_run_in_the_background(fresh: Kernel) -> None:
    fresh.run("def shout(text: str) -> str:\n    return text.upper()")
    shown = fresh.run("%%oxillama --bg --tools shout --yes -o job\nHello")
    assert shown.error == ""
    assert fresh.value("job.wait(30), job.text") == "(True, 'Hello')"


def test_the_kernel_ends_at_once_and_the_run_goes_on(world: World, server: Server) -> None:
    with OpenAI(base_url=f"{server.url}v1", api_key=server.token) as client:
        with Kernel(world, **server.kernel_env) as kernel:
            kernel.run("%%oxillama --bg -o job\nslow 40")
            thread_id = kernel.value("job.answer.thread_id or ''")
            if not thread_id:
                kernel.run("import time\nwhile not job.text: time.sleep(0.02)")
                thread_id = kernel.value("job.answer.thread_id")
            started = time.monotonic()
            kernel.end()
            assert time.monotonic() - started < 10
        wait_for(
            lambda: client.beta.threads.runs.list(thread_id).data[0].status == "completed",
            30,
            "the run does not end",
        )

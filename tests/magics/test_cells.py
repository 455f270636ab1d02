"""`%%oxillama` in a real kernel, with a real server whose engine is scripted."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from client.world import World
from magics.kernel import Kernel

from oxillama_jupyter.client.connection import connect

if TYPE_CHECKING:
    from client.world import Server
    from magics.kernel import Shown


def first_words(shown: Shown) -> bool:
    return bool(shown.data())


def test_the_answer_grows_and_is_left_clean(fresh: Kernel) -> None:
    shown = fresh.run("%%oxillama\nslow 20")

    whole = "".join(f"w{n} " for n in range(20))
    texts = [update["data"]["text/markdown"] for update in shown.updates]
    assert texts[0] == "w0 "
    assert texts[-1] == whole
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert 5 < len(texts) <= 21
    (output,) = shown.outputs
    assert output["data"] == {"text/markdown": whole, "text/plain": whole}
    assert set(output["metadata"]["oxillama"]) == {"run_id", "thread_id", "event"}


def test_updates_come_at_most_15_times_a_second(fresh: Kernel) -> None:
    shown = fresh.run("%%oxillama\nslow 60")

    dates = [m["header"]["date"] for m in shown.messages if "display_data" in m["msg_type"]]
    seconds = (dates[-1] - dates[0]).total_seconds()
    assert len(dates) <= seconds * 15 + 2


def test_cells_of_a_notebook_are_one_thread(fresh: Kernel) -> None:
    fresh.run("%%oxillama -o one\nHello")
    fresh.run("%%oxillama -o two\nAgain")

    assert fresh.value("one.thread_id == two.thread_id") == "True"
    assert fresh.value("one.run_id == two.run_id") == "False"


def test_the_thread_goes_on_after_the_kernel_has_restarted(fresh: Kernel) -> None:
    fresh.run("%%oxillama -o before\nHello")
    thread = fresh.value("before.thread_id")
    fresh.restart()
    fresh.run("%%oxillama -o after\nAgain")

    assert fresh.value("after.thread_id") == thread


def test_another_thread_by_name_and_by_id(fresh: Kernel) -> None:
    fresh.run("%%oxillama -o own\nHello")
    fresh.run("%%oxillama -t 'side {track}' -o side\nHello")
    fresh.run("%%oxillama -t 'side {track}' -o again\nHello")
    thread = fresh.value("own.thread_id")
    fresh.run(f"%%oxillama --thread {thread} -o by_id\nHello")
    fresh.run("%%oxillama -o last\nHello")

    assert fresh.value("side.thread_id == again.thread_id != own.thread_id") == "True"
    assert fresh.value("by_id.thread_id == last.thread_id == own.thread_id") == "True"


def test_a_thread_deleted_elsewhere_is_begun_anew(fresh: Kernel) -> None:
    fresh.run("%%oxillama -o one\nHello")
    fresh.run("import warnings; warnings.simplefilter('ignore')")
    fresh.run("from oxillama_jupyter import connect")
    fresh.run("_ = connect().openai.beta.threads.delete(one.thread_id)")

    assert fresh.run("%%oxillama -o two\nHello").status == "ok"
    assert fresh.value("one.thread_id == two.thread_id") == "False"


def test_the_answer_is_data(fresh: Kernel) -> None:
    fresh.run("%%oxillama -o answer --seed 3 --temperature 0.5 --system 'Be \"brief\"'\n**Hi** you")
    shown = fresh.run("answer")

    assert fresh.value("answer") == "**Hi** you"
    assert fresh.value("answer.status, answer.model") == "('completed', 'scripted')"
    assert fresh.value("answer.usage['total_tokens'] > answer.usage['completion_tokens']") == "True"
    assert shown.data("text/plain") == ["Answer('**Hi** you')"]
    assert shown.data() == ["**Hi** you"]


def test_flags_reach_the_run(fresh: Kernel) -> None:
    fresh.run("%%oxillama -o answer --temperature 0.5 --system 'Be brief' -m scripted\nHi")
    fresh.run("import warnings; warnings.simplefilter('ignore')")
    fresh.run("from oxillama_jupyter import connect")
    fresh.run(
        "run = connect().openai.beta.threads.runs.retrieve("
        "answer.run_id, thread_id=answer.thread_id)"
    )

    assert fresh.value("run.temperature, run.instructions, run.model") == (
        "(0.5, 'Be brief', 'scripted')"
    )


def test_a_cut_answer_says_so_beside_the_text(fresh: Kernel) -> None:
    shown = fresh.run("%%oxillama --max-tokens 3 -o answer\nslow 9")

    assert shown.status == "ok"
    assert fresh.value("repr(answer.text), answer.status") == "(\"'w0 w1 w2 '\", 'incomplete')"
    note = "The answer was cut after 3 tokens (--max-tokens)."
    assert shown.data() == [f"w0 w1 w2 \n\n*{note}*"]
    assert shown.data("text/plain") == [f"w0 w1 w2 \n\n({note})"]


def test_no_deprecation_warning_of_the_sdk_is_seen(fresh: Kernel) -> None:
    fresh.run("import warnings; warnings.simplefilter('error')")
    shown = fresh.run("%%oxillama\nHello")
    fresh.run("warnings.resetwarnings()")

    assert (shown.status, shown.stderr) == ("ok", "")


@pytest.mark.parametrize("prompt", ["slow 200", "wait 1"])
def test_an_interrupt_gives_the_prompt_back_and_frees_the_thread(
    fresh: Kernel, prompt: str, record_property: pytest.RecordProperty
) -> None:
    fresh.run("%%oxillama\nHello")
    started = time.monotonic()

    def in_prefill(_: Shown) -> bool:
        return time.monotonic() > started + 1.0

    condition = first_words if prompt.startswith("slow") else in_prefill
    shown = fresh.run(f"%%oxillama -o answer\n{prompt}", interrupt_if=condition)
    record_property("seconds_after_interrupt", round(shown.seconds_after_interrupt, 3))

    assert shown.status == "error"
    assert shown.error == "oxillama: Interrupted; what has come of the answer is kept."
    assert shown.seconds_after_interrupt < 3.0
    assert fresh.run("%%oxillama -o after\nHello").error == ""
    assert fresh.value("after") == "Hello"
    if prompt.startswith("slow"):
        assert shown.data()[0].startswith("w0 ")
        assert shown.data()[0].endswith("\n\n*Interrupted.*")
        assert fresh.value("answer.status") == "cancelled"
        assert fresh.value("answer.text.startswith('w0 ')") == "True"


def test_an_interrupt_of_the_first_question_frees_its_thread_too(kernel: Kernel) -> None:
    shown = kernel.run("%%oxillama -t fresh-one\nslow 200", interrupt_if=first_words)

    assert shown.status == "error"
    assert kernel.run("%%oxillama -t fresh-one\nHello").error == ""


def test_a_failed_run_is_one_line_and_keeps_what_came(fresh: Kernel) -> None:
    shown = fresh.run("%%oxillama -o answer\nfail")

    assert shown.status == "error"
    assert shown.error == "oxillama: The engine's process died (signal 11)."
    assert shown.data() == ["Half an "]
    assert fresh.value("answer.status") == "failed"
    assert fresh.run("%%oxillama\nHello").status == "ok"


def test_a_busy_thread_is_one_line(fresh: Kernel) -> None:
    fresh.run("from oxillama_jupyter import connect; c = connect()")
    fresh.run("%%oxillama -o answer\nHello")
    fresh.run(
        "run = c.post(f'/threads/{answer.thread_id}/runs', {'assistant_id': 'default',"
        " 'additional_messages': [{'role': 'user', 'content': 'slow 100'}]})"
    )
    shown = fresh.run("%%oxillama\nHello")
    fresh.run("_ = c.post(f'/threads/{answer.thread_id}/runs/{run[\"id\"]}/cancel')")

    assert shown.error.startswith("oxillama: Thread thread_")
    assert "already has an active run run_" in shown.error
    assert "\n" not in shown.error


def test_the_thread_goes_on_after_the_server_has_restarted(
    own_world: World,
) -> None:
    threads = []
    for _ in range(2):
        server = own_world.serve()
        env = server.kernel_env | {"JPY_SESSION_NAME": "/home/ada/x.ipynb"}
        with Kernel(own_world, **env) as kernel:
            assert kernel.run("%%oxillama -o answer\nHello").error == ""
            threads.append(kernel.value("answer.thread_id"))
        own_world.close()

    assert threads[0] == threads[1]


def test_a_server_that_dies_in_mid_answer_is_one_line(
    own_world: World,
) -> None:
    server = own_world.serve()

    def kill(shown: Shown) -> bool:
        if first_words(shown):
            with suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGKILL)
        return False

    with Kernel(own_world, **server.kernel_env) as kernel:
        kernel.give_up_soon()
        shown = kernel.run("%%oxillama -o answer\nslow 100", interrupt_if=kill)

        assert shown.error.startswith(f"oxillama: The connection to {server.url}v1 broke: ")
        assert "\n" not in shown.error
        assert kernel.value("answer.text.startswith('w0 ')") == "True"


def test_an_interrupt_does_not_wait_for_a_server_that_hangs(
    own_world: World, record_property: pytest.RecordProperty
) -> None:
    server = own_world.serve()

    def hang(shown: Shown) -> bool:
        if first_words(shown):
            os.kill(server.pid, signal.SIGSTOP)
        return first_words(shown)

    with Kernel(own_world, **server.kernel_env) as kernel:
        shown = kernel.run("%%oxillama\nslow 200", interrupt_if=hang)
        os.kill(server.pid, signal.SIGCONT)
        record_property("seconds_after_interrupt", round(shown.seconds_after_interrupt, 3))

        assert shown.error.startswith("oxillama: Interrupted")
        assert shown.seconds_after_interrupt < 3.0
        assert kernel.run("%%oxillama\nHello").error == ""


def test_a_run_that_somebody_else_cancels_is_one_line(fresh: Kernel, server: Server) -> None:
    client = connect(server.url, server.token)

    def cancel(shown: Shown) -> bool:
        if first_words(shown) and "cancelled" not in done:
            about = shown.outputs[0]["metadata"]["oxillama"]
            client.post(f"/threads/{about['thread_id']}/runs/{about['run_id']}/cancel")
            done.add("cancelled")
        return False

    done: set[str] = set()
    shown = fresh.run("%%oxillama -o answer\nslow 200", interrupt_if=cancel)

    assert shown.error == "oxillama: The run was cancelled; what has come of the answer is kept."
    assert fresh.value("answer.status") == "cancelled"
    assert fresh.run("%%oxillama\nHello").error == ""

"""Runs belong to the server: cells find them again after a cut, a restart, or another cell."""

from __future__ import annotations

import json
import platform
import re
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from client.world import World, wait_for
from magics.kernel import Kernel
from magics.proxy import Proxy
from openai import OpenAI

from oxillama_jupyter import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server
    from magics.kernel import Shown


@pytest.fixture
def client(server: Server) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}v1", api_key=server.token) as client:
        yield client


def words(count: int) -> str:
    return "".join(f"w{number} " for number in range(count))


def newest_run(client: OpenAI, thread_id: str = "") -> Any:
    if not thread_id:
        page = client.get("../oxillama/threads?limit=1", cast_to=dict)
        thread_id = page["data"][0]["id"]
    return client.beta.threads.runs.list(thread_id).data[0]


def stored_text(client: OpenAI, run: Any) -> str:
    messages = client.beta.threads.messages.list(run.thread_id, run_id=run.id, order="asc")
    return "\n\n".join(message.content[0].text.value for message in messages)  # type: ignore[union-attr]


def running(client: OpenAI) -> bool:
    thread = client.get("../oxillama/threads?limit=1", cast_to=dict)["data"][0]
    runs = client.beta.threads.runs.list(thread["id"]).data
    return bool(runs and runs[0].status == "in_progress")


# -- %oxillama attach ----------------------------------------------------------------------------


def test_after_a_kernel_restart_in_mid_answer_attach_finishes_it(
    fresh: Kernel, client: OpenAI
) -> None:
    before = fresh.run("%%oxillama -o answer\nHello")
    assert before.error == ""
    fresh.post("%%oxillama\nslow 60")
    wait_for(lambda: running(client), 30, "no run")
    fresh.restart()
    run = newest_run(client)
    shown = fresh.run("%oxillama attach -o answer")

    assert shown.error == ""
    assert shown.data() == [words(60)]
    assert fresh.value("answer.text") == words(60) == stored_text(client, run)
    assert fresh.value("answer.run_id, answer.status") == str((run.id, "completed"))
    about = shown.outputs[0]["metadata"]["oxillama"]
    assert (about["run_id"], about["thread_id"]) == (run.id, run.thread_id)
    runs = client.beta.threads.runs.list(run.thread_id).data
    assert len(runs) == 2  # nothing was asked twice


def test_a_run_that_has_ended_meanwhile_is_shown_from_its_beginning(
    fresh: Kernel, client: OpenAI
) -> None:
    fresh.post("%%oxillama\nslow 10")
    wait_for(lambda: running(client), 30, "no run")
    fresh.restart()
    wait_for(lambda: newest_run(client).status == "completed", 30, "it does not end")
    shown = fresh.run("%oxillama attach")

    assert (shown.error, shown.data()) == ("", [words(10)])
    again = fresh.run("%oxillama attach")
    run = newest_run(client)
    assert again.error == (
        "oxillama: Every answer of this notebook's thread has been shown whole;"
        f" %oxillama attach {run.id} shows the last one again."
    )
    assert fresh.run(f"%oxillama attach {run.id}").data() == [words(10)]


def test_attach_by_thread_and_by_run(fresh: Kernel, client: OpenAI) -> None:
    fresh.run("%%oxillama -t 'a side track' -o side\nAside")
    fresh.run("%%oxillama\nHello")
    run = fresh.value("side.run_id")

    assert fresh.run("%oxillama attach 'a side track'").data() == ["Aside"]
    assert fresh.run(f"%oxillama attach {run} -o again").data() == ["Aside"]
    assert fresh.value("again == side") == "True"
    fresh.run("%%oxillama -o own\nHello")
    fresh.restart()  # it forgets which thread the run is of
    assert fresh.run(f"%oxillama attach {run} -o again").data() == ["Aside"]
    fresh.run("%%oxillama -o last\nHello")  # and the notebook's own thread is still its own
    assert fresh.value("last.thread_id == again.thread_id") == "False"


def test_a_run_that_another_client_began_is_followed_live(fresh: Kernel, client: OpenAI) -> None:
    fresh.run("%%oxillama -o answer\nHello")
    thread_id = fresh.value("answer.thread_id")
    run = client.beta.threads.runs.create(
        thread_id,
        assistant_id="default",
        additional_messages=[{"role": "user", "content": "slow 30"}],
    )
    shown = fresh.run("%oxillama attach")

    assert shown.data() == [words(30)]
    assert len(shown.updates) > 5
    assert shown.outputs[0]["metadata"]["oxillama"]["run_id"] == run.id


def test_an_interrupt_of_an_attached_cell_cancels_the_run(fresh: Kernel, client: OpenAI) -> None:
    fresh.run("%%oxillama -o answer\nHello")
    run = client.beta.threads.runs.create(
        fresh.value("answer.thread_id"),
        assistant_id="default",
        additional_messages=[{"role": "user", "content": "slow 200"}],
    )
    shown = fresh.run("%oxillama attach", interrupt_if=lambda shown: bool(shown.data()))

    assert shown.error == "oxillama: Interrupted; what has come of the answer is kept."
    assert fresh.run("%%oxillama\nHello").error == ""
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == "cancelled"


REFUSED = {
    "attach nobody": "No thread is called 'nobody': %oxillama threads lists them.",
    "attach run_0000": "None of the newest threads has a run run_0000: name its thread.",
    "attach 'x": "A quote is not closed in: %oxillama attach 'x",
    "attach --seed 3": "%oxillama attach takes -o, --tools and --yes",
    "attach --sed 3": "There is no flag --sed.",
    "attach -o 1a": "-o/--output takes the name of a Python variable, not '1a'.",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_attach_refuses_is_one_line(fresh: Kernel, line: str) -> None:
    shown = fresh.run(f"%oxillama {line}")
    assert shown.error.startswith(f"oxillama: {REFUSED[line]}")
    assert "\n" not in shown.error


def test_without_any_thread_attach_says_so(world: World, server: Server) -> None:
    with Kernel(world, JPY_SESSION_NAME="/home/ada/empty.ipynb", **server.kernel_env) as kernel:
        shown = kernel.run("%oxillama attach")
        assert shown.error.startswith("oxillama: This notebook has no thread yet")


# -- by itself -----------------------------------------------------------------------------------


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    proxy = Proxy(server.url)
    yield proxy
    proxy.close()


@pytest.fixture
def behind(world: World, server: Server, proxy: Proxy) -> Iterator[Kernel]:
    """A kernel that reaches the server by a link that can be cut."""
    env = server.kernel_env | {
        "OXILLAMA_BASE_URL": f"{proxy.url}v1",
        "OXILLAMA_URL": f"{proxy.url}oxillama",
        "JPY_SESSION_NAME": f"/home/ada/{time.time()}.ipynb",
    }
    with Kernel(world, **env) as kernel:
        yield kernel


def test_a_cut_connection_is_taken_up_at_the_last_event(
    behind: Kernel, proxy: Proxy, client: OpenAI
) -> None:
    cuts: list[int] = []

    def cut(shown: Shown) -> bool:
        count = len(shown.data()[0].split()) if shown.data() else 0
        if len(cuts) < 3 and count >= 8 * (len(cuts) + 1):
            cuts.append(count)
            proxy.cut()
        return False

    shown = behind.run("%%oxillama -o answer\nslow 50", interrupt_if=cut)

    assert len(cuts) == 3
    assert shown.error == ""
    assert shown.data() == [words(50)]
    texts = [update["data"]["text/markdown"] for update in shown.updates]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    asked = [request for request in proxy.requests if "starting_after=" in request]
    places = [int(request.rpartition("=")[2]) for request in asked]
    assert places == sorted(places)
    assert places[0] > cuts[0]  # not from the beginning
    assert sum(request.startswith("POST") for request in proxy.requests) == 1
    run = newest_run(client, behind.value("answer.thread_id"))
    assert stored_text(client, run) == words(50)


def test_event_numbers_are_the_servers(behind: Kernel, server: Server, client: OpenAI) -> None:
    shown = behind.run("%%oxillama -o answer\nslow 5")
    about = shown.outputs[0]["metadata"]["oxillama"]
    url = f"../oxillama/threads/{about['thread_id']}/runs/{about['run_id']}/events"
    log = client.get(url, cast_to=str)
    before, _, _ = log.partition(f"id: {about['event']}\n")
    assert before.count("event: thread.message.delta") in {4, 5}
    assert "w3" in before


def test_where_the_link_stays_down_the_cell_gives_up_and_attach_goes_on(
    behind: Kernel, proxy: Proxy
) -> None:
    def cut(shown: Shown) -> bool:
        if shown.data():
            proxy.down = True
            proxy.cut()
        return False

    behind.give_up_soon()
    shown = behind.run("%%oxillama -o answer\nslow 40", interrupt_if=cut)
    assert shown.error.startswith(f"oxillama: The connection to {proxy.url}v1 broke: ")
    assert shown.error.endswith("%oxillama attach goes on with its answer.")
    assert behind.value("answer.text.startswith('w0 ')") == "True"
    proxy.down = False
    again = behind.run("%oxillama attach -o answer")
    assert again.data() == [words(40)]
    assert behind.value("answer.status") == "completed"


def test_a_server_that_is_killed_and_started_again_shows_what_it_has_kept(
    own_world: World,
) -> None:
    first = own_world.serve()
    port = urlsplit(first.url).port or 0
    since: list[float] = []

    def kill(shown: Shown) -> bool:
        if shown.data() and not since:
            since.append(time.monotonic())
        if since and len(since) == 1 and time.monotonic() > since[0] + 2.5:
            since.append(0)
            own_world.kill(first)
            own_world.serve(port=port, token=first.token)
        return False

    with Kernel(own_world, **first.kernel_env) as kernel:
        shown = kernel.run("%%oxillama -o answer\nslow 200", interrupt_if=kill)
        with OpenAI(base_url=f"{first.url}v1", api_key=first.token) as client:
            run = newest_run(client)
            stored = stored_text(client, run)

            assert run.status == "failed"
            assert shown.error == f"oxillama: {run.last_error.message}"
            assert stored.startswith("w0 w1 ")
            assert shown.data() == [stored]
            assert kernel.value("answer.text") == stored
            assert kernel.value("answer.status") == "failed"
            assert kernel.run("%%oxillama\nHello").error == ""
            assert len(client.beta.threads.runs.list(run.thread_id).data) == 2


def test_where_the_private_server_is_gone_a_new_one_shows_what_is_kept(own_world: World) -> None:
    """The first private server is one with a script, the next one is as any kernel starts it."""
    first = own_world.serve()
    host = re.sub(r"[^\w.-]", "_", platform.node()) or "localhost"
    state = {"url": first.url, "token": first.token, "pid": first.pid, "version": __version__}
    (own_world.runtime / f"oxillama-private-{host}.json").write_text(json.dumps(state))
    since: list[float] = []

    def kill(shown: Shown) -> bool:
        if shown.data() and not since:
            since.append(time.monotonic())
        if since and len(since) == 1 and time.monotonic() > since[0] + 2.5:
            since.append(0)
            own_world.kill(first)
        return False

    with Kernel(own_world) as kernel:
        shown = kernel.run("%%oxillama -o answer\nslow 200", interrupt_if=kill)

        assert kernel.value("answer.status") == "failed"
        assert shown.data()[0].startswith("w0 w1 ")
        assert kernel.value("answer.text") == shown.data()[0]
        assert "connection" not in shown.error  # it is the run that has failed
        again = kernel.run(f"%oxillama attach {kernel.value('answer.run_id')}")
        assert again.data() == shown.data()
        assert kernel.run("%oxillama show").data("text/plain")[0].count("You:") == 1

"""Calls after a restart, over a broken connection, and of the embedded model."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
from magics.functions import FUNCTIONS, SCRIPTED, SUNNY, WEATHER
from magics.kernel import Kernel
from magics.proxy import Proxy
from openai import OpenAI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World
    from magics.kernel import Shown


@pytest.fixture(scope="module")
def server(world: World) -> Server:
    return world.serve(command=(SCRIPTED,))


def test_after_a_kernel_restart_attach_finds_the_functions_again(
    world: World, server: Server
) -> None:
    env = server.kernel_env | {"JPY_SESSION_NAME": "/home/ada/restarted.ipynb"}
    with Kernel(world, **env) as kernel:
        kernel.run(FUNCTIONS)
        kernel.run(f"%%oxillama --tools get_weather\n{WEATHER}")
        kernel.restart()
        shown = kernel.run("%oxillama attach", answers=["y"])
        assert shown.error.startswith("oxillama: The run waits for functions that this kernel does")
        assert shown.data()[0].endswith('*The run waits for: get_weather(city="Paris").*')
        kernel.run("def get_weather(town): raise RuntimeError")  # not the one that was offered
        assert "does not have" in kernel.run("%oxillama attach", answers=["y"]).error
        kernel.restart()
        kernel.run(FUNCTIONS)
        shown = kernel.run("%oxillama attach -o answer", answers=["y"])

        assert shown.error == ""
        assert len(shown.prompts) == 1
        assert kernel.value("answer.text").split() == SUNNY


def test_attach_offers_named_functions(fresh: Kernel) -> None:
    fresh.run(FUNCTIONS)
    fresh.run(f"%%oxillama --tools get_weather\n{WEATHER}")
    fresh.run("import types\nspare = types.SimpleNamespace()")
    fresh.run('def get_weather(city):\n    return "fog"\nspare.get_weather = get_weather')
    shown = fresh.run("%oxillama attach --tools spare.get_weather --yes -o answer")

    assert shown.error == ""
    assert fresh.value("answer.text").split()[-3:] == ["It", "is", "fog."]


def test_outputs_arrive_once_over_a_broken_connection(world: World, server: Server) -> None:
    proxy = Proxy(server.url)

    def replies() -> Iterator[str]:
        proxy.down = True
        proxy.cut()
        threading.Timer(1.0, lambda: setattr(proxy, "down", False)).start()
        yield "y"

    env = server.kernel_env | {
        "OXILLAMA_BASE_URL": f"{proxy.url}v1",
        "OXILLAMA_URL": f"{proxy.url}oxillama",
    }
    with Kernel(world, **env) as kernel:
        kernel.run(FUNCTIONS)
        shown = kernel.run(
            f"%%oxillama --tools get_weather -o answer\n{WEATHER}", answers=replies()
        )
        text, called = kernel.value("answer.text"), kernel.value("called")
    proxy.close()

    assert shown.error == ""
    assert text.split() == SUNNY
    assert called == "['Paris']"


def test_a_cut_behind_calls_is_taken_up_at_the_right_event(world: World, server: Server) -> None:
    """A run that has waited has a `done` in its log, which is counted and not sent."""
    proxy = Proxy(server.url)
    words = " ".join(f"w{number}" for number in range(1500))
    cuts: list[int] = []

    def cut(shown: Shown) -> bool:
        count = shown.data()[0].count("w") if shown.data() else 0
        if len(cuts) < 2 and count > 100 * (len(cuts) + 1):
            cuts.append(count)
            proxy.cut()
        return False

    env = server.kernel_env | {
        "OXILLAMA_BASE_URL": f"{proxy.url}v1",
        "OXILLAMA_URL": f"{proxy.url}oxillama",
    }
    with Kernel(world, **env) as kernel:
        kernel.run(FUNCTIONS)
        calls = '=> add {"a": 1, "b": 2} | => add {"a": 3, "b": 4}'
        shown = kernel.run(
            f"%%oxillama --tools add --yes -o answer\n{calls} | {words}", interrupt_if=cut
        )
        text, called = kernel.value("answer.text"), kernel.value("called")
    proxy.close()

    assert shown.error == ""
    assert len(cuts) == 2
    assert text.strip() == words
    assert called == "[(1, 2), (3, 4)]"
    asked = [request for request in proxy.requests if "starting_after=" in request]
    assert all(int(request.rpartition("=")[2]) > cuts[0] for request in asked)
    about = shown.outputs[0]["metadata"]["oxillama"]
    texts = texts_by_event(server, about["thread_id"], about["run_id"])
    for update in shown.updates:
        number = int(update["metadata"]["oxillama"]["event"])
        shown_text = update["data"]["text/markdown"]
        assert shown_text.rpartition("\n\n")[2] == texts[number] or "`" in shown_text[-1]


def texts_by_event(server: Server, thread_id: str, run_id: str) -> dict[int, str]:
    """The text of a run behind each of its events, by the server's numbers."""
    with OpenAI(base_url=f"{server.url}v1", api_key=server.token) as client:
        log = client.get(f"../oxillama/threads/{thread_id}/runs/{run_id}/events", cast_to=str)
    text, texts = "", {}
    for frame in log.strip().split("\n\n"):
        number, _, data = (line.partition(": ")[2] for line in frame.split("\n"))
        if '"thread.message.delta"' in data:
            text += json.loads(data)["delta"]["content"][0]["text"]["value"]
        texts[int(number)] = text
    return texts


def test_the_embedded_model_calls_a_function_of_this_notebook(own_world: World) -> None:
    with Kernel(own_world) as kernel:
        kernel.run(FUNCTIONS)
        shown = kernel.run(
            "%%oxillama --tools get_weather --temperature 0 -o answer\n"
            "What is the weather in Oslo?",
            answers=["y"],
        )
        assert shown.error == ""
        assert shown.prompts[0].startswith('get_weather(city="Oslo")\n')
        assert kernel.value("called") == "['Oslo']"
        assert "sunny" in kernel.value("answer.text")

"""The engine's monitor in the kernel: what it leaves in a notebook, and when it draws that anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from magics.kernel import Kernel

from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.widgets.engine_monitor import EngineMonitor
from oxillama_jupyter.widgets.engine_picture import engine_svg
from oxillama_jupyter.widgets.panel import MIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server, World

    from oxillama_jupyter.client.connection import Connection

SVG = "{http://www.w3.org/2000/svg}"
MONITOR = "from oxillama_jupyter.widgets import EngineMonitor; monitor = EngineMonitor()"
SAID = (
    "monitor._handle_msg({'content': {'data': {'method': 'custom', 'content': %s}}, 'buffers': []})"
)
HOSTILE = '</text><script>window.PWNED = 1</script> "\x1b[31m\u202eevil &amp; '


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[Connection]:
    found = connect(f"{server.url}v1", server.token)
    for text in ("one", "two"):
        thread = {"messages": [{"role": "user", "content": f"{text} slow"}]}
        found.openai.beta.threads.create_and_run_poll(assistant_id="default", thread=thread)
    yield found
    found.openai.close()


@pytest.fixture(scope="module")
def kernel(world: World, server: Server) -> Iterator[Kernel]:
    with Kernel(world, **server.kernel_env, OXILLAMA_WIDGETS="1") as kernel:
        yield kernel


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter(f"{SVG}text")]


def test_the_picture_has_the_engine_s_figures(connection: Connection) -> None:
    picture = EngineMonitor(connection).picture()
    report = connection.engine()
    shown = texts(picture["image/svg+xml"])

    assert set(picture) == {"image/svg+xml", "text/plain"}
    assert "Model: scripted, 400,000 tokens of context" in shown
    assert "Sequences: 0 of 8 generating" in shown
    assert shown.count("warm") == 2
    assert f"Tokens per second of the last {len(report['turns'])} turns, newest right" in shown
    assert f"Turns so far  {report['totals']['turns']}: " in picture["text/plain"]
    assert report["turns"][0]["run_id"] in picture["text/plain"]


def test_the_picture_is_a_drawing_whatever_names_there_are(connection: Connection) -> None:
    report = connection.engine()
    report["models"][0]["id"] = HOSTILE
    report["status"]["detail"] = HOSTILE * 100
    report["status"]["stats"]["sequences"] = [{"state": "generating", "tokens": 7}] * 300
    report["turns"] = report["turns"] * 90
    report["turns"][0]["timings"]["tokens_per_second"] = 1e9
    svg = engine_svg(report)
    tree = ET.fromstring(svg)

    assert {node.tag.removeprefix(SVG) for node in tree.iter()} <= {
        *("svg", "title", "rect", "text", "path")
    }
    assert not [name for node in tree.iter() for name in node.attrib if name.startswith("on")]
    assert "\x1b" not in svg
    assert "\u202e" not in svg
    assert any("<script>" in text for text in texts(svg))  # as text
    assert "and 284 more" in texts(svg)
    bars = [float(node.attrib["height"]) for node in tree.iter(f"{SVG}rect")]
    assert max(bars) == float(tree.attrib["height"])
    assert len(svg) < 30_000


def test_without_a_server_there_is_a_sentence(world: World, server: Server) -> None:
    gone = EngineMonitor(connect("http://127.0.0.1:9/v1", "none"))

    assert gone.picture() == {"text/plain": "EngineMonitor(): the server does not answer."}
    assert repr(gone) == "EngineMonitor()"


def test_the_command_opens_it_where_widgets_are_shown(kernel: Kernel) -> None:
    shown = kernel.run("%oxillama engine")
    (output,) = shown.updates

    panel = output["data"][MIME]
    assert panel["widget"] == "engine_monitor"
    assert panel["state"] == {"openai_prefix": "v1", "prefix": "oxillama"}
    assert "image/svg+xml" in output["data"]
    assert output["transient"]["display_id"]
    assert "Turns so far" in output["data"]["text/plain"]


def test_the_page_s_word_replaces_the_picture_and_nothing_else(kernel: Kernel) -> None:
    ask = "get_ipython().run_cell_magic('oxillama', '', 'Hello')"
    code = [MONITOR, "display(monitor)", ask, SAID % {"other": 1}, SAID % {"picture": True}]
    updates = kernel.run("\n".join(code)).updates
    before, after = [
        one for one in updates if one["data"].get(MIME, {}).get("widget") == "engine_monitor"
    ]

    assert after["transient"] == before["transient"]
    assert after["data"][MIME] == before["data"][MIME]  # so that the page leaves it alone
    assert after["data"]["image/svg+xml"] != before["data"]["image/svg+xml"]


def test_one_that_was_never_shown_by_itself_shows_nothing(kernel: Kernel) -> None:
    shown = kernel.run(f"{MONITOR}\n{SAID % {'picture': True}}")

    assert shown.status == "ok"
    assert shown.updates == []


def test_a_page_that_replaces_the_picture_itself_is_sent_it(kernel: Kernel) -> None:
    shown = kernel.run(f"{MONITOR}\n{SAID % {'picture': 'send'}}")

    (sent,) = [
        message["content"]["data"]["content"]
        for message in shown.messages
        if message["content"].get("data", {}).get("method") == "custom"
    ]
    assert set(sent["pictured"]) == {"image/svg+xml", "text/plain"}
    assert shown.updates == []


def test_its_comm_stays_small(kernel: Kernel) -> None:
    shown = kernel.run(MONITOR)
    opened: list[dict[str, Any]] = [
        message["content"] for message in shown.messages if message["msg_type"] == "comm_open"
    ]

    assert 0 < len(json.dumps(opened)) < 60_000

"""The engine's monitor in JupyterLab, in a browser: live, stopped, unseen, cut off, saved."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser.looks import check_none, settle, theme
from browser.notebooks import (
    LIMIT,
    open_notebook,
    run_all,
    saved_outputs,
    wait_until,
    write_notebook,
)
from openai import OpenAI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from browser.labs import LabWorld
    from client.world import Server, World
    from playwright.sync_api import Locator, Page

MONITOR = ".oxillama-engine-monitor"
MAKE = "from oxillama_jupyter.widgets import EngineMonitor\nEngineMonitor(picture_seconds=1)"
# What reaches out of the panel, but for what scrolls by itself.
WIDE = """selector => {
  const panel = document.querySelector(selector), edge = panel.getBoundingClientRect().right + 1;
  return [...panel.querySelectorAll('*')]
    .filter(one => !one.closest('.ox-scroll table') && one.getBoundingClientRect().right > edge)
    .map(one => one.outerHTML.slice(0, 200));
}"""


@pytest.fixture
def client(scripted_lab: Server) -> Iterator[OpenAI]:
    found = OpenAI(base_url=f"{scripted_lab.url}v1", api_key=scripted_lab.token, max_retries=0)
    yield found
    found.close()


def start(client: OpenAI, text: str) -> Any:
    thread = {"messages": [{"role": "user", "content": text}]}
    return client.beta.threads.create_and_run(assistant_id="default", thread=thread)


def finish(client: OpenAI, *texts: str) -> None:
    """Have these answered, all at the same time."""
    for run in [start(client, text) for text in texts]:
        client.beta.threads.runs.poll(run.id, thread_id=run.thread_id, poll_interval_ms=50)


def opened(page: Page, lab: Server, world: World, *sources: str) -> Locator:
    """A notebook with the monitor in its first cell, run."""
    write_notebook(world, *(sources or ("%oxillama engine",)))
    open_notebook(page, lab)
    run_all(page)
    page.wait_for_selector(f"{MONITOR} h3", timeout=LIMIT)
    return page.locator(MONITOR).first


def shot(panel: Locator, name: str) -> None:
    """Keep a picture for who wants to look, in the folder that OXILLAMA_SHOTS names."""
    if folder := os.environ.get("OXILLAMA_SHOTS"):
        panel.screenshot(path=str(Path(folder) / f"engine_monitor-{name}.png"))


def part(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("region", name=name, exact=True)


def wait_for_text(panel: Locator, pattern: str) -> None:
    found = panel.filter(has_text=re.compile(pattern))
    found.wait_for(timeout=LIMIT)


@pytest.mark.timeout(200)
def test_figures_change_while_runs_stream_and_one_is_stopped(
    page: Page, scripted_lab: Server, world: World, client: OpenAI, hosts: set[str | None]
) -> None:
    panel = opened(page, scripted_lab, world)
    wait_for_text(panel, "Ready")
    assert part(panel, "Sequences").get_by_role("listitem").count() == 8
    assert "Nothing runs." in panel.inner_text()

    runs = [start(client, "slow 600") for _ in range(6)]
    wait_for_text(panel, "4 of 8")
    wait_for_text(panel, "2 waiting")
    cells = part(panel, "Sequences").get_by_role("listitem")
    busy = cells.filter(has_text="generating")
    assert busy.count() == 4
    assert set(busy.evaluate_all("all => all.map(one => one.title.split(', ')[0])")) <= {
        run.id for run in runs
    }
    tokens = "all => all.map(one => Number(/([0-9,]+) tokens/.exec(one.innerText)[1]))"
    before = busy.evaluate_all(tokens)
    line = part(panel, "Speed").locator(".ox-line").last.get_attribute("d")
    speed = part(panel, "Speed").locator(".ox-line").last
    wait_until(page, lambda: speed.get_attribute("d") != line, "another line")
    wait_until(
        page,
        lambda: all(one < two for one, two in zip(before, busy.evaluate_all(tokens), strict=True)),
        "more tokens in each sequence",
    )
    said = part(panel, "Speed").get_by_role("img").first.get_attribute("aria-label") or ""
    now = re.search(r"([\d.]+) tokens/s now", said)
    assert now, said
    assert 0 < float(now[1]) < 200  # four runs of at most 20 a second
    shot(panel, "busy")

    doomed = runs[0]
    stop = panel.get_by_role("button", name=f"Stop {doomed.id}")
    stop.focus()
    page.keyboard.press("Enter")
    ended = client.beta.threads.runs.poll(doomed.id, thread_id=doomed.thread_id)
    assert ended.status == "cancelled"
    stop.wait_for(state="detached", timeout=LIMIT)
    wait_for_text(panel, "1 waiting")
    for run in runs[1:]:
        client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    wait_for_text(panel, "Nothing runs.")
    assert cells.filter(has_text="warm").count() >= 5


@pytest.mark.timeout(200)
def test_the_real_engine_is_shown(
    page: Page, lab: Server, world: World, hosts: set[str | None]
) -> None:
    panel = opened(page, lab, world, "%oxillama engine", "%%oxillama\nWhat is your name?")

    wait_for_text(panel, "Generating")
    wait_for_text(panel, "run_")
    page.wait_for_selector(f"{MONITOR} .ox-sequence.idle", timeout=LIMIT)
    wait_for_text(panel, "1 turn")
    warm = part(panel, "Sequences").get_by_role("listitem").filter(has_text="warm")
    assert re.search(r"\d+ tokens\s+thread_", warm.first.inner_text())
    assert re.search(r"pid \d+ · up \d+", panel.inner_text())
    assert "never restarted" in panel.inner_text()
    assert re.search(r"Vault on disk\s+\d+ threads\s+\d", panel.inner_text())
    assert re.search(r"[\d,]+ of [\d,]+ tokens", panel.inner_text())
    shot(panel, "real")


@pytest.mark.timeout(200)
def test_nobody_asks_for_what_nobody_sees(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "oxillama/engine" in one.url else None)
    page.set_viewport_size({"width": 1200, "height": 700})
    tall = "from IPython.display import HTML; HTML('<div style=\"height:4000px\">tall</div>')"
    opened(page, scripted_lab, world, MAKE, tall)

    def asks() -> None:
        asked.clear()
        wait_until(page, lambda: asked, "it asks")

    def is_quiet() -> None:
        for _ in range(10):  # what was under way may still come
            asked.clear()
            page.wait_for_timeout(5000)
            if not asked:
                return
        raise AssertionError("It asks what nobody sees.")

    asks()
    scroll = "top => document.querySelector('.jp-WindowedPanel-outer').scrollTop = top"
    page.evaluate(scroll, 4000)
    is_quiet()
    page.evaluate(scroll, 0)
    asks()
    hide = """hidden => {
      Object.defineProperty(document, 'hidden', {get: () => hidden, configurable: true});
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page.evaluate(hide, True)  # noqa: FBT003
    is_quiet()
    page.evaluate(hide, False)  # noqa: FBT003
    asks()


@pytest.mark.timeout(200)
def test_it_says_that_the_server_does_not_answer_and_recovers(
    page: Page, scripted_lab: Server, world: World, client: OpenAI, hosts: set[str | None]
) -> None:
    asked: list[str] = []
    panel = opened(page, scripted_lab, world)
    page.on("request", lambda one: asked.append(one.url) if "oxillama/engine" in one.url else None)
    page.route("**/oxillama/engine", lambda route: route.abort())
    alert = panel.get_by_role("alert").filter(has_text="The server does not answer")
    alert.filter(has_text="it is asked again every 2 s").wait_for(timeout=LIMIT)
    assert panel.get_by_role("heading", name="Last turns").is_visible()  # what was known stays
    asked.clear()
    for seconds in (4, 8):  # more and more seldom
        alert.filter(has_text=f"every {seconds} s").wait_for(timeout=LIMIT)
    assert len(asked) <= 3
    shot(panel, "cut-off")

    page.unroute("**/oxillama/engine")
    finish(client, "Hello")
    panel.get_by_role("button", name="Ask now").click()
    alert.wait_for(state="detached", timeout=LIMIT)
    wait_for_text(panel, "1 turn")


@pytest.mark.timeout(250)
def test_the_notebook_keeps_a_picture_that_is_not_old(
    page: Page, scripted_lab: Server, world: LabWorld, client: OpenAI, hosts: set[str | None]
) -> None:
    panel = opened(page, scripted_lab, world, MAKE)
    panel.get_by_role("button", name="Pause").click()
    panel.evaluate("one => { one.dataset.mine = 'still there'; }")
    finish(client, *["slow 30"] * 3)
    shown = """() => window.jupyterapp.shell.currentWidget.content.widgets[1].outputArea.model
      .toJSON()[0].data['image/svg+xml']"""
    page.wait_for_function(f"() => ({shown})().includes('last 3 turns')", timeout=LIMIT)

    assert panel.get_attribute("data-mine") == "still there"  # it was not made anew
    assert panel.get_by_role("button", name="Go on").is_visible()
    (output,) = saved_outputs(page, world)
    assert "last 3 turns" in "".join(output["data"]["image/svg+xml"])
    assert "3: " in "".join(output["data"]["text/plain"])

    # The same file in a JupyterLab without our extension, and in an export.
    world.disable("oxillama-jupyter", "@jupyter-widgets/jupyterlab-manager")
    open_notebook(page, scripted_lab, "second")
    picture = page.locator(".jp-RenderedSVG img, .jp-RenderedSVG svg").first
    picture.wait_for(timeout=LIMIT)
    box = picture.bounding_box()
    assert box
    assert box["height"] > 200
    assert page.locator(MONITOR).count() == 0
    shot(picture, "saved")
    html = world.python(
        "import nbformat; from nbconvert import HTMLExporter\n"
        "print(HTMLExporter().from_notebook_node(nbformat.read('a.ipynb', 4))[0])"
    )
    drawn = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", html)
    assert any("last 3 turns" in base64.b64decode(one).decode() for one in drawn)


@pytest.mark.timeout(200)
def test_a_page_reloaded_shows_it_with_the_past_that_turns_tell(
    page: Page, scripted_lab: Server, world: World, client: OpenAI, hosts: set[str | None]
) -> None:
    opened(page, scripted_lab, world)
    for _ in range(2):
        finish(client, "slow 20")
    saved_outputs(page, world)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    open_notebook(page, scripted_lab, "second")

    page.wait_for_selector(f"{MONITOR} .ox-plot", timeout=LIMIT)
    panel = page.locator(MONITOR).first
    wait_for_text(panel, "2 turns")
    said = part(panel, "Speed").get_by_role("img").first.get_attribute("aria-label") or ""
    most = re.search(r"([\d.]+) tokens/s at most", said)
    assert most, said
    assert 0 < float(most[1]) < 30  # from the turns: nobody looked then
    assert "of 2 turns" in (
        part(panel, "Speed").get_by_role("img").last.get_attribute("aria-label") or ""
    )


@pytest.mark.timeout(200)
def test_the_keyboard_is_enough(
    page: Page, scripted_lab: Server, world: World, client: OpenAI, hosts: set[str | None]
) -> None:
    panel = opened(page, scripted_lab, world)
    finish(client, *["Hello"] * 10)
    wait_for_text(panel, "10 turns")
    reached: list[str] = []
    panel.locator("h3").evaluate("one => { one.tabIndex = -1; one.focus(); }")
    for _ in range(7):
        page.keyboard.press("Tab")
        name = "() => (document.activeElement.innerText || '').split('\\n')[0].trim()"
        reached.append(page.evaluate(name))
        if reached[-1] in {"Pause", "In numbers", "All 10"}:
            page.keyboard.press("Enter")
        ring = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none", reached

    assert [one for one in reached if one in {"Pause", "In numbers", "All 10"}] == [
        *("Pause", "In numbers", "All 10")
    ]
    assert panel.get_by_role("button", name="Go on").get_attribute("aria-pressed") == "true"
    assert "Half minute before" in panel.inner_text()
    assert part(panel, "Last turns").locator("tbody tr").count() >= 10
    line = part(panel, "Speed").locator(".ox-line").last
    held = line.get_attribute("d")
    finish(client, "slow 30")
    wait_for_text(panel, "11 turns")
    assert line.get_attribute("d") == held  # paused


@pytest.mark.timeout(250)
def test_it_is_readable_in_each_theme_wide_and_narrow(  # noqa: PLR0913, PLR0917 - fixtures
    page: Page,
    scripted_lab: Server,
    world: World,
    client: OpenAI,
    axe: Callable[[str], list[Any]],
    hosts: set[str | None],
) -> None:
    page.set_viewport_size({"width": 1800, "height": 1900})
    panel = opened(page, scripted_lab, world)
    finish(client, "slow 20", "slow 30", "slow 40")
    runs = [start(client, "slow 4000") for _ in range(5)]
    wait_for_text(panel, "1 waiting")
    for details in panel.locator("details").all():
        details.evaluate("one => { one.open = true; }")
    for colours in ("Light", "Dark"):
        theme(page, colours)
        for width in (1200, 360):
            panel.evaluate("(one, width) => { one.style.width = `${width}px`; }", width)
            settle(page)
            shot(panel, f"{colours.lower()}-{width}")
            check_none(page, WIDE, MONITOR, (colours, width))
            assert axe(MONITOR) == [], (colours, width)
    for run in runs:
        client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)

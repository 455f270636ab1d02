"""The engine's monitor in a page that was reloaded while its kernel goes on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import openai
import pytest
from browser.notebooks import LIMIT, open_notebook, saved_outputs
from browser.test_engine_monitor import (
    MAKE,
    MONITOR,
    client,  # noqa: F401  # a fixture
    finish,
    opened,
    wait_for_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.world import Server, World
    from openai import OpenAI
    from playwright.sync_api import Page, Route

PICTURE = """() => window.jupyterapp.shell.currentWidget.content.widgets[1].outputArea.model
  .toJSON()[0].data['image/svg+xml']"""


@pytest.mark.timeout(200)
def test_a_reloaded_page_keeps_the_picture_new_and_stops_what_a_client_waits_for(
    page: Page,
    scripted_lab: Server,
    world: World,
    client: OpenAI,  # noqa: F811  # the fixture
    hosts: set[str | None],
) -> None:
    opened(page, scripted_lab, world, MAKE)
    saved_outputs(page, world)
    open_notebook(page, scripted_lab, "second")
    panel = page.locator(MONITOR)
    wait_for_text(panel, "Ready")
    panel.evaluate("one => { one.dataset.mine = 'still there'; }")
    for _ in range(3):
        finish(client, "slow 30")
    page.wait_for_function(f"() => ({PICTURE})().includes('last 3 turns')", timeout=LIMIT)
    assert panel.get_attribute("data-mine") == "still there"  # it was not made anew
    (output,) = saved_outputs(page, world)
    assert "last 3 turns" in "".join(output["data"]["image/svg+xml"])
    assert "3: " in "".join(output["data"]["text/plain"])

    told: list[str | None] = []

    def ask() -> None:
        with pytest.raises(openai.APIStatusError) as refused:
            client.chat.completions.create(
                model="scripted", messages=[{"role": "user", "content": "slow 600"}]
            )
        told.append(refused.value.code)

    waiting = threading.Thread(target=ask)
    waiting.start()
    wait_for_text(panel, "a client waits")
    panel.get_by_role("button", name="Stop chatcmpl-").press("Enter")
    wait_for_text(panel, "Nothing runs.")
    waiting.join(timeout=20)
    assert told == ["generation_stopped"]


@pytest.mark.timeout(200)
def test_what_was_measured_is_shown_and_measured_again(
    page: Page,
    scripted_lab: Server,
    world: World,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
) -> None:
    """The scripted engine measures nothing: its report says so here."""
    way = {"flash_attn": False, "n_threads": 2, "prefill": 600.0, "decode": 98.0, "follow_up": 0.08}
    way |= {"decode_together": 130.0, "seconds": 3.7, "chosen": True}
    ways = [way, {**way, "flash_attn": True, "seconds": None, "chosen": False}]
    measuring: list[int | None] = [None]

    def tell(route: Route) -> None:
        answer = route.fetch()
        report = answer.json()
        report["status"] |= {"measured": ways, "measuring": measuring[0]}
        route.fulfill(response=answer, json=report)

    page.route("**/oxillama/engine", tell)
    opened(page, scripted_lab, world, MAKE)
    panel = page.locator(MONITOR)
    panel.get_by_text("Settings measured on this machine (2)").click()
    rows = panel.get_by_role("region", name="Measured settings").locator("tbody tr")
    assert [row.replace("→ ", "").split()[:3] for row in rows.all_inner_texts()] == [
        ["used", "off", "2"],
        ["crashed", "on", "2"],
    ]
    panel.get_by_role("button", name="Measure again").press("Enter")
    wait_for_text(panel, "one model, which is always loaded")
    measuring[0] = 3
    wait_for_text(panel, "3 ways timed so far; it goes on while nobody generates.")
    assert panel.get_by_role("button", name="Measure again").count() == 0
    assert axe(MONITOR) == []

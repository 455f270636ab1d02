"""A model's calls in a page: approved, edited, denied, and whatever they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from browser.hostile import FOUND, HOSTILE
from browser.looks import check_looks
from browser.notebooks import LIMIT, open_notebook, run_all, wait_for_end, write_notebook

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.world import Server, World
    from playwright.sync_api import Page

WEATHER = """def get_weather(city: str) -> str:
    "Weather now."
    return f"sunny in {city}"
"""
CALL = "section[aria-label='Call of get_weather']"


def outputs_of(page: Page, world: World, cell: int) -> str:
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = json.loads((world.root / "a.ipynb").read_text())["cells"][cell]["outputs"]
    return "".join("".join(output["data"].get("text/markdown", "")) for output in saved)


@pytest.mark.timeout(300)
def test_calls_are_approved_edited_and_denied_by_keyboard(
    page: Page,
    scripted_lab: Server,
    world: World,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
) -> None:
    calls = " & ".join(f'get_weather {{"city": "{city}"}}' for city in ("Paris", "Rome", "Bonn"))
    write_notebook(
        world, WEATHER, f"%%oxillama --tools get_weather\nSee. => {calls} | It is $outputs."
    )
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(f"{CALL}:has-text('Bonn')", timeout=LIMIT)
    check_looks(page, axe, ".oxillama-run")

    first, second, third = (page.locator(CALL).nth(place) for place in range(3))
    first.get_by_role("button", name="Approve: run get_weather").focus()
    page.keyboard.press("Enter")
    first.get_by_text("Approved:").wait_for(timeout=LIMIT)
    second.get_by_role("button", name="Edit the arguments of get_weather").press("Enter")
    field = second.get_by_role("textbox", name="Arguments, as JSON")
    field.fill("[1]")
    second.get_by_role("button", name="Run it with these arguments").press("Enter")
    second.get_by_role("alert").wait_for(timeout=LIMIT)
    field.fill('{"city": "Oslo"}')
    second.get_by_role("button", name="Run it with these arguments").press("Enter")
    second.get_by_text("Approved with other arguments:").wait_for(timeout=LIMIT)
    third.get_by_role("button", name="Deny: do not run get_weather").press("Enter")
    wait_for_end(page, 2)

    text = outputs_of(page, world, 2)
    assert '`get_weather(city="Paris") → sunny in Paris`' in text
    assert 'get_weather(city="Oslo") (edited) → ' in text
    assert '`get_weather(city="Bonn") was denied`' in text
    assert "sunny in Rome" not in text


@pytest.mark.timeout(300)
def test_a_call_is_never_html_and_a_reloaded_page_decides_about_it(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    city = HOSTILE.replace("&", "and").replace("|", "/").replace("=>", "->")
    evil = json.dumps({"city": f"\u202e\x1b[2J{city}"}).replace("$outputs", "")
    name = "<img/src=x/onerror=window.PWNED=9>"
    write_notebook(
        world,
        WEATHER,
        f"%%oxillama --tools get_weather\n=> get_weather {evil} & {name} {{}} | Done.",
    )
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(f"{CALL} button", timeout=LIMIT)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()  # the kernel is blocked: it waits for the decision
    page.wait_for_selector(f"{CALL} button", timeout=LIMIT)

    found = page.evaluate(FOUND, ".oxillama-calls")
    own = [one for one in found["elements"] if not one.startswith('<button type="button"')]
    assert (own, found["links"], found["handlers"], found["pwned"]) == ([], [], [], None)
    assert "window.PWNED = 2" in found["text"]
    assert "\\u202e\\u001b[2J" in found["text"]
    assert name in found["text"]

    page.locator(CALL).get_by_role("button", name="Always approve get_weather").click()
    page.wait_for_selector(".oxillama-text:has-text('Done.')", timeout=LIMIT)
    page.wait_for_selector(".oxillama-calls:not(:has(section))", state="attached", timeout=LIMIT)

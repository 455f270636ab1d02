"""How the thread browser looks in both themes at two widths, and what it makes of hostile texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from browser.browsed import NOW, Stock, browse, connection_to, serve
from browser.hostile import FOUND, HOSTILE
from browser.looks import check_none, settle, theme

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from browser.labs import LabWorld
    from playwright.sync_api import Page

pytestmark = pytest.mark.timeout(240)
QUESTIONS = (
    ("Why is the sea salty?", "Rivers carry **salt** from the rocks, and only water leaves again."),
    ("How do I read a CSV file?", "```python\nimport pandas as pd\n\npd.read_csv('a.csv')\n```"),
    ("Name three quinces.", "1. Vranja\n2. Champion\n3. Meech's Prolific"),
    (
        "What is a monoid?",
        "A set, an *associative* operation, and one element that does nothing.",
    ),
)
WIDEN = "width => { document.querySelector('.oxillama-panel').style.width = `${width}px`; }"
WIDER = """() => [...document.querySelectorAll('.oxillama-panel, .tb-side, .tb-main, .tb-head,'
  + '.tb-search, .tb-messages, .tb-undo, .tb-filters')]
  .filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.className)"""


def fill(world: LabWorld) -> Stock:
    stock = Stock(world.root / "store.db")
    for number in range(40):
        question, answer = QUESTIONS[number % 4]
        own = {"name": question.split("?")[0].rstrip(".")} if number % 3 else {}
        tags = {"tag:to read": "yes", "tag:science": "yes"} if number % 4 == 0 else {}
        stock.thread(
            question,
            answer,
            "And why is that?",
            "Nobody knows.",
            at=NOW + number * 7000,
            model="oxillama-tiny",
            notebook=f"/home/ann/lessons/lesson{number % 5}.ipynb",
            **own,
            **tags,
        )
    stock.close()
    return stock


def test_it_fits_and_everybody_can_use_it(
    page: Page,
    world: LabWorld,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
    tmp_path: Path,
) -> None:
    browse(page, serve(world, fill(world)), world)
    page.set_viewport_size({"width": 1700, "height": 900})
    settle(page)
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("button", name="Choose several threads").click()
    page.locator(".tb-thread").nth(2).click()
    look(page, axe, tmp_path / "list")

    page.get_by_role("button", name="Choose several threads").click()
    page.get_by_label("Search in all messages").fill("salty")
    page.wait_for_selector(".tb-count:has-text('10 threads')")
    page.locator(".tb-thread").nth(0).click()
    page.get_by_role("button", name="Details of this message").nth(1).click()
    page.wait_for_selector(".tb-facts")
    page.get_by_role("button", name="Runs of the thread").click()
    page.wait_for_selector(".tb-runs li")
    look(page, axe, tmp_path / "thread")

    page.get_by_role("button", name="Delete the thread").click()
    page.wait_for_selector(".tb-undo > div")
    look(page, axe, tmp_path / "undo")


def look(page: Page, axe: Callable[[str], list[Any]], path: Path) -> None:
    """Light or dark, narrow or wide: nothing is too wide, or out of anybody's reach."""
    for colours in ("Light", "Dark"):
        theme(page, colours)
        for width in (360, 1200):
            page.evaluate(WIDEN, width)
            settle(page)
            page.locator(".oxillama-panel").screenshot(path=f"{path}-{colours}-{width}.png")
            check_none(page, WIDER, None, (colours, width))
            assert axe(".oxillama-panel") == [], (colours, width)


def test_texts_of_others_are_texts(page: Page, world: LabWorld, hosts: set[str | None]) -> None:
    stock = Stock(world.root / "store.db")
    name = '<img src=x onerror="window.PWNED=1">\u202egnp.exe\x1b[31m'
    own = {"name": name, "tag:<b onclick=window.PWNED=2>t": "yes", "tag:\u202ex\x00": "yes"}
    book = "/w/<script>window.PWNED=3</script>.ipynb"
    stock.thread(
        HOSTILE, HOSTILE, at=NOW, model="<svg onload=window.PWNED=4>", notebook=book, **own
    )
    stock.close()
    lab = serve(world, stock)
    browse(page, lab, world)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Search in all messages").fill("window.PWNED onerror <img")
    page.wait_for_selector(".tb-preview mark")
    page.locator(".tb-thread").click()
    page.wait_for_selector(".tb-message >> nth=1")
    page.get_by_role("button", name="Details of this message").last.click()
    page.wait_for_selector(".tb-facts:has-text('<svg onload=window.PWNED=4>')")
    page.get_by_role("button", name="JSON of the message").last.click()
    page.wait_for_timeout(1000)  # for whatever the page would fetch now

    for selector in (
        ".tb-message .tb-text",
        ".tb-message:last-child .tb-text",
        ".tb-list",
        ".tb-name h3",
    ):
        found = page.evaluate(FOUND, selector)
        assert found["elements"] == []
        assert found["handlers"] == []
        assert found["pwned"] is None
        assert all(re.match(r"https?://|mailto:", link) for link in found["links"])
    shown = page.locator(".oxillama-panel").inner_text()
    assert '<img src=x onerror="window.PWNED=1">\\u202egnp.exe\\u001b[31m' in shown
    assert "<b onclick=window.PWNED=2>t" in shown
    assert "\\u202ex\\u0000" in shown
    for made in ("script", "img", "svg", "iframe", "form", "style", "object"):
        assert page.locator(f".oxillama-panel {made}").count() == 0
    assert not re.search("[\u202a-\u202e\x00-\x08\x1b]", page.locator(".tb-side").inner_text())

    # What is put into a cell is a line that can only go on with the thread.
    page.get_by_role("button", name="Insert a cell that goes on here").click()
    source = "window.jupyterapp.shell.currentWidget.content.widgets[2].model.sharedModel.source"
    thread = connection_to(lab).threads()["data"][0]["id"]
    assert page.evaluate(source) == f"%%oxillama --thread {thread}\n"

"""How the chat looks, and where it can be: light and dark, wide and narrow, beside the notebook."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from browser.chats import ANSWER, NEW, begin, field, open_chat, send, wait_for_answer
from browser.looks import check_none, settle, theme
from browser.notebooks import LIMIT, open_in_notebook7, run_all, write_notebook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from client.world import Server, World
    from playwright.sync_api import Page

pytestmark = pytest.mark.timeout(200)
TEXT = """say:## What stands out⏎⏎The mean of `score` is **2.4**; three rows have no value.⏎⏎\
1. Fill them with the median.⏎2. Or leave them out:⏎⏎```python⏎clean = df.dropna(subset=["score"])⏎\
clean.describe()⏎```⏎⏎| column | missing |⏎|---|---:|⏎| score | 3 |⏎| name | 0 |"""
WIDEN = "width => { document.querySelector('.oxillama-chat').style.width = `${width}px`; }"
OVERFLOW = """() => [...document.querySelectorAll('.oxillama-chat, .oxillama-chat *')]
  .filter(e => e.getBoundingClientRect().right
    > document.querySelector('.oxillama-chat').getBoundingClientRect().right + 1)
  .filter(e => !e.closest('pre, table, .oxillama-hidden-label, .oxillama-chat-title bdi'))
  .map(e => e.outerHTML.slice(0, 200))"""


def test_it_is_good_to_read(  # noqa: PLR0913, PLR0917 - fixtures
    page: Page,
    scripted_lab: Server,
    world: World,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
    tmp_path: Path,
) -> None:
    page.set_viewport_size({"width": 1500, "height": 1100})
    begin(scripted_lab, "Which library draws maps?", "Several do.", name="Maps")
    data = (
        "df = {'score': [1, 2, None]}\nlimits = (0, 5)\nlong_name_of_a_variable_"
        + "x" * 40
        + " = 1"
    )
    open_chat(page, scripted_lab, world, data, "%oxillama chat")
    page.evaluate("() => { window.jupyterapp.commands.execute('application:toggle-left-area'); }")
    page.get_by_role("button", name="+ Variable").click()
    page.get_by_role("button", name="df dict").click()
    page.get_by_label("Goes with the question").get_by_text("tokens").wait_for(timeout=LIMIT)
    send(page, TEXT)
    wait_for_answer(page, "What stands out")
    send(page, "slow 4000")
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('w12')", timeout=LIMIT)
    look(page, axe, tmp_path, "writing")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector(".oxillama-chat-end", timeout=LIMIT)
    page.get_by_role("button", name="+ Variable").click()
    page.get_by_role("button", name="limits tuple").click()
    page.get_by_role("button", name="Earlier", exact=True).click()
    page.get_by_text("Maps").wait_for(timeout=LIMIT)
    look(page, axe, tmp_path, "choosing")


def picture(page: Page, tmp_path: Path, name: str) -> None:
    """A picture for people; `OXILLAMA_PICTURES` is where they are wanted."""
    folder = os.environ.get("OXILLAMA_PICTURES", str(tmp_path))
    page.screenshot(path=f"{folder}/chat-{name}.png")


def look(page: Page, axe: Callable[[str], list[Any]], tmp_path: Path, name: str) -> None:
    """Light or dark, narrow or wide: nothing is too wide, or out of anybody's reach."""
    for colours in ("Light", "Dark"):
        theme(page, colours)
        for width in (360, 1200):
            page.evaluate(WIDEN, width)
            settle(page)
            picture(page, tmp_path, f"{name}-{colours}-{width}")
            assert axe(".oxillama-chat") == [], (colours, width)
            check_none(page, OVERFLOW, None, (colours, width))
            assert page.evaluate("document.querySelector('.oxillama-chat').offsetWidth") == width


def test_it_moves_beside_the_notebook_and_back(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None], tmp_path: Path
) -> None:
    open_chat(page, scripted_lab, world, NEW.format(""))
    send(page, "slow 60")
    page.wait_for_selector(f"{ANSWER}:has-text('w2')", timeout=LIMIT)
    field(page).fill("half a thought")
    page.get_by_role("button", name="Open the chat beside the notebook").click()

    # The answer goes on there, and what was typed is there too.
    page.wait_for_selector(f".oxillama-beside {ANSWER}:has-text('w5')", timeout=LIMIT)
    assert page.evaluate("document.activeElement.ariaLabel") == "Your question"
    assert field(page).input_value() == "half a thought"
    assert page.get_by_text("This chat is open beside the notebook.").is_visible()
    wait_for_answer(page, "w59")
    picture(page, tmp_path, "beside")
    tab = page.locator(".lm-TabBar-tab", has_text="Chat: slow 60")
    tab.locator(".lm-TabBar-tabCloseIcon").click()
    page.wait_for_selector(f".jp-OutputArea {ANSWER}:has-text('w59')", timeout=LIMIT)
    assert field(page).input_value() == "half a thought"
    assert page.locator(".oxillama-beside").count() == 0

    page.get_by_role("button", name="Open the chat beside the notebook").click()
    page.get_by_role("button", name="Bring the chat back into the notebook").click()
    page.wait_for_selector(f".jp-OutputArea {ANSWER}:has-text('w59')", timeout=LIMIT)
    assert tab.count() == 0


def test_in_notebook_it_moves_into_the_right_panel(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None], tmp_path: Path
) -> None:
    write_notebook(world, "%oxillama chat")
    open_in_notebook7(page, scripted_lab)
    run_all(page)
    send(page, "say:in Notebook")
    wait_for_answer(page, "in Notebook")
    page.get_by_role("button", name="Open the chat beside the notebook").click()
    page.wait_for_selector(f"#jp-right-stack {ANSWER}:has-text('in Notebook')", timeout=LIMIT)
    settle(page)
    picture(page, tmp_path, "notebook")
    assert page.locator("#jp-right-stack .oxillama-chat").bounding_box()["width"] > 200  # type: ignore[index]
    page.get_by_role("button", name="Bring the chat back into the notebook").click()
    page.wait_for_selector(f".jp-OutputArea {ANSWER}:has-text('in Notebook')", timeout=LIMIT)


def test_all_of_it_is_done_by_keyboard(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    box = open_chat(page, scripted_lab, world, "count = 3", NEW.format(""))
    box.focus()
    keys = page.keyboard
    keys.type("say:one")
    keys.press("Enter")
    wait_for_answer(page, "one")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    keys.press("Tab")
    keys.press("Enter")  # + Variable
    page.get_by_label("Find a variable").wait_for(timeout=LIMIT)
    keys.press("Tab")
    keys.press("Space")  # the first one
    page.get_by_label("Goes with the question").wait_for(timeout=LIMIT)
    keys.press("Escape")
    page.get_by_label("Find a variable").wait_for(state="detached")
    page.get_by_role("button", name="Edit and ask again").focus()
    keys.press("Enter")
    keys.press("End")
    keys.type(" two")
    keys.press("Escape")  # changes nothing
    page.get_by_role("button", name="Another answer").focus()
    keys.press("Enter")
    page.wait_for_selector(".oxillama-chat-versions:has-text('2 of 2')", timeout=LIMIT)
    page.get_by_role("button", name="The version before").focus()
    keys.press("Enter")
    page.wait_for_selector(".oxillama-chat-versions:has-text('1 of 2')", timeout=LIMIT)
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    page.get_by_role("button", name="Earlier", exact=True).focus()
    keys.press("Enter")
    page.get_by_label("Search the conversations").wait_for()
    assert page.evaluate(outline) != "none"

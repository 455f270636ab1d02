"""Blocks of code in an answer that is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.looks import check_looks
from browser.notebooks import LIMIT, open_notebook, run_all, write_notebook

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.world import Server, World
    from playwright.sync_api import Page

CODE = 'def f(x: int) -> str:\n    return f"<b>{x}</b>"  # a comment'
SOURCES = (
    "() => window.jupyterapp.shell.currentWidget.content.widgets"
    ".map(cell => cell.model.sharedModel.getSource())"
)


@pytest.mark.timeout(300)
def test_code_has_colours_and_is_copied_or_inserted_as_a_cell(
    page: Page,
    scripted_lab: Server,
    world: World,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    html = '<a href="x" onclick="window.PWNED = 1">x</a>'
    text = f"```python\n{CODE}\n```\n\n```html\n{html}\n```\n\n```nothing\n{'x' * 300}\n```"
    write_notebook(world, f"%%oxillama\npace 6\n{text}\n\nEnd. {'and so on ' * 300}")
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(".oxillama-text:has-text('End.')", timeout=LIMIT)

    block = page.locator(".oxillama-code").first
    colour = "e => getComputedStyle(e).color"
    keyword = block.locator(".oxillama-hl-keyword").first
    assert keyword.evaluate(colour) != block.locator(".oxillama-hl-comment").evaluate(colour)
    assert block.locator("code").inner_text().strip() == CODE
    assert page.locator(".oxillama-code").nth(1).locator("code").inner_text().strip() == html
    assert page.locator(".oxillama-text a, .oxillama-text b").count() == 0
    check_looks(page, axe, ".oxillama-run")

    block.get_by_role("button", name="Copy").press("Enter")
    page.wait_for_function(
        "async wanted => await navigator.clipboard.readText() === wanted", arg=CODE, timeout=LIMIT
    )
    block.get_by_role("button", name="Insert as cell").press("Enter")
    page.wait_for_function(f"code => ({SOURCES})()[2] === code", arg=CODE, timeout=LIMIT)
    assert len(page.evaluate(SOURCES)) == 3

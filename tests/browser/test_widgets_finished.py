"""Answers as the notebook keeps them: Lab's own rendering, with what we add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.looks import check_looks
from browser.notebooks import LIMIT, open_notebook, run_all, saved_cells, write_notebook

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.world import Server, World
    from playwright.sync_api import Page

CODE = 'def f(x):\n    return f"<b>{x}</b>"'
BLOCK = ".jp-RenderedMarkdown .oxillama-code"
OUTPUT = "window.jupyterapp.shell.currentWidget.content.widgets[1].outputArea.model"
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
SOURCES = (
    "() => window.jupyterapp.shell.currentWidget.content.widgets"
    ".map(cell => cell.model.sharedModel.getSource())"
)


@pytest.mark.timeout(300)
def test_code_of_a_saved_answer_is_copied_or_inserted_without_a_kernel(
    page: Page,
    scripted_lab: Server,
    world: World,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = f"Do:\n```python\n{CODE}\n```\n> ```\n> {'x' * 300}\n> ```\n".replace("\n", "⏎")
    own = "from IPython.display import Markdown\nMarkdown('```\\nnot ours\\n```')"
    write_notebook(world, f"%%oxillama\nsay:{answer}", own)
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(BLOCK, timeout=LIMIT)
    saved = saved_cells(page, world)
    page.evaluate(f"() => {KERNEL}.shutdown()")
    open_notebook(page, scripted_lab, "second")
    page.wait_for_selector(BLOCK, timeout=LIMIT)
    page.wait_for_selector("pre:has-text('not ours')", timeout=LIMIT)
    assert page.locator(BLOCK).count() == 2
    check_looks(page, axe, BLOCK)

    # Lab renders an output anew when anything of it changes.
    page.locator(BLOCK).first.evaluate("node => node.wasHere = true")
    page.evaluate(f"() => {OUTPUT}.set(0, {OUTPUT}.get(0).toJSON())")
    page.wait_for_function(
        f"() => [...document.querySelectorAll('{BLOCK}')].filter(one => !one.wasHere).length == 2"
    )
    assert page.locator(f"{BLOCK} {BLOCK}").count() == 0
    assert page.locator(BLOCK).first.locator(".oxillama-code-language").inner_text() == "python"

    block = page.locator(BLOCK).first
    block.get_by_role("button", name="Copy").press("Enter")
    page.wait_for_function(
        "async wanted => await navigator.clipboard.readText() === wanted", arg=CODE, timeout=LIMIT
    )
    assert [cell["outputs"] for cell in saved_cells(page, world)] == [
        cell["outputs"] for cell in saved
    ]
    block.get_by_role("button", name="Insert as cell").press("Enter")
    page.wait_for_function(f"code => ({SOURCES})()[2] === code", arg=CODE, timeout=LIMIT)
    assert len(page.evaluate(SOURCES)) == 4

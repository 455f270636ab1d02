"""What stands below an answer: how it ended, what it took, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.looks import check_looks
from browser.notebooks import LIMIT, open_notebook, run_all, saved_cells, write_notebook

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.world import Server, World
    from playwright.sync_api import Page

BAR = ".oxillama-run-place"
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
SOURCES = (
    "() => window.jupyterapp.shell.currentWidget.content.widgets"
    ".map(cell => cell.model.sharedModel.getSource())"
)


@pytest.mark.timeout(300)
def test_an_answer_has_its_end_in_words_and_another_answer_beside_it(
    page: Page,
    scripted_lab: Server,
    world: World,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
) -> None:
    write_notebook(world, "%%oxillama --max-tokens 5\nslow 20")
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(f"{BAR} :text('Cut at 5 tokens')", timeout=LIMIT)
    bar = page.locator(BAR)
    assert "tokens/s" in bar.inner_text()
    assert "of 2,000,000 tokens of context" in bar.locator(".oxillama-hidden-label").inner_text()
    before = saved_cells(page, world)

    bar.get_by_role("button", name="Retry").press("Enter")
    another = page.locator(".oxillama-another")
    another.get_by_text("Cut at 5 tokens").wait_for(timeout=LIMIT)
    assert "w0 w1 w2 w3 w4" in another.inner_text()
    check_looks(page, axe, ".oxillama-run-bar")
    assert saved_cells(page, world) == before
    bar.get_by_role("button", name="Prompt").first.press("Enter")
    # It is another module, which shows itself or says what is wrong.
    page.wait_for_selector(f"{BAR} button[aria-expanded='true']:has-text('Prompt')", timeout=LIMIT)


@pytest.mark.timeout(300)
def test_a_reopened_notebook_has_the_bar_without_a_kernel_and_forks(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    write_notebook(world, "%%oxillama\nsay: Well **told**.", "1 + 1")
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(f"{BAR} :text('Complete')", timeout=LIMIT)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate(f"() => {KERNEL}.shutdown()")
    open_notebook(page, scripted_lab, "second")
    page.wait_for_selector(f"{BAR} :text('Complete')", timeout=LIMIT)
    assert page.locator(BAR).count() == 1

    page.get_by_role("button", name="Copy the answer").click()
    page.wait_for_function(
        "async wanted => await navigator.clipboard.readText() === wanted",
        arg="Well **told**.",
        timeout=LIMIT,
    )
    page.get_by_role("button", name="Fork").click()
    page.wait_for_function(
        f"() => ({SOURCES})()[2]?.startsWith('%%oxillama --thread thread_')", timeout=LIMIT
    )
    assert "Forked as thread_" in page.locator(BAR).inner_text()
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.wait_for_selector(BAR, state="detached", timeout=LIMIT)

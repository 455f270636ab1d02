"""A run in a page that no kernel tells anything: reloaded, restarted, or opened anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.notebooks import LIMIT, open_notebook, run_all, saved_outputs, write_notebook

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

SHOWN = ".oxillama-text:has-text({!r})"
STATUS = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"


@pytest.mark.timeout(200)
def test_a_page_reloaded_in_mid_run_catches_up_while_the_kernel_is_blocked(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, "%%oxillama\nslow 1800")
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(SHOWN.format("w5 "), timeout=LIMIT)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    page.reload()
    page.wait_for_selector(SHOWN.format("w0 w1 w2 "), timeout=LIMIT)
    before = page.locator(".oxillama-text").inner_text()
    last = int(before.split()[-2][1:])
    page.wait_for_selector(SHOWN.format(f"w{last + 20} "), timeout=LIMIT)
    assert "model not found" not in page.locator(".jp-OutputArea").nth(1).inner_text()

    page.get_by_role("button", name="Stop the answer").click()
    page.wait_for_selector(".oxillama-bar", state="hidden", timeout=LIMIT)
    text = page.locator(".oxillama-text").inner_text().split()
    assert text == [f"w{number}" for number in range(len(text))]
    assert last + 20 < len(text) < 1800


@pytest.mark.timeout(200)
def test_a_kernel_that_restarts_leaves_the_run_to_the_page(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, "%%oxillama\nslow 200")
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(SHOWN.format("w5 "), timeout=LIMIT)

    page.evaluate(f"() => {KERNEL}.restart()")
    page.wait_for_selector(SHOWN.format("w198 w199"), timeout=LIMIT)
    page.wait_for_selector(".oxillama-bar", state="hidden", timeout=LIMIT)


@pytest.mark.timeout(200)
def test_a_run_shown_by_hand_comes_from_the_server_with_or_without_a_kernel(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(
        world,
        "from oxillama_jupyter.widgets import RunCell\n"
        "from oxillama_jupyter.client.connection import connect\n"
        "run = connect().post('/threads/runs', {'assistant_id': 'default', 'thread':"
        " {'messages': [{'role': 'user', 'content': 'say: **Well** told.'}]}})\n"
        "RunCell(thread_id=run['thread_id'], run_id=run['id'])",
    )
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(".oxillama-text strong:text('Well')", timeout=LIMIT)
    (output,) = saved_outputs(page, world)
    assert output["data"]["application/vnd.oxillama.panel+json"]["state"]["run_id"].startswith(
        "run"
    )

    page.evaluate(f"() => {KERNEL}.shutdown()")
    open_notebook(page, scripted_lab, "second")
    page.wait_for_selector(".oxillama-text strong:text('Well')", timeout=LIMIT)
    page.wait_for_selector(".oxillama-bar", state="hidden", timeout=LIMIT)

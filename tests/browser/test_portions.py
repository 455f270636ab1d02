"""Paragraphs that the kernel leaves behind an answer being written, and other answers behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.notebooks import LIMIT, open_notebook, run_all, wait_for_end, write_notebook

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

CELL = """import asyncio
from oxillama_jupyter import ask
lines = "\\n\\n".join(f"Paragraph {n} of an answer that is a longer one." for n in range(600))
slow = asyncio.create_task(ask(f"pace 150\\n{lines}", thread="slow"))
await asyncio.sleep(2)  # its view is the first output
await ask("say:The **quick** one.", thread="quick")
await slow;"""
LEFT = ".jp-OutputArea-output[data-mime-type='text/markdown']"


@pytest.mark.timeout(200)
def test_an_answer_that_is_whole_is_seen_while_another_one_of_its_cell_is_written(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, CELL)
    open_notebook(page, scripted_lab)
    run_all(page)
    portion = page.locator(f"{LEFT}:has-text('Paragraph 0 of')")
    portion.wait_for(state="attached", timeout=LIMIT)
    stop = page.get_by_role("button", name="Stop the answer")
    assert stop.is_visible()  # that one is still being written
    page.wait_for_selector(f"{LEFT} strong:has-text('quick')", timeout=LIMIT)
    portion.wait_for(state="hidden", timeout=LIMIT)

    stop.click()
    wait_for_end(page)
    portion.wait_for(timeout=LIMIT)
    assert page.locator(f"{LEFT}:has-text('Paragraph 1 of')").is_visible()

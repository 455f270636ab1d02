"""Paragraphs that the kernel leaves behind an answer being written, and other answers behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.bare import open_bare, show
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
# The view's output is the page's place for it; behind it there are a paragraph, and what is none.
_AREA = """() => {
  const make = (mime) => {
    const child = document.createElement('div');
    child.className = 'jp-OutputArea-child';
    const output = child.appendChild(document.createElement('div'));
    output.className = 'jp-OutputArea-output';
    output.dataset.mimeType = mime;
    output.textContent = mime;
    return child;
  };
  const place = document.getElementById('place');
  place.className = 'jp-OutputArea-child';
  place.after(make('text/markdown'), make('text/plain'));
}"""


def test_where_nobody_marks_portions_markdown_behind_an_answer_is_hidden(page: Page) -> None:
    def server(_: str, __: Any) -> Any:
        return {"id": "run_1", "status": "in_progress", "created_at": 1, "data": []}

    open_bare(page, server)
    page.evaluate(_AREA)
    show(page, "run_cell_view", "run", thread_id="thread_1", run_id="run_1")
    portion = page.locator(LEFT)
    page.get_by_role("button", name="Stop the answer").wait_for()
    assert portion.is_hidden()
    assert page.get_by_text("text/plain").is_visible()
    page.evaluate("document.querySelector('.oxillama-failure').textContent = 'No server.'")
    assert portion.is_visible()  # such a view shows nothing of the answer
    page.evaluate("document.querySelector('.oxillama-text').textContent = 'A paragraph.'")
    assert portion.is_hidden()

    page.evaluate("document.body.classList.add('oxillama-marked')")  # a notebook's own mark counts
    assert portion.is_visible()
    page.evaluate(
        "document.querySelectorAll('.jp-OutputArea-child')[1].className += ' oxillama-portion'"
    )
    assert portion.is_hidden()


_OTHER_VIEW = """() => {
  window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
  window.jupyterapp.commands.execute('notebook:create-output-view');
}"""


@pytest.mark.timeout(200)
def test_an_answer_that_is_whole_is_seen_while_another_one_of_its_cell_is_written(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, CELL)
    open_notebook(page, scripted_lab)
    run_all(page)
    portion = page.locator(f".jp-Notebook {LEFT}:has-text('Paragraph 0 of')")
    portion.wait_for(state="attached", timeout=LIMIT)
    stop = page.get_by_role("button", name="Stop the answer")
    assert stop.is_visible()  # that one is still being written
    page.wait_for_selector(f"{LEFT} strong:has-text('quick')", timeout=LIMIT)
    portion.wait_for(state="hidden", timeout=LIMIT)

    # A second view of the cell's outputs is in no notebook.
    page.evaluate(_OTHER_VIEW)
    other = f".jp-LinkedOutputView {LEFT}:has-text('Paragraph 0 of')"
    page.wait_for_selector(".jp-LinkedOutputView .oxillama-text:not(:empty)", timeout=LIMIT)
    page.wait_for_selector(other, state="attached", timeout=LIMIT)
    assert page.locator(other).is_hidden()

    stop.first.click()
    wait_for_end(page)
    portion.wait_for(timeout=LIMIT)
    assert page.locator(f".jp-Notebook {LEFT}:has-text('Paragraph 1 of')").is_visible()
    page.locator(other).wait_for(timeout=LIMIT)

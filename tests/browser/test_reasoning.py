"""What a model thinks ahead of its answer, folded in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.chats import ANSWER, NEW, open_chat, send, wait_for_answer
from browser.looks import check_looks
from browser.notebooks import LIMIT, open_notebook, run_all, wait_for_end, write_notebook

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.world import Server, World
    from playwright.sync_api import Page

FOLDED = ".oxillama-thoughts"


@pytest.mark.timeout(300)
def test_reasoning_is_folded_above_the_answer_and_never_in_the_notebook(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, "%%oxillama\nthink 60")
    open_notebook(page, scripted_lab)
    run_all(page)
    live = page.locator(f".oxillama-run {FOLDED}")  # ahead of the first word
    live.locator("summary").click()
    live.get_by_text("let me").wait_for(timeout=LIMIT)
    wait_for_end(page)

    folded = page.locator(f".oxillama-run-place {FOLDED}")
    folded.wait_for(timeout=LIMIT)
    assert folded.get_attribute("open") is None
    folded.locator("summary").press("Enter")
    assert folded.locator(".oxillama-plain").inner_text() == "Hm, let me think."
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    assert "let me think" not in (world.root / "a.ipynb").read_text().lower()


@pytest.mark.timeout(300)
def test_what_is_thought_after_a_call_is_there_while_it_is_thought(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(
        world,
        "def see() -> str:\n    'See.'\n    return 'snow'",
        "%%oxillama --tools see --yes\n(thinks)Look. => see {} | (thinks)There is $outputs.",
    )
    open_notebook(page, scripted_lab)
    run_all(page)
    page.wait_for_selector(f".oxillama-run {FOLDED}", timeout=LIMIT)
    page.wait_for_function(
        """() => { const run = document.querySelector('.oxillama-run');
        const { textContent } = run.querySelector('.oxillama-thoughts');
        return run.getAttribute('aria-busy') === 'true' && !run.textContent.includes('There is')
          && textContent.split('Hm, let me').length === 3; }""",
        timeout=LIMIT,
    )
    wait_for_end(page, 2)
    folded = page.locator(f".oxillama-run-place {FOLDED}")
    folded.wait_for(timeout=LIMIT)
    folded.locator("summary").press("Enter")
    assert folded.locator(".oxillama-plain").inner_text().count("Hm, let me think.") == 2


@pytest.mark.timeout(300)
def test_a_run_shown_by_itself_has_its_reasoning(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(
        world,
        "%%oxillama -o answer\n(thinks)It is four.",
        "from oxillama_jupyter.widgets import RunCell\n"
        "RunCell(thread_id=answer.thread_id, run_id=answer.run_id)",
    )
    open_notebook(page, scripted_lab)
    run_all(page)

    shown = page.locator(".oxillama-run:has-text('It is four.')")
    shown.wait_for(timeout=LIMIT)
    shown.locator(FOLDED).wait_for(timeout=LIMIT)
    shown.locator("summary").click()
    assert "Hm, let me think." in shown.inner_text()


@pytest.mark.timeout(300)
def test_a_chat_folds_the_reasoning_of_its_answers(
    page: Page,
    scripted_lab: Server,
    world: World,
    hosts: set[str | None],
    axe: Callable[[str], list[Any]],
) -> None:
    open_chat(page, scripted_lab, world, NEW.format(""))
    send(page, "(thinks)It is <b>four</b>.")
    wait_for_answer(page, "It is <b>four</b>.")
    send(page, "think 60")
    live = page.locator(f"{ANSWER}[aria-busy] {FOLDED}")
    live.locator("summary").press("Enter")  # while it is thought, and on while it is written
    live.get_by_text("Hm, let me think.").wait_for(timeout=LIMIT)
    assert "w59" not in page.locator(f"{ANSWER}[aria-busy]").inner_text()
    wait_for_answer(page, "w59")
    assert [one.get_attribute("open") for one in page.locator(FOLDED).all()] == [None, ""]
    check_looks(page, axe, ".oxillama-chat")

    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    assert "let me think" not in (world.root / "a.ipynb").read_text().lower()
    open_notebook(page, scripted_lab, "second")
    page.wait_for_function(f"() => document.querySelectorAll('{FOLDED}').length === 2")

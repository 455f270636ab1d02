"""Variables that go with a question of the chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.chats import (
    ANSWER,
    NEW,
    QUESTION,
    api,
    field,
    open_chat,
    send,
    texts,
    threads,
    wait_for_answer,
)
from browser.notebooks import LIMIT

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

pytestmark = pytest.mark.timeout(200)
DATA = """scores = {'ada': 3, 'bob': [1, 2]}
note = 'one ``` two\\nthree'
told = []
class Spy:
    def __repr__(self):
        told.append('described')
        return 'a spy'
spy = Spy()"""


def test_what_is_picked_goes_with_the_question_exactly_as_by_a_flag(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    cell = "%%oxillama -t flag --vars scores,note\nsay:What is it?"
    open_chat(page, scripted_lab, world, DATA, cell, NEW.format("model='scripted'"), "told")
    page.get_by_role("button", name="+ Variable").click()
    page.get_by_label("Find a variable").fill("sco")
    page.get_by_role("button", name="scores dict").press("Enter")
    page.get_by_label("Find a variable").fill("")
    page.get_by_role("button", name="note str").click()
    chips = page.get_by_label("Goes with the question")
    chips.get_by_text("tokens").nth(1).wait_for(timeout=LIMIT)
    chips.get_by_text("scores", exact=True).click()
    assert "'ada': 3" in chips.inner_text()
    send(page, "say:What is it?")
    wait_for_answer(page, "What is it?")

    assert chips.count() == 0
    by_chat, by_flag = sorted(
        (one for one in threads(scripted_lab)), key=lambda one: one["id"], reverse=True
    )
    assert by_flag["metadata"]["name"] == "flag"
    parts = texts(scripted_lab, by_chat["id"])[0]
    assert len(parts) == 3
    assert parts == texts(scripted_lab, by_flag["id"])[0]
    stored = [
        api(scripted_lab, f"v1/threads/{one['id']}/messages?order=asc")["data"][0]["metadata"]
        for one in (by_chat, by_flag)
    ]
    assert stored == [{"context": "vars scores, note"}] * 2
    # The message shows what went with it, folded.
    part = page.locator(f"{QUESTION} details").first
    assert part.locator("summary").inner_text() == "scores dict"
    part.locator("summary").click()
    assert "'ada': 3" in part.inner_text()


def test_nothing_is_described_that_nobody_has_picked(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    open_chat(page, scripted_lab, world, DATA, NEW.format(""), "len(told)")
    page.get_by_role("button", name="+ Variable").click()
    page.get_by_role("button", name="spy Spy").wait_for(timeout=LIMIT)
    rerun = (
        "() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 3;"
        " window.jupyterapp.commands.execute('notebook:run-cell'); }"
    )
    out = page.locator(".jp-CodeCell").nth(3).locator(".jp-OutputArea-output")
    assert out.inner_text().strip() == "0"
    page.get_by_role("button", name="spy Spy").click()
    chips = page.get_by_label("Goes with the question")
    chips.get_by_text("tokens").wait_for(timeout=LIMIT)
    page.evaluate(rerun)
    page.wait_for_function(
        "() => document.querySelectorAll('.jp-CodeCell')[3]"
        ".querySelector('.jp-OutputArea-output')?.innerText.trim() === '1'",
        timeout=LIMIT,
    )
    page.get_by_role("button", name="Do not attach spy").click()
    send(page, "say:alone")
    wait_for_answer(page, "alone")
    assert texts(scripted_lab, threads(scripted_lab)[0]["id"])[0] == ["say:alone"]


def test_a_busy_kernel_and_a_variable_that_is_gone_hold_the_question_back(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    last = "chat.attach('scores')\ndel scores\nimport time\ntime.sleep(8)"
    box = open_chat(page, scripted_lab, world, DATA, NEW.format(""), last)
    chips = page.get_by_label("Goes with the question")
    chips.wait_for(timeout=LIMIT)
    page.get_by_role("button", name="+ Variable").click()
    page.get_by_text("The kernel is busy").wait_for(timeout=LIMIT)
    send(page, "say:hello")
    page.wait_for_selector(".oxillama-chat [role=alert]:has-text('has not described “scores”')")
    assert box.input_value() == "say:hello"
    page.get_by_label("Find a variable").wait_for(timeout=LIMIT)  # it has time again
    chips.get_by_text("not there").wait_for(timeout=LIMIT)
    field(page).press("Enter")
    page.wait_for_selector(".oxillama-chat [role=alert]:has-text('cannot be attached')")
    page.get_by_role("button", name="Do not attach scores").click()
    field(page).press("Enter")
    wait_for_answer(page, "hello")
    assert page.locator(ANSWER).count() == 1

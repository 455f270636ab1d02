"""The chat in JupyterLab, in a browser: asked, stopped, picked up, forked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from browser.chats import (
    ANSWER,
    NEW,
    api,
    ask,
    begin,
    field,
    open_chat,
    send,
    shown,
    texts,
    threads,
    wait_for_answer,
)
from browser.notebooks import LIMIT, open_notebook

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

pytestmark = pytest.mark.timeout(200)


def test_a_question_is_asked_by_enter_and_answered_in_the_notebook_s_thread(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    box = open_chat(page, scripted_lab, world, "%oxillama chat")
    box.press_sequentially("say:# Head⏎⏎*two*")
    box.press("Shift+Enter")
    box.press_sequentially("lines")
    assert box.input_value() == "say:# Head⏎⏎*two*\nlines"
    box.press("Enter")
    wait_for_answer(page, "Head")

    assert page.locator(f"{ANSWER} h1").inner_text() == "Head"
    assert page.locator(f"{ANSWER} em").inner_text() == "two"
    assert box.input_value() == ""
    (thread,) = threads(scripted_lab)
    assert thread["metadata"]["notebook"].endswith("a.ipynb")
    assert texts(scripted_lab, thread["id"]) == [
        ["say:# Head⏎⏎*two*\nlines"],
        ["# Head\n\n*two*\nlines"],
    ]
    # A cell goes on in the same conversation, and the chat sees it.
    page.evaluate(
        "() => { const { content } = window.jupyterapp.shell.currentWidget;"
        " content.activeCellIndex = 0;"
        " content.activeCell.model.sharedModel.setSource('%%oxillama\\nsay:from a cell');"
        " window.jupyterapp.commands.execute('notebook:run-cell'); }"
    )
    wait_for_answer(page, "from a cell")
    assert len(threads(scripted_lab)) == 1


def test_text_appears_while_it_is_written_and_enter_keeps_the_next_question(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    box = open_chat(page, scripted_lab, world, NEW.format(""))
    send(page, "slow 120")
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('w1 w2 w3')", timeout=LIMIT)
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('tokens/s')", timeout=LIMIT)
    send(page, "the next one")

    assert box.input_value() == "the next one"
    assert "Your text is kept" in page.get_by_role("alert").inner_text()
    wait_for_answer(page, "w119")
    assert box.input_value() == "the next one"
    assert len(texts(scripted_lab, threads(scripted_lab)[0]["id"])) == 2


def test_stop_works_while_the_kernel_is_busy(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    busy = "import time\nprint('busy')\ntime.sleep(100)"
    open_chat(page, scripted_lab, world, NEW.format(""), busy)
    page.wait_for_selector(".jp-OutputArea:has-text('busy')", timeout=LIMIT)
    send(page, "slow 600")
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('w3')", timeout=LIMIT)
    page.evaluate(
        """() => { window.took = 0;
          [...document.querySelectorAll('.oxillama-chat button')].find(b => b.innerText === 'Stop')
            .addEventListener('click', () => { const began = performance.now();
              const look = () => document.querySelector('.oxillama-chat [aria-busy]')
                ? setTimeout(look, 5) : window.took = performance.now() - began;
              look(); }, true); }"""
    )
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector(".oxillama-chat-end:has-text('Stopped.')", timeout=LIMIT)

    assert 0 < page.evaluate("window.took") < LIMIT  # it is busy for longer
    (thread,) = threads(scripted_lab)
    (run,) = api(scripted_lab, f"v1/threads/{thread['id']}/runs")["data"]
    assert run["status"] == "cancelled"
    assert texts(scripted_lab, thread["id"])[1][0].startswith("w0 w1 w2 ")


def test_escape_stops_before_and_after_the_first_word(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    open_chat(page, scripted_lab, world, NEW.format(""))
    for question, text in (("wait", "Stopped before there was an answer."), ("slow 600", "w2")):
        send(page, question)
        page.get_by_role("button", name="Stop").wait_for(timeout=LIMIT)
        if text == "w2":
            page.wait_for_selector(f"{ANSWER}:has-text('w2')", timeout=LIMIT)
        page.keyboard.press("Escape")
        page.wait_for_selector(f".oxillama-chat:has-text({json.dumps(text)})", timeout=LIMIT)
        page.get_by_role("button", name="Send").wait_for(timeout=LIMIT)
    (thread,) = threads(scripted_lab)
    runs = api(scripted_lab, f"v1/threads/{thread['id']}/runs")["data"]
    assert [run["status"] for run in runs] == ["cancelled", "cancelled"]


def test_a_run_of_somebody_else_is_picked_up_from_its_first_word(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    thread = begin(scripted_lab, "Hello", "Hi", name="shared")
    ask(scripted_lab, thread, "slow 900")
    open_chat(page, scripted_lab, world, NEW.format("'shared'"))
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('w0 w1 w2')", timeout=LIMIT)
    page.keyboard.press("Escape")  # nothing of the chat has the focus
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector(".oxillama-chat-end:has-text('Stopped.')", timeout=LIMIT)

    # Now it is idle, and somebody asks again.
    ask(scripted_lab, thread, "say:Out of the blue")
    wait_for_answer(page, "Out of the blue")
    assert shown(page)[:3] == ["Hello", "Hi", "slow 900"]
    assert page.locator(".oxillama-chat-title").inner_text() == "shared"


def test_a_page_reloaded_in_mid_answer_catches_up(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    box = open_chat(page, scripted_lab, world, "%oxillama chat")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    send(page, "slow 200")
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('w3')", timeout=LIMIT)
    box.fill("typed meanwhile")
    page.wait_for_function(
        "() => Object.values(localStorage).includes('typed meanwhile')", timeout=LIMIT
    )

    open_notebook(page, scripted_lab, "second")
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('w0 w1 w2 w3')", timeout=LIMIT)
    assert field(page).input_value() == "typed meanwhile"
    wait_for_answer(page, "w199")
    assert shown(page) == ["slow 200", " ".join(f"w{n}" for n in range(200))]


def test_without_a_kernel_it_goes_on_and_says_that_there_are_no_variables(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    open_chat(page, scripted_lab, world, "%oxillama chat")
    send(page, "say:before")
    wait_for_answer(page, "before")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    open_notebook(page, scripted_lab, "second")
    send(page, "say:after")
    wait_for_answer(page, "after")
    page.get_by_role("button", name="+ Variable").click()

    assert shown(page) == ["say:before", "before", "say:after", "after"]
    page.wait_for_selector(".oxillama-chat-drawer:has-text('No kernel listens here')")


def test_another_answer_and_another_question_are_forks(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    box = open_chat(page, scripted_lab, world, NEW.format(""))
    for word in ("one", "two"):
        send(page, f"say:{word}")
        wait_for_answer(page, word)
    (first,) = threads(scripted_lab)

    page.get_by_role("button", name="Another answer, in a fork").last.click()
    page.wait_for_selector(".oxillama-chat-versions:has-text('2 of 2')", timeout=LIMIT)
    wait_for_answer(page, "two")
    box.fill("a draft")
    page.get_by_role("button", name="Edit and ask again").first.click()
    page.get_by_label("The question").fill("say:uno")
    page.get_by_label("The question").press("Enter")
    wait_for_answer(page, "uno")

    assert box.input_value() == "a draft"
    assert shown(page) == ["say:uno", "uno"]
    found = {one["id"]: one["metadata"] for one in threads(scripted_lab)}
    assert len(found) == 3
    conversation = [["say:one"], ["one"], ["say:two"], ["two"]]
    edited, retried, _ = sorted(found, reverse=True)
    assert texts(scripted_lab, first["id"]) == texts(scripted_lab, retried) == conversation
    assert texts(scripted_lab, edited) == [["say:uno"], ["uno"]]
    assert found[retried]["forked_from"] == first["id"]
    assert found[edited]["forked_from"] == retried

    page.get_by_role("button", name="The version before").click()
    page.wait_for_selector(f"{ANSWER}:has-text('one')", timeout=LIMIT)
    assert shown(page) == ["say:one", "one", "say:two", "two"]


def test_conversations_are_begun_found_opened_and_renamed(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    begin(scripted_lab, "About quinces", "They are yellow.")
    begin(scripted_lab, "About medlars", "They are brown.", name="taken")
    open_chat(page, scripted_lab, world, NEW.format(""), "chat.thread")
    page.get_by_role("button", name="Earlier", exact=True).click()
    page.get_by_label("Search the conversations").fill("yellow")
    page.locator(".oxillama-chat-drawer li").nth(1).wait_for(state="detached")
    page.locator(".oxillama-chat-drawer li button").click()
    page.wait_for_selector(f"{ANSWER}:has-text('They are yellow.')", timeout=LIMIT)

    page.get_by_role("button", name="About quinces: rename").click()
    name = page.get_by_label("Name of the conversation")
    name.fill("taken")
    name.press("Enter")
    page.wait_for_selector(".oxillama-chat [role=alert]:has-text('called that already')")
    name.fill("Fruit")
    name.press("Enter")
    page.get_by_role("button", name="Fruit: rename").wait_for(timeout=LIMIT)
    assert {one["metadata"].get("name") for one in threads(scripted_lab)} == {"Fruit", "taken"}

    page.get_by_role("button", name="Begin a new conversation").click()
    send(page, "say:fresh")
    wait_for_answer(page, "fresh")
    assert shown(page) == ["say:fresh", "fresh"]
    page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2;"
        " window.jupyterapp.commands.execute('notebook:run-cell'); }"
    )
    newest = threads(scripted_lab)[0]["id"]
    page.wait_for_selector(f".jp-OutputArea:has-text('{newest}')", timeout=LIMIT)


def test_a_long_conversation_comes_in_parts(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    thread = begin(scripted_lab, *(f"message {number}" for number in range(100)))
    open_chat(page, scripted_lab, world, NEW.format(f"'{thread}'"))
    page.wait_for_selector(f"{ANSWER}:has-text('message 99')", timeout=LIMIT)

    assert shown(page) == [f"message {number}" for number in range(60, 100)]
    assert page.locator(".oxillama-chat-title").inner_text() == "message 0"
    page.get_by_role("button", name="Earlier messages").click()
    page.wait_for_selector(".oxillama-chat:has-text('message 20')", timeout=LIMIT)
    assert shown(page) == [f"message {number}" for number in range(20, 100)]
    assert page.evaluate("document.querySelector('.oxillama-chat-list').scrollTop") > 500


def test_it_stays_at_the_end_only_for_who_is_there(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    thread = begin(scripted_lab, *(f"message {number}" for number in range(30)))
    open_chat(page, scripted_lab, world, NEW.format(f"'{thread}'"))
    words = "".join(f"w{number}\n\n" for number in range(600))
    send(page, f"pace 30\n{words}")
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('w10')", timeout=LIMIT)
    wait_for_end(page)
    page.evaluate("() => { document.querySelector('.oxillama-chat-list').scrollTop = 50; }")
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('w40')", timeout=LIMIT)
    assert page.evaluate("document.querySelector('.oxillama-chat-list').scrollTop") == 50

    page.get_by_role("button", name="To the end").click()
    # The page tells of that scrolling when more text is already there.
    page.evaluate(
        """() => { const list = document.querySelector('.oxillama-chat-list');
        list.firstElementChild.append(Object.assign(document.createElement('p'),
          { innerHTML: '<br>'.repeat(20) }));
        list.dispatchEvent(new Event('scroll')); }"""
    )
    page.wait_for_selector(f"{ANSWER}[aria-busy]:has-text('w80')", timeout=LIMIT)
    assert not page.get_by_role("button", name="To the end").is_visible()
    wait_for_end(page)


def wait_for_end(page: Page) -> None:
    """Wait until the list of messages shows its end."""
    left = """() => { const e = document.querySelector('.oxillama-chat-list');
        return e.scrollHeight - e.scrollTop - e.clientHeight < 40; }"""
    page.wait_for_function(left, timeout=5_000)

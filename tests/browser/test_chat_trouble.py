"""The chat when something goes wrong: nothing that was typed is lost, and there is a way on."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from browser.chats import (
    ANSWER,
    NEW,
    QUESTION,
    api,
    ask,
    begin,
    open_chat,
    send,
    shown,
    texts,
    threads,
    wait_for_answer,
)
from browser.hostile import FOUND, HOSTILE
from browser.notebooks import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.world import Server, World
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.timeout(200)
RUNS = re.compile(r"/v1/threads/[^/]+/runs$")
FUNCTION = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def refuse(page: Page, how: Callable[[Route], None]) -> None:
    """Do that with the next run that is begun."""
    page.route(RUNS, how, times=1)


def too_many(route: Route) -> None:
    error = {"message": "8 runs are waiting already.", "code": "rate_limit_exceeded"}
    body = json.dumps({"error": error})
    route.fulfill(status=429, headers={"retry-after": "3"}, body=body)


def lose_the_answer(route: Route) -> None:
    """The server gets the request, the page gets no answer."""
    route.fetch()
    route.abort()


def test_what_was_typed_stays_when_it_cannot_be_sent(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    box = open_chat(page, scripted_lab, world, NEW.format(""))
    for how, said in (
        (lambda route: route.abort(), "could not be reached"),
        (too_many, "try again in 3 s"),
        (lambda route: route.fulfill(status=503, body="{}"), "engine does not answer"),
    ):
        refuse(page, how)
        send(page, "say:at last")
        page.wait_for_selector(f".oxillama-chat [role=alert]:has-text('{said}')", timeout=LIMIT)
        assert box.input_value() == "say:at last"
        assert page.locator(QUESTION).count() == 0
    box.press("Enter")
    wait_for_answer(page, "at last")

    assert page.locator(".oxillama-chat [role=alert]").count() == 0
    (thread,) = threads(scripted_lab)
    assert texts(scripted_lab, thread["id"]) == [["say:at last"], ["at last"]]


def test_a_question_whose_answer_was_lost_is_not_asked_twice(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    box = open_chat(page, scripted_lab, world, NEW.format(""))
    refuse(page, lose_the_answer)
    send(page, "slow 20")
    wait_for_answer(page, "w19")

    assert box.input_value() == ""
    (thread,) = threads(scripted_lab)
    assert len(texts(scripted_lab, thread["id"])) == 2


def test_a_fork_that_cannot_be_answered_leaves_nothing_and_the_text_stays(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    thread = begin(scripted_lab, "say:one", "one")
    open_chat(page, scripted_lab, world, NEW.format(f"'{thread}'"))
    page.get_by_role("button", name="Edit and ask again").click()
    refuse(page, too_many)
    page.get_by_label("The question").fill("say:two")
    page.get_by_role("button", name="Ask in a fork").click()
    page.wait_for_selector(".oxillama-chat [role=alert]:has-text('too much to do')")

    assert page.get_by_label("The question").input_value() == "say:two"
    assert [one["id"] for one in threads(scripted_lab)] == [thread]
    page.get_by_role("button", name="Ask in a fork").click()
    wait_for_answer(page, "two")
    assert shown(page) == ["say:two", "two"]


def test_a_run_that_fails_says_why_and_can_be_asked_again(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    open_chat(page, scripted_lab, world, NEW.format(""))
    send(page, "fail 1")
    page.wait_for_selector(f"{ANSWER}:has-text('Half an')", timeout=LIMIT)
    page.wait_for_selector(".oxillama-chat-end:has-text('died (signal 11)')", timeout=LIMIT)
    page.get_by_role("button", name="Another answer").click()
    page.wait_for_selector(".oxillama-chat-versions:has-text('2 of 2')", timeout=LIMIT)
    page.wait_for_selector(".oxillama-chat-end:has-text('died (signal 11)')", timeout=LIMIT)


def test_a_conversation_that_is_too_long_says_so(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    thread = begin(scripted_lab)
    ask(scripted_lab, thread, "word " * 400, max_prompt_tokens=256)
    box = open_chat(page, scripted_lab, world, NEW.format(f"'{thread}'"))
    page.wait_for_selector(
        ".oxillama-chat-end:has-text('longer than the model can read')", timeout=LIMIT
    )
    box.fill("shorter")
    page.get_by_role("button", name="New conversation", exact=True).click()
    page.wait_for_selector(".oxillama-chat-empty", timeout=LIMIT)
    assert box.input_value() == "shorter"


def test_what_a_run_waits_for_is_shown_and_it_goes_on_when_somebody_answers(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    thread = begin(scripted_lab, name="calls")
    question = 'Let me see. => get_weather {"city": "<b>Paris"} | It is $outputs.'
    run = ask(scripted_lab, thread, question, tools=[FUNCTION])
    open_chat(page, scripted_lab, world, NEW.format("'calls'"))
    waiting = page.get_by_label("Waiting for calls")
    waiting.wait_for(timeout=LIMIT)

    assert 'get_weather({"city": "<b>Paris"})' in waiting.inner_text()
    assert "%oxillama attach" in waiting.inner_text()
    assert page.locator(f"{ANSWER} button").all_inner_texts() == ["Cancel"]
    path = f"v1/threads/{thread}/runs/{run}"
    (call,) = api(scripted_lab, path)["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": "sunny"}]
    api(scripted_lab, f"{path}/submit_tool_outputs", {"tool_outputs": outputs})
    wait_for_answer(page, "It is sunny.")
    assert "→ sunny" in page.locator(f"{ANSWER} .oxillama-chat-call").inner_text()

    ask(scripted_lab, thread, question, tools=[FUNCTION])
    waiting.wait_for(timeout=LIMIT)
    page.get_by_role("button", name="Cancel the answer").click()
    waiting.wait_for(state="detached", timeout=LIMIT)
    assert (
        api(scripted_lab, f"v1/threads/{thread}/runs?limit=1")["data"][0]["status"] == "cancelled"
    )


def test_the_model_is_chosen_and_an_unknown_one_costs_nothing(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    box = open_chat(page, scripted_lab, world, NEW.format("model='gone', system='Be brief.'"))
    send(page, "say:yes")
    page.wait_for_selector(".oxillama-chat [role=alert]:has-text('gone')", timeout=LIMIT)
    assert box.input_value() == "say:yes"
    page.get_by_label("Model").select_option("scripted")
    box.press("Enter")
    wait_for_answer(page, "yes")

    (thread,) = threads(scripted_lab)
    (run,) = api(scripted_lab, f"v1/threads/{thread['id']}/runs")["data"]
    assert (run["model"], run["instructions"]) == ("scripted", "Be brief.")


def test_texts_titles_and_names_are_never_html_and_never_an_action(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    name = f"\u202egnp.exe {HOSTILE[:300]}"
    thread = begin(scripted_lab, HOSTILE, HOSTILE, name=name, notebook=HOSTILE[:400])
    ask(scripted_lab, thread, f"pace 400\n{HOSTILE}\n\nEnd of it.")
    variables = "globals()['<img src=x onerror=\"window.PWNED=1\">\u202ex'] = 1"
    open_chat(page, scripted_lab, world, variables, NEW.format(f"'{thread}'"))
    wait_for_answer(page, "End of it.")
    page.get_by_role("button", name="Earlier", exact=True).click()
    page.locator(".oxillama-chat-drawer li").first.wait_for(timeout=LIMIT)
    page.get_by_role("button", name="+ Variable").click()
    page.get_by_label("Variables of the notebook").get_by_role("button", name="onerror").click()
    page.wait_for_timeout(1500)  # for whatever the page would fetch now

    for part in page.locator(f"{QUESTION} .oxillama-chat-plain, {ANSWER} .oxillama-text").all():
        part.evaluate("e => e.id = 'looked-at'")
        found = page.evaluate(FOUND, "#looked-at")
        part.evaluate("e => e.removeAttribute('id')")
        assert [e for e in found["elements"] if "Show more" not in e] == []
        assert found["handlers"] == []
        assert found["pwned"] is None
        assert all(re.match(r"https?://|mailto:", link) for link in found["links"])
        assert "window.PWNED = 2" in found["text"]
    assert page.evaluate("window.PWNED ?? null") is None
    assert (
        page.locator(".oxillama-chat img, .oxillama-chat iframe, .oxillama-chat form form").count()
        == 0
    )
    for place in (".oxillama-chat-title", ".oxillama-chat-drawer >> nth=0", ".oxillama-chat-chip"):
        said = page.locator(place).first.inner_text()
        assert "\\u202e" in said
        assert "\u202e" not in said


def test_a_line_of_a_million_characters_does_not_freeze_the_page(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    box = open_chat(page, scripted_lab, world, NEW.format(""))
    page.evaluate(
        """() => { window.longest = 0; let last = performance.now();
          const look = now => { window.longest = Math.max(window.longest, now - last); last = now;
            requestAnimationFrame(look); }; requestAnimationFrame(look); }"""
    )
    send(page, "long 1000000")
    wait_for_answer(page, "xxxxxxxxxx")
    box.fill("y" * 250_000)
    box.press("Enter")
    page.wait_for_selector(f"{QUESTION}:has-text('Show more of 250,000')", timeout=LIMIT)
    page.wait_for_timeout(1000)

    assert page.evaluate("window.longest") < 5000
    (thread,) = threads(scripted_lab)
    assert [len(parts[0]) for parts in texts(scripted_lab, thread["id"])[:3]] == [
        12,
        1_000_000,
        250_000,
    ]

"""The chat while the server is slow: what comes late leaves a thread that was opened meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from browser.bare import Later, open_bare, show
from browser.notebooks import LIMIT, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


def thread(name: str) -> dict[str, Any]:
    return {"id": f"thread_{name}", "metadata": {"name": name}, "created_at": 1}


def test_a_slow_question_and_a_slow_name_leave_the_thread_that_was_opened_meanwhile(
    page: Page,
) -> None:
    held: list[Route] = []
    asked: list[str] = []

    def server(path: str, body: Any) -> Any:
        if body is not None and path in {"v1/threads", "v1/threads/thread_old"}:
            raise Later
        if body is not None:
            asked.append(path)
        name = path.removeprefix("v1/threads/thread_")
        return thread(name) if name in {"old", "other"} else {"data": [], "has_more": False}

    open_bare(page, server, held)
    show(page, "chat", "chat", thread="", model="", system="")
    title = page.locator(".oxillama-chat-title")

    # The first question makes a thread.
    page.get_by_label("Your question").fill("a question")
    page.get_by_role("button", name="Send").click()
    wait_until(page, lambda: held, "a thread is made")
    page.evaluate("panel.set('thread', 'thread_old')")
    page.wait_for_selector(".oxillama-chat-title:has-text('old')", timeout=LIMIT)
    held.pop().fulfill(json=thread("new"))
    wait_until(page, lambda: "v1/threads/thread_new/runs" in asked, "the question is asked there")
    page.get_by_role("button", name="Send").wait_for(timeout=LIMIT)
    assert page.evaluate("panel.get('thread')") == "thread_old"
    assert page.locator(".oxillama-chat-question").count() == 0

    # A name.
    title.get_by_role("button").click()
    name = page.get_by_label("Name of the conversation")
    name.fill("mine")
    name.press("Enter")
    wait_until(page, lambda: held, "it is renamed")
    page.evaluate("panel.set('thread', 'thread_other')")
    page.wait_for_selector(".oxillama-chat-title:has-text('other')", timeout=LIMIT)
    with page.expect_response(lambda answer: answer.url.endswith("thread_old")):
        held.pop().fulfill(json=thread("old"))
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert title.inner_text() == "other"

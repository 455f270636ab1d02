"""A thread that is open in the thread browser, while others write to it or call it otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from browser.bare import Refusal, open_bare, show
from browser.notebooks import LIMIT

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Server:
    """Two threads, of which one is being answered."""

    def __init__(self) -> None:
        self.status = "in_progress"
        self.texts = ["a question", "half of"]
        self.name = "first"
        self.refuses = 2  # that often are the messages not to be had

    def says(self, path: str, _: Any) -> Any:
        route = path.partition("?")[0]
        if route.endswith("/runs"):
            return {"data": [{"id": "run_1", "status": self.status, "created_at": 1}]}
        if route.endswith("/messages"):
            if self.refuses:
                self.refuses -= 1
                raise Refusal(503)
            page = [self.message(place) for place in range(len(self.texts))]
            return {"data": page[::-1], "has_more": False}
        if route.startswith("v1/threads/"):
            return self.thread(route.rpartition("_")[2])
        return {"data": [self.thread("one"), self.thread("two")], "has_more": False}

    def thread(self, which: str) -> dict[str, Any]:
        name = self.name if which == "one" else which
        about = {"updated_at": 1, "preview": f"preview of {which}", "message_count": 2}
        return {"id": f"thread_{which}", "metadata": {"name": name}, "created_at": 1, **about}

    def message(self, place: int) -> dict[str, Any]:
        answer = place == 1
        return {
            "id": f"msg_{place}",
            "role": "assistant" if answer else "user",
            "status": self.status if answer else "completed",
            "created_at": 1,
            "content": [{"type": "text", "text": {"value": self.texts[place], "annotations": []}}],
        }


def test_an_open_thread_shows_what_is_written_and_what_somebody_looks_for_again(
    page: Page,
) -> None:
    server = Server()
    open_bare(page, server.says)
    show(page, "thread_browser", "threads", thread="thread_one")
    page.get_by_role("button", name="Try again").click(timeout=LIMIT)

    page.wait_for_selector(".tb-message .tb-state:has-text('being written')", timeout=LIMIT)
    server.texts[1] = "half of it, and the rest"
    page.wait_for_selector(".tb-message:has-text('and the rest')", timeout=LIMIT)
    server.status = "completed"
    page.wait_for_selector(".tb-message .tb-state", state="detached", timeout=LIMIT)

    # Nobody asks any more now, unless somebody wants it.
    server.texts.append("another question")
    server.name = "another name"
    page.get_by_role("button", name="Look again").click()
    page.wait_for_selector(".tb-message:has-text('another question')", timeout=LIMIT)
    page.wait_for_selector(".tb-head h3:has-text('another name')", timeout=LIMIT)

    # A name that was typed for one thread is not that of another one, which was changed before.
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Archive").click()
    page.locator(".tb-thread", has_text="preview of two").click()
    page.wait_for_selector(".tb-head h3:has-text('two')", timeout=LIMIT)
    page.get_by_role("button", name="Rename the thread").click()
    page.get_by_label("Name of the thread").fill("for the second")
    page.locator(".tb-thread", has_text="preview of one").click()
    page.wait_for_selector(".tb-head h3:has-text('another name')", timeout=LIMIT)

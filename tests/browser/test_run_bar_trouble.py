"""The bar of an answer when the server is not always there, and when there is no answer at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from browser.bare import Refusal, open_bare, show
from browser.notebooks import LIMIT, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

RUN = {
    "id": "run_1",
    "thread_id": "thread_1",
    "assistant_id": "default",
    "created_at": 100,
    "model": "m",
}
STOPPED = {"status": "cancelled", "cancelled_at": 105}


def said(number: int, role: str, at: int, text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return {
        "id": f"msg_{number:03}",
        "role": role,
        "created_at": at,
        "content": content,
        "metadata": {},
    }


# 120 messages came later, the newest first here; the run's own was stored a second after the run.
LATER = [said(n, "assistant" if n % 2 else "user", 105 + n, "later") for n in range(122, 2, -1)]
THREAD = [*LATER, said(2, "user", 101, "the question"), said(1, "assistant", 50, "before it")]


class Server:
    """What the bar asks for; of the run's states each is told once, the last one ever after."""

    def __init__(self, *states: dict[str, Any] | None) -> None:
        self.states = list(states)
        self.sent: list[tuple[str, Any]] = []
        self.asked = 0  # how often for the run

    def says(self, path: str, body: Any) -> Any:
        route, _, query = path.partition("?")
        if body is not None:
            self.sent.append((route, body))
            return {**RUN, **STOPPED, "id": "run_2" if route.endswith("runs") else "thread_2"}
        if route.endswith("/runs/run_1"):
            self.asked += 1
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            if state is None:
                raise Refusal
            if "refused" in state:
                raise Refusal(state["refused"])
            return {**RUN, **state}
        if not route.endswith("/messages") or "run_id=" in query:
            return {"data": []}
        begin = 1 + next((n for n, one in enumerate(THREAD) if f"after={one['id']}" in query), -1)
        return {"data": THREAD[begin:][:100], "has_more": begin + 100 < len(THREAD)}


def test_the_bar_looks_again_where_the_server_was_not_reached(page: Page) -> None:
    server = Server(None, {"status": "in_progress"}, None, STOPPED)
    open_bare(page, server.says)
    show(page, "run_bar", "bar", thread_id="thread_1", run_id="run_1")
    page.wait_for_selector(".oxillama-run-end:has-text('Stopped')", timeout=LIMIT)


# Time passes a hundred times as fast; how long was to be waited is kept.
_FAST = """() => {
  const wait = setTimeout;
  globalThis.waits = [];
  globalThis.setTimeout = (done, time, ...rest) => {
    if (time >= 1000) waits.push(time / 1000);
    return wait(done, time / 100, ...rest);
  };
}"""


def test_a_server_that_is_away_is_asked_ever_more_seldom_by_bars_in_sight(page: Page) -> None:
    server = Server(None)
    open_bare(page, server.says)
    page.evaluate(_FAST)
    show(page, "run_bar", "bar", thread_id="thread_1", run_id="run_1")
    page.wait_for_function("waits.length > 5", timeout=LIMIT)
    assert page.evaluate("waits.slice(0, 6)") == [2, 4, 8, 15, 30, 30]
    assert page.get_by_role("alert").is_visible()

    page.evaluate("document.getElementById('place').style.display = 'none'")
    page.wait_for_timeout(300)  # for the page to see that
    before = server.asked
    page.wait_for_timeout(900)
    assert server.asked == before
    server.states = [STOPPED]
    page.evaluate("document.getElementById('place').style.display = ''")
    page.wait_for_selector(".oxillama-run-end:has-text('Stopped')")


def test_a_run_that_has_ended_is_asked_for_once(page: Page) -> None:
    server = Server(STOPPED)
    open_bare(page, server.says)
    show(page, "run_bar", "bar", thread_id="thread_1", run_id="run_1")
    end = page.locator(".oxillama-run-end")
    for _ in range(2):
        end.wait_for()
        page.evaluate("document.getElementById('place').style.display = 'none'")
        page.wait_for_timeout(300)
        page.evaluate("document.getElementById('place').style.display = ''")
    page.wait_for_timeout(300)
    assert end.is_visible()
    assert server.asked == 1


def test_a_run_that_is_gone_is_not_asked_for_again(page: Page) -> None:
    server = Server({"status": "in_progress"}, {"refused": 404})
    open_bare(page, server.says)
    show(page, "run_bar", "bar", thread_id="thread_1", run_id="run_1")
    wait_until(page, lambda: server.asked == 2, "it is looked at again")
    page.wait_for_timeout(3500)
    assert server.asked == 2
    assert page.get_by_role("button", name="Fork").count() == 1  # what is known stays
    assert page.get_by_role("alert").count() == 0


def test_a_run_without_an_answer_is_retried_and_forked_at_its_own_question(page: Page) -> None:
    server = Server(STOPPED)
    open_bare(page, server.says)
    show(page, "run_bar", "bar", thread_id="thread_1", run_id="run_1")
    page.get_by_role("button", name="Retry").click()
    wait_until(page, lambda: len(server.sent) == 2, "it is asked again")
    page.get_by_role("button", name="Fork").first.click()
    wait_until(page, lambda: len(server.sent) == 3, "it is forked")

    before, again, fork = server.sent
    assert before == ("oxillama/threads/thread_1/fork", {"message_id": "msg_001"})
    (asked,) = again[1]["additional_messages"]
    assert asked["content"] == [{"type": "text", "text": "the question"}]
    assert fork == ("oxillama/threads/thread_1/fork", {"message_id": "msg_002"})

"""A chat in a page: opened, asked, looked at; and what the server has of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from browser.notebooks import LIMIT, open_notebook, run_all, write_notebook

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Locator, Page

ANSWER = ".oxillama-chat-answer"
QUESTION = ".oxillama-chat-question"
NEW = "from oxillama_jupyter.widgets import Chat\nchat = Chat({})\nchat"


def api(server: Server, path: str, body: Any = None, method: str | None = None) -> Any:
    """Send the server a request, as a program would; the answer's JSON."""
    data = None if body is None else json.dumps(body).encode()
    head = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    request = Request(f"{server.url}{path}", data, head, method=method)
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)


def begin(server: Server, *texts: str, **metadata: str) -> str:
    """A thread with these messages, questions and answers in turn; its id."""
    roles = ["user", "assistant"] * len(texts)
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    thread: str = api(server, "v1/threads", {"messages": messages, "metadata": metadata})["id"]
    return thread


def ask(server: Server, thread: str, text: str, **fields: Any) -> str:
    """Somebody else asks; the run's id."""
    question = {"role": "user", "content": text}
    body = {"assistant_id": "default", "additional_messages": [question], **fields}
    run: str = api(server, f"v1/threads/{thread}/runs", body)["id"]
    return run


def texts(server: Server, thread: str) -> list[list[str]]:
    """The texts of the thread's messages, part by part, the oldest first."""
    messages = api(server, f"v1/threads/{thread}/messages?order=asc&limit=100")["data"]
    return [[part["text"]["value"] for part in message["content"]] for message in messages]


def threads(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api(server, "oxillama/threads?limit=100")["data"]
    return found


def open_chat(page: Page, lab: Server, world: World, *sources: str) -> Locator:
    """Open a notebook, run it, and give the field in which questions are typed."""
    write_notebook(world, *sources)
    open_notebook(page, lab)
    run_all(page)
    return field(page)


def field(page: Page) -> Locator:
    page.wait_for_selector(".oxillama-chat textarea", timeout=LIMIT)
    return page.get_by_label("Your question")


def send(page: Page, text: str) -> None:
    box = field(page)
    box.fill(text)
    box.press("Enter")


def wait_for_answer(page: Page, text: str) -> None:
    """Wait until an answer with this text is there, and nothing is being written."""
    page.wait_for_selector(f"{ANSWER}:has-text({json.dumps(text)})", timeout=LIMIT)
    page.wait_for_selector(f"{ANSWER}[aria-busy]", state="detached", timeout=LIMIT)
    page.get_by_role("button", name="Send").wait_for(timeout=LIMIT)


def shown(page: Page) -> list[str]:
    """What stands in questions and answers, in order, without their footers."""
    parts = f"{QUESTION} .oxillama-chat-plain, {ANSWER} .oxillama-text"
    return [text.strip() for text in page.locator(parts).all_inner_texts()]

"""`ThreadBrowser` in Python: what it keeps, what it leaves in a notebook."""

from __future__ import annotations

import re
import socket
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from browser.hostile import HOSTILE

from oxillama_jupyter.client.connection import Connection
from oxillama_jupyter.client.discovery import from_root
from oxillama_jupyter.widgets import ThreadBrowser
from oxillama_jupyter.widgets.panel import MIME

if TYPE_CHECKING:
    from client.world import Server


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is known."""
    for name in ("OXILLAMA_BASE_URL", "OXILLAMA_API_KEY", "OXILLAMA_URL", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def known(server: Server, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """The kernel knows a server."""
    for name, value in server.kernel_env.items():
        monkeypatch.setenv(name, value)
    return Connection(from_root(server.url, server.token, "arguments"))


def test_a_thread_is_chosen_by_id_and_given_back() -> None:
    browser = ThreadBrowser("thread_a1", query="llamas")
    assert (browser.thread, browser.selected, browser.query) == ("thread_a1", "thread_a1", "llamas")
    browser.selected = None
    assert (browser.thread, browser.selected) == ("", None)
    seen: list[Any] = []
    browser.observe(lambda change: seen.append(change.new), names="thread")
    browser.thread = "thread_b2"
    assert seen == ["thread_b2"]
    assert browser.selected == "thread_b2"


def test_a_thread_is_chosen_by_name(known: Connection) -> None:
    made = known.post("/threads", {"metadata": {"name": "by name"}})
    assert ThreadBrowser("by name").selected == made["id"]
    browser = ThreadBrowser()
    browser.selected = "by name"
    assert browser.thread == made["id"]
    with pytest.raises(ValueError, match="No thread is called 'nobody'"):
        ThreadBrowser("nobody")


def test_its_repr_tells_what_was_chosen() -> None:
    assert repr(ThreadBrowser()) == "ThreadBrowser()"
    chosen = ThreadBrowser("thread_a1", archived="all", tag="x")
    assert repr(chosen) == "ThreadBrowser(thread='thread_a1', tag='x', archived='all')"
    with pytest.raises(Exception, match="archived"):
        ThreadBrowser(archived="maybe")


def test_the_notebook_keeps_what_was_chosen_and_a_small_picture() -> None:
    browser = ThreadBrowser("thread_a1", query="q")
    data, _ = browser._repr_mimebundle_()
    assert data[MIME]["widget"] == "thread_browser"
    assert data[MIME]["state"]["thread"] == "thread_a1"
    assert data[MIME]["state"]["query"] == "q"
    assert data["text/plain"] == repr(browser)
    assert "text/markdown" not in data
    assert len(str(browser.get_state())) < 10_000  # what a comm's opening carries


def test_the_picture_has_the_newest_threads(known: Connection) -> None:
    for number in range(25):
        messages = [{"role": "user", "content": "hello"}] * (number + 1)
        known.post("/threads", {"metadata": {"name": f"pic {number}"}, "messages": messages})
    known.post("/threads", {"metadata": {"name": "put away", "archived": "yes"}})
    lines = ThreadBrowser().picture()["text/markdown"].split("\n")
    assert lines[:2] == ["| Thread | Messages | Last |", "| --- | ---: | --- |"]
    assert len(lines) == 22
    assert re.fullmatch(r"\| pic 24 \| 25 \| \d{4}-\d\d-\d\d \|", lines[2])
    assert "| put away | 0 |" in ThreadBrowser(archived="yes").picture()["text/markdown"]
    assert ThreadBrowser(query="nobody said").picture().keys() == {"text/plain"}
    today = f"{datetime.now():%Y-%m-%d}"  # noqa: DTZ005  # the reader's day is meant
    assert len(ThreadBrowser(since=today).picture()["text/markdown"].split("\n")) == 22
    assert ThreadBrowser(until="2001-01-01").picture().keys() == {"text/plain"}
    assert "text/markdown" in ThreadBrowser(since="no day").picture()


def test_nothing_in_the_picture_is_more_than_text(known: Connection) -> None:
    known.post("/threads", {"metadata": {"name": HOSTILE[:500], "hostile": "yes"}})
    name = "<script>x</script> | `a` ![i](http://e/) \u202e\x1b["
    known.post("/threads", {"metadata": {"name": name}})
    picture = ThreadBrowser().picture()
    markdown, plain = picture["text/markdown"], picture["text/plain"]
    first = markdown.split("\n")[2]
    assert "\\<script\\>x\\</script\\> \\| \\`a\\` !\\[i\\](http://e/) \\\\u202e\\\\x1b\\[" in first
    for text in (markdown, plain):
        assert all(char.isprintable() or char == "\n" for char in text)
    for line in markdown.split("\n"):
        assert not re.search(r"(?<!\\)[<>`\[\]]", line)


def test_a_server_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("OXILLAMA_BASE_URL", f"{url}/v1")
        monkeypatch.setenv("OXILLAMA_URL", f"{url}/oxillama")
        monkeypatch.setenv("OXILLAMA_API_KEY", "x")
        begin = time.monotonic()
        picture = ThreadBrowser().picture()
        assert time.monotonic() - begin < 6
    assert picture == {"text/plain": "ThreadBrowser()"}
    monkeypatch.setenv("OXILLAMA_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("OXILLAMA_URL", "http://127.0.0.1:1/oxillama")
    assert ThreadBrowser().picture() == {"text/plain": "ThreadBrowser()"}

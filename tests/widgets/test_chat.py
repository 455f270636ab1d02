"""The chat's kernel side: what it keeps, what it tells a page, and its picture."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import comm
import pytest
from comm.base_comm import BaseComm

from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.client.describe import describer
from oxillama_jupyter.client.variables import listed, variable
from oxillama_jupyter.widgets import Chat
from oxillama_jupyter.widgets.panel import MIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import Server

    Sent = list[tuple[str, Any]]

NAMESPACE = {"df": {"a": 1}, "_hidden": 1, "os": time, "note": "x", "In": []}


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """All that goes to the page, in order."""
    sent: Sent = []

    class Comm(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, *_: Any, **__: Any) -> None:
            sent.append((msg_type, data))

    monkeypatch.setattr(comm, "create_comm", Comm)
    return sent


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, server: Server) -> Iterator[Server]:
    """This process is a kernel of the server."""
    for name, value in server.kernel_env.items():
        monkeypatch.setenv(name, value)
    return server


def asked(chat: Chat, wire: Sent, **message: Any) -> dict[str, Any]:
    """What the page is answered."""
    chat._handle_custom_msg({"id": 7, **message}, [])
    kind, data = wire[-1]
    assert kind == "comm_msg"
    answer: dict[str, Any] = data["content"]
    assert answer.pop("id") == 7
    return answer


def thread_of(*texts: str) -> str:
    roles = ["user", "assistant"] * len(texts)
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    return str(connect().post("/threads", {"messages": messages})["id"])


def test_a_notebook_keeps_ids_and_choices_only(wire: Sent) -> None:
    chat = Chat("thread_x", model="m", system="s", variables=["df"], namespace=NAMESPACE)
    chat.draft = "half a thought"
    (bundle, _) = chat._repr_mimebundle_()

    kept = {"thread": "thread_x", "model": "m", "system": "s"}
    assert bundle[MIME]["widget"] == "chat"
    assert bundle[MIME]["state"].items() >= kept.items()
    assert bundle[MIME]["state"].keys() == {*kept, "prefix", "openai_prefix"}
    assert repr(chat) == "Chat(thread='thread_x', model='m', system='s')"


def test_variables_are_attached_and_taken_back(wire: Sent) -> None:
    chat = Chat(variables=["df"], namespace=NAMESPACE)
    chat.attach("note", "df")
    assert chat.variables == ["df", "note"]
    with pytest.raises(NameError, match="no variable 'gone'"):
        chat.attach("os", "gone")
    assert chat.variables == ["df", "note"]
    chat.detach("df")
    assert chat.variables == ["note"]
    chat.detach()
    assert chat.variables == []
    with pytest.raises(NameError):
        Chat(variables=["gone"], namespace=NAMESPACE)


def test_the_page_is_told_the_variables_and_the_description_of_one(wire: Sent) -> None:
    chat = Chat(namespace=NAMESPACE)

    assert asked(chat, wire, ask="variables") == {
        "variables": [
            {"name": "In", "type": "list"},
            {"name": "note", "type": "str"},
            {"name": "df", "type": "dict"},
            {"name": "os", "type": "module"},
        ]
    }
    told = {"name": "df", "text": variable("df", {"a": 1}).text}
    assert asked(chat, wire, ask="describe", name="df") == {"described": told}
    assert "'a': 1" in told["text"]
    assert "no variable 'gone'" in asked(chat, wire, ask="describe", name="gone")["error"]
    assert "error" in asked(chat, wire, ask="describe", name=["df"])


def test_messages_that_are_no_requests_are_not_answered(wire: Sent) -> None:
    chat = Chat(namespace=NAMESPACE)
    before = len(wire)
    for message in ("x", None, [], {"id": 1}):
        chat._handle_custom_msg(message, [])
    assert len(wire) == before


def test_listing_looks_at_no_value() -> None:
    looked = []

    class Spy:
        def __getattribute__(self, name: str) -> Any:
            looked.append(name)
            raise RuntimeError

    @describer(Spy)
    def describe_spy(spy: Spy) -> str:
        looked.append("described")
        return ""

    class Meta(type):
        @property
        def __module__(cls) -> str:  # type: ignore[override]
            raise RuntimeError

    nameless = Meta("Nameless", (), {})()
    names = {"spy": Spy(), "nameless": nameless, 3: 4, "x\ud800": 1}
    found = listed(names, ())  # type: ignore[arg-type]  # a namespace may hold anything

    assert {one["name"] for one in found} == {"spy", "nameless", "x\\ud800"}
    assert looked == []


def test_a_variable_is_told_in_a_fence_that_it_cannot_close() -> None:
    told = variable("note", "a ``` b\ud800")
    assert told.label == "note"
    assert told.text == "Variable `note` (str):\n````text\n8 characters:\na ``` b\\ud800\n````\n"


def test_the_picture_is_the_last_messages_and_inert(at: Server, wire: Sent) -> None:
    hostile = "<img src=x onerror=alert(1)>\n```\nnever closed ![x](http://evil.example/x.png)"
    thread = thread_of(*(f"message {number}" for number in range(7)), hostile, "the last one")
    picture = Chat(thread).picture()

    markdown = picture["text/markdown"]
    assert "message 2" not in markdown
    assert markdown.index("message 3") < markdown.index("never closed")
    assert markdown.endswith("**You**\n\n> the last one")
    assert "<img" not in markdown
    assert "![x]" not in markdown
    assert all(line.startswith((">", "**")) for line in markdown.split("\n") if line)
    assert hostile in picture["text/plain"]


def test_a_long_message_is_cut_in_the_picture(at: Server, wire: Sent) -> None:
    picture = Chat(thread_of("y" * 100_000)).picture()
    assert len(picture["text/markdown"]) < 3000


@pytest.mark.parametrize("thread", ["", "a name", "thread_unknown"])
def test_without_messages_the_picture_is_the_head(at: Server, wire: Sent, thread: str) -> None:
    assert Chat(thread).picture() == {"text/plain": f"Chat(thread={thread!r}, model='', system='')"}


def test_a_server_that_is_gone_or_silent_costs_a_moment_only(
    monkeypatch: pytest.MonkeyPatch, wire: Sent
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("OXILLAMA_API_KEY", "x")
        for base in (f"http://127.0.0.1:{port}", "http://127.0.0.1:9"):
            monkeypatch.setenv("OXILLAMA_BASE_URL", f"{base}/v1")
            monkeypatch.setenv("OXILLAMA_URL", f"{base}/oxillama")
            began = time.monotonic()
            picture = Chat("thread_x").picture()
            assert set(picture) == {"text/plain"}
            assert time.monotonic() - began < 10


def test_what_travels_when_it_is_opened_is_little(wire: Sent) -> None:
    import json

    Chat("thread_x", namespace=NAMESPACE)
    opened = [data for kind, data in wire if kind == "comm_open"]
    assert sum(len(json.dumps(data)) for data in opened) < 20_000

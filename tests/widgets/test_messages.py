"""What a page may send a kernel: whatever shape it has, it raises nothing and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import comm
import pytest
from comm.base_comm import BaseComm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.widgets import (
    Chat,
    EngineMonitor,
    Models,
    PromptXray,
    RunCell,
    ThreadBrowser,
)

if TYPE_CHECKING:
    from oxillama_jupyter.widgets.panel import Panel

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = ("resync", "picture", "ask", "id", "name", "stop")
WORDS = JSON | st.sampled_from(["variables", "describe", "show", "send", "df", "odd"])
CONTENTS = JSON | st.dictionaries(st.sampled_from(KEYS), WORDS)
GONE = connect("http://127.0.0.1:9/v1", "none")


class _Nameless(type):
    @property
    def __module__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("no name")


class Odd(metaclass=_Nameless):
    """A class that cannot be described."""


def widgets() -> list[Panel]:
    cell = RunCell(lambda: None, thread_id="thread_1", run_id="run_1", text="a 🦙 b")
    chat = Chat(namespace={"df": 1, "odd": Odd()})
    return [cell, chat, EngineMonitor(GONE), Models(GONE), PromptXray(), ThreadBrowser()]


@pytest.fixture(scope="module", autouse=True)
def _no_wire() -> Any:
    """What is sent goes nowhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseComm, "publish_msg", lambda *_, **__: None)
        patch.setattr(comm, "create_comm", BaseComm)
        yield


@pytest.mark.parametrize("place", range(6))
def test_no_message_of_a_page_raises(place: int) -> None:
    widget = widgets()[place]
    before = {name: getattr(widget, name) for name in widget.keys if name != "layout"}

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(CONTENTS)
    def say(content: Any) -> None:
        for callback in widget._msg_callbacks.callbacks:
            callback(widget, content, [])

    say()
    assert {name: getattr(widget, name) for name in before} == before


def test_a_variable_whose_class_raises_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    chat = widgets()[1]
    monkeypatch.setattr(chat, "send", sent.append)
    chat._handle_custom_msg({"ask": "describe", "name": "odd", "id": 1}, [])
    assert sent == [{"id": 1, "error": "It raises RuntimeError when it is looked at."}]

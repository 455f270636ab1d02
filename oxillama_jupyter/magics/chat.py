"""`%oxillama chat`: the notebook's conversation in a widget, where widgets work."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.failures import is_not_found
from oxillama_jupyter.client.threads import find
from oxillama_jupyter.magics.command import Command, Usage
from oxillama_jupyter.magics.flag import Flag
from oxillama_jupyter.magics.pages import Page, note
from oxillama_jupyter.widgets.screens import kind_of_screen

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.session import Session

__all__ = ["CHAT"]


def _name(value: str) -> str:
    if not value.strip():
        raise ValueError
    return value


_THREAD = Flag(
    ("-t", "--thread"), "NAME", "a thread's name or id", "that thread; made if there is none", _name
)
_CHAT = Usage("chat", (), (_THREAD,))


class _Opened(Page):
    """A page with a widget in it."""

    def __init__(self, widget: Any) -> None:
        super().__init__("", repr(widget))
        object.__setattr__(self, "_widget", widget)

    def show(self) -> None:
        """Display the widget."""
        from IPython.display import display

        display(self._widget)  # type: ignore[attr-defined,no-untyped-call]


def _chat(session: Session, line: str) -> Page:
    name = _CHAT.parse(line).flags.get("thread")
    if not _can_show(session):
        return note(_elsewhere(name))
    thread_id = session.with_server(lambda connection: _thread(session, connection, name))
    from oxillama_jupyter.widgets.chat import Chat

    return _Opened(Chat(thread_id, notebook=session.threads.notebook))


def _can_show(session: Session) -> bool:
    kernel = getattr(session.shell, "kernel", None)
    if kernel is None:
        return False
    asked: dict[str, Any] = kernel.get_parent().get("content") or {}
    can_be_asked = bool(asked.get("allow_stdin", True))
    return kind_of_screen(os.environ, can_be_asked=can_be_asked) == "widget"


def _elsewhere(name: str | None) -> str:
    where = f"a cell that begins with `%%oxillama -t {name}`" if name else "a `%%oxillama` cell"
    return (
        f"The chat opens in JupyterLab and Notebook; here {where} asks in the same conversation,"
        " and `%oxillama show` reads it."
    )


def _thread(session: Session, connection: Connection, name: str | None) -> str:
    """The thread's id; it is made if need be, so that cells and the chat go on in the same one."""
    threads = session.threads
    if name is None:
        current = threads.current(connection)
        if current is None or not _is_there(connection, current):
            return str(threads.new(connection, None)["id"])
        return current
    found = find(connection, name)
    if found is None:
        body = {"metadata": threads.metadata_named(name)}
        found = connection.post("/threads", body)
    return str(found["id"])


def _is_there(connection: Connection, thread_id: str) -> bool:
    """Whether nobody has deleted the thread that this kernel remembers."""
    try:
        find(connection, thread_id)
    except Exception as error:
        if is_not_found(error):
            return False
        raise
    return True


CHAT = Command(
    _CHAT.takes,
    "the conversation in a widget, to go on with beside the notebook",
    _chat,
    (_THREAD,),
    ("thread",),
)

"""`%oxillama xray`: the exact prompt that a run has sent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.previews import prompt_of_run
from oxillama_jupyter.client.threads import find
from oxillama_jupyter.magics.attach import newest_run, run_by_id
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.pages import Page, note
from oxillama_jupyter.widgets.prompt_picture import pictured
from oxillama_jupyter.widgets.screens import kind_of_screen

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.session import Session

__all__ = ["xray_page"]


@dataclass(frozen=True)
class _Opened(Page):
    """A widget.

    Attributes:
        thread_id: The thread of its run.
        run_id: Its run.
    """

    thread_id: str = ""
    run_id: str = ""

    def show(self) -> None:
        """Display it."""
        from IPython.display import display

        from oxillama_jupyter.widgets.prompt_xray import PromptXray

        xray = PromptXray(thread_id=self.thread_id, run_id=self.run_id)
        display(xray)  # type: ignore[no-untyped-call]


def xray_page(session: Session, line: str) -> Page:
    """Open the X-ray of a run's prompt, or show its messages as a table where there are no widgets.

    Raises:
        MagicError: There is no such run.
    """
    run = session.with_server(lambda connection: _run(session, connection, line))
    thread_id, run_id = str(run["thread_id"]), str(run["id"])
    kernel = getattr(session.shell, "kernel", None)
    if kernel is not None and kind_of_screen(os.environ, can_be_asked=True) == "widget":
        return _Opened("", "", thread_id, run_id)
    from openai import BadRequestError

    try:
        prompt = session.with_server(lambda server: prompt_of_run(server, thread_id, run_id))
    except BadRequestError as error:  # an engine that sees no prompts
        return note(str(error.body["message"] if isinstance(error.body, dict) else error.message))
    shown = pictured(prompt)
    return Page(shown["text/markdown"], shown["text/plain"])


def _run(session: Session, connection: Connection, name: str) -> dict[str, Any]:
    """A run by its id, or the newest of a thread: this notebook's, where none is named."""
    if name.startswith("run_"):
        return run_by_id(session, connection, name)
    if not name:
        current = session.threads.current(connection)
        if current is None:
            raise MagicError("This notebook has no thread yet: ask something in a %%oxillama cell.")
        return newest_run(connection, current)
    thread = find(connection, name)
    if thread is None:
        raise MagicError(f"No thread is called {name!r}: %oxillama threads lists them.")
    return newest_run(connection, str(thread["id"]))

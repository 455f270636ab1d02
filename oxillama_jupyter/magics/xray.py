"""`%oxillama xray`: the exact prompt that a run has sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.previews import prompt_of_run
from oxillama_jupyter.client.threads import find
from oxillama_jupyter.magics.attach import newest_run, run_by_id
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.opening import WidgetPage, shows_widgets
from oxillama_jupyter.magics.pages import Page, note
from oxillama_jupyter.widgets.prompt_picture import pictured

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.session import Session

__all__ = ["xray_page"]


def xray_page(session: Session, line: str) -> Page:
    """Open the X-ray of a run's prompt, or show its messages as a table where there are no widgets.

    Raises:
        MagicError: There is no such run.
    """
    run = session.with_server(lambda connection: _run(session, connection, line))
    thread_id, run_id = str(run["thread_id"]), str(run["id"])
    if shows_widgets(session):
        from oxillama_jupyter.widgets.prompt_xray import PromptXray

        panel = PromptXray(thread_id=thread_id, run_id=run_id)
        return WidgetPage("", repr(panel), panel)
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

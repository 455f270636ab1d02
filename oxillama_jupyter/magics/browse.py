"""`%oxillama browse`: the threads in a widget, or as a table where there are no widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxillama_jupyter.magics.command import Command, Usage
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.opening import WidgetPage, shows_widgets
from oxillama_jupyter.magics.threads import LIST_FLAGS, list_page

if TYPE_CHECKING:
    from oxillama_jupyter.magics.pages import Page
    from oxillama_jupyter.magics.session import Session

__all__ = ["BROWSE_COMMANDS"]

_BROWSE = Usage("browse", ("[QUERY]",), LIST_FLAGS)


def _browse(session: Session, line: str) -> Page:
    words = _BROWSE.parse(line)
    if not shows_widgets(session):
        return list_page(session, words)
    if "archived" in words.flags and "all" in words.flags:
        raise MagicError("--archived and --all exclude each other: all has the archived ones too.")
    from oxillama_jupyter.widgets.thread_browser import ThreadBrowser

    traits: dict[str, Any] = {"query": words.name, "tag": words.flags.get("tag", "")}
    traits["notebook"] = session.threads.notebook if "here" in words.flags else ""
    shown = "yes" if "archived" in words.flags else "all" if "all" in words.flags else "no"
    widget = ThreadBrowser(archived=shown, **traits)
    return WidgetPage("", repr(widget), widget)


BROWSE_COMMANDS = {
    "browse": Command(
        _BROWSE.takes,
        "find, read and put in order all threads, in a widget",
        _browse,
        _BROWSE.flags,
    )
}

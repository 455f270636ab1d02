"""`%oxillama browse`: the threads in a widget, or as a table where there are no widgets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.display import display

from oxillama_jupyter.magics.command import Command, Usage
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.pages import Page
from oxillama_jupyter.magics.threads import LIST_FLAGS, list_page
from oxillama_jupyter.widgets.screens import kind_of_screen

if TYPE_CHECKING:
    from oxillama_jupyter.magics.session import Session
    from oxillama_jupyter.widgets.thread_browser import ThreadBrowser

__all__ = ["BROWSE_COMMANDS"]

_BROWSE = Usage("browse", ("[QUERY]",), LIST_FLAGS)


@dataclass(frozen=True)
class _Widget(Page):
    """A page that is a widget.

    Attributes:
        widget: It.
    """

    widget: ThreadBrowser

    def show(self) -> None:
        """Display it."""
        display(self.widget)  # type: ignore[no-untyped-call]


def _browse(session: Session, line: str) -> Page:
    words = _BROWSE.parse(line)
    shell = session.shell
    if not hasattr(shell, "kernel") or kind_of_screen(os.environ, can_be_asked=True) != "widget":
        return list_page(session, words)
    if "archived" in words.flags and "all" in words.flags:
        raise MagicError("--archived and --all exclude each other: all has the archived ones too.")
    from oxillama_jupyter.widgets.thread_browser import ThreadBrowser

    traits: dict[str, Any] = {"query": words.name, "tag": words.flags.get("tag", "")}
    traits["notebook"] = session.threads.notebook if "here" in words.flags else ""
    shown = "yes" if "archived" in words.flags else "all" if "all" in words.flags else "no"
    widget = ThreadBrowser(archived=shown, **traits)
    return _Widget("", repr(widget), widget)


BROWSE_COMMANDS = {
    "browse": Command(
        _BROWSE.takes,
        "find, read and put in order all threads, in a widget",
        _browse,
        _BROWSE.flags,
    )
}

"""Commands that open a widget where one can be shown, and print their page elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.display import display

from oxillama_jupyter.magics.pages import Page
from oxillama_jupyter.widgets.screens import kind_of_screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.magics.session import Session
    from oxillama_jupyter.widgets.panel import Panel

__all__ = ["opened"]


@dataclass(frozen=True, repr=False)
class _Opened(Page):
    """A page that is shown as a widget."""

    panel: Panel

    def show(self) -> None:
        """Display the widget."""
        display(self.panel)  # type: ignore[no-untyped-call]


def opened(session: Session, page: Page, panel: Callable[[], Panel]) -> Page:
    """The page as a widget, if the cell's front end can show one.

    Args:
        session: The kernel's.
        page: What is printed elsewhere.
        panel: Makes the widget; called only where it is shown.
    """
    kernel = getattr(session.shell, "kernel", None)
    if kernel is None:
        return page
    asked: dict[str, Any] = kernel.get_parent().get("content") or {}
    kind = kind_of_screen(os.environ, can_be_asked=bool(asked.get("allow_stdin", True)))
    return _Opened(page.markdown, page.plain, panel()) if kind == "widget" else page

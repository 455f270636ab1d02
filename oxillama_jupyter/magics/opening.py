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

__all__ = ["WidgetPage", "opened", "shows_widgets"]


@dataclass(frozen=True, repr=False)
class WidgetPage(Page):
    """A page that is shown as a widget.

    Attributes:
        panel: The widget.
    """

    panel: Panel

    def show(self) -> None:
        """Display the widget."""
        display(self.panel)  # type: ignore[no-untyped-call]


def shows_widgets(session: Session) -> bool:
    """Whether the front end of the cell that runs now can show widgets."""
    kernel = getattr(session.shell, "kernel", None)
    if kernel is None:
        return False
    asked: dict[str, Any] = kernel.get_parent().get("content") or {}
    can_be_asked = bool(asked.get("allow_stdin", True))
    return kind_of_screen(os.environ, can_be_asked=can_be_asked) == "widget"


def opened(session: Session, page: Page, panel: Callable[[], Panel]) -> Page:
    """The page as a widget, if the cell's front end can show one.

    Args:
        session: The kernel's.
        page: What is printed elsewhere.
        panel: Makes the widget; called only where it is shown.
    """
    return WidgetPage(page.markdown, page.plain, panel()) if shows_widgets(session) else page

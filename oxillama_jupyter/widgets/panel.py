"""`Panel`: what our widgets have in common.

Import it only where it is used: `anywidget` and `ipywidgets` come with it.

A panel's data comes from the page's own server, over HTTP and with the page's credentials; traits
hold ids and what a person has chosen. So a page shows a panel whether or not a kernel runs, in
JupyterLab and Notebook by our extension of them, elsewhere as any widget. What is left in the
notebook for all others is a picture in Markdown or plain text.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets

from oxillama_jupyter.client.connection import running
from oxillama_jupyter.errors import ConnectionFailed
from oxillama_jupyter.widgets.prefixes import prefixes

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.client.connection import Connection

__all__ = ["MIME", "PATIENCE", "Panel", "told"]

MIME = "application/vnd.oxillama.panel+json"
PATIENCE = 3.0  # seconds that a picture may wait for a server
_LOADER = Path(__file__).parent / "static" / "panel.js"


class Panel(anywidget.AnyWidget):
    """A widget that a module of the page shows.

    A subclass names its module, says which traits a notebook keeps, and draws a picture.

    Attributes:
        widget: The module's name, the same as the subclass's file.
        panel_id: The panel's name in pages and notebooks.
        openai_prefix: Where on the page's own server the OpenAI surface is.
        prefix: Where this extension's own routes are.
        advice: What to do where the panel cannot be shown.
    """

    _esm = _LOADER.read_text("utf-8")
    _kept: ClassVar[tuple[str, ...]] = ()

    widget = traitlets.Unicode("").tag(sync=True)
    panel_id = traitlets.Unicode("").tag(sync=True)
    openai_prefix = traitlets.Unicode("v1").tag(sync=True)
    prefix = traitlets.Unicode("oxillama").tag(sync=True)
    advice = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        openai_prefix, prefix = prefixes(os.environ)
        own = {"openai_prefix": openai_prefix, "prefix": prefix}
        super().__init__(**{"panel_id": secrets.token_urlsafe(9), **own, **traits})

    def __repr__(self) -> str:
        """Without an address: outputs of notebooks are compared."""
        kept = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._kept)
        return f"{type(self).__name__}({kept})"

    def picture(self) -> dict[str, str]:
        """What a notebook shows without us: `text/markdown` or `image/svg+xml`, and `text/plain`.

        Nothing in it may become HTML or code: texts of others are to be escaped.
        """
        return {"text/plain": repr(self)}

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The panel for our own renderer, for widget managers, and its picture for all others."""
        found = super()._repr_mimebundle_(**kwargs)
        view, metadata = found if isinstance(found, tuple) else (found, {})
        return {MIME: self.described(), **(view or {}), **self.picture()}, metadata or {}

    def described(self) -> dict[str, Any]:
        """What our own renderer gets: enough to show the panel without a kernel."""
        names = ("openai_prefix", "prefix", *self._kept)
        return {
            "widget": self.widget,
            "panel_id": self.panel_id,
            "state": {name: getattr(self, name) for name in names},
        }


def told(
    connection: Connection | None, ask: Callable[[Connection], dict[str, Any]]
) -> dict[str, Any] | None:
    """What a server answers; None where none does, and none is started for it.

    Args:
        connection: The server; the one that the kernel would use, if it runs, where not given.
        ask: Sends the request.
    """
    from openai import OpenAIError

    try:
        found = connection or running()
        return ask(found) if found is not None else None
    except (OpenAIError, ConnectionFailed):
        return None

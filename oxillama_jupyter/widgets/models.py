"""`Models`: which models there are, what they need, and loading, unloading and fetching them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from oxillama_jupyter.client.inert import inert
from oxillama_jupyter.client.tables import markdown_table, plain_table
from oxillama_jupyter.widgets.calls import visible
from oxillama_jupyter.widgets.panel import PATIENCE, Panel, told

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection

__all__ = ["Models"]

Json = dict[str, Any]  # as the server sent it

_HEADS = ("Model", "", "State", "Size", "Needs", "Context")


class Models(Panel):
    """The models of the server.

    Attributes:
        selected: The name of the model that is chosen in the page, as requests use it.

    Args:
        connection: The server whose models the notebook keeps a table of; the kernel's own where
            not given.

    Example:
        >>> models = Models()  # doctest: +SKIP
        >>> client.responses.create(model=models.selected, input="Hello!")  # doctest: +SKIP
    """

    _kept = ("selected",)

    widget = traitlets.Unicode("models").tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)

    def __init__(self, connection: Connection | None = None, **traits: Any) -> None:
        self._connection = connection
        super().__init__(**traits)

    def report(self) -> Json | None:
        """What `GET /oxillama/models` says now; None where no server answers."""
        return told(
            self._connection,
            lambda server: server.get(f"{server.url}/models", timeout=PATIENCE),
        )

    def picture(self) -> dict[str, str]:
        """The models of now as a table."""
        report = self.report()
        if report is None:
            return {"text/plain": f"{self!r}: the server does not answer."}
        rows = [_row(model) for model in report["data"]]
        return {
            "text/markdown": inert(markdown_table(_HEADS, rows)),
            "text/plain": plain_table(_HEADS, rows),
        }


def _row(model: Json) -> tuple[str, ...]:
    state = f"{model['state']}: {model['detail']}" if model["state"] == "failed" else model["state"]
    return (
        visible(model["id"]),
        "default" if model["default"] else "",
        visible(state),
        _size(model["size"]),
        _size(model["memory"]),
        f"{model['context']:,} tokens" if model["context"] else "",
    )


def _size(count: int) -> str:
    if not count:
        return ""
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count / 1e6:.0f} MB"

"""`EngineMonitor`: the engine as it works, in a page; a drawing of it in the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets
from IPython.display import display

from oxillama_jupyter.client.engine_tables import engine_tables
from oxillama_jupyter.client.tables import plain_table
from oxillama_jupyter.widgets.engine_picture import engine_svg
from oxillama_jupyter.widgets.panel import PATIENCE, Panel, told

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection

__all__ = ["EngineMonitor"]

Json = dict[str, Any]  # as the server sent it


class EngineMonitor(Panel):
    """Sequences, KV cache, queue, speed and the last turns, as they are.

    The notebook keeps a drawing. As long as a page shows the monitor, and the kernel has nothing
    else to do, the drawing is made anew from time to time, so that what is saved is not old.

    Attributes:
        picture_seconds: How often the drawing is made anew, at most.

    Args:
        connection: The server whose figures are drawn; the kernel's own where not given.

    Example:
        >>> EngineMonitor()  # doctest: +SKIP
    """

    widget = traitlets.Unicode("engine_monitor").tag(sync=True)
    picture_seconds = traitlets.Float(30.0, min=0.5).tag(sync=True)

    def __init__(self, connection: Connection | None = None, **traits: Any) -> None:
        self._connection = connection
        self._shown = False
        super().__init__(**traits)
        self.on_msg(self._said)

    def report(self) -> Json | None:
        """What `GET /oxillama/engine` says now; None where no server answers."""
        return told(self._connection, lambda server: server.engine(timeout=PATIENCE))

    def picture(self) -> dict[str, str]:
        """The figures of now as a drawing, and as `%oxillama engine` prints them."""
        report = self.report()
        if report is None:
            return {"text/plain": f"{self!r}: the server does not answer."}
        text = "\n\n".join(plain_table(*table) for table in engine_tables(report))
        return {"image/svg+xml": engine_svg(report), "text/plain": text}

    def _ipython_display_(self) -> None:
        """Shown by a name, so that the drawing can be replaced."""
        self._show(update=False)
        self._shown = True

    def _said(self, _: object, content: Any, __: object) -> None:
        """The page has news that the notebook should keep; `content` is whatever it has sent.

        `{"picture": "send"}` is answered with the picture, for a page that puts it into the output
        itself, which one that was reloaded has to. Otherwise it is put there from here.
        """
        if not isinstance(content, dict) or "picture" not in content:
            return
        if content["picture"] == "send":
            self.send({"pictured": self.picture()})
            return
        if content["picture"] and self._shown:
            self._show(update=True)
        self.send({"pictured": True})

    def _show(self, *, update: bool) -> None:
        data, metadata = self._repr_mimebundle_()
        display(  # type: ignore[no-untyped-call]
            data,
            raw=True,
            metadata=metadata,
            display_id=f"oxillama-{self.panel_id}",
            update=update,
        )

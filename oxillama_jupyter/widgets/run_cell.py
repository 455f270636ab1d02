"""`RunCell`: a run's answer in the browser, while it is written.

Import it only where it is used: `anywidget` and `ipywidgets` come with it.

A page shows the run whether or not this kernel tells it anything: where no kernel does, it follows
the run's events, by HTTP and from the first one on. A kernel that follows the run anyway spares the
server that, and the page a connection.

The text never goes through a trait: each message to the page is `[offset, text, tokens]`, which
says that from `offset` on (in UTF-16 units, as the page counts) the text is this one. A page that
has missed a message asks with `{"resync": length}` for what is behind it. The trait `text` holds
everything, and is sent only to pages that ask the kernel for all of its widgets, such as one that
was reloaded.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets  # type: ignore[import-untyped]
import traitlets
from ipywidgets.widgets.trait_types import InstanceDict  # type: ignore[import-untyped]
from ipywidgets.widgets.widget import widget_serialization  # type: ignore[import-untyped]

from oxillama_jupyter.widgets.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar

__all__ = ["RunCell"]

_LOADER = Path(__file__).parent / "static" / "run_cell.js"
_UTF16 = "utf-16-le"


class RunCell(Panel):
    """A run as a notebook shows it.

    Args:
        on_stop: Called when the page asks to stop the run, as soon as the kernel gets to it.
        traits: `thread_id` and `run_id`, if nothing more: the page then follows the run itself.

    Attributes:
        thread_id: The run's thread.
        run_id: The run.
        status: The run's status, as this kernel has it; empty where it does not follow the run.
        text: All text so far.
        tokens: About how many tokens that is.

    Example:
        >>> RunCell(thread_id="thread_1", run_id="run_1")  # doctest: +SKIP
    """

    _esm = _LOADER.read_text("utf-8")
    _kept: ClassVar[tuple[str, ...]] = ("thread_id", "run_id")

    # Whoever wants one can set it; by itself it would be a second comm for each cell.
    layout = InstanceDict(ipywidgets.Layout, allow_none=True).tag(sync=True, **widget_serialization)

    widget = traitlets.Unicode("run_cell_view").tag(sync=True)
    advice = traitlets.Unicode("")  # its plain view says what to do
    thread_id = traitlets.Unicode("").tag(sync=True)
    run_id = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
    tokens = traitlets.Int(0).tag(sync=True)

    def __init__(self, on_stop: Callable[[], None] | None = None, **traits: Any) -> None:
        # Each message carries the id, so it is a short one: 48 bits are enough for a kernel.
        short = secrets.token_urlsafe(6)
        super().__init__(model_id=short, panel_id=short, **traits)
        self._on_stop = on_stop
        self.on_msg(self._receive)

    @traitlets.default("layout")
    def _no_layout(self) -> None:
        return None

    def __repr__(self) -> str:
        """Without an address: outputs of notebooks are compared."""
        return f"RunCell(run_id={self.run_id!r}, status={self.status!r})"

    def grow(self, text: str, tokens: int) -> None:
        """Take the text as it is now, and send what of it is new."""
        known = self.text
        offset = len(known) if text.startswith(known) else 0
        self.text, self.tokens = text, tokens
        self._send_from(text, offset)

    def _send_from(self, text: str, start: int) -> None:
        self.send([_units(text[:start]), text[start:], self.tokens])

    def _receive(self, _: RunCell, content: Any, __: Any) -> None:
        """Answer the page; `content` is whatever it has sent."""
        if not isinstance(content, dict):
            return
        length = content.get("resync")
        if isinstance(length, int):
            known = self.text.encode(_UTF16, "surrogatepass")[: 2 * max(0, length)]
            self._send_from(self.text, len(known.decode(_UTF16, "ignore")))
        if content.get("stop") and self._on_stop is not None:
            self._on_stop()

    def _should_send_property(self, key: str, value: object) -> bool:
        """Keep what the messages carry out of the updates of traits."""
        if key in {"text", "tokens"}:
            return False
        return bool(super()._should_send_property(key, value))


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(_UTF16, "surrogatepass")) // 2

"""The screen that is a `RunCell` while the answer is written, and Markdown when it is there."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oxillama_jupyter.widgets.run_cell import RunCell
from oxillama_jupyter.widgets.screens import WAITS, about, bundle, interrupt_later

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.widgets.view import State

__all__ = ["RunScreen"]

_SHARE = 0.15  # of the text so far is what a message has to bring
_ENOUGH = 300  # characters always are
_LONGEST_SECONDS = 2.0
_SHORT_PLAIN = 1_000
_BEGINNING = 200
_KEPT = 8

# Widgets of answers that have ended, for pages that were reloaded meanwhile and still show them.
_ended: deque[RunCell] = deque()


class RunScreen:
    """A `RunCell`, which the answer itself replaces in the end.

    All traffic of an answer of 2,000 tokens stays within three times its text, two of which are the
    text on its way and as it is left; about 80 bytes go with each message. So messages bring more
    the longer the text is, and the page evens out what it gets. None waits longer than two seconds.

    Args:
        environ: The kernel's environment, which says where its server has its routes.
        connection: Gives the kernel's connection.
        clock: Seconds, for tests.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        connection: Callable[[], Connection] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prefixes = prefixes(environ)
        self._connection = connection
        self._clock = clock
        self._cell: RunCell | None = None
        self._sent = float("-inf")

    def open(self, state: State) -> None:
        """Show the widget: that the run is on, and how to stop it."""
        from IPython.display import display

        ids = dict(state.about)
        if self._cell is not None:  # it was shown ahead of the run
            self._cell.run_id, self._cell.thread_id = ids["run_id"], ids["thread_id"]
            return
        with interrupt_later():
            cell = RunCell(
                self._stop,
                run_id=ids.get("run_id", ""),
                thread_id=ids.get("thread_id", ""),
                status="in_progress",
                openai_prefix=self._prefixes[0],
                prefix=self._prefixes[1],
            )
            view = {"model_id": cell.model_id, "version_major": 2, "version_minor": 0}
            run = f" {ids['run_id']}" if "run_id" in ids else ""
            words = f"The answer is being written; %oxillama attach{run} shows it."
            display(  # type: ignore[no-untyped-call]
                {"application/vnd.jupyter.widget-view+json": view, "text/plain": words},
                raw=True,
                metadata=about(state),
                display_id=cell.model_id,
            )
            self._cell = cell

    def show(self, state: State) -> None:
        """Send what is new, if it is enough for a message or has waited long enough."""
        if self._cell is None:
            self.open(state)
        cell, now = self._cell, self._clock()
        if cell is None:
            return
        new = len(state.text) - len(cell.text)
        soon = new < min(_SHARE * len(state.text), _ENOUGH) and now < self._sent + _LONGEST_SECONDS
        if soon and state.status != WAITS:
            return
        with interrupt_later():
            cell.grow(state.text, state.tokens)
        self._sent = now

    def close(self, state: State) -> None:
        """Put the answer itself in the widget's place."""
        from IPython.display import display

        if self._cell is None:
            if state.text or state.note:
                display(bundle(state), raw=True, metadata=about(state))  # type: ignore[no-untyped-call]
            return
        with interrupt_later():
            # Not every view of it is replaced, and the one that is shall not change then.
            if state.text != self._cell.text:
                self._cell.grow(state.text, state.tokens)
            self._cell.status = state.status if state.status != "in_progress" else "ended"
            display(  # type: ignore[no-untyped-call]
                _short(bundle(state)),
                raw=True,
                metadata=about(state),
                display_id=self._cell.model_id,
                update=True,
            )
            _ended.append(self._cell)
            while len(_ended) > _KEPT:
                _ended.popleft().close()

    def _stop(self) -> None:
        """What the page has also asked of its server, where it could."""
        cell = self._cell
        if self._connection is not None and cell is not None and cell.status == "in_progress":
            self._connection().post(f"/threads/{cell.thread_id}/runs/{cell.run_id}/cancel")


def prefixes(environ: Mapping[str, str]) -> tuple[str, str]:
    """Where a page's server has the OpenAI surface and our own routes, below its base URL.

    A kernel's own addresses of them do not help a page, which may come through proxies.
    """
    paths = [
        urlsplit(environ.get(name, "")).path.strip("/").split("/")
        for name in ("OXILLAMA_BASE_URL", "OXILLAMA_URL")
    ]
    while len(paths[0]) > 1 and len(paths[1]) > 1 and paths[0][0] == paths[1][0]:
        paths = [path[1:] for path in paths]
    openai, own = ("/".join(path) for path in paths)
    return openai or "v1", own or "oxillama"


def _short(data: dict[str, str]) -> dict[str, str]:
    """Without a second copy of a long text; whoever shows plain text gets its beginning."""
    plain = data["text/plain"]
    if "text/markdown" not in data or len(plain) <= _SHORT_PLAIN:
        return data
    return data | {"text/plain": f"{plain[:_BEGINNING]} … ({len(plain):,} characters)"}

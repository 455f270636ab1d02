"""`ThreadBrowser`: all conversations of the server, to be found, read and put in order.

Import it only where it is used: `anywidget` and `ipywidgets` come with it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import traitlets

from oxillama_jupyter.client.listing import title_of
from oxillama_jupyter.client.probe import asked
from oxillama_jupyter.client.tables import escaped
from oxillama_jupyter.client.threads import find, is_thread_id
from oxillama_jupyter.widgets.calls import visible
from oxillama_jupyter.widgets.panel import Panel

__all__ = ["ThreadBrowser"]

_SHOWN = 20
_PATIENCE = 2.0  # seconds
_WIDE = 60  # characters of a title


class ThreadBrowser(Panel):
    """Search, read, fork, rename, tag, archive, export and delete threads.

    Everything it shows comes from the page's own server; what a person chooses comes back here.

    Attributes:
        thread: The id of the thread that is open; "" for none. Set it to open another one.
        query: Words that must all be in a message.
        notebook: Only threads that were begun in this notebook, as their metadata name it.
        tag: Only threads with this tag.
        model: Only threads in which this model was asked.
        status: Only threads whose newest run is so, such as `failed` or `requires_action`.
        archived: "no" leaves out what is put away, "yes" shows only that, "all" shows both.
        since: Only threads with a message from this day (`2026-01-31`) or later.
        until: Only threads whose newest message is from this day or before.

    Args:
        thread: The thread to open: its id, or its name.
        **traits: The other attributes.

    Example:
        >>> browser = ThreadBrowser(query="llamas", archived="all")  # doctest: +SKIP
        >>> browser.selected  # doctest: +SKIP
        'thread_01m802v480gb372yth6ce49hxj'
    """

    _kept = ("thread", "query", "notebook", "tag", "model", "status", "archived", "since", "until")

    widget = traitlets.Unicode("thread_browser").tag(sync=True)
    thread = traitlets.Unicode("").tag(sync=True)
    query = traitlets.Unicode("").tag(sync=True)
    notebook = traitlets.Unicode("").tag(sync=True)
    tag = traitlets.Unicode("").tag(sync=True)
    model = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    archived = traitlets.Enum(("no", "yes", "all"), "no").tag(sync=True)
    since = traitlets.Unicode("").tag(sync=True)
    until = traitlets.Unicode("").tag(sync=True)

    def __init__(self, thread: str = "", **traits: Any) -> None:
        super().__init__(thread=_id_of(thread), **traits)

    def __repr__(self) -> str:
        """Only what differs from a new one."""
        new = {name: self.trait_defaults(name) for name in self._kept}
        values = {name: getattr(self, name) for name in self._kept}
        kept = [f"{name}={value!r}" for name, value in values.items() if value != new[name]]
        return f"ThreadBrowser({', '.join(kept)})"

    @property
    def selected(self) -> str | None:
        """The id of the thread that is open; None where none is. Observe `thread` to be told."""
        return self.thread or None

    @selected.setter
    def selected(self, thread: str | None) -> None:
        self.thread = _id_of(thread or "")

    def picture(self) -> dict[str, str]:
        """The newest threads as a table, if a server that is there already says them soon."""
        found = self._newest()
        if not found:
            return {"text/plain": repr(self)}
        rows = [(_title(thread), str(thread["message_count"]), _day(thread)) for thread in found]
        lines = ["| Thread | Messages | Last |", "| --- | ---: | --- |"]
        lines += [f"| {' | '.join(map(escaped, row))} |" for row in rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        plain = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return {"text/markdown": "\n".join(lines), "text/plain": "\n".join([repr(self), *plain])}

    def _newest(self) -> list[dict[str, Any]]:
        """The first threads that this browser would list."""
        wanted = {"limit": str(_SHOWN), "q": self.query, "model": self.model, "status": self.status}
        wanted |= {"metadata[notebook]": self.notebook}
        wanted |= {f"metadata[tag:{self.tag}]": "yes"} if self.tag else {}
        wanted |= {"archived": {"no": "false", "yes": "true", "all": ""}[self.archived]}
        wanted |= {"since": _second(self.since, 0), "until": _second(self.until, 1)}
        query = urlencode({name: value for name, value in wanted.items() if value})
        address = _address()
        page = address and asked(*address, f"/threads?{query}", timeout=_PATIENCE)
        return page.get("data") or [] if page else []


def _id_of(thread: str) -> str:
    """The id of a thread that is meant by its id or name.

    Raises:
        ValueError: No thread has this name.
    """
    if not thread or is_thread_id(thread):
        return thread
    from oxillama_jupyter.client.connection import connect

    found = find(connect(), thread)
    if found is None:
        raise ValueError(f"No thread is called {thread!r}: %oxillama threads lists them.")
    return str(found["id"])


def _address() -> tuple[str, str] | None:
    """Where this kernel's server is, and the key to it; none is started for a picture."""
    from oxillama_jupyter.client.connection import running
    from oxillama_jupyter.errors import OxillamaError

    try:
        connection = running()
    except OxillamaError:
        return None
    return (connection.url, connection.api_key) if connection is not None else None


def _second(day: str, end: int) -> str:
    """The first second of a day here, or the last one; "" where it is no day."""
    try:
        begin = datetime.fromisoformat(day) + timedelta(days=end)
        return str(max(0, int(begin.timestamp()) - end))
    except (ValueError, OverflowError, OSError):
        return ""


def _title(thread: dict[str, Any]) -> str:
    title = visible(title_of(thread))
    return title if len(title) <= _WIDE else f"{title[: _WIDE - 1]}…"


def _day(thread: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(thread['updated_at'], UTC):%Y-%m-%d}"

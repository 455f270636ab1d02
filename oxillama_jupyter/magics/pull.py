"""`%oxillama pull`: have the server fetch a model, and see how far it is."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, cast

from IPython.display import display

from oxillama_jupyter.client.failures import one_line
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.pages import Page, note

if TYPE_CHECKING:
    from openai import Stream

    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.session import Session

__all__ = ["pull_page"]

Json = dict[str, Any]  # as the server sent it

_CANCEL_SECONDS = 5.0
_MINUTE, _HOUR = 60, 3600


def pull_page(session: Session, model: str) -> Page:
    """Pull a model and say what it is called here; an interrupt cancels the pull.

    Raises:
        MagicError: It is not here, and why.
    """
    if not model:
        raise MagicError("Which model? For example: %oxillama pull hf:owner/repo:Q4_K_M")
    line = _Line(notebook=hasattr(session.shell, "kernel"))
    pull: Json = {}
    try:
        with session.with_server(lambda connection: _start(connection, model)) as stream:
            for event in stream:
                pull = cast("Json", event)
                line.show(pull)
    except KeyboardInterrupt:
        if pull:
            address = f"{session.connection.url}/models/pulls/{pull['id']}/cancel"
            session.connection.post(address, timeout=_CANCEL_SECONDS)
        raise MagicError(
            "Interrupted; what has come is kept, and the same command goes on from there."
        ) from None
    finally:
        line.close()
    return _end(pull, model)


def _start(connection: Connection, model: str) -> Stream[object]:
    return connection.stream(f"{connection.url}/models/pull", {"model": model, "stream": True})


def _end(pull: Json, model: str) -> Page:
    status = pull.get("status")
    if status == "completed":
        return note(f"`{pull['served_as']}` can answer now: `%%oxillama -m {pull['served_as']}`")
    if status == "failed":
        raise MagicError(one_line(pull["last_error"]["message"]))
    if status == "cancelled":
        raise MagicError("The pull was cancelled; what has come is kept.")
    raise MagicError(
        f"The connection broke. The server goes on: %oxillama pull {model} shows how far it is."
    )


class _Line:
    """One line that is written over and over.

    Args:
        notebook: Whether it is shown in a notebook, else in a terminal.
    """

    def __init__(self, *, notebook: bool) -> None:
        self._notebook = notebook
        self._handle: Any = None  # IPython's
        self._width = 0
        self._begin: tuple[float, int] | None = None

    def show(self, pull: Json) -> None:
        """Say how far a pull is."""
        now = time.monotonic()
        self._begin = self._begin or (now, pull["bytes_done"])
        text = _progress(pull, now - self._begin[0], pull["bytes_done"] - self._begin[1])
        if not self._notebook:
            sys.stdout.write(f"\r{text.ljust(self._width)}")
            sys.stdout.flush()
            self._width = len(text)
        elif self._handle is None:
            self._handle = display(note(text), display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(note(text))

    def close(self) -> None:
        """Leave the last text where it is."""
        if self._width:
            sys.stdout.write("\n")
            sys.stdout.flush()


def _progress(pull: Json, seconds: float, come: int) -> str:
    """How far, how fast, how long still; bytes that were here before do not count as speed."""
    done, total = pull["bytes_done"], pull["bytes_total"]
    share = f"{done / total:.0%} of {total / 1e9:.2f} GB" if total else "nothing to fetch"
    if pull["status"] != "in_progress":
        return f"{pull['model']}: {pull['status']}, {share}"
    rate = come / seconds if seconds > 1 else 0.0
    speed = f", {rate / 1e6:.1f} MB/s, {_span((total - done) / rate)} left" if rate else ""
    return f"{pull['model']}: {share}{speed}"


def _span(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < _HOUR else f"{seconds / _HOUR:.1f} h"

"""The screens there are, and which one a kernel's cells get."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from oxillama_jupyter.client.inert import inert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from IPython.core.interactiveshell import InteractiveShell

    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.widgets.view import Screen, State

__all__ = [
    "WAITS",
    "FinalScreen",
    "NotebookScreen",
    "TerminalScreen",
    "bundle",
    "interrupt_later",
    "kind_of_screen",
    "screen_for",
]

WAITS = "requires_action"  # a person is asked next, and wants to see all there is
# An update carries the whole text, so that long texts are shown less often than short ones.
_CHARACTERS_PER_SECOND = 500_000.0
# Markdown of this size takes a page seconds, as plain text it does not.
_MOST_MARKDOWN = 200_000
_LONGEST_LINE = 20_000


class FinalScreen:
    """The answer as it is left, and nothing before: for runs of notebooks that nobody watches."""

    def open(self, state: State) -> None:
        """Nothing is shown before the end."""

    def show(self, state: State) -> None:
        """Nothing is shown before the end."""

    def close(self, state: State) -> None:
        """Show the answer."""
        from IPython.display import display

        if state.text or state.note:
            display(bundle(state), raw=True, metadata=about(state))  # type: ignore[no-untyped-call]


class NotebookScreen:
    """One output of the cell, replaced as the text grows; what is left is Markdown and plain text.

    Args:
        clock: Seconds, for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._display_id = f"oxillama-{uuid4().hex}"
        self._last: tuple[str, str] | None = None
        self._due = float("-inf")

    def open(self, state: State) -> None:
        """Nothing is shown before the first text."""

    def show(self, state: State) -> None:
        """Replace the output, unless that would be too much traffic."""
        if self._clock() >= self._due or state.note or state.status == WAITS:
            self._replace(state)
            self._due = self._clock() + len(state.text) / _CHARACTERS_PER_SECOND

    def close(self, state: State) -> None:
        """Replace the output a last time."""
        if state.text or state.note:
            self._replace(state)

    def _replace(self, state: State) -> None:
        from IPython.display import display

        if self._last == (state.text, state.note):
            return
        with interrupt_later():  # one between display and note of it would show the text twice
            display(  # type: ignore[no-untyped-call]
                bundle(state),
                raw=True,
                metadata=about(state),
                display_id=self._display_id,
                update=self._last is not None,
            )
            self._last = (state.text, state.note)


class TerminalScreen:
    """Text written as it comes; a terminal cannot take back what it has shown."""

    def __init__(self) -> None:
        self._written = 0

    def open(self, state: State) -> None:
        """Nothing is shown before the first text."""

    def show(self, state: State) -> None:
        """Write what is new."""
        sys.stdout.write(state.text[self._written :])
        sys.stdout.flush()
        self._written = len(state.text)

    def close(self, state: State) -> None:
        """Write the rest, and end the line."""
        self.show(state)
        sys.stdout.write(f"\n({state.note})" if state.note else "")
        if self._written or state.note:
            sys.stdout.write("\n")
            sys.stdout.flush()


def bundle(state: State) -> dict[str, str]:
    """What a cell is left with: Markdown, and the same as plain text.

    Only these two, and the Markdown with nothing in it that a page would run or fetch: the model's
    text must not be able to bring HTML, scripts or images from elsewhere.
    """
    parts = [state.text, f"({state.note})" if state.note else ""]
    data = {"text/plain": "\n\n".join(filter(None, parts))}
    if _is_markdown(state.text):
        parts = [inert(state.text), f"*{state.note}*" if state.note else ""]
        data = {"text/markdown": "\n\n".join(filter(None, parts))} | data
    return data


def _is_markdown(text: str) -> bool:
    small = len(text) <= _MOST_MARKDOWN
    return small and all(len(line) <= _LONGEST_LINE for line in text.split("\n"))


def about(state: State) -> dict[str, dict[str, str]]:
    """The metadata of an output with an answer in it."""
    return {"oxillama": dict(state.about)}


@contextmanager
def interrupt_later() -> Iterator[None]:
    """Hold a keyboard interrupt back until the block is done; only the main thread gets any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[tuple[int, FrameType | None]] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: held.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if held and callable(handler):
        handler(*held[0])


def screen_for(
    shell: InteractiveShell, connection: Callable[[], Connection] | None = None
) -> Screen:
    """The screen for the cell that runs now.

    Args:
        shell: The shell it runs in.
        connection: Gives the kernel's connection, for a Stop that reaches the kernel.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return TerminalScreen()
    asked: dict[str, Any] = kernel.get_parent().get("content") or {}
    kind = kind_of_screen(os.environ, can_be_asked=bool(asked.get("allow_stdin", True)))
    if kind == "widget":
        # It takes 0.1 s to import, unless the kernel has done that already.
        from oxillama_jupyter.widgets.run_screen import RunScreen

        return RunScreen(os.environ, connection, asks=bool(asked.get("allow_stdin", True)))
    return FinalScreen() if kind == "final" else NotebookScreen()


def kind_of_screen(environ: Mapping[str, str], *, can_be_asked: bool) -> str:
    """Which screen a kernel's front end can show: "widget", "notebook" or "final".

    The widget needs a Jupyter server with a browser before it, and our extension in that server:
    both say so in the environment of the kernels that they start. VS Code makes sessions of Jupyter
    servers too, with names of its own; it may have no way to load widgets, as every front end that
    is not known. nbclient and all that is built on it (nbconvert, papermill, nbval) have neither a
    session nor anybody who could answer a question.

    Args:
        environ: The kernel's environment; `OXILLAMA_WIDGETS` is 0 or 1 where somebody decides.
        can_be_asked: Whether the front end would pass a question of the cell on to somebody.
    """
    decided = environ.get("OXILLAMA_WIDGETS", "").strip().lower()
    if decided:
        return "notebook" if decided in {"0", "false", "no", "off"} else "widget"
    session = environ.get("JPY_SESSION_NAME", "")
    if session:
        known = "OXILLAMA_URL" in environ and "-jvsc-" not in session
        return "widget" if known else "notebook"
    nobody = "PYTEST_CURRENT_TEST" in environ or "JPY_PARENT_PID" in environ
    return "final" if nobody and not can_be_asked else "notebook"

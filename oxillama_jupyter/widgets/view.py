"""A run's answer as it grows, in a cell or in a terminal."""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from oxillama_jupyter.widgets.calls import calls_block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

__all__ = ["NotebookScreen", "Screen", "StreamView", "TerminalScreen"]

_PER_SECOND = 15.0
# An update carries the whole text, so that long texts are shown less often than short ones.
_CHARACTERS_PER_SECOND = 500_000.0


class Screen(Protocol):
    """Where text can be shown while it grows."""

    def show(self, text: str, note: str, about: dict[str, str]) -> None:
        """Show the text as it is now; `note` and `about` are not part of it."""

    def close(self) -> None:
        """Nothing more will come."""


class NotebookScreen:
    """One output of the cell, replaced as the text grows; what is left is Markdown and plain text.

    Only these two: the model's text must not be able to bring HTML or scripts.
    """

    def __init__(self) -> None:
        self._display_id = f"oxillama-{uuid4().hex}"
        self._shown = False

    def show(self, text: str, note: str, about: dict[str, str]) -> None:
        """Replace the output."""
        from IPython.display import display

        markdown = "\n\n".join(part for part in (text, f"*{note}*" if note else "") if part)
        plain = "\n\n".join(part for part in (text, f"({note})" if note else "") if part)
        with _interrupt_later():  # one between display and note of it would show the text twice
            display(  # type: ignore[no-untyped-call]
                {"text/markdown": markdown, "text/plain": plain},
                raw=True,
                metadata={"oxillama": about},
                display_id=self._display_id,
                update=self._shown,
            )
            self._shown = True

    def close(self) -> None:
        """The output stays as it is."""


class TerminalScreen:
    """Text written as it comes; a terminal cannot take back what it has shown."""

    def __init__(self) -> None:
        self._written = 0

    def show(self, text: str, note: str, about: dict[str, str]) -> None:  # noqa: ARG002 (Screen's)
        """Write what is new."""
        sys.stdout.write(text[self._written :] + (f"\n({note})" if note else ""))
        sys.stdout.flush()
        self._written = len(text)

    def close(self) -> None:
        """End the line."""
        if self._written:
            sys.stdout.write("\n")
            sys.stdout.flush()


@contextmanager
def _interrupt_later() -> Iterator[None]:
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


class StreamView:
    """Collects a run's events and shows its text, at most 15 times a second.

    The first text is shown at once, and the last state always exactly.

    Args:
        screen: Where to show it; None shows nothing.
        clock: Seconds, for tests.

    Attributes:
        run: The newest run object that came.
        thread_id: The run's thread.
        event: Number of the last event that is in the text; None where it is not counted.
    """

    def __init__(
        self, screen: Screen | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._screen = screen
        self._clock = clock
        self._texts: dict[str, str] = {}  # by message
        self._blocks: dict[str, str] = {}  # what is shown: messages, and between them calls
        self._shown: tuple[str, str] | None = None
        self._due = float("-inf")
        self.run: dict[str, Any] = {}  # JSON, as the server sent it
        self.thread_id: str | None = None
        self.event: int | None = None

    @property
    def text(self) -> str:
        """All text so far; a run can write several messages."""
        return "\n\n".join(self._texts.values())

    @property
    def _body(self) -> str:
        return "\n\n".join(self._blocks.values())

    @property
    def run_id(self) -> str | None:
        """The run's id, once the server has told it."""
        return self.run.get("id")

    def feed(self, event: Mapping[str, Any]) -> None:
        """Take the next event.

        Args:
            event: Its name as `event`, its object as `data`.
        """
        name, data = event["event"], event["data"]
        if name == "thread.message.delta":
            fragment = "".join(
                part["text"].get("value") or ""
                for part in data["delta"]["content"]
                if "text" in part
            )
            self._write(data["id"], self._texts.get(data["id"], "") + fragment)
            self._show_if_due()
        elif name in {"thread.message.completed", "thread.message.incomplete"}:
            parts = [part["text"]["value"] for part in data["content"] if part["type"] == "text"]
            self._write(data["id"], "\n\n".join(parts))
        elif name == "thread.run.step.completed" and data["type"] == "tool_calls":
            self._blocks[data["id"]] = calls_block(data["step_details"]["tool_calls"])
            self._show_if_due()
        elif name == "thread.created":
            self.thread_id = data["id"]
        elif name.startswith("thread.run.") and not name.startswith("thread.run.step."):
            self.run = data
            self.thread_id = data["thread_id"]

    def restart(self) -> None:
        """Forget the text: the run's events come again from the first one."""
        self._texts.clear()
        self._blocks.clear()

    def flush(self, note: str = "") -> None:
        """Show what there is now, and a note until there is more."""
        if self._screen is not None and (self._body or note):
            self._show(note)

    def _write(self, message_id: str, text: str) -> None:
        self._texts[message_id] = self._blocks[message_id] = text

    def close(self, note: str = "") -> None:
        """Show the exact text.

        Args:
            note: What a reader has to know besides, such as that the answer was cut.
        """
        if self._screen is None:
            return
        if self._body or note or self._shown is not None:
            self._show(note)
        self._screen.close()

    def _show_if_due(self) -> None:
        if self._screen is not None and self._clock() >= self._due and self._body:
            self._show("")

    def _show(self, note: str) -> None:
        text = self._body
        about = {"run_id": self.run_id, "thread_id": self.thread_id}
        about["event"] = None if self.event is None else str(self.event)
        if self._screen is not None and (text, note) != self._shown:
            self._screen.show(text, note, {key: value for key, value in about.items() if value})
            self._shown = (text, note)
        pause = max(1 / _PER_SECOND, len(text) / _CHARACTERS_PER_SECOND)
        self._due = self._clock() + pause

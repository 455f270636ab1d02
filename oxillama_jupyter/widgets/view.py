"""A run's events become the text on a screen.

What a screen is, and which there are, is in `screens`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from oxillama_jupyter.widgets.calls import calls_block

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["PER_SECOND", "Screen", "State", "StreamView"]

PER_SECOND = 15.0


@dataclass(frozen=True)
class State:
    """What there is to be shown of an answer.

    Attributes:
        text: All text so far.
        note: What a reader has to know besides, such as that the answer was cut; no part of it.
        about: The ids of the run and its thread, as far as they are known.
        tokens: About how many tokens have come.
        status: The run's, empty while it is not known.
    """

    text: str = ""
    note: str = ""
    about: tuple[tuple[str, str], ...] = ()
    tokens: int = 0
    status: str = ""


class Screen(Protocol):
    """Where text can be shown while it grows."""

    def open(self, state: State) -> None:
        """The run is known; nothing of its answer is there yet."""

    def show(self, state: State) -> None:
        """Show the answer as it is now, or leave it for later: the next state has it all."""

    def close(self, state: State) -> None:
        """Show the answer as it is left. Nothing more will come."""


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
        self._tokens = 0
        self._opened = False
        self._shown = ""
        self._due = float("-inf")
        self.run: dict[str, Any] = {}  # JSON, as the server sent it
        self.thread_id: str | None = None
        self.event: int | None = None

    @property
    def text(self) -> str:
        """All text so far; a run can write several messages."""
        return "\n\n".join(self._texts.values())

    @property
    def decides(self) -> bool:
        """Whether people decide about calls where this is shown."""
        return bool(getattr(self._screen, "decides", False))  # most screens only show

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
            self._tokens += 1
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
            self._open()

    def restart(self) -> None:
        """Forget the text: the run's events come again from the first one."""
        self._texts.clear()
        self._blocks.clear()
        self._tokens = 0

    def flush(self, note: str = "") -> None:
        """Show what there is now, and a note until there is more."""
        if self._screen is not None and (self._body or note or self.decides):
            self._screen.show(self._state(note))

    def close(self, note: str = "") -> None:
        """Show the exact text.

        Args:
            note: What a reader has to know besides, such as that the answer was cut.
        """
        if self._screen is not None:
            self._screen.close(self._state(note))

    def _write(self, message_id: str, text: str) -> None:
        self._texts[message_id] = self._blocks[message_id] = text

    def _open(self) -> None:
        if self._screen is not None and not self._opened:
            self._opened = True
            self._screen.open(self._state())

    def _show_if_due(self) -> None:
        now = self._clock()
        if self._screen is None or now < self._due:
            return
        state = self._state()
        if state.text and state.text != self._shown:
            self._due = now + 1 / PER_SECOND
            self._shown = state.text
            self._screen.show(state)

    def _state(self, note: str = "") -> State:
        about = {"run_id": self.run_id, "thread_id": self.thread_id}
        about["event"] = None if self.event is None else str(self.event)
        known = tuple((key, value) for key, value in about.items() if value)
        return State(self._body, note, known, self._tokens, self.run.get("status", ""))

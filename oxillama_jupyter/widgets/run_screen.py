"""The screen that is a `RunCell` while the answer is written, and Markdown when it is there."""

from __future__ import annotations

import re
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.widgets.panel import MIME
from oxillama_jupyter.widgets.prefixes import prefixes
from oxillama_jupyter.widgets.run_cell import RunCell
from oxillama_jupyter.widgets.screens import WAITS, about, bundle, interrupt_later
from oxillama_jupyter.widgets.view import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oxillama_jupyter.client.connection import Connection

__all__ = ["RunScreen", "finished"]

_SHARE = 0.2  # of the text so far is what a message has to bring
_ENOUGH = 450  # characters always are
_LONGEST_SECONDS = 2.0
_SHORT_PLAIN = 1_000
_BEGINNING = 100
# Of a long answer, what is finished is left in the notebook: so much of it, or after so long.
_PORTION = 3_000
_PORTION_SECONDS = 15.0
_EMPTY = {"text/plain": ""}
_KEPT = 8
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")

# Widgets of answers that have ended, for pages that were reloaded meanwhile and still show them.
_ended: deque[RunCell] = deque()


class RunScreen:
    """A `RunCell`, which the answer itself replaces in the end.

    All traffic of an answer of 2,000 tokens stays within three times its text, two of which are the
    text on its way and as it is left; about 80 bytes go with each message. So messages bring more
    the longer the text is, and the page evens out what it gets. None waits longer than two seconds.

    A notebook may be saved, and its kernel may end, before the answer is whole. So the finished
    paragraphs of a long answer become outputs of their own behind the widget, which hides them
    while it lives; at its end they stay, and only the rest is added.

    Args:
        environ: The kernel's environment, which says where its server has its routes.
        connection: Gives the kernel's connection.
        clock: Seconds, for tests.
        asks: Whether somebody sits before the front end, who could decide about calls.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        connection: Callable[[], Connection] | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        asks: bool = True,
    ) -> None:
        self._url = environ.get("OXILLAMA_URL", "") if asks else ""
        self._prefixes = prefixes(environ)
        self._connection = connection
        self._clock = clock
        self._cell: RunCell | None = None
        self._sent = float("-inf")
        self._left = ""  # the text of all portions
        self._left_at = clock()
        self._portions: list[str] = []  # their display ids

    @property
    def decides(self) -> bool:
        """Whether the page can tell the kernel's own server what a person decides."""
        return (
            bool(self._url)
            and self._connection is not None
            and (self._connection().url == self._url)
        )

    def open(self, state: State) -> None:
        """Show the widget: that the run is on, and how to stop it."""
        from IPython.display import display

        ids = dict(state.about)
        if self._cell is not None:  # it was shown ahead of the run
            self._cell.run_id, self._cell.thread_id = ids["run_id"], ids["thread_id"]
            with interrupt_later():
                _put(_view(self._cell), state, self._cell.model_id)
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
            display(  # type: ignore[no-untyped-call]
                _view(cell), raw=True, metadata=about(state), display_id=cell.model_id
            )
            self._cell = cell

    def show(self, state: State) -> None:
        """Send what is new, if it is enough for a message or has waited long enough."""
        if self._cell is None:
            self.open(state)
        cell, now = self._cell, self._clock()
        if cell is None:
            return
        status = WAITS if state.status == WAITS else "in_progress"
        if cell.status != status:
            cell.status = status
        new = len(state.text) - len(cell.text)
        soon = new < min(_SHARE * len(state.text), _ENOUGH) and now < self._sent + _LONGEST_SECONDS
        if soon and state.status != WAITS:
            return
        with interrupt_later():
            cell.grow(state.text, state.tokens)
        self._sent = now
        if len(state.text) >= len(self._left) + _PORTION or now >= self._left_at + _PORTION_SECONDS:
            self._leave(state)

    def close(self, state: State) -> None:
        """Put the answer itself, or what portions do not have of it, in the widget's place."""
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
            rest = self._rest(state)
            if self._portions:
                self._add(rest)
                rest = State()
            _put(
                _short(bundle(rest)) if rest.text or rest.note else _EMPTY,
                state,
                self._cell.model_id,
            )
            _ended.append(self._cell)
            while len(_ended) > _KEPT:
                _ended.popleft().close()

    def _leave(self, state: State) -> None:
        """Leave the paragraphs that are finished in the notebook."""
        if state.text.startswith(self._left):
            end = finished(state.text[len(self._left) :])
            if end:
                self._left_at = self._clock()
                self._add(replace(state, text=state.text[len(self._left) :][:end], note=""))

    def _add(self, portion: State) -> None:
        from IPython.display import display

        if not portion.text.strip() and not portion.note:
            return
        assert self._cell is not None  # noqa: S101  # portions stand behind it
        self._portions.append(f"{self._cell.model_id}-{len(self._portions)}")
        with interrupt_later():
            display(  # type: ignore[no-untyped-call]
                _short(bundle(portion), _BEGINNING),
                raw=True,
                metadata=about(portion),
                display_id=self._portions[-1],
            )
            self._left += portion.text

    def _rest(self, state: State) -> State:
        """What the portions do not have; where they turn out to be wrong, they go."""
        if state.text.startswith(self._left):
            return replace(state, text=state.text[len(self._left) :])
        for portion in self._portions:
            _put(_EMPTY, state, portion)
        self._portions.clear()
        return state

    def _stop(self) -> None:
        """What the page has also asked of its server, where it could."""
        from openai import OpenAIError

        cell = self._cell
        if self._connection is not None and cell is not None and cell.status == "in_progress":
            with suppress(OpenAIError):  # it has ended, or the page says what is wrong
                self._connection().post(f"/threads/{cell.thread_id}/runs/{cell.run_id}/cancel")


def finished(text: str) -> int:
    """Where the last paragraph of Markdown ends that another one follows; 0 where there is none.

    Not within a fence or a formula, and not ahead of a line that may belong to a list's item.
    """
    fence, formula, end, place = "", False, 0, 0
    blank = False
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if blank and not fence and not formula and not line[0].isspace():
            end = place
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        if not fence and line.count("$$") % 2:
            formula = not formula
        blank = not line.strip()
        place += len(line)
    return end


def _view(cell: RunCell) -> dict[str, Any]:
    """The widget, for our own renderer and for widget managers."""
    run = f" {cell.run_id}" if cell.run_id else ""
    return {
        MIME: cell.described(),
        "application/vnd.jupyter.widget-view+json": {
            "model_id": cell.model_id,
            "version_major": 2,
            "version_minor": 0,
        },
        "text/plain": f"The answer is being written; %oxillama attach{run} shows it.",
    }


def _put(data: dict[str, Any], state: State, display_id: str) -> None:
    """Replace an output."""
    from IPython.display import display

    display(data, raw=True, metadata=about(state), display_id=display_id, update=True)  # type: ignore[no-untyped-call]


def _short(data: dict[str, str], most: int = _SHORT_PLAIN) -> dict[str, str]:
    """Without a second copy of a long text; whoever shows plain text gets its beginning."""
    plain = data["text/plain"]
    if "text/markdown" not in data or len(plain) <= most:
        return data
    return data | {"text/plain": f"{plain[:_BEGINNING]} … ({len(plain):,} characters)"}

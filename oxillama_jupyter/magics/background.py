"""`--bg`: the question is asked in the cell, and its answer followed while other cells run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oxillama_jupyter.magics.waiting import Standstill, in_thread, run_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import Stream

    from oxillama_jupyter.client.answer import Answer
    from oxillama_jupyter.magics.answering import Answering
    from oxillama_jupyter.magics.arguments import Options
    from oxillama_jupyter.magics.session import Session

    Start = Callable[[], Stream[object]]

__all__ = ["Background", "in_background"]

_NAME = "_bg"


class Background:
    """A question that is being answered in the background.

    Its text comes in below the cell that asked. When the kernel ends, the run goes on in the
    server, and `%oxillama attach` shows it.

    Args:
        answering: What follows it.
        start: Its stream.
    """

    def __init__(self, answering: Answering, start: Start) -> None:
        self._answering = answering
        self._stream = start()
        self._error: Exception | None = None
        answering.view.flush("Running in the background.")
        self._done = in_thread(self._follow, "oxillama-bg")

    def __repr__(self) -> str:
        """How far it is."""
        return f"Background({self.status}, {len(self.text):,} characters)"

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self._done.is_set()

    @property
    def text(self) -> str:
        """The text so far."""
        return self._answering.view.text

    @property
    def status(self) -> str:
        """The run's status."""
        return self.answer.status or "queued"

    @property
    def answer(self) -> Answer:
        """All that has come so far."""
        return self._answering.answer

    @property
    def error(self) -> Exception | None:
        """Why there is no whole answer, if it is done and there is none."""
        return self._error

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is done.

        Args:
            timeout: Seconds; None waits for as long as it takes.

        Returns:
            Whether it is done.
        """
        return self._done.wait(timeout)

    def cancel(self) -> None:
        """Cancel the run; what has come of the answer is kept."""
        if not self.done:
            self._answering.cancel()

    def _follow(self) -> None:
        stream = self._stream
        try:
            run_here(self._answering.run(lambda follower: follower.follow(stream), Standstill()))
        except Exception as error:  # noqa: BLE001  # it is written below the answer
            self._error = error


def in_background(session: Session, options: Options, answering: Answering, start: Start) -> None:
    """Ask now, follow in the background, and bind a handle.

    Raises:
        MagicError: The question could not be asked.
    """
    session.shell.user_ns[options.output or _NAME] = Background(answering, start)

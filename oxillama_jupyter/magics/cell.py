"""What a `%%oxillama` cell does: ask, show the answer as it grows, bind it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from oxillama_jupyter.client import runs
from oxillama_jupyter.client.failures import is_not_found
from oxillama_jupyter.client.threads import find, is_thread_id
from oxillama_jupyter.magics.answering import Answering
from oxillama_jupyter.magics.background import in_background
from oxillama_jupyter.magics.context import compose
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.preview import preview_page
from oxillama_jupyter.magics.toolbox import toolbox
from oxillama_jupyter.magics.waiting import Loop, Standstill, run_here
from oxillama_jupyter.widgets.screens import screen_for
from oxillama_jupyter.widgets.view import StreamView

if TYPE_CHECKING:
    from openai import Stream

    from oxillama_jupyter.client.answer import Answer
    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.arguments import Options
    from oxillama_jupyter.magics.background import Start
    from oxillama_jupyter.magics.follow import Follower
    from oxillama_jupyter.magics.session import Session
    from oxillama_jupyter.magics.toolbox import Toolbox

__all__ = ["Asker"]

_LAST_CANCEL_SECONDS = 10.0


class Asker:
    """Runs the cells of one kernel.

    Args:
        session: The kernel's session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, options: Options, text: str) -> None:
        """Ask, show and bind.

        Raises:
            MagicError: There is no whole answer; what has come of it is shown and bound.
        """
        question, offered = self._question(options, text)
        if options.preview:
            thread = partial(self._thread, name=options.thread)
            preview_page(self._session, question, thread).show()
            return
        answering, start = self._prepare(options, question, offered)
        if options.bg:
            in_background(self._session, options, answering, start)
        else:
            begin = partial(_begin, start)
            run_here(answering.run(begin, Standstill()))

    async def ask_async(self, options: Options, text: str) -> Answer:
        """Ask and show in an async cell; others go on meanwhile.

        Raises:
            MagicError: As `ask`.
            asyncio.CancelledError: The cell was interrupted; the run is cancelled.
        """
        answering, start = self._prepare(options, *self._question(options, text))
        await answering.run(partial(_begin, start), Loop())
        return answering.answer

    def _question(self, options: Options, text: str) -> tuple[runs.Question, Toolbox]:
        """What is asked, and the functions that are offered with it."""
        names = self._session.shell.user_ns
        offered = toolbox(options.tools or (), options.yes or (), names)
        if options.bg and offered.asks:
            raise MagicError("--bg cannot ask about calls: trust the functions with --yes.")
        question = compose(self._session, options, text)
        return replace(question, settings={**question.settings, **offered.settings}), offered

    def _prepare(
        self, options: Options, question: runs.Question, offered: Toolbox
    ) -> tuple[Answering, Start]:
        session = self._session
        quiet = options.bg and not hasattr(session.shell, "kernel")  # a terminal has one place only
        view = StreamView(None if quiet else screen_for(session.shell, lambda: session.connection))
        answering = Answering(session, options, offered, view, question.mark)
        return answering, partial(self._start, options.thread, question)

    def _start(self, name: str | None, question: runs.Question) -> Stream[object]:
        def start(connection: Connection) -> Stream[object]:
            thread_id, metadata = self._thread(connection, name)
            return runs.start(connection, thread_id, metadata, question)

        self._after_interrupt()
        try:
            return self._session.with_server(start)
        except Exception as error:
            # The thread this kernel remembers may have been deleted by somebody.
            if name is not None or not is_not_found(error):
                raise
        self._session.threads.forget()
        return self._session.with_server(start)

    def _after_interrupt(self) -> None:
        """Wait, if need be, until the run that was interrupted has let go of its thread."""
        session = self._session
        if session.cancelled is None:
            return
        thread_id, run_id, work = session.cancelled
        work.join(_LAST_CANCEL_SECONDS)
        if run_id is not None:
            runs.settle(session.connection, thread_id, run_id)
        session.cancelled = None

    def _thread(
        self, connection: Connection, name: str | None
    ) -> tuple[str | None, dict[str, str]]:
        threads = self._session.threads
        if name is None:
            return threads.current(connection), threads.metadata
        if is_thread_id(name):
            return name, {}
        thread = find(connection, name)
        return thread["id"] if thread else None, threads.metadata_named(name)


def _begin(start: Start, follower: Follower) -> None:
    follower.follow(start())

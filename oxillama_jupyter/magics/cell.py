"""What a `%%oxillama` cell does: ask, show the answer as it grows, bind it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from oxillama_jupyter.client import runs
from oxillama_jupyter.client.answer import Answer
from oxillama_jupyter.client.failures import is_not_found, one_line
from oxillama_jupyter.client.schema import read_answer
from oxillama_jupyter.client.threads import find, is_thread_id
from oxillama_jupyter.magics.context import compose
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.preview import preview_page
from oxillama_jupyter.widgets.screens import screen_for
from oxillama_jupyter.widgets.view import Screen, StreamView

if TYPE_CHECKING:
    import threading

    from openai import Stream

    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.arguments import Options
    from oxillama_jupyter.magics.session import Session

__all__ = ["Asker"]

_LAST_CANCEL_SECONDS = 10.0


class Asker:
    """Runs the cells of one kernel.

    Args:
        session: The kernel's session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._cancelled: tuple[str, str | None, threading.Thread] | None = None

    def ask(self, options: Options, text: str) -> None:
        """Ask, show and bind.

        Raises:
            MagicError: There is no whole answer; what has come of it is shown and bound.
        """
        question = compose(self._session, options, text)
        if options.preview:
            thread = partial(self._thread, name=options.thread)
            preview_page(self._session, question, thread).show()
            return
        view = StreamView(self._screen())
        try:
            self._after_interrupt()
            stream = self._start(options.thread, question)
            with stream:
                for event in stream:
                    view.feed(cast("dict[str, Any]", event))
        except KeyboardInterrupt:
            self._cancel(options.thread, view, question)
            self._finish(options, view, "cancelled", "Interrupted.")
            raise MagicError("Interrupted; what has come of the answer is kept.") from None
        except Exception:
            self._finish(options, view, "failed", "")
            raise
        status = view.run.get("status", "")
        self._finish(options, view, status, _note(status, options))
        if status not in {"completed", "incomplete"}:
            raise MagicError(_reason(view.run))

    def _screen(self) -> Screen:
        return screen_for(self._session.shell, lambda: self._session.connection)

    def _start(self, name: str | None, question: runs.Question) -> Stream[object]:
        def start(connection: Connection) -> Stream[object]:
            thread_id, metadata = self._thread(connection, name)
            return runs.start(connection, thread_id, metadata, question)

        try:
            return self._session.with_server(start)
        except Exception as error:
            # The thread this kernel remembers may have been deleted by somebody.
            if name is not None or not is_not_found(error):
                raise
        self._session.threads.forget()
        return self._session.with_server(start)

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

    def _finish(self, options: Options, view: StreamView, status: str, note: str) -> None:
        if options.thread is None and view.thread_id is not None:
            self._session.threads.remember(view.thread_id)
        parsed, misfit = read_answer(options.shape, view.text, status)
        note = " ".join(filter(None, (note, misfit)))
        view.close(note)
        self._session.answered(view.text)
        if options.output is not None and view.run:
            self._session.shell.user_ns[options.output] = Answer.of(
                view.run, text=view.text, status=status, parsed=parsed, note=note
            )

    def _cancel(self, name: str | None, view: StreamView, question: runs.Question) -> None:
        """Cancel the run; the thread is free again when the next cell asks."""
        connection = self._session.connected
        thread_id = view.thread_id or self._known_thread(name)
        if connection is not None and thread_id is not None:
            work = runs.cancel(connection, thread_id, view.run_id, question)
            self._cancelled = (thread_id, view.run_id, work)

    def _known_thread(self, name: str | None) -> str | None:
        if name is None:
            return self._session.threads.known
        return name if is_thread_id(name) else None

    def _after_interrupt(self) -> None:
        """Wait, if need be, until the run that was interrupted has let go of its thread."""
        if self._cancelled is None:
            return
        thread_id, run_id, work = self._cancelled
        work.join(_LAST_CANCEL_SECONDS)
        if run_id is not None:
            runs.settle(self._session.connection, thread_id, run_id)
        self._cancelled = None


def _note(status: str, options: Options) -> str:
    if status != "incomplete":
        return ""
    limit = options.values.get("max_tokens")
    if limit is None:
        return "The answer was cut: no room was left for more."
    return f"The answer was cut after {limit} tokens (--max-tokens)."


def _reason(run: dict[str, Any]) -> str:
    """Why there is no whole answer."""
    status = run.get("status")
    if status == "failed":
        error = run.get("last_error") or {}
        return one_line(error.get("message") or "The run failed, and the server did not say why.")
    if status == "cancelled":
        return "The run was cancelled; what has come of the answer is kept."
    if status == "expired":
        return "The run took longer than the server allows, and has expired."
    if status == "requires_action":
        return "The run waits for tool outputs, which a cell cannot give yet."
    return (
        "The connection broke before the answer was whole. The run goes on in the server:"
        " %oxillama show has it."
    )

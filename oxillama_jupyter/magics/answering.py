"""One question's way to its answer, in a cell, in the background or in an async cell."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client import runs
from oxillama_jupyter.client.answer import Answer
from oxillama_jupyter.client.failures import explain, one_line
from oxillama_jupyter.client.schema import read_answer
from oxillama_jupyter.client.threads import is_thread_id
from oxillama_jupyter.magics.approval import CannotAskError
from oxillama_jupyter.magics.desk import ask_pages
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.follow import Follower
from oxillama_jupyter.magics.session import Cancelled, Followed
from oxillama_jupyter.widgets.calls import call_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oxillama_jupyter.magics.approval import Approval, Decision
    from oxillama_jupyter.magics.arguments import Options
    from oxillama_jupyter.magics.desk import Desk
    from oxillama_jupyter.magics.session import Session
    from oxillama_jupyter.magics.toolbox import Toolbox
    from oxillama_jupyter.magics.waiting import Waiting
    from oxillama_jupyter.widgets.view import StreamView

    Begin = Callable[[Follower], None]

__all__ = ["Answering"]

# A front end interrupts a kernel before it restarts it, and then the run is to be found again.
_RESTART_SECONDS = 0.5
_OVER = frozenset({"completed", "incomplete", "cancelled", "failed", "expired"})


class Answering:
    """Shows a run, runs its calls, cancels it when interrupted, and binds what has come of it.

    Args:
        session: The kernel's session.
        options: What the cell's line says.
        toolbox: The functions that the run may call.
        view: Where the answer is shown.
        mark: The mark of the question.
    """

    def __init__(
        self,
        session: Session,
        options: Options,
        toolbox: Toolbox,
        view: StreamView,
        mark: str = "",
    ) -> None:
        self._session = session
        self._options = options
        self._toolbox = toolbox
        self._mark = mark
        self._number = session.number  # another cell may be running when the answer is there
        self._parsed: object = None
        self._note = ""
        self.view = view
        self.follower = Follower(session, view, mark)

    @property
    def answer(self) -> Answer:
        """What has come so far."""
        run = self.view.run
        return Answer.of(
            run,
            text=self.view.text,
            status=run.get("status", ""),
            parsed=self._parsed,
            note=self._note,
        )

    async def run(self, begin: Begin, waiting: Waiting) -> None:
        """Follow the run to its end.

        Args:
            begin: Starts, or attaches, and follows.
            waiting: How to wait.

        Raises:
            MagicError: There is no whole answer; what has come of it is shown and bound.
            asyncio.CancelledError: The cell was cancelled, and the run with it.
        """
        try:
            await waiting.work(lambda: begin(self.follower))
            await self._through_calls(waiting)
        except (KeyboardInterrupt, asyncio.CancelledError) as error:
            self.follower.stopped = True
            self.cancel(after=_RESTART_SECONDS)
            self._finish("cancelled", "Interrupted.")
            if isinstance(error, asyncio.CancelledError):
                raise
            raise MagicError("Interrupted; what has come of the answer is kept.") from None
        except CannotAskError as error:
            self._finish("requires_action", self._waits_for())
            raise MagicError(str(error) or _CANNOT_ASK) from None
        except Exception as error:
            self._finish("failed", self._aside(error))
            raise
        status = self.view.run.get("status", "")
        if status not in {"completed", "incomplete"}:
            failure = MagicError(_reason(self.view.run))
            self._finish(status, self._aside(failure))
            raise failure
        self._finish(status, _note(status, self._options))

    def cancel(self, *, after: float = 0.0) -> None:
        """Cancel the run; the thread is free again when the next cell asks.

        Args:
            after: Seconds to wait before; if the kernel ends meanwhile, the run goes on.
        """
        connection = self._session.connected
        thread_id = self.view.thread_id or self._known_thread()
        if connection is not None and thread_id is not None:
            work = runs.cancel(connection, thread_id, self.view.run_id, self._mark, after=after)
            self._session.cancelled = Cancelled(thread_id, self.view.run_id, work)

    async def _through_calls(self, waiting: Waiting) -> None:
        """Answer the run's calls, as often as it has any."""
        while self.view.run.get("status") == "requires_action":
            calls = self.view.run["required_action"]["submit_tool_outputs"]["tool_calls"]
            if not self._toolbox.tools:
                raise CannotAskError(_NO_TOOLS)
            self.view.flush()
            outputs = await self._toolbox.answer(calls, waiting.result, self._desk(waiting))
            await waiting.work(lambda outputs=outputs: self.follower.submit(outputs))  # type: ignore[misc]  # bound now

    def _desk(self, waiting: Waiting) -> Desk | None:
        """Where pages decide about calls, if one shows this run."""
        if not self.view.decides:
            return None
        thread_id, run_id = self.view.thread_id or "", self.view.run_id or ""

        async def desk(
            calls: list[dict[str, Any]], approval: Approval
        ) -> Mapping[str, Decision] | None:
            return await waiting.work(
                lambda: ask_pages(self._session, thread_id, run_id, calls, approval)
            )

        return desk

    def _waits_for(self) -> str:
        calls = self.view.run["required_action"]["submit_tool_outputs"]["tool_calls"]
        shown = (call_text(c["function"]["name"], c["function"]["arguments"]) for c in calls)
        return f"The run waits for: {one_line('; '.join(shown))}."

    def _aside(self, error: Exception) -> str:
        """What is written below the answer, where no cell is left to fail."""
        if not self._options.bg:
            return ""
        if isinstance(error, MagicError):
            return str(error)
        return explain(error, self._session.connected) or f"{type(error).__name__}: {error}"

    def _finish(self, status: str, note: str) -> None:
        view, session = self.view, self._session
        if self._options.thread is None and view.thread_id is not None and self._mark:
            session.threads.met(view.thread_id)
        if view.run_id is not None and view.thread_id is not None:
            whole = status == "cancelled" or view.run.get("status") in _OVER
            session.followed.pop(view.run_id, None)
            session.followed[view.run_id] = Followed(view.thread_id, self._toolbox, whole)
        if view.run:
            view.run = {**view.run, "status": status}
        self._parsed, misfit = read_answer(self._options.shape, view.text, status)
        self._note = " ".join(filter(None, (note, misfit)))
        view.close(self._note)
        if self._number is not None:
            session.answers[self._number] = view.text
        if self._options.output is not None and view.run and not self._options.bg:
            session.shell.user_ns[self._options.output] = self.answer

    def _known_thread(self) -> str | None:
        name = self._options.thread
        if name is None:
            return self._session.threads.known
        return name if is_thread_id(name) else None


_CANNOT_ASK = (
    "The run waits for your decision about a call, and this front end cannot ask."
    " `%oxillama attach` goes on where it can; --yes runs trusted functions without asking."
)
_NO_TOOLS = (
    "The run waits for functions that this kernel does not have as they were offered: define them,"
    " or name them, as in %oxillama attach --tools f,g."
)


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
    return "The answer is not whole. The run goes on in the server: %oxillama attach."

"""Following a run in this kernel: its text as it grows, over broken connections."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from oxillama_jupyter.client import runs
from oxillama_jupyter.client.failures import explain, is_passing, is_refusal
from oxillama_jupyter.magics.failures import MagicError

if TYPE_CHECKING:
    from openai import Stream

    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.magics.session import Session
    from oxillama_jupyter.widgets.view import StreamView

__all__ = ["Follower"]

_WAITS = (0.1, 0.3, 0.6, 1.0, 2.0, 3.0, 4.0, 4.0)  # seconds ahead of each attempt to re-attach


class Follower:
    """Feeds a run's events into a view until the run ends or waits for its client.

    Where the connection breaks it asks for the events behind the last one it has; it never posts
    anything twice. An event's number is its place in the run's log, where the `done` behind each
    `requires_action` counts and is not sent.

    Args:
        session: The kernel's session.
        view: Where the events go.
        mark: The mark of the question, to find its run by.

    Attributes:
        stopped: Set by whoever does not want to see more.
    """

    def __init__(self, session: Session, view: StreamView, mark: str = "") -> None:
        self._session = session
        self._view = view
        self._mark = mark
        self._last = -1
        self._waits = iter(_WAITS)
        self.stopped = False

    def follow(self, stream: Stream[object]) -> None:
        """Follow from a stream of the run on.

        Raises:
            MagicError: The connection broke, and all attempts to re-attach failed.
            openai.APIError: The server refused, or said that the run cannot be brought to an end.
        """
        self._waits = iter(_WAITS)
        current: Stream[object] | None = stream
        while current is not None:
            broke = self._read(current)
            over = broke is None and self._view.run.get("status", "queued") not in runs.LIVE
            current = None if over or self.stopped else self._again(broke)

    def attach(self, thread_id: str, run_id: str) -> None:
        """Follow a run that is there already, from its first event; errors as `follow`."""
        self._view.thread_id = thread_id
        self._view.run = {"id": run_id}
        self.follow(self._session.with_server(self._open))

    def submit(self, outputs: list[dict[str, Any]] | None) -> None:
        """Answer the calls that the run waits for, and follow it on; errors as `follow`.

        Args:
            outputs: What the calls gave; None where somebody else has answered.
        """
        thread_id, run_id = self._view.thread_id or "", self._view.run_id or ""
        stream = None if outputs is None else self._submitted(thread_id, run_id, outputs)
        if stream is None:  # somebody else has answered, or cancelled it
            self.attach(thread_id, run_id)
            return
        self._view.run = {**self._view.run, "status": "queued"}
        if self._view.decides:
            self._view.flush()
        self.follow(stream)

    def _submitted(
        self, thread_id: str, run_id: str, outputs: list[dict[str, Any]]
    ) -> Stream[object] | None:
        """The stream of the run that goes on; None if it does not wait for these outputs.

        Outputs may be sent again: the server takes them once.
        """
        error: Exception | None = None
        for wait in (0.0, *_WAITS):
            time.sleep(wait)
            try:
                return self._session.with_server(
                    lambda connection: runs.submit(connection, thread_id, run_id, outputs)
                )
            except Exception as failure:
                if is_refusal(failure):
                    return None
                if not is_passing(failure):
                    raise
                error = error or failure
        raise MagicError(_lost(error, self._session.connection))

    def _read(self, stream: Stream[object]) -> Exception | None:
        """Read to the end of a stream, which may be that of its connection."""
        try:
            with stream:
                for event in stream:
                    if self.stopped:
                        return None
                    self._take(cast("dict[str, Any]", event))
        except Exception as error:
            if not is_passing(error):
                raise
            return error
        return None

    def _take(self, event: dict[str, Any]) -> None:
        self._waits = iter(_WAITS)
        self._last += 1
        self._view.event = self._last
        self._view.feed(event)
        if event["event"] == "thread.run.requires_action":
            self._last += 1  # its `done`

    def _again(self, broke: Exception | None) -> Stream[object]:
        """Re-attach: a few attempts, each a little later than the one before."""
        error = broke
        for wait in self._waits:
            time.sleep(wait)
            try:
                return self._session.with_server(self._open)
            except Exception as failure:
                if not is_passing(failure) and not is_refusal(failure):
                    raise
                error = error or failure
        raise MagicError(_lost(error, self._session.connection))

    def _open(self, connection: Connection) -> Stream[object]:
        """The events that are missing; all of them, where what is stored may differ from these."""
        run_id, thread_id = self._view.run_id, self._view.thread_id
        if run_id is None and thread_id is not None:
            run_id = runs.find(connection, thread_id, self._mark)
        if run_id is None or thread_id is None:
            raise MagicError(
                "The connection broke before the server had said which run this is."
                " `%oxillama attach` shows the newest one, if the question has arrived."
            )
        run = connection.get(f"/threads/{thread_id}/runs/{run_id}")
        if run["status"] not in runs.LIVE:
            self._last = -1
            self._view.restart()
        return runs.follow(connection, thread_id, run_id, self._last)


def _lost(error: Exception | None, connection: Connection) -> str:
    reason = explain(error, connection) if error is not None else None
    reason = reason or f"The connection to {connection.base_url} broke."
    end = "" if reason.endswith((".", "…")) else "."
    return f"{reason}{end} The run belongs to the server: %oxillama attach goes on with its answer."

"""Runs, as a cell makes them: one POST to start, one stream to read, one way to cancel."""

from __future__ import annotations

import atexit
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import Stream

    from oxillama_jupyter.client.connection import Connection

__all__ = ["LIVE", "Context", "Question", "cancel", "find", "follow", "settle", "start", "submit"]

LIVE = frozenset({"queued", "in_progress", "cancelling"})  # whose events go on
_NO_ASSISTANT = "default"  # the server's own model, without instructions
_MARK = "cell"
_CANCEL_SECONDS = 5.0
_PROMPT_BACK_SECONDS = 0.1
_ending = threading.Event()  # this process is about to end
atexit.register(_ending.set)


@dataclass(frozen=True)
class Context:
    """Something that goes ahead of a question.

    Attributes:
        label: What it is, for people.
        text: What the model reads.
    """

    label: str
    text: str


@dataclass(frozen=True)
class Question:
    """What one cell asks.

    Attributes:
        text: What the user wrote, sent as it is.
        settings: Fields of the run's body that were asked for, such as `temperature`.
        mark: A word that tells this run from all others; it is kept in the run's metadata.
        context: What goes ahead of the text in the same message.
        metadata: Of the message: what the context was taken from, in a few words.
    """

    text: str
    settings: dict[str, Any]  # JSON of any shape
    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    context: tuple[Context, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def message(self) -> dict[str, Any]:
        """The user's message: the text, or, behind context, the last of its text parts."""
        if not self.context:
            return {"role": "user", "content": self.text}
        texts = [*(part.text for part in self.context), self.text]
        parts = [{"type": "text", "text": text} for text in texts]
        return {"role": "user", "content": parts, "metadata": self.metadata}

    def body(self, thread_id: str | None, metadata: dict[str, str]) -> dict[str, Any]:
        """The body of the request that asks it.

        Args:
            thread_id: The thread; None makes a new one.
            metadata: What a new thread is marked with.
        """
        body = {"assistant_id": _NO_ASSISTANT, "metadata": {_MARK: self.mark}, **self.settings}
        if thread_id is None:
            return body | {"thread": {"messages": [self.message], "metadata": metadata}}
        return body | {"additional_messages": [self.message]}


def start(
    connection: Connection, thread_id: str | None, metadata: dict[str, str], question: Question
) -> Stream[object]:
    """Add the question to a thread and run it: one POST, the answer's events come back.

    Args:
        connection: The server.
        thread_id: The thread; None makes a new one.
        metadata: What a new thread is marked with.
        question: What is asked.
    """
    path = "/threads/runs" if thread_id is None else f"/threads/{thread_id}/runs"
    return connection.stream(path, question.body(thread_id, metadata) | {"stream": True})


def submit(
    connection: Connection, thread_id: str, run_id: str, outputs: list[dict[str, Any]]
) -> Stream[object]:
    """Answer the calls that a run waits for; its next events come back.

    Args:
        connection: The server.
        thread_id: The run's thread.
        run_id: The run.
        outputs: An entry for each call, as the API has them (JSON).
    """
    body = {"tool_outputs": outputs, "stream": True}
    return connection.stream(f"/threads/{thread_id}/runs/{run_id}/submit_tool_outputs", body)


def follow(connection: Connection, thread_id: str, run_id: str, after: int) -> Stream[object]:
    """A run's events behind number `after`, and those still to come; -1 is ahead of the first."""
    address = f"{connection.url}/threads/{thread_id}/runs/{run_id}/events"
    return connection.stream(f"{address}?starting_after={after}")


def find(connection: Connection, thread_id: str, mark: str) -> str | None:
    """The id of the thread's newest run, if it has this mark."""
    newest = connection.get(f"/threads/{thread_id}/runs", {"limit": 1})["data"]
    own = [run["id"] for run in newest if (run["metadata"] or {}).get(_MARK) == mark]
    return str(own[0]) if own else None


def cancel(
    connection: Connection,
    thread_id: str,
    run_id: str | None,
    mark: str,
    *,
    after: float = 0.0,
) -> threading.Thread:
    """Cancel a run without making the caller wait for more than a moment.

    Args:
        connection: The server.
        thread_id: The run's thread.
        run_id: The run; None where the interrupt came before the server had told it.
        mark: The mark of its question.
        after: Seconds to wait before; if this process ends meanwhile, the run goes on.

    Returns:
        The thread that goes on with it, if the server is slow.
    """
    work = threading.Thread(
        target=_cancel_after,
        args=(after, connection, thread_id, run_id, mark),
        name="oxillama-cancel",
        daemon=True,
    )
    work.start()
    if not after:
        work.join(_PROMPT_BACK_SECONDS)
    return work


def _cancel_after(
    after: float, connection: Connection, thread_id: str, run_id: str | None, mark: str
) -> None:
    if not _ending.wait(after):
        _cancel(connection, thread_id, run_id, mark)


def _cancel(connection: Connection, thread_id: str, run_id: str | None, mark: str) -> None:
    from openai import APIError

    try:
        if run_id is None:
            run_id = find(connection, thread_id, mark)
            if run_id is None:
                return
        connection.post(f"/threads/{thread_id}/runs/{run_id}/cancel", timeout=_CANCEL_SECONDS)
    except APIError:
        # It has ended by itself, or its server has: nothing is left to be cancelled, and whoever
        # asks next is told by the server.
        return


def settle(connection: Connection, thread_id: str, run_id: str) -> None:
    """Return when a cancelled run has let go of its thread: its events end then."""
    from openai import APIError

    _cancel(connection, thread_id, run_id, "")  # the first request may have been lost
    try:
        for _ in follow(connection, thread_id, run_id, -1):
            pass
    except APIError:
        return  # the next request to the thread says what is wrong, if anything is

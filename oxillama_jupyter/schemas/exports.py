"""Exports: all there is of a thread, to be kept in a file."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.schemas.runs import Run
from oxillama_jupyter.schemas.steps import RunStep
from oxillama_jupyter.schemas.threads import Thread

__all__ = ["ExportQuery", "ThreadExport"]


class ExportQuery(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Query of our own `GET /oxillama/threads/{id}/export`.

    Attributes:
        format: One JSON object; one object a line: the thread, then its messages, runs, steps; a
            notebook, which can be imported again as the others can; or Markdown, for reading.
    """

    format: Literal["json", "jsonl", "ipynb", "md"] = "json"


class ThreadExport(Struct, kw_only=True):
    """A thread with everything in it, each kind in the order in which it was made.

    Attributes:
        version: Of this shape; grows when a reader of old ones would go wrong.
        exported_at: Unix seconds.
        thread: The thread.
        messages: Also those being written, as far as they are.
        runs: With all their settings.
        steps: Of all runs.
    """

    object: Literal["thread.export"] = "thread.export"
    version: Literal[1] = 1
    exported_at: int
    thread: Thread
    messages: list[Message]
    runs: list[Run]
    steps: list[RunStep]

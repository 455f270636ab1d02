from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from oxillama_jupyter.errors import NotFound
from oxillama_jupyter.schemas.exports import ThreadExport
from oxillama_jupyter.schemas.threads import CreateThread
from oxillama_jupyter.store import exports, messages, steps, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.messages import CreateMessage, Message
    from oxillama_jupyter.schemas.runs import Run
    from oxillama_jupyter.schemas.steps import RunStep
    from oxillama_jupyter.schemas.threads import Thread
    from oxillama_jupyter.store import runs


def test_export_has_everything_in_its_order(  # noqa: PLR0913, PLR0917  # fixtures
    conn: Connection,
    say: Callable[..., CreateMessage],
    begin: Callable[..., runs.Begun],
    write: Callable[..., Message],
    step_of: Callable[[Run, str], RunStep],
    finish: Callable[[Run], None],
) -> None:
    said = [say("Zürich \0 \U0001f600", metadata={"a": "b"}), say("two", "assistant")]
    thread = threads.create(conn, CreateThread(messages=said, metadata={"name": "n"}))
    begun = []
    for number in range(2):
        run = begin(thread).run
        steps.start(conn, step_of(run, f"step_{number}"))
        begun.append(run)
        if number == 0:
            finish(run)
    write(begun[1], "half")
    other = threads.create(conn, CreateThread(messages=[say("elsewhere")]))
    running = begin(other).run
    steps.start(conn, step_of(running, "step_other"))
    export = exports.export(conn, thread.id)
    texts = [message.content[0].text.value for message in export.messages]

    assert export.thread == thread
    assert texts == ["Zürich \0 \U0001f600", "two", "half"]
    assert [run.id for run in begun] == [run.id for run in export.runs]
    assert [run.status for run in export.runs] == ["completed", "queued"]
    assert [step.id for step in export.steps] == ["step_0", "step_1"]
    assert messages.history(conn, thread.id) == export.messages[:2]


def test_export_reads_back_as_it_was(conn: Connection, thread: Thread) -> None:
    export = exports.export(conn, thread.id)

    assert export == msgspec.json.decode(msgspec.json.encode(export), type=ThreadExport)


def test_unknown(conn: Connection) -> None:
    with pytest.raises(NotFound, match="No thread found"):
        exports.export(conn, "thread_x")

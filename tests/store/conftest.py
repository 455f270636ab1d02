"""A database per test, and short ways to fill it."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from oxillama_jupyter.schemas.assistants import Assistant, CreateAssistant
from oxillama_jupyter.schemas.messages import CreateMessage, Message, TextContent, TextValue
from oxillama_jupyter.schemas.runs import CreateRun
from oxillama_jupyter.schemas.steps import MessageCreation, MessageCreationDetails, RunStep
from oxillama_jupyter.schemas.threads import CreateThread, Thread
from oxillama_jupyter.store import assistants, database, messages, runs, threads

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.runs import Run

T = TypeVar("T")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "oxillama.db"


@pytest.fixture
def conn(path: Path) -> Iterator[Connection]:
    """The connection as the owner thread has it, for operations without an event loop."""
    conn, _ = database._connect(str(path))
    yield conn
    conn.close()


@pytest.fixture
def with_database(path: Path) -> Callable[[Callable[[database.Database], Any]], Any]:
    """Runs `main(db)` on an event loop."""

    def run(main: Callable[[database.Database], Coroutine[Any, Any, T]]) -> T:
        async def opened() -> T:
            db = await database.Database.open(path)
            try:
                return await main(db)
            finally:
                await db.aclose()

        return asyncio.run(opened())

    return run


@pytest.fixture
def say() -> Callable[..., CreateMessage]:
    """A client's message."""

    def body(text: str, role: str = "user", **fields: Any) -> CreateMessage:
        return CreateMessage(role=role, content=text, **fields)

    return body


@pytest.fixture
def assistant(conn: Connection) -> Assistant:
    return assistants.create(conn, CreateAssistant(model="tiny", instructions="Be brief."))


@pytest.fixture
def thread(conn: Connection) -> Thread:
    return threads.create(conn, CreateThread())


@pytest.fixture
def begin(conn: Connection, assistant: Assistant) -> Callable[..., runs.Begun]:
    """Begins a run on a thread; keyword arguments go into the request or to the server."""

    def call(thread: Thread, owner: str = "me", lease: int = 100, **fields: Any) -> runs.Begun:
        fields = {"assistant_id": assistant.id, **fields}
        body = CreateRun(**fields)
        return runs.begin(conn, thread.id, body, owner=owner, lease=lease, expires_in=600)

    return call


@pytest.fixture
def write(conn: Connection) -> Callable[[Run], Message]:
    """Starts the assistant message of a run, as the executor does."""

    def call(run: Run, text: str = "", message_id: str = "msg_answer") -> Message:
        message = Message(
            id=message_id,
            created_at=run.created_at,
            thread_id=run.thread_id,
            status="in_progress",
            role="assistant",
            content=[TextContent(TextValue(text, []))] if text else [],
            run_id=run.id,
        )
        messages.start(conn, message)
        return message

    return call


@pytest.fixture
def step_of() -> Callable[..., RunStep]:
    """A step of a run, not stored yet."""

    def call(run: Run, step_id: str = "step_1") -> RunStep:
        return RunStep(
            id=step_id,
            created_at=run.created_at,
            run_id=run.id,
            assistant_id=run.assistant_id,
            thread_id=run.thread_id,
            type="message_creation",
            status="in_progress",
            step_details=MessageCreationDetails(MessageCreation("msg_answer")),
        )

    return call


@pytest.fixture
def finish(conn: Connection) -> Callable[[Run], None]:
    """Ends a run, so that its thread is free again."""

    def call(run: Run) -> None:
        run.status = "completed"
        assert runs.save(conn, run, expected=frozenset({"queued", "in_progress"}))

    return call


@pytest.fixture
def plans(conn: Connection) -> Callable[..., list[str]]:
    """The query plan of everything an operation does: SQLite's words, one line per table."""

    def call(op: Callable[..., object], *args: Any, **kwargs: Any) -> list[str]:
        statements: list[str] = []
        conn.set_trace_callback(statements.append)
        op(conn, *args, **kwargs)
        conn.set_trace_callback(None)
        return [
            detail
            for statement in statements
            if not statement.startswith("--")  # a trigger's, shown as a comment
            for *_, detail in conn.execute("EXPLAIN QUERY PLAN " + statement)
        ]

    return call


@pytest.fixture
def scans(plans: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """What of an operation's plan reads every row of something; a full-text match does not."""

    def call(op: Callable[..., object], *args: Any, **kwargs: Any) -> list[str]:
        details = plans(op, *args, **kwargs)
        return [line for line in details if line.startswith("SCAN") and "VIRTUAL" not in line]

    return call


@pytest.fixture
def steps_taken(conn: Connection) -> Callable[..., int]:
    """How many hundred instructions of SQLite's machine an operation takes: its cost, unclocked."""

    def call(op: Callable[..., object], *args: Any, **kwargs: Any) -> int:
        ticks = itertools.count()
        conn.set_progress_handler(lambda: next(ticks) < 0, 100)
        op(conn, *args, **kwargs)
        conn.set_progress_handler(None, 0)
        return next(ticks)

    return call

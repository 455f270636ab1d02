"""Runs in the store: begun in one transaction, owned by one server, moved on by whoever may.

A run's owner is the id of a server process, a new one at each start, which keeps renewing the lease
of its active runs. When a lease has ended, its owner is gone, and another server adopts the run.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from msgspec import UNSET
from msgspec.json import Decoder

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.assistants import Assistant
from oxillama_jupyter.schemas.runs import (
    TERMINAL,
    CreateRun,
    CreateThreadAndRun,
    ModifyRun,
    Run,
    RunStatus,
    SamplingOptions,
    TruncationStrategy,
)
from oxillama_jupyter.schemas.threads import CreateThread, Thread
from oxillama_jupyter.schemas.tools import FunctionChoice, FunctionTool, Tool, ToolChoice
from oxillama_jupyter.store import assistants, messages, threads
from oxillama_jupyter.store.pages import Listing
from oxillama_jupyter.store.rows import (
    active_run_id,
    encode,
    not_found,
    require_thread,
    require_unlocked,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.base import Page, PageQuery
    from oxillama_jupyter.schemas.messages import Message

__all__ = [
    "DEFAULT_ASSISTANT",
    "Begun",
    "active",
    "begin",
    "begin_with_thread",
    "expired",
    "get",
    "history",
    "modify",
    "orphans",
    "owner_of",
    "owners",
    "page",
    "planned",
    "release",
    "renew",
    "request_cancel",
    "save",
    "take",
]

T = TypeVar("T")
DEFAULT_ASSISTANT = "default"

_INSERT = """
INSERT INTO runs(id, thread_id, status, expires_at, owner, lease, payload)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_GET = "SELECT payload FROM runs WHERE id = ? AND thread_id = ?"
_STATUS = "SELECT status FROM runs WHERE id = ?"
_UPDATE = "UPDATE runs SET status = ?, expires_at = ?, payload = ? WHERE id = ?"
_OWNER = "SELECT owner FROM runs WHERE id = ?"
_ACTIVE = "SELECT payload FROM runs WHERE thread_id = ? AND active"
_RENEW = "UPDATE runs SET lease = ? WHERE owner = ? AND active"
_ADOPT = """
UPDATE runs SET owner = :owner, lease = :lease WHERE lease < :now AND owner <> :owner AND active
RETURNING seq, payload
"""
_GIVE_UP = "UPDATE runs SET status = 'failed' WHERE seq = ?"
_TAKE = "UPDATE runs SET owner = ?, lease = ? WHERE id = ?"
_OWNERS = "SELECT DISTINCT owner FROM runs WHERE active"
_RELEASE = "UPDATE runs SET lease = 0, owner = '' WHERE owner = ? AND active"
_EXPIRED = "SELECT payload FROM runs WHERE owner = ? AND expires_at <= ? AND active ORDER BY seq"
_decode = Decoder(Run).decode
_LISTING = Listing(
    "run",
    "SELECT payload FROM runs WHERE thread_id = :thread_id AND seq > :low AND seq < :high",
    "SELECT seq FROM runs WHERE id = :cursor AND thread_id = :thread_id",
    _decode,
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that was just begun.

    Attributes:
        run: It, `queued`.
        history: The messages of its prompt, oldest first.
        thread: The thread, where it was made in the same transaction.
    """

    run: Run
    history: list[Message]
    thread: Thread | None = None


def begin(  # noqa: PLR0913  # what the request says, and what the server adds to it
    conn: Connection,
    thread_id: str,
    body: CreateRun,
    *,
    owner: str,
    lease: int,
    expires_in: int,
    resolve_model: Callable[[str], str] = str,
) -> Begun:
    """Begin a run on a thread: all of it in the caller's transaction, or nothing.

    Args:
        conn: The connection, inside a transaction.
        thread_id: The thread.
        body: The run's own settings, which go before its assistant's.
        owner: The server that executes it.
        lease: When its lease ends, in Unix seconds.
        expires_in: Seconds until the run expires.
        resolve_model: Gives the engine's name for the model, or raises `ModelNotFound`; `""` is
            the default model.

    Raises:
        NotFound: There is no such thread, assistant or model.
        InvalidRequest: The thread has an active run, or a response writes to its conversation.
    """
    require_thread(conn, thread_id)
    require_unlocked(conn, thread_id)
    run = planned(conn, thread_id, body, expires_in=expires_in, resolve_model=resolve_model)
    try:
        conn.execute(_INSERT, _row(run, owner, lease))
    except sqlite3.IntegrityError as error:
        holder = active_run_id(conn, thread_id)
        if holder is None:
            raise
        raise InvalidRequest(f"Thread {thread_id} already has an active run {holder}.") from error
    messages.append(conn, thread_id, body.additional_messages or [])
    return Begun(run, history(conn, run))


def begin_with_thread(  # noqa: PLR0913  # likewise
    conn: Connection,
    body: CreateThreadAndRun,
    *,
    owner: str,
    lease: int,
    expires_in: int,
    resolve_model: Callable[[str], str] = str,
) -> Begun:
    """Make a thread and begin a run on it, as `begin` does.

    Raises:
        NotFound: There is no such assistant or model.
    """
    thread = threads.create(conn, body.thread or CreateThread())
    run = planned(conn, thread.id, body, expires_in=expires_in, resolve_model=resolve_model)
    conn.execute(_INSERT, _row(run, owner, lease))
    return Begun(run, history(conn, run), thread)


def planned(
    conn: Connection,
    thread_id: str,
    body: CreateRun | CreateThreadAndRun,
    *,
    expires_in: int = 0,
    resolve_model: Callable[[str], str] = str,
) -> Run:
    """The run that a request would begin; nothing is stored.

    Raises:
        NotFound: There is no such assistant or model.
        InvalidRequest: The request chooses a tool that it does not offer.
    """
    run = _resolve(body, _assistant(conn, body), thread_id, expires_in)
    run.model = resolve_model(run.model)
    return run


def get(conn: Connection, thread_id: str, run_id: str) -> Run:
    """The run of this thread with this id.

    Raises:
        NotFound: There is no such thread, or no such run on it.
    """
    row = conn.execute(_GET, (run_id, thread_id)).fetchone()
    if row is None:
        require_thread(conn, thread_id)
        raise not_found("run", run_id)
    return _decode(row[0])


def modify(conn: Connection, thread_id: str, run_id: str, body: ModifyRun) -> Run:
    """Replace the metadata, if the body has any; null clears it.

    Raises:
        NotFound: There is no such thread, or no such run on it.
    """
    run = get(conn, thread_id, run_id)
    if body.metadata is not UNSET:
        run.metadata = body.metadata or {}
        _write(conn, run)
    return run


def page(conn: Connection, thread_id: str, query: PageQuery) -> Page[Run]:
    """A page of the thread's runs.

    Raises:
        NotFound: There is no such thread.
        InvalidRequest: A cursor is unknown.
    """
    require_thread(conn, thread_id)
    return _LISTING.page(conn, query, {"thread_id": thread_id})


def save(conn: Connection, run: Run, *, expected: frozenset[RunStatus]) -> bool:
    """Write the whole run, if its stored status is one of `expected` and not terminal.

    Returns:
        False if it is not: someone else has moved the run, or deleted it.
    """
    row = conn.execute(_STATUS, (run.id,)).fetchone()
    if row is None or row[0] not in expected - TERMINAL:
        return False
    _write(conn, run)
    return True


def request_cancel(conn: Connection, thread_id: str, run_id: str) -> Run:
    """Move an active run to `cancelling`, which its owner sees, whichever process that is.

    Raises:
        NotFound: There is no such thread, or no such run on it.
        InvalidRequest: The run has ended.
    """
    run = get(conn, thread_id, run_id)
    if run.status in TERMINAL:
        raise InvalidRequest(f"Cannot cancel run with status '{run.status}'.")
    if run.status != "cancelling":
        run.status = "cancelling"
        run.required_action = None
        _write(conn, run)
    return run


def active(conn: Connection, thread_id: str) -> Run | None:
    """The run that holds the thread now."""
    row = conn.execute(_ACTIVE, (thread_id,)).fetchone()
    return None if row is None else _decode(row[0])


def owner_of(conn: Connection, run_id: str) -> str | None:
    """The server that executes, or executed, the run; None if there is no such run."""
    row = conn.execute(_OWNER, (run_id,)).fetchone()
    return None if row is None else str(row[0])


def renew(conn: Connection, owner: str, lease: int) -> None:
    """Prolong the lease of all active runs of this owner, to this time in Unix seconds."""
    conn.execute(_RENEW, (lease, owner))


def take(conn: Connection, run_id: str, owner: str, lease: int) -> None:
    """Make a run this owner's, whoever had it."""
    conn.execute(_TAKE, (owner, lease, run_id))


def owners(conn: Connection) -> list[str]:
    """The servers that have active runs."""
    return [owner for (owner,) in conn.execute(_OWNERS)]


def release(conn: Connection, owners: Iterable[str]) -> None:
    """End the leases of these servers now, so that any server may adopt their active runs."""
    conn.executemany(_RELEASE, [(owner,) for owner in owners])


def orphans(conn: Connection, now: int, owner: str, lease: int) -> list[Run]:
    """Adopt the active runs of others whose lease has ended, oldest first.

    One's own runs are never among them, even if the machine slept through their lease. One that
    cannot be read has failed: its thread is not to wait for it.
    """
    rows = conn.execute(_ADOPT, {"now": now, "owner": owner, "lease": lease}).fetchall()
    found = []
    for seq, payload in sorted(rows):
        try:
            found.append(_decode(payload))
        except ValueError:
            conn.execute(_GIVE_UP, (seq,))
    return found


def expired(conn: Connection, now: int, owner: str) -> list[Run]:
    """The active runs of this owner that are past their `expires_at`, oldest first."""
    return [_decode(payload) for (payload,) in conn.execute(_EXPIRED, (owner, now))]


def _row(run: Run, owner: str, lease: int) -> tuple[str | int | None, ...]:
    return run.id, run.thread_id, run.status, run.expires_at, owner, lease, encode(run)


def _write(conn: Connection, run: Run) -> None:
    conn.execute(_UPDATE, (run.status, run.expires_at, encode(run), run.id))


def history(conn: Connection, run: Run) -> list[Message]:
    """The messages a run's prompt is made of, oldest first, as its truncation strategy has it."""
    strategy = run.truncation_strategy
    last = strategy.last_messages if strategy.type == "last_messages" else None
    return messages.history(conn, run.thread_id, last, before=run.id)


def _assistant(conn: Connection, body: CreateRun | CreateThreadAndRun) -> Assistant:
    """The run's assistant; `default` is one nobody made: the default model, no instructions."""
    if body.assistant_id != DEFAULT_ASSISTANT:
        return assistants.get(conn, body.assistant_id)
    return Assistant(
        id=DEFAULT_ASSISTANT,
        created_at=0,
        name=None,
        description=None,
        model="",
        instructions=None,
        tools=[],
        tool_resources=None,
        metadata={},
    )


def _resolve(
    body: CreateRun | CreateThreadAndRun, assistant: Assistant, thread_id: str, expires_in: int
) -> Run:
    """The run as it will be: its own settings, then its assistant's."""
    tools = _first(body.tools, assistant.tools)
    choice: ToolChoice = "auto" if body.tool_choice is None else body.tool_choice
    _check_choice(choice, tools)
    created_at = now()
    resources = body.tool_resources if isinstance(body, CreateThreadAndRun) else None
    return Run(
        id=new_id("run"),
        created_at=created_at,
        thread_id=thread_id,
        assistant_id=assistant.id,
        status="queued",
        expires_at=created_at + expires_in,
        model=_first(body.model, assistant.model),
        instructions=_instructions(body, assistant),
        tools=tools,
        tool_resources=_first(resources, assistant.tool_resources),
        metadata=body.metadata or {},
        temperature=_first(body.temperature, assistant.temperature),
        top_p=_first(body.top_p, assistant.top_p),
        max_prompt_tokens=body.max_prompt_tokens,
        max_completion_tokens=body.max_completion_tokens,
        truncation_strategy=_first(body.truncation_strategy, TruncationStrategy()),
        tool_choice=choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        response_format=_first(body.response_format, assistant.response_format),
        reasoning_effort=_first(body.reasoning_effort, assistant.reasoning_effort),
        **{name: getattr(body, name) for name in SamplingOptions.__struct_fields__},
    )


def _check_choice(choice: ToolChoice, tools: list[Tool]) -> None:
    """Refuse the choice of a function that is not offered."""
    if isinstance(choice, FunctionChoice):
        names = [tool.function.name for tool in tools if isinstance(tool, FunctionTool)]
        if choice.function.name not in names:
            raise InvalidRequest(
                f"The function '{choice.function.name}' of 'tool_choice' is none of the tools.",
                param="tool_choice",
                code="invalid_value",
            )


def _instructions(body: CreateRun | CreateThreadAndRun, assistant: Assistant) -> str:
    own = assistant.instructions if body.instructions is None else body.instructions
    additional = body.additional_instructions if isinstance(body, CreateRun) else None
    return "\n".join(filter(None, (own, additional)))


def _first(given: T | None, default: T) -> T:
    return default if given is None else given

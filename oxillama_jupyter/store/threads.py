"""Threads in the store: as the API has them, and listed for people."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.json import Decoder

from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.base import Deleted, Page, PageQuery
from oxillama_jupyter.schemas.threads import (
    CreateThread,
    ModifyThread,
    Thread,
    ThreadQuery,
    ThreadSummary,
)
from oxillama_jupyter.store import conversations, messages, search
from oxillama_jupyter.store.narrowing import Narrowing, narrowing
from oxillama_jupyter.store.pages import Listing
from oxillama_jupyter.store.rows import encode, not_found
from oxillama_jupyter.store.summaries import BEGINNING, SUMMARY, summary

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["create", "delete", "get", "insert", "modify", "page"]

_INSERT = """
INSERT INTO threads(id, touched, updated_at, payload)
VALUES (?, 1 + (SELECT coalesce(max(touched), 0) FROM threads), ?, ?)
"""
_GET = "SELECT payload FROM threads WHERE id = ?"
_UPDATE = "UPDATE threads SET payload = ? WHERE id = ?"
_DELETE = "DELETE FROM threads WHERE id = ?"
_LOCATE = "SELECT touched FROM threads WHERE id = :cursor"
_IN_ALL = "FROM threads t WHERE t.touched > :low AND t.touched < :high"
_WALKED = f"{_IN_ALL} AND {{}}"
# The inner query finds the page; only its rows are worth counting messages for.
_GATHERED = """
FROM (
  SELECT t.* FROM {} CROSS JOIN threads t ON t.id = d.thread_id
  WHERE t.touched > :low AND t.touched < :high AND {}
  ORDER BY t.touched DESC LIMIT :limit
) AS t
"""
_decode = Decoder(Thread).decode


def create(conn: Connection, body: CreateThread) -> Thread:
    """Store a new thread with its messages."""
    thread = Thread(
        id=new_id("thread"),
        created_at=now(),
        tool_resources=body.tool_resources,
        metadata=body.metadata or {},
    )
    insert(conn, thread, thread.created_at)
    messages.append(conn, thread.id, body.messages or [])
    return thread


def insert(conn: Connection, thread: Thread, updated_at: int) -> None:
    """Store a thread as it is, as the first of the thread list."""
    conn.execute(_INSERT, (thread.id, updated_at, encode(thread)))


def get(conn: Connection, thread_id: str) -> Thread:
    """The thread with this id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(_GET, (thread_id,)).fetchone()
    if row is None:
        raise not_found("thread", thread_id)
    return _decode(row[0])


def modify(conn: Connection, thread_id: str, body: ModifyThread) -> Thread:
    """Change what the body has; null clears. The order of the thread list stays.

    Raises:
        NotFound: There is no such thread.
    """
    thread = get(conn, thread_id)
    if body.tool_resources is not UNSET:
        thread.tool_resources = body.tool_resources
    if body.metadata is not UNSET:
        thread.metadata = body.metadata or {}
    conn.execute(_UPDATE, (encode(thread), thread_id))
    return thread


def delete(conn: Connection, thread_id: str) -> Deleted:
    """Delete the thread and all in it; a conversation that shares its history keeps that.

    Raises:
        NotFound: There is no such thread.
    """
    conversations.detach(conn, thread_id)
    if conn.execute(_DELETE, (thread_id,)).rowcount == 0:
        raise not_found("thread", thread_id)
    return Deleted(thread_id, "thread.deleted")


def page(conn: Connection, query: ThreadQuery) -> Page[ThreadSummary]:
    """A page of all threads, the one with the newest message first.

    With `q`, of those in whose messages its words are, the newest match first; and only of those
    that the rest of the query leaves.

    Raises:
        InvalidRequest: The cursor is unknown.
    """
    if search.words_of(query.q or ""):
        return search.page(conn, query)
    narrowed = narrowing(conn, query)
    cursor = PageQuery(limit=query.limit, after=query.after)
    return _listing(_of(narrowed)).page(conn, cursor, narrowed.values)


def _of(narrowed: Narrowing) -> str:
    """Where the threads come from: a few are sorted, others are met in order."""
    where = narrowed.where.format(*["t.id"] * narrowed.where.count("{}"))
    if narrowed.few:
        return _GATHERED.format(narrowed.few, where)
    return _WALKED.format(where) if where else _IN_ALL


@cache
def _listing(sql: str) -> Listing[ThreadSummary]:
    return Listing("thread", SUMMARY + BEGINNING + sql, _LOCATE, summary, key="touched")

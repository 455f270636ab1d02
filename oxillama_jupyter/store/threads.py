"""Threads in the store: as the API has them, and listed and searched for people."""

from __future__ import annotations

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
from oxillama_jupyter.store import conversations, messages
from oxillama_jupyter.store.pages import Listing
from oxillama_jupyter.store.rows import encode, not_found

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["create", "delete", "get", "modify", "page"]

PREVIEW = 160  # characters
_MARK = "\2"  # stands ahead of a match in a snippet
_WORDS = 32  # more words than this in one search are cut; FTS5 limits the depth of a query

_INSERT = """
INSERT INTO threads(id, touched, updated_at, payload)
VALUES (?, 1 + (SELECT coalesce(max(touched), 0) FROM threads), ?, ?)
"""
_GET = "SELECT payload FROM threads WHERE id = ?"
_UPDATE = "UPDATE threads SET payload = ? WHERE id = ?"
_DELETE = "DELETE FROM threads WHERE id = ?"
_LOCATE = "SELECT touched FROM threads WHERE id = :cursor"
_SUMMARY = """
SELECT t.payload, t.updated_at,
  (SELECT count(*) FROM messages m WHERE m.thread_id = t.id),
  (SELECT r.id FROM runs r WHERE r.thread_id = t.id AND r.active),
"""
_BEGINNING = """
  (SELECT substr(m.text, 1, 320) FROM messages m
   WHERE m.thread_id = t.id AND m.role = 'user' ORDER BY m.seq LIMIT 1)
"""
_SNIPPET = """
  (SELECT snippet(messages_fts, 0, char(2), '', '…', 24) FROM messages_fts
   WHERE messages_fts MATCH :words AND rowid = t.hit)
"""
_IN_ALL = "FROM threads t WHERE t.touched > :low AND t.touched < :high"
# The inner query finds the page; only its rows are worth a snippet, and counting.
_IN_FOUND = """
FROM (
  SELECT threads.*, found.hit
  FROM ({}) AS found CROSS JOIN threads ON threads.id = found.thread_id
  WHERE threads.touched > :low AND threads.touched < :high
  ORDER BY threads.touched DESC LIMIT :limit
) AS t
"""
_BY_METADATA = """
SELECT d.thread_id, NULL AS hit
FROM json_each(:metadata) AS pair
CROSS JOIN thread_metadata d ON d.key = pair.key AND d.value = pair.value
GROUP BY d.thread_id HAVING count(*) = :pairs
"""
_BY_WORDS = """
SELECT m.thread_id, max(m.seq) AS hit
FROM messages_fts CROSS JOIN messages m ON m.seq = messages_fts.rowid
WHERE messages_fts MATCH :words GROUP BY m.thread_id
"""
_BY_BOTH = f"""
SELECT words.thread_id, words.hit
FROM ({_BY_WORDS}) AS words CROSS JOIN ({_BY_METADATA}) AS pairs USING (thread_id)
"""  # noqa: S608  # both are constants
_decode = Decoder(Thread).decode


def create(conn: Connection, body: CreateThread) -> Thread:
    """Store a new thread with its messages."""
    thread = Thread(
        id=new_id("thread"),
        created_at=now(),
        tool_resources=body.tool_resources,
        metadata=body.metadata or {},
    )
    conn.execute(_INSERT, (thread.id, thread.created_at, encode(thread)))
    messages.append(conn, thread.id, body.messages or [])
    return thread


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

    With `q`, of those that have a message in which every word occurs; `*` behind a word makes it a
    prefix. Case and diacritics do not count. With `metadata`, of those that have all its pairs.

    Raises:
        InvalidRequest: The cursor is unknown.
    """
    words, metadata = _match(query.q or ""), query.metadata or {}
    listing = _LISTINGS[bool(words), bool(metadata)]
    return listing.page(
        conn,
        PageQuery(limit=query.limit, after=query.after),
        {"words": words, "metadata": encode(metadata), "pairs": len(metadata)},
    )


def _match(q: str) -> str:
    """The user's words as an FTS5 query in which nothing but a trailing star is syntax."""
    return " ".join(
        '"{}"{}'.format(word.rstrip("*").replace('"', '""'), "*" if word.endswith("*") else "")
        for word in q.replace("\0", "").split()[:_WORDS]
    )


def _summary(
    payload: str, updated_at: int, count: int, active_run: str | None, text: str | None
) -> ThreadSummary:
    thread = _decode(payload)
    return ThreadSummary(
        id=thread.id,
        created_at=thread.created_at,
        tool_resources=thread.tool_resources,
        metadata=thread.metadata,
        updated_at=updated_at,
        message_count=count,
        preview=_preview(text or ""),
        active_run_id=active_run,
    )


def _preview(text: str) -> str:
    """One line, cut around the first match where one is marked."""
    line = " ".join(text.split())
    match = line.find(_MARK)
    line = line.replace(_MARK, "")
    start = max(0, min(match - PREVIEW // 2, len(line) - PREVIEW))
    return line[start : start + PREVIEW]


def _listing(sql: str) -> Listing[ThreadSummary]:
    return Listing("thread", _SUMMARY + sql, _LOCATE, _summary, key="touched")


_LISTINGS = {  # by whether there are words, and metadata
    (False, False): _listing(_BEGINNING + _IN_ALL),
    (False, True): _listing(_BEGINNING + _IN_FOUND.format(_BY_METADATA)),
    (True, False): _listing(_SNIPPET + _IN_FOUND.format(_BY_WORDS)),
    (True, True): _listing(_SNIPPET + _IN_FOUND.format(_BY_BOTH)),
}

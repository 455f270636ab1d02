"""One history, two views: a thread that is a conversation too, and the reverse.

The history is shared, not copied: a message is one row, which the thread shows as a message and the
conversation as an item, under one id. Copies would drift apart with the first message that one side
gets, and a program that moves from one API to the other does so piece by piece, with both halves at
work. So what is added to one side, or deleted there, is so on the other, at once.

What only one side can show stays there. A thread has no place for system messages, reasoning, and
the tool calls of responses; they are in the conversation only. The function calls of a thread's
runs are items of the conversation as soon as they have their outputs; deleting such an item leaves
the run's step as it is. Metadata is each view's own.

A history lasts as long as one of its views. Who deletes the thread keeps the conversation with all
its items, and the other way round, so that clearing up the old side after the move costs nothing.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.conversations import Conversation
from oxillama_jupyter.schemas.threads import CreateThread
from oxillama_jupyter.store import conversations, threads
from oxillama_jupyter.store.rows import encode

if TYPE_CHECKING:
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.threads import Thread

__all__ = ["open_conversation", "open_thread"]

_INSERT = "INSERT INTO conversations(id, thread_id, payload) VALUES (?, ?, ?)"
_ADD_MESSAGE = """
INSERT INTO conversation_items(id, conversation_id, message_id) VALUES (:id, :conversation, :id)
"""
_ADD_CALLS = """
INSERT INTO conversation_items(id, conversation_id, payload)
SELECT id, ?, payload FROM step_items WHERE step_id = ? ORDER BY kind, place
"""
_MESSAGES = """
SELECT id, payload ->> '$.created_at' FROM messages WHERE thread_id = ? ORDER BY seq
"""
_STEPS = """
SELECT r.id, s.id, s.payload ->> '$.step_details.message_creation.message_id',
  s.payload ->> '$.created_at'
FROM runs r JOIN steps s ON s.run_id = r.id WHERE r.thread_id = ? ORDER BY r.seq, s.seq
"""


class _Calls(NamedTuple):
    """Steps with calls, and when the last of them was made."""

    steps: list[str]
    at: int


class _Places(NamedTuple):
    """Where steps with calls are among a thread's messages: by a message's id, or by time only."""

    ahead: dict[str, list[str]]
    behind: dict[str, list[str]]
    loose: list[_Calls]


def open_conversation(conn: Connection, thread_id: str) -> Conversation:
    """The conversation that shows a thread's history; made when it is first asked for.

    Raises:
        NotFound: There is no such thread.
    """
    thread = threads.get(conn, thread_id)
    known = conversations.of_thread(conn, thread_id)
    if known is not None:
        return conversations.get(conn, known)
    conversation = Conversation(id=new_id("conv"), created_at=now(), metadata=thread.metadata)
    conn.execute(_INSERT, (conversation.id, thread_id, encode(conversation)))
    _take_history(conn, thread_id, conversation.id)
    return conversation


def open_thread(conn: Connection, conversation_id: str) -> Thread:
    """The thread that shows a conversation's history; made when it is first asked for.

    Raises:
        NotFound: There is no such conversation.
    """
    thread_id = conversations.thread_of(conn, conversation_id)
    if thread_id is not None:
        return threads.get(conn, thread_id)
    conversation = conversations.get(conn, conversation_id)
    thread = threads.create(conn, CreateThread(metadata=conversation.metadata))
    conversations.attach(conn, conversation_id, thread.id)
    return thread


def _take_history(conn: Connection, thread_id: str, conversation_id: str) -> None:
    """Give all messages and calls of a thread their places in its new conversation."""
    found = conn.execute(_MESSAGES, (thread_id,)).fetchall()
    places = _places(conn, thread_id, {message_id for message_id, _ in found})

    def add(steps: list[str]) -> None:
        conn.executemany(_ADD_CALLS, [(conversation_id, step) for step in steps])

    for message_id, created_at in found:
        while places.loose and places.loose[0].at < created_at:
            add(places.loose.pop(0).steps)
        add(places.ahead.get(message_id, []))
        conn.execute(_ADD_MESSAGE, {"id": message_id, "conversation": conversation_id})
        add(places.behind.get(message_id, []))
    for calls in places.loose:
        add(calls.steps)


def _places(conn: Connection, thread_id: str, messages: set[str]) -> _Places:
    """Calls are ahead of their run's next message, or behind its last one, if it has any."""
    places = _Places({}, {}, [])
    rows = conn.execute(_STEPS, (thread_id,)).fetchall()
    for _, steps in groupby(rows, key=lambda row: row[0]):
        waiting: list[str] = []
        last, at = None, 0
        for _, step_id, message_id, created_at in steps:
            if message_id is None:
                waiting.append(step_id)
                at = created_at
            elif message_id in messages:
                places.ahead[message_id], waiting, last = waiting, [], message_id
        if waiting and last is not None:
            places.behind[last] = waiting
        elif waiting:
            places.loose.append(_Calls(waiting, at))
    return places

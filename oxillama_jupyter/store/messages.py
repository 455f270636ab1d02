"""Messages in the store, and the text that is searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.json import Decoder

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.base import Deleted, Page
from oxillama_jupyter.schemas.messages import (
    Content,
    CreateMessage,
    Message,
    ModifyMessage,
    TextContent,
    TextPart,
    TextValue,
)
from oxillama_jupyter.store.pages import Listing
from oxillama_jupyter.store.rows import (
    active_run_id,
    encode,
    not_found,
    require_thread,
    require_unlocked,
)

if TYPE_CHECKING:
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.runs import MessageQuery

__all__ = [
    "append",
    "create",
    "delete",
    "get",
    "history",
    "insert",
    "made",
    "modify",
    "of_run",
    "page",
    "start",
    "update",
]

_INSERT = """
INSERT INTO messages(id, thread_id, run_id, role, status, text, payload)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_TOUCH = """
UPDATE threads SET touched = 1 + (SELECT max(touched) FROM threads), updated_at = ? WHERE id = ?
"""
_GET = "SELECT payload FROM messages WHERE id = ? AND thread_id = ?"
_MODIFY = "UPDATE messages SET payload = ? WHERE id = ?"
_UPDATE = """
UPDATE messages SET status = ?, text = ?, payload = ? WHERE id = ? AND status = 'in_progress'
"""
_DELETE = "DELETE FROM messages WHERE id = ?"
_HISTORY = """
SELECT payload FROM messages
WHERE thread_id = ? AND status <> 'in_progress' AND run_id IS NOT ?
ORDER BY seq DESC LIMIT ?
"""
_QUESTION = """
SELECT payload FROM messages WHERE thread_id = ? AND role = 'user' ORDER BY seq DESC LIMIT 1
"""
_WRITTEN = "SELECT payload FROM messages WHERE thread_id = ? AND run_id = ? ORDER BY seq"
_decode = Decoder(Message).decode
_OF_THREAD = Listing(
    "message",
    "SELECT payload FROM messages WHERE thread_id = :thread_id AND seq > :low AND seq < :high",
    "SELECT seq FROM messages WHERE id = :cursor AND thread_id = :thread_id",
    _decode,
)
_OF_RUN = Listing(
    "message",
    "SELECT payload FROM messages "
    "WHERE run_id = :run_id AND +thread_id = :thread_id AND seq > :low AND seq < :high",
    "SELECT seq FROM messages WHERE id = :cursor AND thread_id = :thread_id",
    _decode,
)


def create(conn: Connection, thread_id: str, body: CreateMessage) -> Message:
    """Add a client's message to a thread.

    Raises:
        NotFound: There is no such thread.
        InvalidRequest: A run is active there, or a response writes to its conversation.
    """
    require_thread(conn, thread_id)
    run_id = active_run_id(conn, thread_id)
    if run_id is not None:
        raise InvalidRequest(f"Can't add messages to {thread_id} while a run {run_id} is active.")
    require_unlocked(conn, thread_id)
    (message,) = append(conn, thread_id, [body])
    return message


def append(conn: Connection, thread_id: str, bodies: list[CreateMessage]) -> list[Message]:
    """Add clients' messages to a thread that is known to exist, active run or not."""
    messages = made(thread_id, bodies)
    insert(conn, thread_id, messages)
    return messages


def made(thread_id: str, bodies: list[CreateMessage]) -> list[Message]:
    """Clients' messages as they would be stored."""
    created_at = now()
    return [
        Message(
            id=new_id("msg"),
            created_at=created_at,
            thread_id=thread_id,
            status="completed",
            completed_at=created_at,
            role=body.role,
            content=_content(body),
            attachments=body.attachments or [],
            metadata=body.metadata or {},
        )
        for body in bodies
    ]


def insert(
    conn: Connection, thread_id: str, messages: list[Message], written_at: int | None = None
) -> None:
    """Store finished messages in a thread that is known to exist; written now, if not before."""
    conn.executemany(_INSERT, map(_row, messages))
    if messages:
        conn.execute(_TOUCH, (now() if written_at is None else written_at, thread_id))


def get(conn: Connection, thread_id: str, message_id: str) -> Message:
    """The message of this thread with this id.

    Raises:
        NotFound: There is no such thread, or no such message in it.
    """
    row = conn.execute(_GET, (message_id, thread_id)).fetchone()
    if row is None:
        require_thread(conn, thread_id)
        raise not_found("message", message_id)
    return _decode(row[0])


def modify(conn: Connection, thread_id: str, message_id: str, body: ModifyMessage) -> Message:
    """Replace the metadata, if the body has any; null clears it.

    Raises:
        NotFound: There is no such thread, or no such message in it.
    """
    message = get(conn, thread_id, message_id)
    if body.metadata is not UNSET:
        message.metadata = body.metadata or {}
        conn.execute(_MODIFY, (encode(message), message_id))
    return message


def delete(conn: Connection, thread_id: str, message_id: str) -> Deleted:
    """Delete the message; later runs do not see it.

    Raises:
        NotFound: There is no such thread, or no such message in it.
        InvalidRequest: An active run is writing it.
    """
    message = get(conn, thread_id, message_id)
    if message.status == "in_progress" and active_run_id(conn, thread_id) is not None:
        raise InvalidRequest(
            f"Can't delete message {message_id} while run {message.run_id} is writing it."
        )
    conn.execute(_DELETE, (message_id,))
    return Deleted(message_id, "thread.message.deleted")


def page(conn: Connection, thread_id: str, query: MessageQuery) -> Page[Message]:
    """A page of the thread's messages, or of those that one run wrote.

    Raises:
        NotFound: There is no such thread.
        InvalidRequest: A cursor is unknown.
    """
    require_thread(conn, thread_id)
    listing = _OF_THREAD if query.run_id is None else _OF_RUN
    return listing.page(conn, query, {"thread_id": thread_id, "run_id": query.run_id})


def history(
    conn: Connection, thread_id: str, last: int | None = None, *, before: str = ""
) -> list[Message]:
    """The finished messages of a thread, oldest first, for the prompt.

    Args:
        conn: The connection.
        thread_id: The thread.
        last: Only so many of the newest; the newest of the user's is there in any case.
        before: A run whose own messages are left out.
    """
    values = (thread_id, before, -1 if last is None else last)
    found = [_decode(payload) for (payload,) in conn.execute(_HISTORY, values)]
    if last is not None and not any(message.role == "user" for message in found):
        question = conn.execute(_QUESTION, (thread_id,)).fetchone()
        found += [_decode(question[0])] if question is not None else []
    found.reverse()
    return found


def of_run(conn: Connection, thread_id: str, run_id: str) -> dict[str, Message]:
    """The messages that a run wrote, by id, oldest first."""
    rows = conn.execute(_WRITTEN, (thread_id, run_id))
    return {message.id: message for message in (_decode(payload) for (payload,) in rows)}


def start(conn: Connection, message: Message) -> None:
    """Store a message as it is, such as one that a run begins to write.

    Raises:
        NotFound: The thread has been deleted meanwhile.
    """
    require_thread(conn, message.thread_id)
    conn.execute(_INSERT, _row(message))
    conn.execute(_TOUCH, (message.created_at, message.thread_id))


def update(conn: Connection, message: Message) -> bool:
    """Save how far the message is, or its end; the searched text follows.

    Returns:
        False if it was not in progress any more: deleted, or ended by another server.
    """
    values = (message.status, _text(message), encode(message), message.id)
    return conn.execute(_UPDATE, values).rowcount == 1


def _row(message: Message) -> tuple[str | None, ...]:
    return (
        message.id,
        message.thread_id,
        message.run_id,
        message.role,
        message.status,
        _text(message),
        encode(message),
    )


def _text(message: Message) -> str:
    """What is searched; FTS5 would stop at a NUL."""
    parts = (part.text.value for part in message.content if isinstance(part, TextContent))
    return "\n".join(parts).replace("\0", "")


def _content(body: CreateMessage) -> list[Content]:
    if isinstance(body.content, str):
        return [TextContent(TextValue(body.content, []))]
    return [
        TextContent(TextValue(part.text, [])) if isinstance(part, TextPart) else part
        for part in body.content
    ]

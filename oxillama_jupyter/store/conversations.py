"""Conversations and their items in the store, and the lock of the one who writes to them.

A conversation that is a view of a thread (`store.views`) has the thread's messages among its items;
what is added to it here is added to the thread too, where a thread can have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.json import Decoder

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.base import Deleted, Page
from oxillama_jupyter.schemas.conversations import Conversation
from oxillama_jupyter.schemas.items import ITEM_PREFIXES, AnyItem, MessageItem
from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.store import items as stored
from oxillama_jupyter.store import messages
from oxillama_jupyter.store.pages import Listing
from oxillama_jupyter.store.rows import active_run_id, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.base import PageQuery

__all__ = [
    "append",
    "attach",
    "create",
    "delete",
    "delete_item",
    "detach",
    "find",
    "get",
    "history",
    "holders",
    "item",
    "lock",
    "modify",
    "of_thread",
    "page",
    "release",
    "renew",
    "require_free",
    "thread_of",
    "unlock",
]

LOCK_SECONDS = 30  # a lease: holders that live renew it, dead ones are found sooner

_INSERT = "INSERT INTO conversations(id, payload) VALUES (?, ?)"
_GET = "SELECT payload FROM conversations WHERE id = ?"
_UPDATE = "UPDATE conversations SET payload = ? WHERE id = ?"
_DELETE = "DELETE FROM conversations WHERE id = ?"
_STATE = "SELECT thread_id, holder, held_until FROM conversations WHERE id = ?"
_LOCK = "UPDATE conversations SET holder = ?, held_until = ? WHERE id = ?"
_UNLOCK = "UPDATE conversations SET holder = NULL, held_until = NULL WHERE id = ? AND holder = ?"
_RENEW = "UPDATE conversations SET held_until = ? WHERE holder = ?"
_HOLDERS = "SELECT holder FROM conversations WHERE holder IS NOT NULL"
_RELEASE = "UPDATE conversations SET holder = NULL, held_until = NULL WHERE holder = ?"
_ADD = "INSERT INTO conversation_items(id, conversation_id, payload) VALUES (?, ?, ?)"
_FILL = "UPDATE conversation_items SET id = ?, payload = ? WHERE message_id = ?"
_LINK = "UPDATE conversation_items SET message_id = ? WHERE id = ? AND conversation_id = ?"
_KEEP = "UPDATE conversation_items SET message_id = NULL, payload = ? WHERE message_id = ?"
_ATTACH = "UPDATE conversations SET thread_id = ? WHERE id = ?"
_OF_THREAD = "SELECT id FROM conversations WHERE thread_id = ?"
_SHARED = """
SELECT i.message_id, i.id, i.payload, m.payload
FROM conversation_items i JOIN messages m ON m.id = i.message_id WHERE i.conversation_id = ?
"""
_TAKEN = "SELECT 1 FROM conversation_items WHERE id = ? AND conversation_id = ?"
_MESSAGE = "SELECT payload FROM messages WHERE id = ?"
_ITEMS = """
SELECT i.id, i.payload, m.payload
FROM conversation_items i LEFT JOIN messages m ON m.id = i.message_id
"""
_HISTORY = f"{_ITEMS} WHERE i.conversation_id = ? ORDER BY i.seq"
_ITEM = f"{_ITEMS} WHERE i.id = ? AND i.conversation_id = ?"
_FIND = f"{_ITEMS} WHERE i.id = ? ORDER BY i.conversation_id = ? DESC, i.seq DESC LIMIT 1"
_MESSAGE_OF = "SELECT message_id FROM conversation_items WHERE id = ? AND conversation_id = ?"
_DELETE_ITEM = "DELETE FROM conversation_items WHERE id = ? AND conversation_id = ?"
_decode = Decoder(Conversation).decode
_decode_message = Decoder(Message).decode


class _Entry(Struct):
    id: str
    item: AnyItem


def _entry(item_id: str, payload: str | None, message: str | None) -> _Entry:
    if payload is not None:
        return _Entry(item_id, stored.decode(payload))
    assert message is not None  # noqa: S101  # the schema: an item is one or the other
    return _Entry(item_id, stored.of_message(_decode_message(message)))


_LISTING = Listing(
    "item",
    f"{_ITEMS} WHERE i.conversation_id = :conversation_id AND i.seq > :low AND i.seq < :high",
    "SELECT seq FROM conversation_items WHERE id = :cursor AND conversation_id = :conversation_id",
    _entry,
    key="i.seq",
)


# -- conversations -------------------------------------------------------------------------------


def create(conn: Connection, metadata: dict[str, str] | None = None) -> Conversation:
    """Store a new conversation without items."""
    conversation = Conversation(id=new_id("conv"), created_at=now(), metadata=metadata or {})
    conn.execute(_INSERT, (conversation.id, encode(conversation)))
    return conversation


def get(conn: Connection, conversation_id: str) -> Conversation:
    """The conversation with this id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(_GET, (conversation_id,)).fetchone()
    if row is None:
        raise _unknown(conversation_id)
    return _decode(row[0])


def modify(conn: Connection, conversation_id: str, metadata: dict[str, str] | None) -> Conversation:
    """Replace the metadata; None clears it.

    Raises:
        NotFound: There is no such conversation.
    """
    conversation = get(conn, conversation_id)
    conversation.metadata = metadata or {}
    conn.execute(_UPDATE, (encode(conversation), conversation_id))
    return conversation


def delete(conn: Connection, conversation_id: str) -> Deleted:
    """Delete the conversation with its items; a thread that it is a view of stays.

    Raises:
        NotFound: There is no such conversation.
    """
    if conn.execute(_DELETE, (conversation_id,)).rowcount == 0:
        raise _unknown(conversation_id)
    return Deleted(conversation_id, "conversation.deleted")


# -- the thread that shares the history ----------------------------------------------------------


def thread_of(conn: Connection, conversation_id: str) -> str | None:
    """The thread whose history the conversation shares, if there is one.

    Raises:
        NotFound: There is no such conversation.
    """
    return _state(conn, conversation_id)[0]


def of_thread(conn: Connection, thread_id: str) -> str | None:
    """The conversation that shares the thread's history, if there is one."""
    row = conn.execute(_OF_THREAD, (thread_id,)).fetchone()
    return None if row is None else str(row[0])


def attach(conn: Connection, conversation_id: str, thread_id: str) -> None:
    """Share a conversation's history with a new thread: its messages are that thread's too."""
    for item in history(conn, conversation_id):
        message_id = _share(conn, thread_id, item)
        if message_id is not None:
            conn.execute(_LINK, (message_id, _id(item), conversation_id))
    conn.execute(_ATTACH, (thread_id, conversation_id))


def detach(conn: Connection, thread_id: str) -> None:
    """Let the thread's conversation, if there is one, keep what it shares with the thread."""
    conversation_id = of_thread(conn, thread_id)
    if conversation_id is None:
        return
    for message_id, *row in conn.execute(_SHARED, (conversation_id,)).fetchall():
        item = _entry(*row).item
        if isinstance(item, MessageItem) and item.status == "in_progress":
            item.status = "incomplete"  # nobody is left to end it
        conn.execute(_KEEP, (encode(stored.with_id(item, row[0])), message_id))
    conn.execute(_ATTACH, (None, conversation_id))


# -- the lock ------------------------------------------------------------------------------------


def lock(conn: Connection, conversation_id: str, holder: str) -> None:
    """Let only this holder write to the conversation until it is unlocked; a holder may ask again.

    Args:
        conn: The connection, inside a transaction.
        conversation_id: The conversation.
        holder: Who writes: the server's id, a slash, and the response's. Where the server dies, the
            sweep over runs frees what it held, as the first part tells it; a server that adopts the
            response is the same holder.

    Raises:
        NotFound: There is no such conversation.
        InvalidRequest: Another holder has it, or a run is active on its thread.
    """
    require_free(conn, conversation_id, holder)
    conn.execute(_LOCK, (holder, now() + LOCK_SECONDS, conversation_id))


def unlock(conn: Connection, conversation_id: str, holder: str) -> None:
    """Let others write again; nothing happens unless this holder has the lock."""
    conn.execute(_UNLOCK, (conversation_id, holder))


def renew(conn: Connection, holders: Iterable[str]) -> None:
    """Prolong the locks of these holders."""
    until = now() + LOCK_SECONDS
    conn.executemany(_RENEW, [(until, holder) for holder in holders])


def holders(conn: Connection) -> list[str]:
    """Who holds locks now."""
    return [holder for (holder,) in conn.execute(_HOLDERS)]


def release(conn: Connection, holders: Iterable[str]) -> None:
    """Free what these holders have locked."""
    conn.executemany(_RELEASE, [(holder,) for holder in holders])


def require_free(conn: Connection, conversation_id: str, holder: str = "") -> None:
    """Raise unless this holder may write to the conversation.

    Raises:
        NotFound: There is no such conversation.
        InvalidRequest: Another holder has it, or a run is active on its thread.
    """
    thread_id, current, until = _state(conn, conversation_id)
    writer = None
    if current is not None and not _same(current, holder) and until > now():
        writer = "Another response"
    elif thread_id is not None and (run_id := active_run_id(conn, thread_id)) is not None:
        writer = f"Run {run_id} of its thread"
    if writer is not None:
        raise InvalidRequest(
            f"{writer} is writing to conversation {conversation_id}; wait until it has ended.",
            param="conversation",
            code="conversation_locked",
        )


# -- items ---------------------------------------------------------------------------------------


def history(conn: Connection, conversation_id: str) -> list[AnyItem]:
    """All items of a conversation, oldest first.

    Raises:
        NotFound: There is no such conversation.
    """
    _state(conn, conversation_id)
    return [_entry(*row).item for row in conn.execute(_HISTORY, (conversation_id,))]


def append(conn: Connection, conversation_id: str, items: Sequence[AnyItem]) -> list[AnyItem]:
    """Add items behind the others, and to the conversation's thread; locked or not.

    Returns:
        The items as they are stored: one whose id the conversation has already gets a new one.

    Raises:
        NotFound: There is no such conversation.
    """
    thread_id = thread_of(conn, conversation_id)
    added = []
    for item in items:
        fresh = _with_free_id(conn, conversation_id, item)
        message_id = None if thread_id is None else _share(conn, thread_id, fresh)
        if message_id is None:
            conn.execute(_ADD, (_id(fresh), conversation_id, encode(fresh)))
        else:  # a trigger has given the message a place in the conversation
            conn.execute(_FILL, (_id(fresh), encode(fresh), message_id))
        added.append(fresh)
    return added


def _share(conn: Connection, thread_id: str, item: AnyItem) -> str | None:
    """Add an item to a thread; returns the message's id, or None if it cannot be a message."""
    message = stored.to_message(item, thread_id)
    if message is None:
        return None
    if conn.execute(_MESSAGE, (message.id,)).fetchone() is not None:  # replayed from elsewhere
        message.id = new_id("msg")
    messages.start(conn, message)
    return message.id


def item(conn: Connection, conversation_id: str, item_id: str) -> AnyItem:
    """One item of a conversation.

    Raises:
        NotFound: There is no such conversation, or no such item in it.
    """
    row = conn.execute(_ITEM, (item_id, conversation_id)).fetchone()
    if row is None:
        _state(conn, conversation_id)
        raise NotFound(f"Item with id '{item_id}' not found.")
    return _entry(*row).item


def find(conn: Connection, item_id: str, conversation_id: str = "") -> AnyItem | None:
    """An item of any conversation or thread, this conversation's own first; None if unknown."""
    row = conn.execute(_FIND, (item_id, conversation_id)).fetchone()
    if row is not None:
        return _entry(*row).item
    row = conn.execute(_MESSAGE, (item_id,)).fetchone()
    return None if row is None else stored.of_message(_decode_message(row[0]))


def page(conn: Connection, conversation_id: str, query: PageQuery) -> Page[AnyItem]:
    """A page of a conversation's items.

    Raises:
        NotFound: There is no such conversation.
        InvalidRequest: A cursor is unknown.
    """
    _state(conn, conversation_id)
    found = _LISTING.page(conn, query, {"conversation_id": conversation_id})
    data = [entry.item for entry in found.data]
    return Page(data, found.first_id, found.last_id, found.has_more)


def delete_item(conn: Connection, conversation_id: str, item_id: str) -> Conversation:
    """Delete an item, and with it the message that it is in the conversation's thread.

    Returns:
        The conversation.

    Raises:
        NotFound: There is no such conversation, or no such item in it.
        InvalidRequest: An active run is writing that message.
    """
    conversation = get(conn, conversation_id)
    row = conn.execute(_MESSAGE_OF, (item_id, conversation_id)).fetchone()
    if row is None:
        raise NotFound(f"Item with id '{item_id}' not found.")
    thread_id = thread_of(conn, conversation_id)
    if row[0] is not None and thread_id is not None:
        messages.delete(conn, thread_id, row[0])
    conn.execute(_DELETE_ITEM, (item_id, conversation_id))
    return conversation


def _state(conn: Connection, conversation_id: str) -> tuple[str | None, str | None, int]:
    """Thread, holder and end of the lock."""
    row = conn.execute(_STATE, (conversation_id,)).fetchone()
    if row is None:
        raise _unknown(conversation_id)
    return row[0], row[1], row[2] or 0


def _same(holder: str, other: str) -> bool:
    """Whether both write the same response, on whichever server."""
    return holder.rpartition("/")[2] == other.rpartition("/")[2]


def _with_free_id(conn: Connection, conversation_id: str, item: AnyItem) -> AnyItem:
    if conn.execute(_TAKEN, (_id(item), conversation_id)).fetchone() is None:
        return item
    return stored.with_id(item, new_id(ITEM_PREFIXES.get(stored.kind_of(item), "item")))


def _id(item: AnyItem) -> str:
    return str(item["id"]) if isinstance(item, dict) else item.id


def _unknown(conversation_id: str) -> NotFound:
    return NotFound(f"Conversation with id '{conversation_id}' not found.")

"""Forks in the store: a thread's messages up to one of them, copied to a new thread.

A fork has messages and no runs: what is said next reads the same in both, and deleting one leaves
the other as it is. Two of its metadata tell where it comes from: `forked_from`, the thread, and
`forked_at`, the last message that both share. What else metadata mean to our clients stands in
`client/threads.py`; the name and the mark of a notebook's own thread belong to one thread at a
time, and stay behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.json import Decoder
from msgspec.structs import replace

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.ids import new_id
from oxillama_jupyter.schemas.messages import Message
from oxillama_jupyter.schemas.threads import CreateThread, Thread
from oxillama_jupyter.store import messages, threads

if TYPE_CHECKING:
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.forks import ForkThread

__all__ = ["fork"]

_SHARED = """
SELECT payload FROM messages WHERE thread_id = :thread_id AND status <> 'in_progress'
  AND (:last IS NULL OR seq <= (SELECT seq FROM messages WHERE id = :last))
ORDER BY seq
"""
_PAIRS = 16  # the most that metadata may have
_NAME = "name"
_DEFAULT = "default:"
_decode = Decoder(Message).decode


def fork(conn: Connection, thread_id: str, body: ForkThread) -> Thread:
    """Make a thread with copies of this one's messages, in the caller's transaction.

    A message that a run is writing is not copied. Copies have ids of their own, keep their times
    and metadata, and name no run, for the run is not the fork's.

    Raises:
        NotFound: There is no such thread, or no such message in it.
        InvalidRequest: The message is being written, or the metadata have too many pairs.
    """
    source = threads.get(conn, thread_id)
    if body.message_id is not None:
        last = messages.get(conn, thread_id, body.message_id)
        if last.status == "in_progress":
            raise InvalidRequest(
                f"Can't fork at message {last.id} while run {last.run_id} is writing it.",
                param="message_id",
            )
    values = {"thread_id": thread_id, "last": body.message_id}
    shared = [_decode(payload) for (payload,) in conn.execute(_SHARED, values)]
    metadata = _metadata(source, body, shared)
    made = threads.create(
        conn, CreateThread(tool_resources=source.tool_resources, metadata=metadata)
    )
    messages.insert(conn, made.id, [_copy(message, made.id) for message in shared])
    return made


def _metadata(source: Thread, body: ForkThread, shared: list[Message]) -> dict[str, str]:
    origin = {"forked_from": source.id}
    if shared:
        origin["forked_at"] = shared[-1].id
    if body.metadata is not None:
        own = body.metadata
    else:
        own = {
            key: value
            for key, value in source.metadata.items()
            if key not in {_NAME, "forked_at"} and not key.startswith(_DEFAULT)
        }
    metadata = own | origin
    if len(metadata) > _PAIRS:
        raise InvalidRequest(
            f"The fork's metadata would have {len(metadata)} pairs with {' and '.join(origin)}; "
            f"{_PAIRS} are allowed. Send 'metadata' with fewer.",
            param="metadata",
            code="object_above_max_properties",
        )
    return metadata


def _copy(message: Message, thread_id: str) -> Message:
    return replace(message, id=new_id("msg"), thread_id=thread_id, run_id=None)

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.base import Deleted
from oxillama_jupyter.schemas.messages import (
    CreateMessage,
    Message,
    MessageIncompleteDetails,
    ModifyMessage,
    TextContent,
    TextValue,
)
from oxillama_jupyter.schemas.runs import MessageQuery
from oxillama_jupyter.schemas.threads import CreateThread, ThreadQuery
from oxillama_jupyter.store import messages, runs, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.runs import Run
    from oxillama_jupyter.schemas.threads import Thread

PARTS = msgspec.convert(
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Look: \0 汉字 \U0001f600"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}},
            {"type": "text", "text": "and tell"},
        ],
        "attachments": [{"file_id": "file-1", "tools": [{"type": "file_search"}]}],
        "metadata": {"cell": "3"},
    },
    CreateMessage,
)


def texts(found: list[Message]) -> list[str]:
    return [
        part.text.value
        for message in found
        for part in message.content
        if isinstance(part, TextContent)
    ]


def hits(conn: Connection, q: str) -> int:
    return len(threads.page(conn, ThreadQuery(q=q)).data)


def test_client_messages_are_complete(
    conn: Connection, thread: Thread, say: Callable[..., CreateMessage]
) -> None:
    created = messages.create(conn, thread.id, say("hello"))

    assert created == Message(
        id=created.id,
        created_at=created.created_at,
        thread_id=thread.id,
        status="completed",
        completed_at=created.created_at,
        role="user",
        content=[TextContent(TextValue("hello", []))],
        assistant_id=None,
        run_id=None,
        attachments=[],
        metadata={},
    )
    assert created == messages.get(conn, thread.id, created.id)


def test_round_trip_is_exact(conn: Connection, thread: Thread) -> None:
    created = messages.create(conn, thread.id, PARTS)

    assert created == messages.get(conn, thread.id, created.id)
    assert texts([created]) == ["Look: \0 汉字 \U0001f600", "and tell"]
    assert PARTS.content[1:3] == created.content[1:3]
    assert (PARTS.attachments, PARTS.metadata) == (created.attachments, created.metadata)


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action", "cancelling"])
def test_active_run_holds_its_thread(
    conn: Connection,
    thread: Thread,
    say: Callable[..., CreateMessage],
    begin: Callable[..., runs.Begun],
    status: str,
) -> None:
    run = begin(thread).run
    runs.save(conn, msgspec.structs.replace(run, status=status), expected=frozenset({"queued"}))
    with pytest.raises(InvalidRequest) as caught:
        messages.create(conn, thread.id, say("me too"))

    assert f"Can't add messages to {thread.id} while a run {run.id} is active." == (
        caught.value.message
    )
    assert (caught.value.param, caught.value.code) == (None, None)
    assert messages.history(conn, thread.id) == []


def test_ended_run_frees_its_thread(
    conn: Connection,
    thread: Thread,
    say: Callable[..., CreateMessage],
    begin: Callable[..., runs.Begun],
    finish: Callable[[Run], None],
) -> None:
    finish(begin(thread).run)
    messages.create(conn, thread.id, say("me too"))

    assert texts(messages.history(conn, thread.id)) == ["me too"]


def test_modify(conn: Connection, thread: Thread) -> None:
    created = messages.create(conn, thread.id, PARTS)
    same = messages.modify(conn, thread.id, created.id, ModifyMessage())
    replaced = messages.modify(conn, thread.id, created.id, ModifyMessage(metadata={"a": "b"}))
    cleared = messages.modify(conn, thread.id, created.id, ModifyMessage(metadata=None))

    assert (created, {"a": "b"}, {}) == (same, replaced.metadata, cleared.metadata)
    assert cleared == messages.get(conn, thread.id, created.id)
    assert hits(conn, "look tell") == 1


def test_delete(conn: Connection, thread: Thread) -> None:
    created = messages.create(conn, thread.id, PARTS)

    assert hits(conn, "look") == 1
    assert Deleted(created.id, "thread.message.deleted") == messages.delete(
        conn, thread.id, created.id
    )
    assert (messages.history(conn, thread.id), hits(conn, "look")) == ([], 0)


def test_message_being_written_cannot_be_deleted(
    conn: Connection,
    thread: Thread,
    begin: Callable[..., runs.Begun],
    write: Callable[..., Message],
    finish: Callable[[Run], None],
) -> None:
    run = begin(thread).run
    message = write(run)
    with pytest.raises(InvalidRequest, match=f"while run {run.id} is writing it"):
        messages.delete(conn, thread.id, message.id)
    finish(run)

    assert messages.delete(conn, thread.id, message.id).deleted


def test_other_messages_can_be_deleted_during_a_run(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    message = messages.create(conn, thread.id, PARTS)
    begin(thread)

    assert messages.delete(conn, thread.id, message.id).deleted


@pytest.mark.parametrize(
    "call",
    [
        lambda conn, thread_id: messages.get(conn, thread_id, "msg_x"),
        lambda conn, thread_id: messages.modify(conn, thread_id, "msg_x", ModifyMessage()),
        lambda conn, thread_id: messages.delete(conn, thread_id, "msg_x"),
    ],
)
def test_unknown(
    conn: Connection, thread: Thread, call: Callable[[Connection, str], object]
) -> None:
    with pytest.raises(NotFound, match=r"^No message found with id 'msg_x'\.$"):
        call(conn, thread.id)
    with pytest.raises(NotFound, match=r"^No thread found with id 'thread_x'\.$"):
        call(conn, "thread_x")


@pytest.mark.parametrize(
    "call",
    [
        lambda conn: messages.create(conn, "thread_x", PARTS),
        lambda conn: messages.page(conn, "thread_x", MessageQuery()),
    ],
)
def test_unknown_thread(conn: Connection, call: Callable[[Connection], object]) -> None:
    with pytest.raises(NotFound, match=r"^No thread found with id 'thread_x'\.$"):
        call(conn)


def test_message_of_another_thread_is_unknown(conn: Connection, thread: Thread) -> None:
    other = threads.create(conn, CreateThread(messages=[PARTS]))
    (message,) = messages.history(conn, other.id)
    with pytest.raises(NotFound, match="No message found"):
        messages.get(conn, thread.id, message.id)
    with pytest.raises(InvalidRequest) as caught:
        messages.page(conn, thread.id, MessageQuery(before=message.id))

    assert (f"No message found with id '{message.id}'.", "before") == (
        caught.value.message,
        caught.value.param,
    )


def test_page(conn: Connection, thread: Thread, say: Callable[..., CreateMessage]) -> None:
    created = [messages.create(conn, thread.id, say(str(number))) for number in range(5)]
    threads.create(conn, CreateThread(messages=[PARTS]))
    page = messages.page(conn, thread.id, MessageQuery(limit=2, after=created[4].id))

    assert (created[3:1:-1], True) == (page.data, page.has_more)


def test_page_of_one_run(
    conn: Connection,
    thread: Thread,
    begin: Callable[..., runs.Begun],
    write: Callable[..., Message],
) -> None:
    messages.create(conn, thread.id, PARTS)
    run = begin(thread).run
    other = threads.create(conn, CreateThread())
    answer = write(run)

    assert [answer] == messages.page(conn, thread.id, MessageQuery(run_id=run.id)).data
    assert messages.page(conn, thread.id, MessageQuery(run_id="run_x")).data == []
    assert messages.page(conn, other.id, MessageQuery(run_id=run.id)).data == []


def test_history_leaves_out_what_is_being_written(
    conn: Connection,
    thread: Thread,
    say: Callable[..., CreateMessage],
    begin: Callable[..., runs.Begun],
    write: Callable[..., Message],
) -> None:
    for number in range(4):
        messages.create(conn, thread.id, say(str(number)))
    write(begin(thread).run, "unfinished")

    assert texts(messages.history(conn, thread.id)) == ["0", "1", "2", "3"]
    assert texts(messages.history(conn, thread.id, last=2)) == ["2", "3"]
    assert texts(messages.history(conn, thread.id, last=9)) == ["0", "1", "2", "3"]


def test_search_follows_the_writing(
    conn: Connection,
    thread: Thread,
    begin: Callable[..., runs.Begun],
    write: Callable[..., Message],
) -> None:
    message = write(begin(thread).run, "alpha")
    before = [hits(conn, word) for word in ("alpha", "beta")]
    message.content = [TextContent(TextValue("beta", []))]

    assert messages.update(conn, message)
    assert (before, [hits(conn, word) for word in ("alpha", "beta")]) == ([1, 0], [0, 1])
    conn.execute("INSERT INTO messages_fts(messages_fts) VALUES ('integrity-check')")


def test_ended_message_stays_as_it_is(
    conn: Connection,
    thread: Thread,
    begin: Callable[..., runs.Begun],
    write: Callable[..., Message],
) -> None:
    message = write(begin(thread).run, "partial")
    ended = msgspec.structs.replace(
        message,
        status="incomplete",
        incomplete_at=9,
        incomplete_details=MessageIncompleteDetails("run_failed"),
    )

    assert messages.update(conn, ended)
    assert not messages.update(conn, message)
    assert ended == messages.get(conn, thread.id, message.id)


def test_text_behind_nul_is_found(
    conn: Connection, thread: Thread, say: Callable[..., CreateMessage]
) -> None:
    messages.create(conn, thread.id, say("before\0 behind"))

    assert hits(conn, "before behind") == 1


def test_start_on_a_deleted_thread(
    conn: Connection,
    thread: Thread,
    begin: Callable[..., runs.Begun],
    write: Callable[..., Message],
) -> None:
    run = begin(thread).run
    threads.delete(conn, thread.id)
    with pytest.raises(NotFound, match="No thread found"):
        write(run)


def test_nothing_is_scanned(
    conn: Connection,
    thread: Thread,
    begin: Callable[..., runs.Begun],
    write: Callable[..., Message],
    scans: Callable[..., list[str]],
) -> None:
    old = messages.create(conn, thread.id, PARTS)
    message = write(begin(thread).run, "text")
    query = MessageQuery(after=message.id)

    assert scans(messages.append, thread.id, [PARTS]) == []
    assert scans(messages.get, thread.id, message.id) == []
    assert scans(messages.modify, thread.id, message.id, ModifyMessage(metadata={})) == []
    assert scans(messages.page, thread.id, query) == []
    assert scans(messages.page, thread.id, msgspec.structs.replace(query, run_id="run_x")) == []
    assert scans(messages.history, thread.id, last=1) == []
    assert scans(messages.history, thread.id, last=0) == []  # looks for the newest question
    assert scans(messages.update, message) == []
    assert scans(messages.delete, thread.id, old.id) == []


def test_page_of_a_long_thread_costs_its_page(
    conn: Connection,
    thread: Thread,
    say: Callable[..., CreateMessage],
    steps_taken: Callable[..., int],
) -> None:
    created = messages.append(conn, thread.id, [say("x")] * 5000)

    assert steps_taken(messages.page, thread.id, MessageQuery()) < 10
    assert steps_taken(messages.page, thread.id, MessageQuery(before=created[2500].id)) < 10
    assert steps_taken(messages.history, thread.id, last=5) < 10

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.forks import ForkThread
from oxillama_jupyter.schemas.threads import CreateThread, ThreadQuery
from oxillama_jupyter.schemas.tools import ToolResources
from oxillama_jupyter.store import forks, messages, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.messages import CreateMessage, Message
    from oxillama_jupyter.schemas.runs import Run
    from oxillama_jupyter.schemas.threads import Thread
    from oxillama_jupyter.store import runs

RESOURCES = msgspec.convert({"code_interpreter": {"file_ids": ["file-1"]}}, ToolResources)
METADATA = {"name": "talk", "notebook": "a.ipynb", "default:0123": "yes", "tag:sea": "yes"}


@pytest.fixture
def source(conn: Connection, say: Callable[..., CreateMessage]) -> Thread:
    """A thread of three messages."""
    said = [say("one", metadata={"n": "1"}), say("two", "assistant"), say("three")]
    return threads.create(
        conn, CreateThread(messages=said, metadata=METADATA, tool_resources=RESOURCES)
    )


def texts(conn: Connection, thread_id: str) -> list[str]:
    return [message.content[0].text.value for message in messages.history(conn, thread_id)]


def said(message: Message) -> dict[str, object]:
    """What a copy has in common with its original."""
    return msgspec.structs.asdict(message) | {"id": "", "thread_id": "", "run_id": None}


def test_fork_at_the_end(conn: Connection, source: Thread) -> None:
    made = forks.fork(conn, source.id, ForkThread())
    old, new = (messages.history(conn, thread.id) for thread in (source, made))

    assert made == threads.get(conn, made.id)
    assert list(map(said, old)) == list(map(said, new))
    assert {message.thread_id for message in new} == {made.id}
    assert len({message.id for message in old + new}) == 6
    assert made.tool_resources == RESOURCES


def test_fork_at_a_message(conn: Connection, source: Thread) -> None:
    second = messages.history(conn, source.id)[1]
    made = forks.fork(conn, source.id, ForkThread(message_id=second.id))

    assert texts(conn, made.id) == ["one", "two"]
    assert texts(conn, source.id) == ["one", "two", "three"]
    assert (made.metadata["forked_from"], made.metadata["forked_at"]) == (source.id, second.id)


def test_name_and_mark_stay_behind(conn: Connection, source: Thread) -> None:
    made = forks.fork(conn, source.id, ForkThread())
    again = forks.fork(conn, made.id, ForkThread())

    assert {"notebook", "tag:sea", "forked_from", "forked_at"} == set(made.metadata)
    assert again.metadata["forked_from"] == made.id
    assert again.metadata["forked_at"] == messages.history(conn, made.id)[-1].id
    assert threads.get(conn, source.id).metadata == METADATA


def test_given_metadata_stand_instead(conn: Connection, source: Thread) -> None:
    given = {"name": "other", "forked_from": "nowhere"}
    made = forks.fork(conn, source.id, ForkThread(metadata=given))

    assert {"name", "forked_from", "forked_at"} == set(made.metadata)
    assert (made.metadata["name"], made.metadata["forked_from"]) == ("other", source.id)


def test_fork_of_an_empty_thread(conn: Connection, thread: Thread) -> None:
    made = forks.fork(conn, thread.id, ForkThread())

    assert made.metadata == {"forked_from": thread.id}
    assert messages.history(conn, made.id) == []


def test_too_many_metadata_are_refused(conn: Connection, source: Thread) -> None:
    full = {str(number): "" for number in range(15)}
    with pytest.raises(InvalidRequest, match="17 pairs with forked_from and forked_at") as caught:
        forks.fork(conn, source.id, ForkThread(metadata=full))

    assert (caught.value.param, caught.value.code) == ("metadata", "object_above_max_properties")


def test_what_is_being_written_is_not_copied(
    conn: Connection,
    source: Thread,
    begin: Callable[..., runs.Begun],
    write: Callable[..., Message],
) -> None:
    message = write(begin(source).run, "half a sen")
    made = forks.fork(conn, source.id, ForkThread())

    assert texts(conn, made.id) == ["one", "two", "three"]
    with pytest.raises(InvalidRequest, match="is writing it") as caught:
        forks.fork(conn, source.id, ForkThread(message_id=message.id))
    assert caught.value.param == "message_id"


def test_copies_name_no_run(
    conn: Connection,
    source: Thread,
    begin: Callable[..., runs.Begun],
    write: Callable[[Run, str], Message],
    finish: Callable[[Run], None],
) -> None:
    run = begin(source).run
    message = write(run, "answer")
    message.status = "completed"
    assert messages.update(conn, message)
    finish(run)
    made = forks.fork(conn, source.id, ForkThread())
    copy = messages.history(conn, made.id)[-1]

    assert (copy.content, copy.run_id) == (message.content, None)
    threads.delete(conn, source.id)
    assert texts(conn, made.id) == ["one", "two", "three", "answer"]


def test_a_fork_is_found_by_its_origin_and_its_words(conn: Connection, source: Thread) -> None:
    made = forks.fork(conn, source.id, ForkThread())
    by_origin = threads.page(conn, ThreadQuery(metadata={"forked_from": source.id})).data
    by_words = threads.page(conn, ThreadQuery(q="three")).data

    assert [made.id] == [thread.id for thread in by_origin]
    assert [made.id, source.id] == [thread.id for thread in by_words]


def test_unknown(conn: Connection, source: Thread, thread: Thread) -> None:
    with pytest.raises(NotFound, match="No thread found"):
        forks.fork(conn, "thread_x", ForkThread())
    with pytest.raises(NotFound, match="No message found"):
        forks.fork(conn, source.id, ForkThread(message_id="msg_x"))
    other = messages.history(conn, source.id)[0].id
    with pytest.raises(NotFound, match="No message found"):  # it is another thread's
        forks.fork(conn, thread.id, ForkThread(message_id=other))


def test_five_thousand_messages(conn: Connection, say: Callable[..., CreateMessage]) -> None:
    conn.execute("BEGIN")
    body = CreateThread(messages=[say(f"message {number}") for number in range(5000)])
    source = threads.create(conn, body)
    made = forks.fork(conn, source.id, ForkThread())
    conn.execute("COMMIT")

    assert texts(conn, source.id) == texts(conn, made.id)
    assert len(texts(conn, made.id)) == 5000

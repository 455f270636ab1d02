from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.assistants import CreateAssistant, ModifyAssistant
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.runs import (
    ACTIVE,
    TERMINAL,
    CreateRun,
    CreateThreadAndRun,
    ModifyRun,
    Run,
    TruncationStrategy,
)
from oxillama_jupyter.schemas.threads import CreateThread
from oxillama_jupyter.store import assistants, messages, runs, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.assistants import Assistant
    from oxillama_jupyter.schemas.threads import Thread
    from oxillama_jupyter.store.database import Database

RACE = """
import asyncio, sys
from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.runs import CreateRun
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.store import runs
from oxillama_jupyter.store.database import Database

async def main(path, thread_id, assistant_id):
    db = await Database.open(path)
    body = CreateRun(
        assistant_id=assistant_id,
        additional_messages=[CreateMessage(role="user", content="hello")],
    )
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        begun = await db.write(runs.begin, thread_id, body, owner="o", lease=1, expires_in=1)
        print("begun", begun.run.id)
    except InvalidRequest as error:
        print(error.message)
    await db.aclose()

asyncio.run(main(*sys.argv[1:]))
"""
FULL: dict[str, Any] = {
    "model": "other",
    "instructions": "Sing.",
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "metadata": {"a": "b"},
    "temperature": 0.0,
    "top_p": 0.5,
    "reasoning_effort": "high",
    "response_format": {"type": "json_object"},
    "max_prompt_tokens": 300,
    "max_completion_tokens": 400,
    "truncation_strategy": {"type": "last_messages", "last_messages": 3},
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
    "seed": 7,
    "stop": ["\n"],
    "logit_bias": {5: -1.0},
}


def test_begin_takes_the_assistants_settings(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    resources = {"code_interpreter": {"file_ids": ["file-1"]}}
    body = {**FULL, "name": "n", "tool_resources": resources}
    fields = {key: value for key, value in body.items() if key in CreateAssistant.__struct_fields__}
    assistant = assistants.create(conn, msgspec.convert(fields, CreateAssistant))
    run = begin(thread, assistant_id=assistant.id).run
    same = [
        "model",
        "instructions",
        "tools",
        "tool_resources",
        "temperature",
        "top_p",
        "response_format",
        "reasoning_effort",
    ]

    assert [getattr(assistant, name) for name in same] == [getattr(run, name) for name in same]
    assert run.metadata == {}


def test_begin_defaults(thread: Thread, assistant: Assistant, begin: Callable[..., Any]) -> None:
    run = begin(thread).run

    assert run == Run(
        id=run.id,
        created_at=run.created_at,
        thread_id=thread.id,
        assistant_id=assistant.id,
        status="queued",
        expires_at=run.created_at + 600,
        model="tiny",
        instructions="Be brief.",
    )


def test_run_overrides_its_assistant(
    conn: Connection, thread: Thread, assistant: Assistant
) -> None:
    body = msgspec.convert({**FULL, "assistant_id": assistant.id}, CreateRun)
    run = runs.begin(conn, thread.id, body, owner="me", lease=1, expires_in=1).run

    assert [getattr(body, name) for name in FULL] == [getattr(run, name) for name in FULL]
    assert run == runs.get(conn, thread.id, run.id)


@pytest.mark.parametrize(
    ("own", "additional", "expected"),
    [
        (None, None, "Be brief."),
        ("Sing.", None, "Sing."),
        ("", None, ""),
        (None, "In German.", "Be brief.\nIn German."),
        ("Sing.", "In German.", "Sing.\nIn German."),
        ("", "In German.", "In German."),
    ],
)
def test_instructions(
    thread: Thread, begin: Callable[..., Any], own: str, additional: str, expected: str
) -> None:
    run = begin(thread, instructions=own, additional_instructions=additional).run

    assert expected == run.instructions


def test_empty_tools_replace(conn: Connection, thread: Thread, begin: Callable[..., Any]) -> None:
    body = msgspec.convert({"model": "m", "tools": [{"type": "file_search"}]}, CreateAssistant)
    assistant = assistants.create(conn, body)

    assert begin(thread, assistant_id=assistant.id, tools=[]).run.tools == []


def test_run_is_a_snapshot(
    conn: Connection, thread: Thread, assistant: Assistant, begin: Callable[..., Any]
) -> None:
    run = begin(thread).run
    assistants.modify(conn, assistant.id, ModifyAssistant(instructions="New."))

    assert "Be brief." == runs.get(conn, thread.id, run.id).instructions


def test_default_assistant_needs_no_making(thread: Thread, begin: Callable[..., Any]) -> None:
    run = begin(thread, assistant_id=runs.DEFAULT_ASSISTANT).run

    assert (run.assistant_id, run.model, run.instructions, run.tools) == ("default", "", "", [])


def test_model_is_resolved(conn: Connection, thread: Thread, assistant: Assistant) -> None:
    body = CreateRun(assistant_id=assistant.id)
    run = runs.begin(
        conn, thread.id, body, owner="me", lease=1, expires_in=1, resolve_model=str.upper
    ).run

    assert (run.model, runs.get(conn, thread.id, run.id).model) == ("TINY", "TINY")


def test_additional_messages_are_stored_and_read(
    conn: Connection,
    thread: Thread,
    say: Callable[..., CreateMessage],
    begin: Callable[..., runs.Begun],
) -> None:
    messages.create(conn, thread.id, say("one"))
    begun = begin(thread, additional_messages=[say("two"), say("three", "assistant")])
    texts = [message.content[0].text.value for message in begun.history]

    assert texts == ["one", "two", "three"]
    assert begun.history == messages.history(conn, thread.id)
    assert [message.run_id for message in begun.history] == [None] * 3


def test_history_honours_last_messages(
    conn: Connection,
    thread: Thread,
    say: Callable[..., CreateMessage],
    begin: Callable[..., runs.Begun],
) -> None:
    messages.append(conn, thread.id, [say(str(number)) for number in range(5)])
    strategy = TruncationStrategy("last_messages", 2)
    begun = begin(thread, truncation_strategy=strategy, additional_messages=[say("5")])

    assert [message.content[0].text.value for message in begun.history] == ["4", "5"]
    assert begun.history == runs.history(conn, begun.run)


def test_the_newest_question_is_never_dropped(
    conn: Connection,
    thread: Thread,
    say: Callable[..., CreateMessage],
    begin: Callable[..., runs.Begun],
) -> None:
    said = [say("old"), say("question"), say("one", "assistant"), say("two", "assistant")]
    messages.append(conn, thread.id, said)
    begun = begin(thread, truncation_strategy=TruncationStrategy("last_messages", 1))

    assert [message.content[0].text.value for message in begun.history] == ["question", "two"]


def test_unknown_thread_and_assistant(thread: Thread, begin: Callable[..., runs.Begun]) -> None:
    with pytest.raises(NotFound, match=r"^No thread found with id 'thread_x'\.$"):
        begin(replace(thread, id="thread_x"))
    with pytest.raises(NotFound, match=r"^No assistant found with id 'asst_x'\.$"):
        begin(thread, assistant_id="asst_x")


@pytest.mark.parametrize("status", sorted(ACTIVE))
def test_thread_has_one_active_run(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun], status: str
) -> None:
    run = begin(thread).run
    runs.save(conn, replace(run, status=status), expected=ACTIVE)
    with pytest.raises(InvalidRequest) as caught:
        begin(thread)

    assert f"Thread {thread.id} already has an active run {run.id}." == caught.value.message
    assert (caught.value.param, caught.value.code) == (None, None)


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_ended_run_frees_its_thread(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun], status: str
) -> None:
    run = begin(thread).run
    runs.save(conn, replace(run, status=status), expected=ACTIVE)

    assert runs.active(conn, thread.id) is None
    assert begin(thread).run == runs.active(conn, thread.id)


def test_refused_run_leaves_no_messages(with_database: Callable[..., Any]) -> None:
    body = CreateMessage(role="user", content="hello")

    async def main(db: Database) -> list[int]:
        assistant = await db.write(assistants.create, CreateAssistant(model="tiny"))
        thread = await db.write(threads.create, CreateThread())
        create = CreateRun(assistant_id=assistant.id, additional_messages=[body])
        server: dict[str, Any] = {"owner": "me", "lease": 1, "expires_in": 1}
        await db.write(runs.begin, thread.id, create, **server)
        with pytest.raises(InvalidRequest):
            await db.write(runs.begin, thread.id, create, **server)
        with pytest.raises(ZeroDivisionError):
            await db.write(
                runs.begin_with_thread,
                CreateThreadAndRun(assistant_id=assistant.id, thread=CreateThread([body])),
                **server,
                resolve_model=lambda _: str(1 / 0),
            )
        return await db.read(counts)

    def counts(conn: Connection) -> list[int]:
        tables = ("threads", "messages", "runs")
        return [conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]

    assert with_database(main) == [1, 1, 1]


def test_two_processes_race_for_a_thread(
    conn: Connection, path: Path, thread: Thread, assistant: Assistant
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(path), thread.id, assistant.id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    won, lost = sorted((process.communicate(timeout=120)[0] for process in processes), reverse=True)
    run = runs.active(conn, thread.id)

    assert run
    assert f"begun {run.id}\n" == won
    assert f"Thread {thread.id} already has an active run {run.id}.\n" == lost
    assert len(messages.history(conn, thread.id)) == 1


def test_begin_with_thread(
    conn: Connection, assistant: Assistant, say: Callable[..., CreateMessage]
) -> None:
    resources = {"file_search": {"vector_store_ids": ["vs_1"]}}
    body = msgspec.convert(
        {"assistant_id": assistant.id, "tool_resources": resources, "temperature": 0.5},
        CreateThreadAndRun,
    )
    body.thread = CreateThread(messages=[say("hello")], metadata={"a": "b"})
    begun = runs.begin_with_thread(conn, body, owner="me", lease=1, expires_in=60)
    run, thread = begun.run, begun.thread

    assert thread
    assert (thread, {"a": "b"}) == (threads.get(conn, thread.id), thread.metadata)
    assert (run, body.tool_resources, 0.5) == (
        runs.get(conn, thread.id, run.id),
        run.tool_resources,
        run.temperature,
    )
    assert [message.content[0].text.value for message in begun.history] == ["hello"]


def test_begin_with_an_empty_thread(conn: Connection, assistant: Assistant) -> None:
    body = CreateThreadAndRun(assistant_id=assistant.id)
    begun = runs.begin_with_thread(conn, body, owner="me", lease=1, expires_in=60)

    assert begun.thread
    assert (begun.history, begun.thread.metadata) == ([], {})


def test_get_needs_the_right_thread(
    conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]
) -> None:
    run = begin(thread).run
    other = threads.create(conn, CreateThread())
    for call in (runs.get, runs.request_cancel):
        with pytest.raises(NotFound, match=f"^No run found with id '{run.id}'"):
            call(conn, other.id, run.id)
        with pytest.raises(NotFound, match=r"^No thread found with id 'thread_x'"):
            call(conn, "thread_x", run.id)
    with pytest.raises(NotFound, match="No run found"):
        runs.modify(conn, other.id, run.id, ModifyRun())


def test_modify(conn: Connection, thread: Thread, begin: Callable[..., runs.Begun]) -> None:
    run = begin(thread, metadata={"a": "b"}).run
    same = runs.modify(conn, thread.id, run.id, ModifyRun())
    replaced = runs.modify(conn, thread.id, run.id, ModifyRun(metadata={"c": "d"}))
    cleared = runs.modify(conn, thread.id, run.id, ModifyRun(metadata=None))

    assert (run, {"c": "d"}, {}) == (same, replaced.metadata, cleared.metadata)
    assert cleared == runs.get(conn, thread.id, run.id)


def test_page(
    conn: Connection,
    thread: Thread,
    begin: Callable[..., runs.Begun],
    finish: Callable[[Run], None],
) -> None:
    made = []
    for _ in range(3):
        made.append(begin(thread).run)
        finish(made[-1])
    other = threads.create(conn, CreateThread())
    stranger = begin(other).run
    page = runs.page(conn, thread.id, PageQuery(limit=2))

    assert (made[:0:-1], True) == (page.data, page.has_more)
    with pytest.raises(InvalidRequest, match=f"No run found with id '{stranger.id}'"):
        runs.page(conn, thread.id, PageQuery(after=stranger.id))
    with pytest.raises(NotFound, match="No thread found"):
        runs.page(conn, "thread_x", PageQuery())


def test_nothing_is_scanned(
    conn: Connection,
    thread: Thread,
    assistant: Assistant,
    begin: Callable[..., runs.Begun],
    scans: Callable[..., list[str]],
) -> None:
    other = threads.create(conn, CreateThread())
    run = begin(thread).run
    server = {"owner": "me", "lease": 1, "expires_in": 1}
    body = CreateRun(assistant_id=assistant.id)

    assert scans(runs.begin, other.id, body, **server) == []
    assert scans(runs.get, thread.id, run.id) == []
    assert scans(runs.modify, thread.id, run.id, ModifyRun(metadata={})) == []
    assert scans(runs.page, thread.id, PageQuery(after=run.id)) == []
    assert scans(runs.active, thread.id) == []
    assert scans(runs.owner_of, run.id) == []
    assert scans(runs.renew, "me", 5) == []
    assert scans(runs.orphans, 9, "you", 10) == []
    assert scans(runs.expired, 9, "you") == []
    assert scans(runs.request_cancel, thread.id, run.id) == []
    assert scans(runs.save, run, expected=ACTIVE) == []
    # A partial index: it holds the active runs and no others.
    assert scans(runs.owners) == ["SCAN runs USING INDEX active_runs_by_owner"]
    assert scans(runs.release, ["you"]) == []

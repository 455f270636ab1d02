from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import sqlite_utils

from oxillama_jupyter.errors import StoreError
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.threads import CreateThread, ThreadQuery
from oxillama_jupyter.store import messages, threads
from oxillama_jupyter.store.database import Database
from oxillama_jupyter.store.migrations import migrate, migrations

if TYPE_CHECKING:
    from pathlib import Path
    from sqlite3 import Connection

OPEN = """
import asyncio, sys
from oxillama_jupyter.store.database import Database

async def main():
    db = await Database.open(sys.argv[1])
    print(db.status().schema_version)
    await db.aclose()

sys.stdin.readline()
asyncio.run(main())
"""


with sqlite_utils.Database(memory=True) as _empty:
    MIGRATIONS = [migration.name for migration in migrations.pending(_empty)]


def schema(conn: Connection) -> list[tuple[str, str]]:
    return conn.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_names_are_numbered_upwards_and_each_once() -> None:
    with sqlite_utils.Database(memory=True) as empty:
        names = [migration.name[:5] for migration in migrations.pending(empty)]

    assert all(re.fullmatch(r"m\d{3}_", name) for name in names)
    assert sorted(set(names)) == names


def test_messages_of_before_are_found_after_m006(conn: Connection, path: Path) -> None:
    thread = threads.create(
        conn, CreateThread(messages=[CreateMessage(role="user", content="needle and hay")])
    )
    for statement in (
        "DROP TABLE messages_terms",
        "DROP TABLE messages_fts",
        "CREATE VIRTUAL TABLE messages_fts USING fts5(text, content = 'messages')",
        "INSERT INTO messages_fts(messages_fts) VALUES ('rebuild')",
        "DELETE FROM _sqlite_migrations WHERE name LIKE 'm006%'",
    ):
        conn.execute(statement)
    migrate(conn, str(path))
    body = CreateMessage(role="user", content="needles")
    messages.create(conn, thread.id, body)

    for q in ("needl", "ne", "needle ", "needles ", "hay"):
        found = threads.page(conn, ThreadQuery(q=q)).data
        assert [thread.id] == [summary.id for summary in found], q


def test_every_migration_says_why() -> None:
    with sqlite_utils.Database(memory=True) as empty:
        pending = migrations.pending(empty)

    assert all(len(migration.fn.__doc__ or "") > 80 for migration in pending)


def test_migrating_again_changes_nothing(conn: Connection, path: Path) -> None:
    before = schema(conn)
    version = migrate(conn, str(path))

    assert version == len(MIGRATIONS)
    assert before == schema(conn)


def test_tables_are_strict(conn: Connection) -> None:
    ours = {"assistants", "threads", "thread_metadata", "messages", "runs", "steps", "journals"}
    ours |= {"chats", "chat_metadata", "responses", "response_items", "response_events", "secrets"}
    strict = {name for _, name, _, _, _, strict in conn.execute("PRAGMA table_list") if strict}

    assert ours | {"keys", "conversations", "conversation_items"} == strict


def test_foreign_keys_are_indexed(conn: Connection) -> None:
    db = sqlite_utils.Database(conn, recursive_triggers=False)
    children = [(table, key.column) for table in db.tables for key in table.foreign_keys]
    first_columns = {
        (table.name, index.columns[0]) for table in db.tables for index in table.indexes
    }

    assert len(children) >= 9
    assert {(table.name, column) for table, column in children} <= first_columns


def test_four_processes_may_open_a_new_file_at_once(path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=120) for process in processes]

    assert outputs == [(f"{len(MIGRATIONS)}\n", "")] * 4


def test_failing_migration_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oxillama_jupyter.store.tables.M001", "CREATE TABLE half (a);\n\nOOPS")
    with pytest.raises(StoreError, match="OOPS"):
        asyncio.run(Database.open(path))
    with sqlite3.connect(path) as conn:
        tables = schema(conn)
    conn.close()

    assert tables == []


def test_newer_schema_is_refused(conn: Connection, path: Path) -> None:
    conn.execute(
        "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES (?, ?, ?)",
        ("oxillama_jupyter", "m999_flying_cars", "2099"),
    )
    words = re.escape(f"{path} was made by a newer version of oxillama_jupyter (migration m999_")

    with pytest.raises(StoreError, match=words):
        asyncio.run(Database.open(path))


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as conn:
        conn.execute("CREATE TABLE recipes (name)")
    conn.close()
    with pytest.raises(StoreError, match="another program's database"):
        asyncio.run(Database.open(path))
    with sqlite3.connect(path) as conn:
        tables = schema(conn)
    conn.close()

    assert tables == [("recipes", "CREATE TABLE recipes (name)")]

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from oxillama_jupyter.errors import StoreError
from oxillama_jupyter.schemas.assistants import CreateAssistant
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.store import assistants, database
from oxillama_jupyter.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from sqlite3 import Connection

KILLED = """
import asyncio, sys, time
from oxillama_jupyter.schemas.threads import CreateThread
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.store import threads
from oxillama_jupyter.store.database import Database

def kept(conn):
    body = CreateThread(messages=[CreateMessage(role="user", content="kept")])
    print(threads.create(conn, body).id, flush=True)

def half(conn):
    conn.execute("PRAGMA cache_size = 1")  # spills into the log before the commit
    body = CreateThread(messages=[CreateMessage(role="user", content="half " * 20000)] * 5)
    threads.create(conn, body)
    print("in the middle", flush=True)
    time.sleep(600)

async def main():
    db = await Database.open(sys.argv[1])
    await db.write(kept)
    await db.write(half)

asyncio.run(main())
"""


def insert(conn: Connection, name: str) -> None:
    assistants.create(conn, CreateAssistant(model="tiny", name=name))


def names(conn: Connection) -> list[str | None]:
    page = assistants.page(conn, PageQuery(order="asc", limit=100))
    return [assistant.name for assistant in page.data]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_reads_what_was_written(with_database: Callable[..., Any]) -> None:
    async def main(db: Database) -> list[str | None]:
        await db.write(insert, name="one")
        return await db.read(names)

    assert with_database(main) == ["one"]


def test_survives_closing(path: Path, with_database: Callable[..., Any]) -> None:
    async def first(db: Database) -> None:
        await db.write(insert, "one")

    async def second(db: Database) -> list[str | None]:
        return await db.read(names)

    with_database(first)

    assert with_database(second) == ["one"]
    assert [path] == list(path.parent.iterdir())  # the log is written back and gone


def test_operations_run_on_one_other_thread(with_database: Callable[..., Any]) -> None:
    def here(conn: Connection) -> str:
        return threading.current_thread().name

    async def main(db: Database) -> set[str]:
        return {await db.read(here), await db.write(here), await db.read(here)}

    assert {"oxillama-store_0"} == with_database(main)


def test_failing_write_leaves_nothing(with_database: Callable[..., Any]) -> None:
    def fail(conn: Connection) -> None:
        insert(conn, "lost")
        raise ZeroDivisionError

    async def main(db: Database) -> list[str | None]:
        with pytest.raises(ZeroDivisionError):
            await db.write(fail)
        await db.write(insert, "kept")
        return await db.read(names)

    assert with_database(main) == ["kept"]


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
def test_pragmas(conn: Connection, pragma: str, expected: object) -> None:
    assert (expected,) == conn.execute(f"PRAGMA {pragma}").fetchone()


def test_file_and_folders_are_private(tmp_path: Path) -> None:
    async def main() -> list[int]:
        db = await Database.open(tmp_path / "a" / "b" / "x.db")
        await db.write(insert, "one")
        modes = [mode(file) for file in sorted((tmp_path / "a" / "b").iterdir())]
        await db.aclose()
        return modes

    old = os.umask(0)
    try:
        modes = asyncio.run(main())
    finally:
        os.umask(old)

    assert modes == [0o600] * 3
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)


def test_memory() -> None:
    async def main() -> tuple[list[str | None], str]:
        db = await Database.open(":memory:")
        await db.write(insert, "one")
        found = await db.read(names)
        await db.aclose()
        return found, db.status().path

    assert asyncio.run(main()) == (["one"], ":memory:")


def test_status_tells_size_and_version(path: Path, with_database: Callable[..., Any]) -> None:
    async def main(db: Database) -> tuple[database.DatabaseStatus, database.DatabaseStatus]:
        before = db.status()
        await db.write(insert, "x" * 100_000)
        return before, db.status()

    before, after = with_database(main)

    assert before.path == str(path)
    assert before.schema_version > 0
    assert 0 < before.size < after.size
    assert after.size == path.stat().st_size


def test_closing_twice_and_at_once_is_fine(path: Path) -> None:
    async def main() -> None:
        db = await Database.open(path)
        await asyncio.gather(db.aclose(), db.aclose())
        await db.aclose()

    asyncio.run(main())


def test_closing_finishes_what_was_asked_for(path: Path) -> None:
    async def main() -> list[str | None]:
        db = await Database.open(path)
        writes = [asyncio.create_task(db.write(insert, str(number))) for number in range(20)]
        await asyncio.sleep(0)
        await db.aclose()
        await asyncio.gather(*writes)
        db = await Database.open(path)
        found = await db.read(names)
        await db.aclose()
        return found

    assert [str(number) for number in range(20)] == asyncio.run(main())


def test_closed_database_says_so(path: Path) -> None:
    async def main() -> None:
        db = await Database.open(path)
        await db.aclose()
        await db.read(names)

    with pytest.raises(StoreError, match="is closed"):
        asyncio.run(main())


def test_cancelled_write_that_has_begun_commits(with_database: Callable[..., Any]) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        insert(conn, "begun")
        started.set()
        go_on.wait(30)
        insert(conn, "ended")

    async def main(db: Database) -> list[str | None]:
        begun = asyncio.create_task(db.write(slow))
        await asyncio.to_thread(started.wait, 30)
        queued = asyncio.create_task(db.write(insert, "never"))
        await asyncio.sleep(0)
        for task in (begun, queued):
            task.cancel()
        results = await asyncio.gather(begun, queued, return_exceptions=True)
        go_on.set()

        assert [asyncio.CancelledError] * 2 == [type(result) for result in results]
        return await db.read(names)

    assert with_database(main) == ["begun", "ended"]


def test_cancelled_write_that_fails_leaves_nothing(with_database: Callable[..., Any]) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        insert(conn, "begun")
        started.set()
        go_on.wait(30)
        raise ZeroDivisionError

    async def main(db: Database) -> list[str | None]:
        task = asyncio.create_task(db.write(slow))
        await asyncio.to_thread(started.wait, 30)
        task.cancel()
        go_on.set()
        await asyncio.gather(task, return_exceptions=True)
        return await db.read(names)

    assert with_database(main) == []


def test_cancelled_opening_closes_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = threading.Event()
    go_on = threading.Event()

    class Conn:
        close = staticmethod(closed.set)

    def connect(path: str) -> tuple[Conn, int]:
        go_on.wait(30)
        return Conn(), 1

    async def main() -> bool:
        task = asyncio.create_task(Database.open(path))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        go_on.set()
        return await asyncio.to_thread(closed.wait, 30)

    monkeypatch.setattr(database, "_connect", connect)

    assert asyncio.run(main())


def test_locked_for_too_long_says_so(
    path: Path, with_database: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)

    async def main(db: Database) -> list[str | None]:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has held its lock"):
            await db.write(insert, "one")
        found = await db.read(names)  # readers do not wait for a writer
        other.close()
        await db.write(insert, "two")
        return found + await db.read(names)

    assert with_database(main) == ["two"]


def test_writer_waits_for_another_process(path: Path, with_database: Callable[..., Any]) -> None:
    async def main(db: Database) -> list[str | None]:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(db.write(insert, "one"))
        await asyncio.sleep(0.1)
        assert not task.done()
        other.close()
        await task
        return await db.read(names)

    assert with_database(main) == ["one"]


def test_no_database(path: Path) -> None:
    path.write_text("Dear diary, this is not a database. " * 100)

    with pytest.raises(StoreError, match="it is not an SQLite database"):
        asyncio.run(Database.open(path))


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="it cannot be opened"):
        asyncio.run(Database.open(tmp_path))


def test_below_a_file(path: Path) -> None:
    path.touch()

    with pytest.raises(StoreError, match=r"cannot be opened: Not a directory|File exists"):
        asyncio.run(Database.open(path / "x.db"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_not_writable(path: Path, with_database: Callable[..., Any]) -> None:
    path.touch(0o400)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="it is not writable"):
            asyncio.run(Database.open(path))
    finally:
        path.parent.chmod(0o700)


def test_damage_is_told(path: Path, with_database: Callable[..., Any]) -> None:
    async def fill(db: Database) -> None:
        for number in range(50):
            await db.write(insert, "x" * 2000 + str(number))

    async def read(db: Database) -> None:
        await db.read(names)

    with_database(fill)
    content = bytearray(path.read_bytes())
    whole_pages = len(content) // 2 // 4096 * 4096  # half a page could be one broken letter
    content[whole_pages:] = b"\xff" * (len(content) - whole_pages)
    path.write_bytes(content)

    with pytest.raises(StoreError, match="the file is damaged"):
        with_database(read)


def test_killed_process_leaves_nothing_half(path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    kept = process.stdout.readline().strip()
    assert process.stdout.readline() == "in the middle\n"
    process.kill()
    process.wait()
    process.stdout.close()
    conn, _ = database._connect(str(path))
    ids = [thread_id for (thread_id,) in conn.execute("SELECT id FROM threads")]
    texts = [text for (text,) in conn.execute("SELECT text FROM messages")]
    ((integrity,),) = conn.execute("PRAGMA integrity_check")
    conn.execute("INSERT INTO messages_fts(messages_fts) VALUES ('integrity-check')")
    conn.close()

    assert ([kept], ["kept"], "ok") == (ids, texts, integrity)

"""The one connection: opened, migrated, used and closed by one thread of its own.

SQLite connections are not shared between threads: another thread's insert would join, and be lost
with, the transaction that happens to be open. So each `Database` has one thread, and an operation
is a plain function `op(conn, ...)` that runs there from beginning to end. Several processes may
have the file open; they take turns by SQLite's own locks.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sqlite3 import Connection
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from msgspec import Struct

from oxillama_jupyter.absent import absent
from oxillama_jupyter.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["Connection", "Database", "DatabaseStatus"]

P = ParamSpec("P")
T = TypeVar("T")

MEMORY = ":memory:"
BUSY_SECONDS = 5.0
_SIZE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
_CACHE = 16_000  # KiB at most; the usual 2,000 do not hold the upper levels of a big file's indexes
_PRIMARY_CODE = 0xFF  # the low byte of an extended SQLite result code
_REASONS = {
    sqlite3.SQLITE_BUSY: f"another process has held its lock for more than {BUSY_SECONDS:.0f} s",
    sqlite3.SQLITE_LOCKED: f"another process has held its lock for more than {BUSY_SECONDS:.0f} s",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened or made there",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_NOTADB: "it is not an SQLite database",
    sqlite3.SQLITE_READONLY: "it is not writable",
}


class DatabaseStatus(Struct, frozen=True):
    """What the health route tells of the store.

    Attributes:
        path: The file, or `:memory:`.
        size: Its size in bytes, as of this process's last write.
        schema_version: How many migrations it has.
    """

    path: str
    size: int
    schema_version: int


class Database:
    """An SQLite file and the thread that owns its connection; made by `open`."""

    def __init__(
        self, path: str, executor: ThreadPoolExecutor, conn: Connection, version: int
    ) -> None:
        self._path = path
        self._executor = executor
        self._conn = conn
        self._version = version
        self._size = 0
        self._closing: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, path: Path | str) -> Database:
        """Open the file, making it and its folders where needed, and bring its schema up to date.

        Args:
            path: The file, or `:memory:`.

        Raises:
            StoreError: It is no database, not ours, newer than this package, or not writable.
        """
        name = os.fspath(path)
        executor = ThreadPoolExecutor(1, thread_name_prefix="oxillama-store")
        opening = executor.submit(_connect, name)
        try:
            conn, version = await asyncio.wrap_future(opening)
            self = cls(name, executor, conn, version)
            await self.read(self._measure)
        except BaseException as error:
            executor.submit(_abandon, opening)
            executor.shutdown(wait=False)
            if isinstance(error, sqlite3.DatabaseError | OSError):
                raise StoreError(f"{name} cannot be opened: {_reason(error)}.") from error
            raise
        return self

    async def read(
        self, op: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `op(conn, ...)`, without a transaction, on the owner thread.

        Raises:
            StoreError: The database is locked, damaged or closed.
        """
        return await self._submit(lambda: op(self._conn, *args, **kwargs))

    async def write(
        self, op: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `op(conn, ...)` on the owner thread as one transaction, rolled back if it raises.

        If the caller is cancelled, an operation that has begun still runs to its commit, and one
        that has not never will.

        Raises:
            StoreError: The database is locked, damaged, full or closed.
        """

        def call() -> T:
            result = op(self._conn, *args, **kwargs)
            self._measure(self._conn)
            return result

        return await self._submit(lambda: _transact(self._conn, call))

    def status(self) -> DatabaseStatus:
        """Where the store is, how big, and of which version; never waits."""
        return DatabaseStatus(self._path, self._size, self._version)

    async def aclose(self) -> None:
        """Finish what was asked for, write the log back into the file and close; idempotent."""
        if self._closing is None:
            self._closing = asyncio.wrap_future(self._executor.submit(_disconnect, self._conn))
            self._executor.shutdown(wait=False)
        await asyncio.shield(self._closing)

    async def _submit(self, call: Callable[[], T]) -> T:
        try:
            future = self._executor.submit(call)
        except RuntimeError as error:
            raise StoreError(f"{self._path} is closed.") from error
        try:
            return await asyncio.wrap_future(future)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self._path} cannot be used: {_reason(error)}.") from error

    def _measure(self, conn: Connection) -> None:
        ((self._size,),) = conn.execute(_SIZE)


# -- what runs on the owner thread -----------------------------------------------------------------


def _connect(path: str) -> tuple[Connection, int]:
    if path != MEMORY:
        _make_private(Path(path))
    conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        _use_wal(conn)
        conn.execute("PRAGMA synchronous = NORMAL")
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute(f"PRAGMA cache_size = -{_CACHE}")
        # Imported here, on this thread: sqlite-utils would take a tenth of a second of the start,
        # and pandas, which it loads where it can only to know its types, most of another.
        with absent("pandas", "numpy"):
            from oxillama_jupyter.store.migrations import migrate

        version = _transact(conn, lambda: migrate(conn, path))
    except BaseException:
        conn.close()
        raise
    return conn, version


def _transact(conn: Connection, call: Callable[[], T]) -> T:
    # IMMEDIATE: a transaction that reads first could not become a writer while another one is, and
    # would fail at once instead of waiting.
    conn.execute("BEGIN IMMEDIATE")
    try:
        result = call()
        conn.execute("COMMIT")
    except BaseException:
        conn.rollback()
        raise
    return result


def _disconnect(conn: Connection) -> None:
    try:
        # PASSIVE never waits for others; the last one to close does the rest. Where it fails, as in
        # a damaged file, nothing is lost that was there: whoever opens the file next does it.
        with contextlib.suppress(sqlite3.DatabaseError):
            conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        conn.close()


def _abandon(opening: Future[tuple[Connection, int]]) -> None:
    """Close what was opened for a caller who has gone."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[0].close()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    code = getattr(error, "sqlite_errorcode", None) or 0
    return _REASONS.get(code & _PRIMARY_CODE, str(error))


def _make_private(path: Path) -> None:
    """Make the file and its folders, for this user only, unless they are there."""
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(0o700, exist_ok=True)
    # EXCL: a file that is there must not be opened by us, for closing it would drop the locks that
    # this process may hold on it.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _use_wal(conn: Connection) -> None:
    """Switch to the write-ahead log; the switch itself does not honour the busy timeout."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            conn.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & _PRIMARY_CODE == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return

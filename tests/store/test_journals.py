from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oxillama_jupyter.store import journals, runs, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from oxillama_jupyter.schemas.runs import Run
    from oxillama_jupyter.schemas.threads import Thread

FRAMES = [
    b'event: thread.message.delta\ndata: {"n": %d, "text": "\xe6\xb1\x89\\u0000"}\n\n' % number
    for number in range(1000)
]


@pytest.fixture
def run(thread: Thread, begin: Callable[..., runs.Begun]) -> Run:
    return begin(thread).run


@pytest.mark.parametrize("frames", [FRAMES, [], [b""], [bytes(range(256))]])
def test_frames_come_back_byte_for_byte(conn: Connection, run: Run, frames: list[bytes]) -> None:
    journals.save(conn, run.id, frames)

    assert frames == journals.load(conn, run.id)


def test_none_kept(conn: Connection, run: Run) -> None:
    assert journals.load(conn, run.id) is None


def test_later_journal_replaces(conn: Connection, run: Run) -> None:
    journals.save(conn, run.id, FRAMES[:2])
    journals.save(conn, run.id, FRAMES)

    assert journals.load(conn, run.id) == FRAMES


def test_journal_is_compressed(conn: Connection, run: Run) -> None:
    journals.save(conn, run.id, FRAMES)
    ((size,),) = conn.execute("SELECT length(frames) FROM journals")

    assert size < sum(map(len, FRAMES)) / 5


def test_deleted_run_has_no_journal(conn: Connection, run: Run) -> None:
    journals.save(conn, run.id, FRAMES)
    threads.delete(conn, run.thread_id)
    gone = journals.load(conn, run.id)
    journals.save(conn, run.id, FRAMES)  # the executor may come too late

    assert (gone, journals.load(conn, run.id)) == (None, None)


def test_nothing_is_scanned(run: Run, scans: Callable[..., list[str]]) -> None:
    assert scans(journals.save, run.id, FRAMES[:1]) == []
    assert scans(journals.load, run.id) == []


def test_what_cannot_be_read_counts_as_none(conn: Connection, run: Run) -> None:
    journals.save(conn, run.id, FRAMES)
    conn.execute("UPDATE journals SET frames = x'00'")
    assert journals.load(conn, run.id) is None

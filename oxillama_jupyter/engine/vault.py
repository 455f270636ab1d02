"""Sequences on disk, so that a thread goes on after a restart without being read again.

One folder per fingerprint (model, settings, build) and in it one file per thread, under one budget
for all. Everything here is a cache: a file that is missing, damaged or too much costs a prefill and
nothing else. Other engines may use the same folder, so any file may change or vanish at any time.

Files are found in the prompts thread, written in a thread of the vault's own, and at most read by
the decode loop.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from oxillama_jupyter.engine import snapshots
from oxillama_jupyter.engine.disk_room import DiskRoom, files_in
from oxillama_jupyter.engine.protocol import VaultStats
from oxillama_jupyter.engine.snapshots import DamagedError, Header

__all__ = ["LEAST_TOKENS", "Snapshot", "Vault"]

LEAST_TOKENS = 64
"""Fewer are read again in a single step, which is not worth a file."""

_LOAD_RATE = 4e8  # bytes a second that a state is surely read, checked and loaded with
_QUEUE_BYTES = 1 << 29  # states that wait for a slow disk; more are not saved
_AHEAD_BYTES = 1 << 28  # states read before their generation begins
_SILENCE_SECONDS = 600.0
_TOKEN = len(snapshots.pack([0]))


@dataclass(slots=True, eq=False, weakref_slot=True)
class Snapshot:
    """A state that was found; `read` gives its bytes, `tokens` and `length` are what it knows.

    `adapter` is the LoRA adapter's name, or None.
    """

    name: str
    tokens: list[int]
    length: int
    size: int
    read: Callable[[], memoryview | None]
    ready: memoryview | None = None
    adapter: str | None = None


@dataclass(slots=True)
class _Entry:
    """What is known of a file."""

    stamp: tuple[int, int]  # time and size of the file
    tokens: bytes
    size: int
    adapter: str


@dataclass(slots=True)
class _Counts:
    hits: int = 0
    misses: int = 0
    saved: int = 0
    failed: int = 0


class Vault:
    """The snapshots of one model in a folder that others may share.

    Args:
        folder: Where all models' snapshots are.
        budget: The most bytes of all of them; those unused for longest go first.
        fingerprint: What this engine's states belong to; see `snapshots.fingerprint`.
        token_seconds: What computing one prompt token takes: a state that is not loaded much
            faster than that is not saved.
        adapters: Fingerprints of the LoRA adapters' files by their names; the states of one that
            has none are not saved.
    """

    def __init__(
        self,
        folder: Path,
        budget: int,
        fingerprint: str,
        token_seconds: float = 1e-4,
        adapters: Mapping[str, str] | None = None,
    ) -> None:
        self._adapters: dict[str | None, str] = {None: ""}
        self._adapters.update(adapters or {})
        self._root = folder
        self._folder = folder / fingerprint
        self._budget = budget
        self._disk = DiskRoom(self._folder, budget, gone=self._unlearn)
        self._fingerprint = fingerprint
        self._token_seconds = token_seconds
        self._index: dict[str, _Entry] = {}
        self._seen = -1  # the folder's time when the index was made
        self._lock = threading.Lock()  # the index's; headers are read under it
        self._counting = threading.Lock()  # the counts'; never held for long
        self._counts = _Counts()
        self._complained = -_SILENCE_SECONDS
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._queued = 0
        self._ahead: weakref.WeakSet[Snapshot] = weakref.WeakSet()
        self._queue.put(self._prepare)
        threading.Thread(target=self._work, name="vault", daemon=True).start()

    # -- any thread ------------------------------------------------------------------------------

    def stats(self) -> VaultStats:
        """How it does."""
        sizes = [entry.stamp[1] for entry in list(self._index.values())]
        count = self._counts
        return VaultStats(
            count.hits, count.misses, count.saved, count.failed, len(sizes), sum(sizes)
        )

    # -- the prompts thread ----------------------------------------------------------------------

    def find(
        self,
        tokens: list[int],
        *,
        known: int = 0,
        whole: bool = False,
        adapter: str | None = None,
    ) -> Snapshot | None:
        """Look for the state that has most of the beginning of these tokens.

        It is read at once where memory knows clearly less, so that the decode loop need not.

        Args:
            tokens: What may be reused of a prompt.
            known: How many of them are in memory, as far as this thread can tell.
            whole: Whether a state can be used only as a whole.
            adapter: The LoRA adapter that must have computed it.
        """
        if adapter not in self._adapters:
            return None
        packed = snapshots.pack(tokens)
        with self._lock:
            self._refresh()
            name, common = self._best(packed, self._adapters[adapter], whole=whole)
            entry = self._index.get(name)
        if entry is None:
            return None
        found = Snapshot(
            name,
            snapshots.unpack(entry.tokens),
            len(entry.tokens) // _TOKEN,
            entry.size,
            partial(self._read, name, entry),
            adapter=adapter,
        )
        ahead = sum(snapshot.size for snapshot in self._ahead)
        if common >= known + LEAST_TOKENS and ahead + entry.size <= _AHEAD_BYTES:
            found.ready = found.read()
            if found.ready is None:
                return None
            self._ahead.add(found)
        return found

    # -- the decode loop -------------------------------------------------------------------------

    @property
    def behind(self) -> bool:
        """Whether something waits to be written."""
        return self._queued > 0

    def worth(self, length: int, size: int) -> bool:
        """Whether a state of so many tokens and bytes is better loaded than computed."""
        return (
            length >= LEAST_TOKENS
            and size <= self._budget
            and size / _LOAD_RATE < length * self._token_seconds
        )

    def put(
        self,
        key: str,
        tokens: list[int],
        state: Any,
        *,
        checkpoint: bool = False,
        adapter: str | None = None,
    ) -> None:
        """Have a thread's state written, in place of its older one; never blocks.

        Args:
            key: The thread.
            tokens: What it is the state of.
            state: Its bytes, which nobody may change any more.
            checkpoint: Whether it is kept beside the state after the answer.
            adapter: The LoRA adapter that computed it.
        """
        size = len(state)
        if adapter not in self._adapters or not self.worth(len(tokens), size):
            return
        with self._counting:
            if self._queued + size > _QUEUE_BYTES and self._queued:
                self._counts.failed += 1
                return
            self._queued += size
        packed, adapter_print = snapshots.pack(tokens), self._adapters[adapter]
        header = Header(self._fingerprint, key, checkpoint, packed, size, 0, adapter_print)
        self._queue.put(partial(self._write, header, state))

    def hit(self, snapshot: Snapshot) -> None:
        """Note that a state was used: its file goes last now."""
        with self._counting:
            self._counts.hits += 1
        self._queue.put(partial(self._touch, snapshot.name))

    def miss(self) -> None:
        """Note that there was nothing for a prompt."""
        with self._counting:
            self._counts.misses += 1

    def forget(self, key: str) -> None:
        """Have all files of a thread deleted, after what was put before."""
        self._queue.put(partial(self._forget, key))

    def close(self, seconds: float) -> None:
        """Wait for what is not written yet, so long at most."""
        done = threading.Event()
        self._queue.put(done.set)
        done.wait(seconds)

    # -- reading ---------------------------------------------------------------------------------

    def _best(self, packed: bytes, adapter: str, *, whole: bool) -> tuple[str, int]:
        """The adapter's file with the longest common beginning, and of those the shortest."""
        best, name = (0, 0), ""
        head = packed[: LEAST_TOKENS * _TOKEN]
        for candidate, entry in self._index.items():
            if entry.adapter != adapter:
                continue
            if len(head) < LEAST_TOKENS * _TOKEN or not entry.tokens.startswith(head):
                continue
            if whole and not packed.startswith(entry.tokens):
                continue
            score = (snapshots.common(entry.tokens, packed), -len(entry.tokens))
            if score > best:
                best, name = score, candidate
        return name, best[0]

    def _read(self, name: str, entry: _Entry) -> memoryview | None:
        """Read a file, unless it has vanished, is damaged, or is another one by now."""
        try:
            header, state = snapshots.read_snapshot(self._folder / name, self._fingerprint)
        except DamagedError:
            with self._lock:
                self._index.pop(name, None)
            self._discard(name)
            return None
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self._fail(f"A saved thread could not be read: {error}")
            return None
        same = (header.tokens, header.adapter) == (entry.tokens, entry.adapter)
        return state if same else None

    def _refresh(self) -> None:
        """Bring the index up to date, if anybody has added, replaced or deleted a file."""
        try:
            seen = self._folder.stat().st_mtime_ns
        except OSError:
            self._index.clear()
            return
        if seen == self._seen:
            return
        self._seen = seen
        present = {path.name: status for path, status in files_in(self._folder)}
        self._index = {name: entry for name, entry in self._index.items() if name in present}
        for name, status in present.items():
            if name.endswith(snapshots.SUFFIX):
                self._learn(name, (status.st_mtime_ns, status.st_size))

    def _learn(self, name: str, stamp: tuple[int, int]) -> None:
        """Read a file's header where it is not known; delete what is none of ours."""
        known = self._index.get(name)
        if known is not None and known.stamp == stamp:
            return
        self._index.pop(name, None)
        try:
            header = snapshots.read_header(self._folder / name, self._fingerprint)
        except DamagedError:
            self._discard(name)
        except OSError:
            return
        else:
            self._index[name] = _Entry(stamp, header.tokens, header.size, header.adapter)

    def _unlearn(self, name: str) -> None:
        """Know nothing any more of a file that gave way."""
        with self._lock:
            self._index.pop(name, None)

    def _discard(self, name: str) -> None:
        """Delete a damaged file."""
        with self._counting:
            self._counts.failed += 1
        with suppress(OSError):
            (self._folder / name).unlink()

    # -- the vault's own thread ------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            task = self._queue.get()
            try:
                task()
            except FileNotFoundError:
                continue  # the thread was deleted meanwhile, or another engine made room
            except OSError as error:
                self._fail(f"A thread's state could not be saved: {error}")

    def _prepare(self) -> None:
        """Read the headers while nobody waits for them."""
        if not self._root.exists():
            return
        with suppress(OSError):
            self._disk.make_room(0)
        with self._lock:
            self._refresh()

    def _write(self, header: Header, state: Any) -> None:
        name = snapshots.file_name(header.key, checkpoint=header.checkpoint, adapter=header.adapter)
        path = self._folder / name
        try:
            for folder in (self._root, self._folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
            self._disk.make_room(header.size + len(header.tokens), path)
            snapshots.write_snapshot(path, header, state)
            status = path.stat()
        finally:
            with self._counting:
                self._queued -= header.size
        with self._lock:
            stamp = status.st_mtime_ns, status.st_size
            self._index[name] = _Entry(stamp, header.tokens, header.size, header.adapter)
        with self._counting:
            self._counts.saved += 1

    def _touch(self, name: str) -> None:
        os.utime(self._folder / name)

    def _forget(self, key: str) -> None:
        snapshots.forget_files(self._root, key)
        with self._lock:
            for name in [name for name in self._index if snapshots.belongs(name, key)]:
                del self._index[name]

    def _fail(self, text: str) -> None:
        """Count a failure, and say so once in a while."""
        with self._counting:
            self._counts.failed += 1
        if time.monotonic() - self._complained >= _SILENCE_SECONDS:
            self._complained = time.monotonic()
            sys.stderr.write(f"<3>{text}\n")

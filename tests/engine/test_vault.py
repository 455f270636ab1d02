"""Snapshots on a real disk: found, bounded, shared, damaged, gone."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from oxillama_jupyter.engine import disk_room, snapshots
from oxillama_jupyter.engine.vault import LEAST_TOKENS, Vault

A = list(range(1000, 1200))
B = list(range(5000, 5200))
MakeVault = Callable[..., Vault]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def make(folder: Path) -> MakeVault:
    """Make vaults over one folder, as several servers would."""

    def make(budget: int = 1 << 20, mark: str = "mark", **options: Any) -> Vault:
        return Vault(folder, budget, mark, **options)

    return make


def _put(vault: Vault, key: str, tokens: list[int], **options: Any) -> bytearray:
    """Save a state that is this key's and no other; wait until it is on disk."""
    state = bytearray(f"{key} {tokens[0]} {len(tokens)} ".encode() * 40)
    vault.put(key, tokens, state, **options)
    vault.close(10)
    return state


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _state(vault: Vault, tokens: list[int], **options: Any) -> bytearray | None:
    found = vault.find(tokens, **options)
    return (found.ready or found.read()) if found else None


def test_a_state_is_found_by_its_beginning(make: MakeVault) -> None:
    vault = make()
    mine, others = _put(vault, "a", A), _put(vault, "b", B)
    found = vault.find([*A, 1, 2, 3])

    assert found is not None
    assert (found.tokens, found.length, found.ready) == (A, 200, mine)
    assert _state(vault, [*B[:100], 7, 8]) == others
    assert vault.find([*A[: LEAST_TOKENS - 1], *B]) is None
    assert vault.find(A[1:]) is None


def test_another_process_finds_it_too(make: MakeVault) -> None:
    first, second = make(), make()
    assert second.find(A) is None
    state = _put(first, "a", A)

    assert _state(second, A) == state
    assert _state(make(), A) == state
    longer = _put(first, "a", [*A, *B])
    assert _state(second, [*A, *B]) == longer
    assert second.find(A).length == 400


def test_the_longest_beginning_wins_and_then_the_smallest_state(make: MakeVault) -> None:
    vault = make()
    _put(vault, "half", A[:100])
    _put(vault, "large", [*A, *B])
    whole = _put(vault, "whole", A)

    assert _state(vault, A) == whole
    assert vault.find([*A, *B]).length == 400


def test_only_whole_states_where_a_model_cannot_forget_a_part(make: MakeVault) -> None:
    vault = make()
    _put(vault, "a", [*A, *B])
    prompt = _put(vault, "a", A, checkpoint=True)

    assert _state(vault, [*A, 1, 2], whole=True) == prompt
    assert vault.find([*A[:150], 1, 2], whole=True) is None
    assert len(_files(vault._folder)) == 2


def test_it_is_read_ahead_only_where_memory_knows_less(make: MakeVault) -> None:
    vault = make()
    state = _put(vault, "a", A)

    assert vault.find(A, known=100).ready == state
    lazy = vault.find(A, known=190)
    assert lazy.ready is None
    assert lazy.read() == state


def test_what_is_read_ahead_is_bounded(make: MakeVault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = make()
    state = _put(vault, "a", A)
    monkeypatch.setattr("oxillama_jupyter.engine.vault._AHEAD_BYTES", 2 * len(state))
    waiting = [vault.find(A) for _ in range(3)]
    assert [one.ready is None for one in waiting] == [False, False, True]
    del waiting

    assert vault.find(A).ready == state


def test_short_and_slow_states_are_not_saved(make: MakeVault, folder: Path) -> None:
    vault = make()
    _put(vault, "a", A[: LEAST_TOKENS - 1])
    _put(make(token_seconds=1e-9), "b", A)  # computed faster than anything is read
    assert _files(folder) == []

    _put(vault, "a", A[:LEAST_TOKENS])
    assert len(_files(folder)) == 1


def test_nobody_else_may_read_them(make: MakeVault, folder: Path) -> None:
    old = os.umask(0)
    try:
        _put(make(), "thread_1", A)
    finally:
        os.umask(old)
    (path,) = _files(folder)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "thread_1" not in path.name


# -- damage ---------------------------------------------------------------------------------------


def _cut(data: bytes) -> bytes:
    return data[:-1]


def _longer(data: bytes) -> bytes:
    return data + b"x"


def _empty(_: bytes) -> bytes:
    return b""


def _head_only(data: bytes) -> bytes:
    return data[:20]


def _foreign(_: bytes) -> bytes:
    return b"GGUF" * 500


def _other_version(data: bytes) -> bytes:
    return data[:4] + b"\x63" + data[5:]


def _wrong_token(data: bytes) -> bytes:
    place = data.index(snapshots.pack(A[:3]))
    return data[:place] + b"\xff" + data[place + 1 :]


def _wrong_state(data: bytes) -> bytes:
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


DAMAGES = [_cut, _longer, _empty, _head_only, _foreign, _other_version, _wrong_token, _wrong_state]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("when", ["before the start", "behind its back"])
def test_a_damaged_file_is_deleted_and_missed_by_nobody(
    make: MakeVault, folder: Path, damage: Callable[[bytes], bytes], when: str
) -> None:
    vault = make()
    _put(vault, "a", A)
    other = _put(vault, "b", B)
    path = vault._folder / snapshots.file_name("a", checkpoint=False)
    assert vault.find(A) is not None
    path.write_bytes(damage(path.read_bytes()))
    if when == "before the start":
        vault = make()

    assert _state(vault, A) is None
    assert not path.exists()
    assert vault.stats().failed == 1
    assert vault.find(A) is None
    assert _state(vault, B) == other


def test_another_threads_file_under_this_name_is_none(make: MakeVault) -> None:
    vault = make()
    _put(vault, "a", A)
    path = vault._folder / snapshots.file_name("a", checkpoint=False)
    path.rename(path.with_name(snapshots.file_name("b", checkpoint=False)))

    assert make().find(A) is None
    assert _files(vault._folder) == []


def test_states_of_another_model_are_never_found_and_stay(make: MakeVault, folder: Path) -> None:
    mine, theirs = make(mark="mine"), make(mark="theirs")
    _put(theirs, "a", A)

    assert mine.find(A) is None
    (path,) = _files(folder)
    mine._folder.mkdir()
    path.rename(mine._folder / path.name)  # and in the wrong folder they are damage
    assert mine.find(A) is None
    assert _files(folder) == []


def test_other_files_in_the_folder_are_left_alone(make: MakeVault) -> None:
    vault = make()
    _put(vault, "a", A)
    note = vault._folder / "note.txt"
    note.write_text("mine")
    (vault._folder / "folder.kv").mkdir()

    assert make().find(A) is not None
    assert note.read_text() == "mine"


def test_a_file_that_vanishes_is_a_miss(make: MakeVault) -> None:
    vault = make()
    _put(vault, "a", A)
    lazy = vault.find(A, known=190)
    for path in _files(vault._folder):
        path.unlink()

    assert lazy.read() is None
    assert vault.find(A) is None
    assert vault.stats().failed == 0


def test_a_file_replaced_by_another_server_is_not_taken_for_the_old_one(make: MakeVault) -> None:
    vault = make()
    _put(vault, "a", A)
    lazy = vault.find(A, known=190)
    _put(make(), "a", B)

    assert lazy.read() is None


def test_half_written_files_are_cleared_away_once_nobody_writes_them(
    make: MakeVault, folder: Path
) -> None:
    vault = make()
    _put(vault, "a", A)
    old, new = (vault._folder / f"{name}.tmp" for name in ("old", "new"))
    old.write_bytes(b"x")
    new.write_bytes(b"x")
    past = time.time() - 3600
    os.utime(old, (past, past))
    make().close(10)

    assert not old.exists()
    assert new.exists()


# -- the budget -----------------------------------------------------------------------------------


def _age(vault: Vault, *keys: str) -> None:
    """Make these files hours old, the first one most."""
    for hours, key in enumerate(reversed(keys), 1):
        path = vault._folder / snapshots.file_name(key, checkpoint=False)
        past = time.time() - 3600 * hours
        os.utime(path, (past, past))


def test_what_was_unused_for_longest_goes_first(make: MakeVault, folder: Path) -> None:
    other = make(mark="another model")
    _put(other, "a", A)
    size = _files(folder)[0].stat().st_size
    vault = make(budget=3 * size + size // 2)
    for key in "bc":
        _put(vault, key, [ord(key), *A[1:]])
    _age(vault, "b", "c")
    os.utime(_files(other._folder)[0], (1, 1))
    vault.hit(vault.find([ord("b"), *A[1:]]))
    vault.close(10)

    _put(vault, "d", [ord("d"), *A[1:]])
    assert _files(other._folder) == []
    _put(vault, "e", [ord("e"), *A[1:]])
    assert vault.find([ord("c"), *A[1:]]) is None
    assert all(vault.find([ord(key), *A[1:]]) is not None for key in "bde")
    stats = vault.stats()
    assert (stats.hits, stats.saved, stats.files, stats.failed) == (1, 4, 3, 0)
    assert stats.bytes == sum(path.stat().st_size for path in _files(folder))


def test_a_thread_has_one_file_and_replacing_it_pushes_nobody_out(
    make: MakeVault, folder: Path
) -> None:
    vault = make()
    _put(vault, "a", A)
    _put(vault, "b", B)
    size = sum(path.stat().st_size for path in _files(folder))
    tight = make(budget=size + 100)
    for _ in range(3):
        _put(tight, "b", B)

    assert len(_files(folder)) == 2
    assert tight.find(A) is not None


def test_a_state_larger_than_the_budget_is_not_saved(make: MakeVault, folder: Path) -> None:
    vault = make(budget=100)
    _put(vault, "a", A)

    assert _files(folder) == []


# -- trouble with the disk ------------------------------------------------------------------------


def test_a_full_disk_costs_the_snapshot_and_says_so_once(
    make: MakeVault, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    vault = make()
    kept = _put(vault, "a", A)
    real = snapshots._write

    def full(file: Any, data: Any) -> None:
        real(file, memoryview(data)[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(snapshots, "_write", full)
    for key in "bcd":
        _put(vault, key, B)
    monkeypatch.undo()

    assert capsys.readouterr().err.count("No space left on device") == 1
    assert vault.stats().failed == 3
    assert len(_files(folder)) == 1
    assert not vault.behind
    assert _state(vault, A) == kept
    _put(vault, "b", B)
    assert vault.find(B) is not None


def test_states_leave_room_on_the_disk_to_others(
    make: MakeVault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make()
    _put(vault, "a", A)
    (size,) = [file.stat().st_size for file in _files(folder)]
    free = [0]
    monkeypatch.setattr(
        disk_room.shutil, "disk_usage", lambda _: SimpleNamespace(total=800, free=100 + free[0])
    )
    _put(vault, "b", B)  # in the place of the older one
    assert len(_files(folder)) == 1
    assert vault.find(B) is not None
    assert vault.find(A) is None
    free[0] = 2 * size
    _put(vault, "a", A)
    assert len(_files(folder)) == 2
    free[0] = -4 * size
    _put(vault, "c", [*A, 7])
    assert vault.stats().failed == 1
    assert len(_files(folder)) == 2


def test_a_folder_that_cannot_be_made_costs_nothing_else(
    folder: Path, make: MakeVault, capsys: pytest.CaptureFixture
) -> None:
    folder.write_text("in the way")
    vault = make()
    _put(vault, "a", A)

    assert vault.find(A) is None
    assert vault.stats().failed == 1
    assert "could not be saved" in capsys.readouterr().err


def test_a_disk_that_cannot_keep_up_is_not_waited_for(
    make: MakeVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make()
    vault.close(10)
    monkeypatch.setattr("oxillama_jupyter.engine.vault._QUEUE_BYTES", 3000)
    real, room = snapshots.write_snapshot, threading.Event()

    def slow(*arguments: Any) -> None:
        room.wait(30)
        real(*arguments)

    monkeypatch.setattr(snapshots, "write_snapshot", slow)
    for number in range(5):
        vault.put(f"{number}", [number, *A], bytearray(1000))
    assert vault.behind
    vault.close(0.01)
    assert vault.behind  # nobody has waited
    room.set()
    vault.close(10)

    assert vault.stats().saved == 3
    assert not vault.behind


# -- forgetting -----------------------------------------------------------------------------------


def test_a_forgotten_thread_leaves_nothing_of_any_model(make: MakeVault, folder: Path) -> None:
    vault, other = make(), make(mark="another model")
    for one in (vault, other):
        _put(one, "a", A)
        _put(one, "a", A[:100], checkpoint=True)
    kept = _put(vault, "b", B)
    (vault._folder / f"{snapshots._stem('a')}.x.tmp").write_bytes(b"half of it")
    vault.put("a", A, bytearray(100))  # on its way
    vault.forget("a")
    vault.close(10)

    assert [path.name for path in _files(folder)] == [snapshots.file_name("b", checkpoint=False)]
    assert vault.find(A) is None
    assert _state(vault, B) == kept


def test_forgetting_needs_no_vault(folder: Path, make: MakeVault) -> None:
    snapshots.forget_files(folder, "a")
    _put(make(), "a", A)
    snapshots.forget_files(folder, "a")

    assert _files(folder) == []


# -- whose states they are ------------------------------------------------------------------------


def test_a_fingerprint_is_of_the_file_and_all_else_that_matters(tmp_path: Path) -> None:
    model = tmp_path / "m.gguf"
    model.write_bytes(bytes(5_000_000))
    os.utime(model, ns=(10**18, 10**18))
    known = snapshots.fingerprint(model, "a", "b")
    assert known == snapshots.fingerprint(model, "a", "b")
    others = {snapshots.fingerprint(model, *parts) for parts in (("ab", ""), ("a", "c"), ("a",))}
    for place in (0, 4_999_999):
        data = bytearray(5_000_000)
        data[place] = 1
        model.write_bytes(data)
        os.utime(model, ns=(10**18, 10**18))
        others.add(snapshots.fingerprint(model, "a", "b"))
    model.write_bytes(bytes(5_000_000))
    os.utime(model, ns=(10**18, 10**18 + 1))
    others.add(snapshots.fingerprint(model, "a", "b"))

    assert len(others) == 6
    assert known not in others


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [([], [1], 0), ([1], [2], 0), ([1, 2], [1, 3], 1), (A, A, 200), (A[:150], A, 150)],
)
def test_common_beginnings_are_counted_in_tokens(
    left: list[int], right: list[int], wanted: int
) -> None:
    left, right = snapshots.pack(left), snapshots.pack(right)

    assert snapshots.common(left, right) == snapshots.common(right, left) == wanted


@pytest.mark.parametrize("place", [0, 1, 63, 64, 127, 198, 199])
def test_the_first_difference_is_found_anywhere(place: int) -> None:
    other = [*A[:place], 7, *A[place + 1 :]]

    assert snapshots.common(snapshots.pack(A), snapshots.pack(other)) == place

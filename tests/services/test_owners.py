from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oxillama_jupyter.services import owners
from oxillama_jupyter.services.owners import is_alive, is_gone, new_owner


def child_owner() -> str:
    """An owner id of a process that has ended."""
    code = "from oxillama_jupyter.services.owners import new_owner; print(new_owner())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_this_process_is_not_gone() -> None:
    assert not is_gone(new_owner())


def test_two_owners_of_one_process_differ() -> None:
    assert new_owner() != new_owner()


def test_a_process_that_has_ended_is_gone() -> None:
    assert is_gone(child_owner())


@contextmanager
def child() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """An owner id, and its process, which lives."""
    code = """
from oxillama_jupyter.services.owners import new_owner
print(new_owner(), flush=True)
input()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as one:
        assert one.stdout is not None
        yield one.stdout.readline().strip(), one


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_another_process_is_alive_until_it_has_ended_though_nobody_noticed() -> None:
    with child() as (owner, process):
        assert is_alive(owner)
        assert not is_gone(owner)
        assert process.stdin is not None
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        assert is_gone(owner)
        assert not is_alive(owner)


def test_of_the_own_process_nothing_is_said_for_it_may_have_had_other_servers() -> None:
    assert not is_alive(new_owner())
    assert not is_gone(new_owner())


def test_a_container_with_its_hosts_name_has_other_pids(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = child_owner()
    assert is_gone(ended)
    monkeypatch.setattr(Path, "readlink", lambda _: Path("pid:[1]"))
    assert not is_gone(ended)


def test_a_process_that_got_the_pid_later_is_another_one() -> None:
    machine, pid, started, unique = new_owner().rsplit("/", 3)
    assert is_gone("/".join((machine, pid, f"{started}0", unique)))


def test_nothing_is_known_of_other_machines() -> None:
    _, pid, started, unique = child_owner().rsplit("/", 3)
    assert not is_gone(f"elsewhere.boot/{pid}/{started}/{unique}")


def test_nothing_is_known_without_start_times() -> None:
    assert not is_gone("/".join((owners._machine(), str(os.getpid()), "", "server_x")))
    for odd in ("", "/", "x", "a/b/c/d", f"{owners._machine()}/abc/1/x"):
        assert not is_gone(odd)
        assert not is_alive(odd)

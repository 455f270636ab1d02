from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oxillama_jupyter.services import owners
from oxillama_jupyter.services.owners import is_gone, new_owner


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


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_a_process_that_has_ended_unnoticed_is_gone() -> None:
    code = "from oxillama_jupyter.services.owners import new_owner; print(new_owner(), flush=True)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    owner = child.stdout.readline().strip()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
    try:
        assert is_gone(owner)
    finally:
        child.wait()
        child.stdout.close()


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

"""Who owns a run: an id for this server process, and whether another one is dead or lives.

A run's lease says when others may take it over. That counts only where nobody can know better: a
process of this very machine that is gone has lost its runs at once, and one that lives keeps them,
though its lease has ended: the machine may have slept.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from oxillama_jupyter.ids import new_id

__all__ = ["is_alive", "is_gone", "new_owner"]

_ENDED = ("Z", "X")  # what /proc calls a process that only waits to be noticed


def new_owner() -> str:
    """An id for this process: host, boot, pid and the pid's start time, and a unique part.

    The unique part keeps two servers of one process apart, as tests have them.
    """
    pid = os.getpid()
    return "/".join((_machine(), str(pid), _started(pid), new_id("server")))


def is_gone(owner: str) -> bool:
    """Whether that process surely does not exist any more; False where it cannot be known."""
    known = _known(owner)
    return known is not None and _started(known[0]) != known[1]


def is_alive(owner: str) -> bool:
    """Whether that is another process, which surely exists; False where it cannot be known."""
    known = _known(owner)
    return known is not None and known[0] != os.getpid() and _started(known[0]) == known[1]


def _known(owner: str) -> tuple[int, str] | None:
    """The pid of an owner and that pid's start time; None if it is of elsewhere."""
    machine, _, rest = owner.partition("/")
    pid, _, rest = rest.partition("/")
    started = rest.partition("/")[0]
    if machine != _machine() or not pid.isdigit() or not started:
        return None
    return int(pid), started


def _machine() -> str:
    """Host name, boot and namespace of pids: a pid means something only within all three.

    Containers may have their host's name and its boot, and still pids of their own.
    """
    boot = pids = "unknown"
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        pids = Path("/proc/self/ns/pid").readlink().name  # such as pid:[4026531836]
    return f"{socket.gethostname()}.{boot}.{pids}"


def _started(pid: int) -> str:
    """The process's start time in clock ticks; empty where it has ended, or there is no /proc.

    A process that nobody waits for stays in the table when it has ended, in some containers for
    ever.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The second field is the command in brackets, and may itself hold spaces and brackets.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in _ENDED else fields[19]

"""Who owns a run: an id for this server process, and whether another one is known to be dead.

A run's lease says when others may take it over. Waiting for it to end is only needed where nobody
can know better: a process of this very machine that is gone has lost its runs at once.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from oxillama_jupyter.ids import new_id

__all__ = ["is_gone", "new_owner"]

_ENDED = ("Z", "X")  # what /proc calls a process that only waits to be noticed


def new_owner() -> str:
    """An id for this process: host, boot, pid and the pid's start time, and a unique part.

    The unique part keeps two servers of one process apart, as tests have them.
    """
    pid = os.getpid()
    return "/".join((_machine(), str(pid), _started(pid), new_id("server")))


def is_gone(owner: str) -> bool:
    """Whether that process surely does not exist any more; False where it cannot be known."""
    machine, _, rest = owner.partition("/")
    pid, _, rest = rest.partition("/")
    started = rest.partition("/")[0]
    if machine != _machine() or not pid.isdigit() or not started:
        return False
    return _started(int(pid)) != started


def _machine() -> str:
    """Host name and boot: a pid means something only within both."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = "unknown"
    return f"{socket.gethostname()}.{boot}"


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

"""What this machine is: cores, memory, and a name for it that a new CPU or a new build changes."""

from __future__ import annotations

import hashlib
import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from oxillama_jupyter.engine.cgroups import cpus

__all__ = ["be_nice", "fingerprint", "logical_cores", "physical_cores", "physical_memory"]


def physical_cores() -> int:
    """Physical cores this process may use; hyper-threads only slow matrix products down."""
    return _within_quota(_physical_cpus())


def logical_cores() -> int:
    """Cores this process may use, hyper-threads counted."""
    return _within_quota(len(_allowed_cpus()))


def physical_memory() -> int:
    """Bytes of memory; a modest guess where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 8 << 30


def be_nice(niceness: int) -> None:
    """Let other processes go first, if this one does so less than that by now.

    Where Linux groups processes by session, which the engine has one of its own of, niceness counts
    within the group only, and the group has another one.
    """
    if not niceness or not hasattr(os, "setpriority"):
        return
    for thread in _threads():  # on Linux each has its own; later ones have that of their maker
        with suppress(OSError):
            present = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, max(niceness, present))
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(niceness))


def _threads() -> list[int]:
    """This process's threads, where the system tells; 0 stands for the process."""
    try:
        return [int(path.name) for path in Path("/proc/self/task").iterdir()]
    except OSError:
        return [0]


def fingerprint() -> str:
    """Name this CPU, as its hypervisor shows it, together with the installed llama.cpp build."""
    parts = [platform.machine(), platform.processor(), *_cpu_lines(), *_build_parts()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _within_quota(count: int) -> int:
    """No more than a container's share of CPU time: with more threads all of them are halted."""
    return max(min(count, cpus() or count), 1)


def _physical_cpus() -> int:
    allowed = _allowed_cpus()
    siblings = set()
    for cpu in allowed:
        path = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            siblings.add(path.read_text())
        except OSError:
            return len(allowed)
    return len(siblings)


def _allowed_cpus() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _cpu_lines() -> list[str]:
    """Model and flags of the first CPU; `hypervisor` is one of the flags."""
    try:
        first = Path("/proc/cpuinfo").read_text().split("\n\n", 1)[0]
    except OSError:
        return []
    wanted = ("vendor_id", "model name", "cpu family", "model", "stepping", "flags", "Features")
    return [line for line in first.splitlines() if line.split("\t", 1)[0].strip() in wanted]


def _build_parts() -> list[str]:
    """Version and library sizes of llama.cpp, found without loading it."""
    try:
        parts = [version("llama-cpp-python")]
    except PackageNotFoundError:
        return []
    spec = find_spec("llama_cpp")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        libraries = sorted(Path(folder, "lib").glob("lib*"))
        parts += [f"{path.name} {path.stat().st_size}" for path in libraries]
    return parts

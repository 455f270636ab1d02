"""The control groups this process is in, as Linux shows them: a container's limits are there."""

from __future__ import annotations

from pathlib import Path

__all__ = ["GROUPS", "PROC", "cpus", "groups", "read"]

PROC = Path("/proc")
GROUPS = Path("/sys/fs/cgroup")


def groups(proc: Path = PROC, root: Path = GROUPS, *, controller: str = "") -> list[Path]:
    """Folders of our control group and of each one around it; none where the system has none.

    In a container the path that the system tells may be the host's: then only the last of these
    folders is there, and it is the container's own.

    Args:
        proc: Where processes are shown.
        root: Where groups are shown.
        controller: One of version 1, such as `cpu`; empty for the groups of version 2.
    """
    for line in read(proc / "self" / "cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controller in controllers.split(","):
            base = root / controller
            folder = base / path.strip("/")
            around = [folder, *folder.parents]
            return around[: around.index(base) + 1]
    return []


def cpus(proc: Path = PROC, root: Path = GROUPS) -> int | None:
    """How many CPUs our groups may use all the time, rounded up; None where nothing limits that."""
    quotas = [read(group / "cpu.max").split() for group in groups(proc, root)]
    quotas += [
        [read(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
        for group in groups(proc, root, controller="cpu")
    ]
    limits = [
        -(-int(quota[0]) // int(quota[1]))
        for quota in quotas
        if len(quota) == 2 and all(map(str.isdigit, quota)) and int(quota[1])  # noqa: PLR2004 - both numbers
    ]
    return min(limits, default=None)


def read(path: Path) -> str:
    """A small file's text; empty where it cannot be read."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""

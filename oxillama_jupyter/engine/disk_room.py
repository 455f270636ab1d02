"""Room on the disk for the states of threads: their budget, and what they leave to others."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from oxillama_jupyter.engine import snapshots

__all__ = ["DiskRoom", "files_in"]

_SPARE_BYTES = 1 << 28  # of the disk, or an eighth of a small one, that states leave to others
_STALE_SECONDS = 60  # a file under construction is touched more often than this


class DiskRoom:
    """Keeps the files of all models within one budget; those unused for longest go first.

    Args:
        folder: The one that is written to, beside those of other models.
        budget: The most bytes of the files in all of them.
        gone: Gets the name of each file that had to go from `folder`.
    """

    def __init__(self, folder: Path, budget: int, *, gone: Callable[[str], None]) -> None:
        self._folder = folder
        self._root = folder.parent
        self._budget = budget
        self._gone = gone

    def make_room(self, room: int, replaced: Path | None = None) -> None:
        """Delete what was left half-written, and the oldest until there is room in the budget.

        Args:
            room: Bytes that are about to be written.
            replaced: The file whose place they take.

        Raises:
            OSError: There would be none, whatever was deleted.
        """
        now = time.time()
        files = []
        for folder in _folders(self._root):
            for path, status in files_in(folder):
                if path.suffix == snapshots.SUFFIX and path != replaced:
                    files.append((status.st_mtime_ns, status.st_size, path))
                elif path.suffix == ".tmp" and now - status.st_mtime > _STALE_SECONDS:
                    path.unlink(missing_ok=True)
        taken = sum(size for _, size, _ in files)
        limit = min(self._budget, taken + self._free())
        if room > limit:
            raise OSError(errno.ENOSPC, "the disk is nearly full", str(self._root))
        total = room + taken
        for _, size, path in sorted(files):
            if total <= limit:
                break
            path.unlink(missing_ok=True)
            total -= size
            if path.parent == self._folder:  # which is about to be written to
                self._gone(path.name)
            else:
                with suppress(OSError):  # others' files are in it
                    path.parent.rmdir()

    def _free(self) -> int:
        """How many bytes more may be taken: states must not keep others from writing."""
        usage = shutil.disk_usage(self._root)
        return usage.free - min(_SPARE_BYTES, usage.total // 8)


def files_in(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """What is in a folder; files that vanish while one looks are not."""
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_file(follow_symlinks=False):
                    found.append((Path(entry.path), entry.stat(follow_symlinks=False)))
    return found


def _folders(root: Path) -> Iterator[Path]:
    try:
        yield from [path for path in root.iterdir() if path.is_dir()]
    except OSError:
        return

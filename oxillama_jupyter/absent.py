"""Importing a package without what it only looks whether it is there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder

__all__ = ["absent"]


class _Absent(MetaPathFinder):
    """Finds nothing, and lets nobody else find these for the thread that has made it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        del path, target
        if name in self._names and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not wanted here", name=name)


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Let this thread's imports fail to find these modules, unless they are loaded already.

    Other threads find them meanwhile.
    """
    finder = _Absent(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)

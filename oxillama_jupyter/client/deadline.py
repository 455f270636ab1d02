"""Python code of others, stopped when it takes too long."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["deadline"]


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `TimeoutError` inside the block once the time is over.

    It comes between two steps of Python code, in any thread and without signals, which belong to
    the kernel. A call into C comes to its own end first.
    """
    caller = threading.get_ident()
    lock = threading.Lock()
    over = False

    def end() -> None:
        with lock:
            if not over:
                _raise_in(caller, TimeoutError)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    try:
        timer.start()
        yield
    finally:
        timer.cancel()
        with lock:
            over = True
            # One that was sent in the last moment must not hit what comes next.
            _raise_in(caller, None)


def _raise_in(thread: int, error: type[Exception] | None) -> None:
    """Let an exception arise in a thread of this process, or take back one that has not yet."""
    raised = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)

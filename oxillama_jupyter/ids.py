"""Identifiers that sort by creation time, and the clock.

An id is its prefix, 48 bits of milliseconds and 80 random bits in Crockford's base 32, lower case:
`thread_01jd3k…`. Ids made by one process strictly increase, also within a millisecond.
"""

from __future__ import annotations

import secrets
import threading
import time

__all__ = ["new_id", "now"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
_LENGTH = 26
_lock = threading.Lock()
_last = [0]  # a cell, so that no function needs `global`


def now() -> int:
    """The time in whole seconds since the epoch, as the API's timestamps have it."""
    return int(time.time())


def new_id(prefix: str) -> str:
    """A new id such as `run_01jd3k9x…`.

    Args:
        prefix: The noun's prefix without its underscore: `thread`, `msg`, `run`, `step`, `asst`.
    """
    fresh = (time.time_ns() // 1_000_000 << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    with _lock:
        # A clock that stands still or steps back must not reorder ids.
        number = _last[0] = fresh if fresh > _last[0] else _last[0] + 1
    digits = [_ALPHABET[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5)]
    return f"{prefix}_{''.join(digits)}"

"""Code of others ends in time, and what comes after it is left alone."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest

from oxillama_jupyter.client.deadline import deadline


def spin(seconds: float) -> int:
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        count += 1
    return count


def test_what_takes_too_long_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError), deadline(0.1):
        spin(20)
    assert time.monotonic() - started < 10


def test_what_ends_in_time_is_not_hurt() -> None:
    before = threading.active_count()
    for _ in range(50):
        with suppress(TimeoutError), deadline(0.0005):
            spin(0.0005)
    with deadline(60):
        pass
    spin(0.05)
    time.sleep(0.05)
    assert threading.active_count() <= before + 1


def test_it_works_in_any_thread() -> None:
    seen: list[str] = []

    def work() -> None:
        try:
            with deadline(0.1):
                spin(20)
        except TimeoutError:
            seen.append("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert seen == ["stopped"]

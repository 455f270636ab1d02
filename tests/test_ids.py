from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from oxillama_jupyter.ids import new_id, now


def test_an_id_is_its_prefix_and_26_characters() -> None:
    assert re.fullmatch("thread_[0-9a-hjkmnp-tv-z]{26}", new_id("thread"))


def test_ids_increase_also_within_a_millisecond() -> None:
    ids = [new_id("run") for _ in range(10_000)]
    assert ids == sorted(set(ids))


def test_ids_increase_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id("run")
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert new_id("run") > first


def test_ids_of_many_threads_differ() -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: new_id("run"), range(2000)))
    assert len(set(ids)) == len(ids)


def test_now_is_whole_seconds() -> None:
    assert abs(now() - time.time()) <= 1

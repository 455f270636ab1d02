"""What a model will take, held against what it does take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from engine.helpers import ask, collect, started

from oxillama_jupyter.engine.fit import (
    Memory,
    Wanted,
    available_memory,
    estimate,
    megabytes,
    suggestion,
)
from oxillama_jupyter.engine.gguf import read_header
from oxillama_jupyter.engine.local import LocalEngine


@pytest.mark.parametrize("n_parallel", [1, 4])
async def test_the_estimate_is_what_a_process_takes(
    middling_model: Path, local: Callable[..., LocalEngine], n_parallel: int
) -> None:
    need = estimate(read_header(middling_model), Wanted(8192, n_parallel))
    async with started(local(middling_model, n_ctx=8192, n_parallel=n_parallel)) as engine:
        status = engine.status()
        await collect(engine, ask("abcd " * 700, max_tokens=1))  # touches what was only reserved
        taken = psutil.Process(status.pid).memory_info().rss

    cells = status.settings["n_cells"]
    assert need.cache == cells * 6 * 4 * (512 // 8) * 2 * 2  # layers, KV heads, head, K and V, f16
    assert need.weights == middling_model.stat().st_size  # noqa: ASYNC240
    # Buffers are for a full context, of which pages that were never used are not taken.
    assert 0.8 * taken < need.total < 3 * taken


def test_more_context_and_sequences_need_more(small_model: Path) -> None:
    header = read_header(small_model)
    totals = [
        estimate(header, Wanted(n_ctx, n_parallel)).cache
        for n_ctx, n_parallel in ((512, 1), (2048, 1), (2048, 4))
    ]

    assert totals[0] < totals[1] < totals[2]


def test_the_suggestion_is_something_that_fits(small_model: Path) -> None:
    header = replace(read_header(small_model), n_ctx_train=1 << 20, kv_values=8192)
    wanted = Wanted(65536, 4)
    available = estimate(header, Wanted(16384, 1)).total

    assert "n_ctx=16384 with OxillamaApp.n_parallel=1" in suggestion(header, wanted, available)
    assert "smaller quantisation" in suggestion(header, wanted, header.size)


def test_available_memory_is_the_least_of_machine_and_control_groups(tmp_path: Path) -> None:
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    (proc / "self").mkdir(parents=True)
    assert available_memory(proc, groups) is None
    (proc / "meminfo").write_text("MemTotal:  9000 kB\nMemFree: 1 kB\nMemAvailable:  8000 kB\n")
    (proc / "self" / "cgroup").write_text("4:memory:/old\n0::/user/one\n")
    assert available_memory(proc, groups) == 8000 << 10

    one = groups / "user" / "one"
    one.mkdir(parents=True)
    (one / "memory.max").write_text("max\n")
    (one / "memory.current").write_text("1000\n")
    assert available_memory(proc, groups) == 8000 << 10
    (one.parent / "memory.max").write_text("5000\n")
    (one.parent / "memory.current").write_text("3000\n")
    (one.parent / "memory.stat").write_text("anon 1\ninactive_file 700\n")
    assert available_memory(proc, groups) == 5000 - 3000 + 700


def test_this_machine_says_what_is_available() -> None:
    available = available_memory()

    assert available is None or 0 <= available <= psutil.virtual_memory().total


def test_the_default_budget_is_three_quarters_of_what_was_there_at_first() -> None:
    free = iter([1000, 10])
    memory = Memory(available=lambda: next(free))

    assert memory.budget() == memory.budget() == 750
    assert memory.available() == 10
    assert Memory(check=False, available=lambda: 5).available() is None
    assert Memory(70, available=lambda: 5).budget() == 70
    assert Memory(available=lambda: None).budget() is None


def test_bytes_are_said_as_people_read_them() -> None:
    assert [megabytes(4_036_704), megabytes(7_400_000_000)] == ["4 MB", "7.4 GB"]

"""Stop on a kernel that is blocked. How fast it is, `benchmarks/widgets.py` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.chats import api
from browser.notebooks import open_notebook, write_notebook
from browser.stops import CELL, SLEEPS, WRITES, kernel_value, run_cell, stop, wait_until_it_writes

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

_BOUND = 10_000  # milliseconds: this machine may have anything to do


@pytest.mark.timeout(200)
def test_stop_ends_the_cell_and_the_run_whatever_blocks_the_kernel(
    page: Page, scripted_lab: Server, world: World, hosts: set[str | None]
) -> None:
    write_notebook(world, CELL, f"%%oxillama --bg\n{WRITES}", SLEEPS)
    open_notebook(page, scripted_lab)
    run_cell(page, 0)
    for _ in range(3):
        run_cell(page, 1)
        wait_until_it_writes(page, 1)
        took = stop(page, 1)
        assert max(took.values()) < _BOUND, took
        ids = kernel_value(page, "[answer.thread_id, answer.run_id]")
        run = api(scripted_lab, f"v1/threads/{ids[0]}/runs/{ids[1]}")
        assert run["status"] == "cancelled"

    run_cell(page, 2)
    run_cell(page, 3)
    wait_until_it_writes(page, 2)
    took = stop(page, 2, ends=False)
    assert max(took.values()) < _BOUND, took
    (newest, *_) = api(scripted_lab, f"v1/threads/{ids[0]}/runs")["data"]
    assert newest["status"] == "cancelled"
    assert newest["id"] != ids[1]
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert prompts[3] == "[*]:"  # still blocked

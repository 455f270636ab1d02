"""`%oxillama pull` in a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from client.world import World
from hub import Hub
from magics.kernel import Kernel

from oxillama_jupyter.magics import pull as pull_module

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pull_shows_how_far_it_is_and_an_interrupt_cancels_it(
    own_world: World, tmp_path: Path
) -> None:
    from conftest import EMBEDDED

    with Hub() as hub:
        hub.add("org/tiny", {"tiny-Q8_0.gguf": EMBEDDED.read_bytes()})
        own_world.env |= {"HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(tmp_path / "hub")}
        server = own_world.serve(
            "--OxillamaApp.allow_pull=True", command=("-m", "oxillama_jupyter")
        )
        with Kernel(own_world, **server.kernel_env) as kernel:
            hub.hold(1_000_000)
            shown = kernel.run(
                "%oxillama pull hf:org/tiny", interrupt_if=lambda _: hub.holding.is_set()
            )
            assert "Interrupted; what has come is kept" in shown.error
            hub.release()
            shown = kernel.run("%oxillama pull hf:org/tiny")
            assert shown.status == "ok", shown.error
            line, end = shown.data("text/plain")
            assert line == "hf:org/tiny: completed, 100% of 0.00 GB"
            assert end == "org/tiny:Q8_0 can answer now: %%oxillama -m org/tiny:Q8_0"
            failed = kernel.run("%oxillama pull hf:org/tiny:Q2_K")
            assert "It has Q8_0" in failed.error


@pytest.mark.parametrize(
    ("done", "seconds", "come", "expected"),
    [
        (10**9, 0.0, 0, "hf:o/r: 25% of 4.00 GB"),
        (2 * 10**9, 10.0, 10**9, "hf:o/r: 50% of 4.00 GB, 100.0 MB/s, 20 s left"),
        (10**9, 100.0, 10**8, "hf:o/r: 25% of 4.00 GB, 1.0 MB/s, 50 min left"),
    ],
)
def test_how_far_and_how_fast(done: int, seconds: float, come: int, expected: str) -> None:
    pull = {"model": "hf:o/r", "status": "in_progress", "bytes_done": done}
    text = pull_module._progress(pull | {"bytes_total": 4 * 10**9}, seconds, come)

    assert expected == text

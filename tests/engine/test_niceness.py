"""An engine that lets others go first."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from engine.helpers import ask, collect, started

from oxillama_jupyter.engine.frames import Configure, encode
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.measure import Measured

MakeEngine = Callable[..., LocalEngine]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness each on Linux only")
@pytest.mark.parametrize("niceness", [0, 13])
async def test_all_threads_of_the_engine_are_as_nice(local: MakeEngine, niceness: int) -> None:
    wanted = max(niceness, os.getpriority(os.PRIO_PROCESS, 0))
    async with started(local(niceness=niceness, n_threads=2)) as engine:
        await collect(engine, ask("hi", max_tokens=5))
        pid = engine.status().pid
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - names are wanted
        found = {os.getpriority(os.PRIO_PROCESS, int(thread)) for thread in threads}
        group = _group(pid)

    assert len(threads) > 2
    assert found == {wanted}
    assert group in (None, niceness)


@pytest.mark.skipif(sys.platform != "linux", reason="as above")
def test_what_measures_is_as_nice(tmp_path: Path) -> None:
    wanted = max(13, os.getpriority(os.PRIO_PROCESS, 0))
    code = (
        "import os, sys\n"
        "from oxillama_jupyter.engine import measure\n"
        "def fake(_):\n"
        "    niceness = os.getpriority(os.PRIO_PROCESS, 0)\n"
        "    return measure.Measured(niceness, 1, 1, 1, 1, 1, 1)\n"
        "measure.measure = fake\n"
        "sys.exit(measure.main())\n"
    )
    frame = encode(Configure(str(tmp_path / "model.gguf"), "m", niceness=13))
    done = subprocess.run(
        [sys.executable, "-c", code], input=frame, capture_output=True, check=True
    )

    assert msgspec.json.decode(done.stdout, type=Measured).depth == wanted


def _group(pid: int | None) -> int | None:
    """The niceness of the session's group, where there are such groups."""
    try:
        return int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1])
    except OSError:
        return None

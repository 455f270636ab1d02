"""Starts with the fastest settings that fail: which of them take what was measured along."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from oxillama_jupyter.engine.autotune import Choice, Tuned
from oxillama_jupyter.engine.frames import Configure, Output
from oxillama_jupyter.engine.launcher import Launched, Launcher
from oxillama_jupyter.engine.process import StartError
from oxillama_jupyter.engine.tuning import BackgroundTuning, Neighbours
from oxillama_jupyter.engine.verdicts import Verdicts

LOGGER = logging.getLogger("test")
UseWorker = Callable[[str], None]
FASTEST = Choice(flash_attn=False, n_threads=1, n_batch=256)
FAILS = """
import time
real = llama.Llama.warm_up
def warm_up(self):
    if self.limits.n_batch < 300:
        {how}
    real(self)
llama.Llama.warm_up = warm_up
"""


class Impatient(Launcher):
    """Waits for the fastest settings a second, and for the usual ones as long as it takes."""

    async def _plain(self, receive: Callable[[list[Output]], None]) -> Launched:
        self._timeout = 60
        return await super()._plain(receive)


class Known:
    """A folder in which the fastest settings are kept."""

    def __init__(self, model: Path, folder: Path) -> None:
        self._configure = Configure(model=str(model), model_id="small", n_ctx=512, n_threads=1)
        self._folder = folder
        self.ways()._file.save(Tuned(FASTEST, [], 1))

    def ways(self) -> BackgroundTuning:
        """What a server that starts knows."""
        nobody = Neighbours(lambda: 0)
        return BackgroundTuning(
            self._configure, self._folder, neighbours=nobody, again=False, logger=LOGGER
        )

    def launcher(self, ways: BackgroundTuning, timeout: float) -> Launcher:
        verdicts = Verdicts(self._folder)
        return Impatient(self._configure, verdicts, ways=ways, timeout=timeout, logger=LOGGER)


@pytest.fixture
def known(small_model: Path, tmp_path: Path) -> Known:
    return Known(small_model, tmp_path)


@pytest.mark.parametrize(
    ("how", "timeout", "kept"),
    [
        ("raise llama.ModelError('no luck')", 60, False),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 60, False),
        ("os.kill(os.getpid(), signal.SIGKILL)", 60, True),  # as where memory is short
        ("raise MemoryError", 60, True),
        ("time.sleep(60)", 1, True),
    ],
)
async def test_what_was_measured_is_forgotten_only_where_it_is_to_blame(
    known: Known,
    worker_script: UseWorker,
    how: str,
    timeout: float,  # noqa: ASYNC109
    *,
    kept: bool,
) -> None:
    worker_script(FAILS.format(how=how))
    ways = known.ways()
    launched = await known.launcher(ways, timeout).launch(lambda _: None)
    await launched.child.stop()

    assert launched.ready.settings["n_batch"] > 300
    wanted = FASTEST if kept else None
    assert ways.choice == wanted  # for the next start of this engine
    assert known.ways().choice == wanted  # and of the server


async def test_a_model_that_does_not_start_at_all_takes_nothing_along(
    known: Known, worker_script: UseWorker
) -> None:
    worker_script(FAILS.format(how="raise llama.ModelError('no luck')").replace("300", "9999"))
    with pytest.raises(StartError, match="no luck"):
        await known.launcher(known.ways(), 60).launch(lambda _: None)
    assert known.ways().choice == FASTEST

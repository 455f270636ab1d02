"""How the engine's process is started, and what its end is called."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path

import pytest

import oxillama_jupyter
from oxillama_jupyter.engine import process
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.process import ChildProcess, StartError, describe_exit

SHELL = ["/bin/sh", "-c"]
LOGGER = logging.getLogger("test")


def _child(monkeypatch: pytest.MonkeyPatch, script: str) -> ChildProcess:
    monkeypatch.setattr(process, "worker_command", lambda: [*SHELL, script])
    return ChildProcess(lambda _outputs: None, LOGGER)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-signal.SIGSEGV, "was killed by SIGSEGV"),
        (-250, "was killed by signal 250"),
    ],
)
def test_ends_have_names(code: int, words: str) -> None:
    assert describe_exit(code) == words


async def test_log_levels_come_from_the_lines(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    script = "printf '<3>bad\\n<4>odd\\n<6>usual\\nplain\\n\\n' >&2; head -c 1 >/dev/null"
    with caplog.at_level(logging.DEBUG, "test"):
        child = _child(monkeypatch, script)
        await child.stop()

    levels = {record.getMessage(): record.levelname for record in caplog.records}
    assert levels == {
        "engine: bad": "WARNING",
        "engine: odd": "INFO",
        "engine: usual": "DEBUG",
        "engine: plain": "DEBUG",
    }
    assert child.last_words() == "bad\nodd\nusual\nplain"


async def test_only_the_last_lines_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    child = _child(monkeypatch, "seq 1000 >&2")
    assert await child.wait() == 0

    assert child.last_words().split() == [str(number) for number in range(981, 1001)]


async def test_a_damaged_frame_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    child = _child(monkeypatch, "printf '\\003\\000\\000\\000bad'; sleep 30")
    with pytest.raises(StartError, match="damaged frame"):
        await child.open(Configure("m", "m"), 10)


async def test_a_process_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_GRACE_SECONDS", 0.1)
    child = _child(monkeypatch, "exec sleep 30")
    child.send(b"x" * (1 << 20))  # more than the pipe holds
    await asyncio.sleep(0.05)
    async with asyncio.timeout(10):
        await child.stop()

    assert await child.wait() == -signal.SIGKILL


async def test_its_working_folder_is_the_packages_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    child = _child(monkeypatch, "pwd >&2; echo $GOMP_SPINCOUNT $GGML_NO_BACKTRACE >&2")
    await child.wait()

    folder, environment = child.last_words().splitlines()
    assert folder == os.fspath(Path(oxillama_jupyter.__file__).parent.parent)
    assert environment == "1000 1"


async def test_the_users_own_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    child = _child(monkeypatch, "echo $GOMP_SPINCOUNT >&2")
    await child.wait()

    assert child.last_words() == "7"

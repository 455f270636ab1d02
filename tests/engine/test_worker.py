"""The engine's process ends with its parent, however that ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oxillama_jupyter.engine.frames import Configure, Submit, encode
from oxillama_jupyter.engine.process import worker_command

ROOT = Path(__file__).parents[2]

SERVER = """
import asyncio, os, sys
from pathlib import Path
from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.protocol import GenerateRequest

async def main():
    model, data = map(Path, sys.argv[1:3])
    engine = LocalEngine(
        model, model_id="m", data_dir=data, n_ctx=16384, n_threads=1, vault_bytes=1 << 30
    )
    await engine.start()
    messages = [{"role": "user", "content": "abcd " * 4000}]
    run = engine.generate(GenerateRequest(messages, cache_key="thread"))
    await anext(run)
    if sys.argv[3] == "fork" and os.fork() == 0:
        import time
        time.sleep(20)
        os._exit(0)
    print(engine.status().pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def _alive(pid: int) -> bool:
    """Whether a process runs; a zombie whose parent is gone does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def _gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while _alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("leak", ["plain", "fork"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_engine_vanishes_with_its_server(
    middling_model: Path, tmp_path: Path, how: signal.Signals, leak: str
) -> None:
    """In mid-prefill, with a state to save; also when a fork of the server holds the pipe."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, middling_model, tmp_path, leak],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        process_group=0,
    )
    try:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert _alive(pid)
        assert os.getsid(pid) == pid  # Ctrl-C and killpg of the server do not reach it
        server.send_signal(how)
        server.wait()

        assert _gone_within(pid, 2.0)
    finally:
        os.killpg(server.pid, signal.SIGKILL) if leak == "fork" else server.kill()
        server.stdout.close()
        server.wait()


def test_a_closed_pipe_ends_the_process_while_it_loads(small_model: Path) -> None:
    child = subprocess.Popen(
        worker_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        child.stdin.write(encode(Configure(str(small_model), "m")))
        child.stdin.close()

        assert child.wait(10) == 0


def test_it_does_not_run_by_hand() -> None:
    done = subprocess.run(
        worker_command(), input=b"", capture_output=True, cwd=ROOT, timeout=30, check=False
    )

    assert done.returncode == 2
    assert b"LocalEngine" in done.stderr
    assert done.stdout == b""


def test_it_wants_settings_first() -> None:
    from oxillama_jupyter.engine.protocol import GenerateRequest

    frame = encode(Submit(1, GenerateRequest([])))
    done = subprocess.run(
        worker_command(), input=frame, capture_output=True, cwd=ROOT, timeout=30, check=False
    )

    assert done.returncode == 2

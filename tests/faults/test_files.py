"""The files under the server: a disk that is really full, a model that is replaced."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import EMBEDDED
from consistency import assert_consistent
from servers import Server, until

StartServer = Callable[..., Server]
SMALL = 16 << 20  # bytes of a disk that holds a store, and few states of threads


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own, of a few megabytes."""
    folder = tmp_path / "small"
    (folder / "data").mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder / "data")]
    if os.getuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let the tests mount a file system")
    yield folder  # the servers on it end first: they are asked for after it
    subprocess.run(["umount", "-l", str(folder / "data")], check=True)


def ask(server: Server, words: str, thread_id: str = "") -> Any:  # a run
    message = {"role": "user", "content": words}
    settings: Any = {"assistant_id": "default", "extra_body": {"max_tokens": 4}}
    if not thread_id:
        thread: Any = {"messages": [message]}
        return server.client.beta.threads.create_and_run_poll(thread=thread, **settings)
    return server.client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, additional_messages=[message], **settings
    )


def states(server: Server) -> list[Path]:
    return sorted((server.folder / "data" / "oxillama" / "vault").rglob("*.kv"))


def test_a_full_disk_costs_states_and_no_answer(
    small_disk: Path, start_server: StartServer
) -> None:
    server = start_server(folder=str(small_disk))
    runs = [ask(server, f"{number} " + "one two three " * 60) for number in range(16)]
    assert {run.status for run in runs} == {"incomplete"}  # four tokens
    server.stop()
    kept = len(states(server))
    assert 0 < kept < len(runs), "the disk was to hold some of the states and not all"
    server.start()
    for run in runs:
        assert ask(server, "go on", run.thread_id).status == "incomplete"
    assert_consistent(server)


def test_a_store_without_room_says_so_and_goes_on_when_there_is_some(
    small_disk: Path, start_server: StartServer
) -> None:
    server = start_server("--OxillamaApp.vault_bytes=0", folder=str(small_disk))
    first = ask(server, "Hello!")
    ballast = small_disk / "data" / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096) == 4096:
                pass
        except OSError:
            pass
    path = f"v1/threads/{first.thread_id}/messages"
    refused = until(
        lambda: next(
            (
                answer
                for answer in [
                    server.raw.post(path, json={"role": "user", "content": "word " * 40_000})
                ]
                if answer.status_code != 200
            ),
            None,
        ),
        "the store to be full",
    )
    assert refused.status_code == 500
    assert "the disk is full" in refused.json()["error"]["message"]
    assert server.raw.get(path).status_code == 200
    ballast.unlink()
    assert ask(server, "Hello!", first.thread_id).status == "incomplete"
    assert_consistent(server)


def test_a_model_that_is_replaced_by_rubbish_is_told_and_mended(
    start_server: StartServer, tmp_path: Path
) -> None:
    model = tmp_path / "mine.gguf"
    shutil.copy(EMBEDDED, model)
    server = start_server(f"--OxillamaApp.model={model}")
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(EMBEDDED.read_bytes()[:100_000])
    rubbish.replace(model)
    run = ask(server, "Hello!")  # the engine has the file that it opened
    assert run.status == "incomplete"
    server.engine.kill()

    def failed() -> Any:
        again = ask(server, "Hello!", run.thread_id)
        return again if again.status == "failed" else None

    told = until(failed, "the rubbish to be noticed")
    assert told.last_error.code == "server_error"
    assert told.last_error.message
    good = tmp_path / "good"
    shutil.copy(EMBEDDED, good)
    good.replace(model)
    loaded = server.raw.post("oxillama/models/load", json={"model": "mine"})
    assert loaded.status_code == 200, loaded.text
    assert ask(server, "Hello!", run.thread_id).status == "incomplete"
    assert_consistent(server)

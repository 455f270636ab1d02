"""A server whose engine is another server: runs by `OxillamaApp.remote_url`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import Server, until

from oxillama_jupyter.remotekey import remote_key

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def upstream() -> Iterator[subprocess.Popen[str]]:
    """llama-cpp-python's own server on the embedded model; it prints its port."""
    model = ROOT / "oxillama_jupyter" / "assets" / "oxillama-tiny.gguf"
    script = ROOT / "tests" / "engine" / "llama_server.py"
    command = [sys.executable, str(script), str(model), "512"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_runs_on_a_remote_engine(upstream: subprocess.Popen[str], tmp_path: Path) -> None:
    assert upstream.stdout is not None
    url = f"http://127.0.0.1:{int(upstream.stdout.readline())}/v1"
    env = {"OXILLAMA_REMOTE_API_KEY": "upstream-key"}
    with Server(tmp_path, f"--OxillamaApp.remote_url={url}", env=env) as server:
        client = server.client
        assert [model.id for model in client.models.list()] == ["tiny"]
        run = client.beta.threads.create_and_run_poll(
            assistant_id="default",
            thread={"messages": [{"role": "user", "content": "What is your name?"}]},
            extra_body={"max_completion_tokens": 256, "temperature": 0},
        )
        assert run.status in {"completed", "incomplete"}
        (message, _) = client.beta.threads.messages.list(run.thread_id).data
        assert message.role == "assistant"
        assert "Oxillama" in message.content[0].text.value
        health = server.raw.get("oxillama/health").json()
        assert (health["status"], health["model"]) == ("ok", "tiny")
        assert health["engine"]["settings"]["remote"] == url

        upstream.kill()
        upstream.wait()
        failed = client.beta.threads.runs.create_and_poll(
            thread_id=run.thread_id, assistant_id="default"
        )
        assert failed.status == "failed"
        assert "refused" in failed.last_error.message
        until(
            lambda: server.raw.get("oxillama/health").json()["status"] == "failed",
            "the engine's failure",
        )
        assert "upstream-key" not in server.log.text


def test_the_key_comes_from_the_environment_and_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OXILLAMA_REMOTE_API_KEY", "from the environment")
    assert remote_key("")() == "from the environment"
    assert "OXILLAMA_REMOTE_API_KEY" not in os.environ
    assert remote_key("")() == ""

    file = tmp_path / "key"
    read = remote_key(str(file))
    file.write_text("from the file")
    assert read() == "from the file"
    file.write_text("changed")
    assert read() == "changed"

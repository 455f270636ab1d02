"""A server whose engine is another server: runs by `OxillamaApp.remote_url`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
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


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A second server of ours, which is the first one's upstream."""
    with Server(tmp_path_factory.mktemp("department")) as server:
        yield server


@pytest.fixture(scope="module")
def branch(tmp_path_factory: pytest.TempPathFactory, department: Server) -> Iterator[Server]:
    """A server whose model is that of another one of ours."""
    url = f"--OxillamaApp.remote_url={department.url}v1"
    env = {"OXILLAMA_REMOTE_API_KEY": department.token}
    with Server(tmp_path_factory.mktemp("branch"), url, env=env) as server:
        yield server


WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 12}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
NAME: Any = [{"role": "user", "content": "What is your name?"}]


def test_a_server_of_ours_is_another_ones_upstream(department: Server, branch: Server) -> None:
    model = branch.client.models.list().data[0].id
    assert model == department.client.models.list().data[0].id
    given: Any = {"model": model, "messages": NAME, "temperature": 0, "max_tokens": 20}
    ours, theirs = (
        server.client.chat.completions.create(**given) for server in (branch, department)
    )
    assert ours.choices[0].message.content == theirs.choices[0].message.content
    assert ours.choices[0].finish_reason == theirs.choices[0].finish_reason
    assert ours.usage is not None
    assert theirs.usage is not None
    assert ours.usage.prompt_tokens == theirs.usage.prompt_tokens
    assert ours.usage.completion_tokens == theirs.usage.completion_tokens
    run = branch.client.beta.threads.create_and_run_poll(
        assistant_id="default", thread={"messages": NAME}, temperature=0
    )
    assert run.status == "completed"


def test_calls_and_formats_pass_through_both(branch: Server) -> None:
    given: Any = {"model": "oxillama-tiny", "messages": NAME, "temperature": 0}
    forced = branch.client.chat.completions.create(
        **given, tools=[WEATHER], tool_choice="required", parallel_tool_calls=False
    )
    assert forced.choices[0].finish_reason == "tool_calls"
    (call,) = forced.choices[0].message.tool_calls or ()
    assert set(json.loads(call.function.arguments)) == {"city"}
    schema = {**WEATHER["function"]["parameters"]}
    described = {"name": "place", "schema": schema, "strict": True}
    made = branch.client.chat.completions.create(
        **given, response_format={"type": "json_schema", "json_schema": described}
    )
    assert set(json.loads(made.choices[0].message.content or "")) == {"city"}


def test_embeddings_pass_through_both(department: Server, branch: Server) -> None:
    ours, theirs = (
        server.client.embeddings.create(model="oxillama-tiny", input=["x", "y"])
        for server in (branch, department)
    )
    assert ours.usage == theirs.usage
    for left, right in zip(ours.data, theirs.data, strict=True):
        assert left.embedding == pytest.approx(right.embedding, abs=1e-4)


def live(server: Server) -> float:
    """How many generate or wait there."""
    found = re.search(r"^oxillama_live_runs (\S+)$", server.raw.get("metrics").text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_who_leaves_the_one_leaves_the_other(department: Server, branch: Server) -> None:
    body = {"model": "oxillama-tiny", "messages": NAME}

    def leave() -> None:
        with pytest.raises(httpx2.ReadTimeout):
            branch.raw.post("v1/chat/completions", json=body, timeout=5)

    with department.held(), ThreadPoolExecutor(1) as pool:
        leaving = pool.submit(leave)
        until(lambda: live(department) == 1, "the upstream's generation")
        leaving.result()
        until(lambda: live(department) == 0, "its end", timeout=20)


def test_errors_of_the_one_are_errors_of_the_other(branch: Server) -> None:
    path = "v1/chat/completions"
    long = [{"role": "user", "content": "word " * 20_000}]
    rows: list[tuple[str, Any, str | None]] = [
        (path, {"messages": long}, "context_length_exceeded"),
        ("v1/completions", {"prompt": "x"}, None),
    ]
    for path, body, code in rows:
        answer = branch.raw.post(path, json={"model": "oxillama-tiny", **body})
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == code


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

"""The `openai` package for Node: streaming Responses, runs and chat.

`npm ci --prefix tests/clients/node` installs it, as `.ci/run` does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from servers import TOKEN

NODE = Path(__file__).parent / "node"


def why_not() -> str:
    """What is missing; nothing where all is there."""
    if shutil.which("node") is None:
        return "Node is not installed (Debian: apt install nodejs npm)"
    if not (NODE / "node_modules" / "openai").is_dir():
        return f"the openai package is not installed (npm ci --prefix {NODE})"
    return ""


@pytest.fixture(autouse=True)
def node() -> None:
    reason = why_not()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def run(script: str, base_url: str) -> Any:  # what the script prints, as JSON
    done = subprocess.run(
        ["node", str(NODE / script)],
        env={**os.environ, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": TOKEN},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_responses_are_streamed_and_go_on(base_url: str) -> None:
    told = run("responses.mjs", base_url)
    assert told["types"][0] == "response.created"
    assert told["types"][-1] == "response.completed"
    assert told["streamed"] == told["final"] == told["stored"]
    assert "Zorvik" in told["recalled"]
    assert told["deleted"] == 404


def test_runs_are_streamed_with_tools(base_url: str) -> None:
    told = run("runs.mjs", base_url)
    assert told["calls"] == [{"name": "get_weather", "arguments": {"city": "Oslo"}}]
    assert told["status"] == "completed"
    assert told["streamed"] == told["message"] != ""


def test_chat_is_streamed_with_tools(base_url: str) -> None:
    told = run("chat.mjs", base_url)
    assert told["cities"] == ["Oslo"]
    assert told["final"]
    assert told["finish"] == "stop"

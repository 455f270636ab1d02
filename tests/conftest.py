"""Real servers, the SDK that talks to them, and the oracle that reads along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from servers import Server

os.environ["PYTHONPATH"] = os.pathsep.join(  # of all that is started from here
    filter(None, [str(Path(__file__).with_name("left_out")), os.environ.get("PYTHONPATH")])
)
EMBEDDED = Path(__file__).parent.parent / "oxillama_jupyter" / "assets" / "oxillama-tiny.gguf"
StartServer = Callable[..., Server]
_END_TOKENS = """
import sys, llama_cpp as llama
params = llama.llama_model_default_params()
params.vocab_only = True
model = llama.llama_model_load_from_file(sys.argv[1].encode(), params)
vocab = llama.llama_model_get_vocab(model)
count = llama.llama_vocab_n_tokens(vocab)
print([token for token in range(count) if llama.llama_vocab_is_eog(vocab, token)])
"""


def pytest_configure(config: pytest.Config) -> None:
    # The SDK's only word on `client.beta.assistants`: this project keeps that API alive.
    config.addinivalue_line("filterwarnings", "ignore:deprecated$:DeprecationWarning")


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of this worker; its odd base URL finds forgotten prefixes."""
    with Server(tmp_path_factory.mktemp("shared"), "--ServerApp.base_url=/a%40b/") as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    yield shared_server
    shared_server.check()


@pytest.fixture
def client(server: Server) -> OpenAI:
    """The official SDK."""
    return server.client


@pytest.fixture
def raw(server: Server) -> httpx2.Client:
    """Plain HTTP, for what the SDK would not send."""
    return server.raw


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers of the test's own; by default each in its own folders."""
    started: list[Server] = []

    def start(*options: str, folder: str | None = None, ready: bool = True, **kw: Any) -> Server:
        server = Server(tmp_path / (folder or f"server{len(started)}"), *options, **kw)
        started.append(server)
        return server.start(ready=ready)

    start.started = started  # type: ignore[attr-defined]  # for the report of a failure
    yield start
    for server in reversed(started):
        server.close()


@pytest.fixture(scope="session")
def endless() -> dict[str, Any]:
    """Settings under which any model talks until `max_tokens`: it can never end its turn."""
    found = subprocess.run(
        [sys.executable, "-c", _END_TOKENS, str(EMBEDDED)],
        capture_output=True,
        text=True,
        check=True,
    )
    ends = json.loads(found.stdout.splitlines()[-1])
    return {"logit_bias": {str(token): -100 for token in ends}, "seed": 1}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the servers' logs beside a failure."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    servers = [arguments.get("shared_server"), *_started(arguments)]
    if report.failed:
        for server in filter(None, servers):
            report.sections.append((f"log of {server.folder.name}", server.log.text[-6000:]))
    return report


def _started(arguments: dict[str, Any]) -> list[Server]:
    return getattr(arguments.get("start_server"), "started", [])

"""Models over several machines: the setting, what is said where it cannot work, and the real thing.

The published builds of llama-cpp-python have no RPC backend; where GGML_BACKEND_PATH names one, a
server of it is started here.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from engine.helpers import answer, ask, started
from traitlets import TraitError

from oxillama_jupyter.engine.local import LocalEngine
from oxillama_jupyter.engine.rpc import add_servers, check_server
from oxillama_jupyter.errors import EngineError, EngineUnavailable
from oxillama_jupyter.extension import OxillamaApp

MakeEngine = Callable[..., LocalEngine]
BACKEND = os.environ.get("GGML_BACKEND_PATH") or None
SERVE = """
import ctypes, sys
from llama_cpp._ggml import libggml
import os
libggml.ggml_backend_dev_by_name.restype = ctypes.c_void_p
device = (ctypes.c_void_p * 1)(libggml.ggml_backend_dev_by_name(b"CPU"))
rpc = ctypes.CDLL(os.environ["GGML_BACKEND_PATH"])
start = rpc.ggml_backend_rpc_start_server
number, text = ctypes.c_size_t, ctypes.c_char_p
start.argtypes = [text, text, number, number, ctypes.c_void_p]
start(sys.argv[1].encode(), None, 1, 1, device)
"""
PROMPT = ask("tell me a tale", max_tokens=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("text", ["10.0.0.2:50052", " node-1.example.org:1 ", "a:65535"])
def test_a_server_has_a_host_and_a_port(text: str) -> None:
    assert check_server(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["", "host", "host:", ":50052", "host:0", "host:65536", "http://h:1", "a:1,b:2", "[::1]:1"],
)
def test_anything_else_is_refused_at_start(text: str) -> None:
    with pytest.raises(ValueError, match="host:port, such as"):
        check_server(text)
    with pytest.raises(TraitError, match=r"OxillamaApp\.rpc_servers: An RPC server is named as"):
        OxillamaApp(rpc_servers=["good:1", text])


def test_the_trait_is_a_list() -> None:
    assert OxillamaApp(rpc_servers=["a:1", " b:2"]).rpc_servers == ["a:1", "b:2"]
    assert OxillamaApp().rpc_servers == []


def test_without_servers_nothing_is_asked_of_the_build() -> None:
    add_servers([])


@pytest.mark.skipif(BACKEND is not None, reason="there is an RPC backend here")
async def test_a_build_without_rpc_says_so(local: MakeEngine) -> None:
    with pytest.raises(EngineError, match="no RPC backend"):
        add_servers(["127.0.0.1:1"])
    engine = local(rpc_servers=["127.0.0.1:1"])
    with pytest.raises(EngineUnavailable, match=r"OxillamaApp\.rpc_servers is set.*GGML_RPC=ON"):
        await engine.start()
    assert engine.status().state == "failed"
    await engine.aclose()


@pytest.fixture
def server() -> Iterator[str]:
    """An RPC server with this machine's CPU."""
    place = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-c", SERVE, place]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(place, process)
            yield place
        finally:
            process.kill()


def _wait_for(place: str, process: subprocess.Popen[bytes]) -> None:
    host, port = place.split(":")
    for _ in range(600):
        assert process.poll() is None, "the RPC server ended"
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(place)


@pytest.mark.skipif(BACKEND is None, reason="GGML_BACKEND_PATH names no RPC backend")
async def test_a_model_answers_the_same_from_another_process(
    local: MakeEngine, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with started(local()) as engine:
        wanted = await answer(engine, PROMPT)
    assert "RPC" not in caplog.text
    async with started(local(rpc_servers=[server])) as engine:
        assert await answer(engine, PROMPT) == wanted
    for part in ("model", "KV"):
        assert f"RPC0[{server}] {part} buffer size" in caplog.text


@pytest.mark.skipif(BACKEND is None, reason="GGML_BACKEND_PATH names no RPC backend")
async def test_a_server_that_is_not_there_is_named(local: MakeEngine) -> None:
    place = f"127.0.0.1:{free_port()}"
    engine = local(rpc_servers=[place])
    with pytest.raises(EngineUnavailable, match=f"rpc_servers: nobody answers at {place}"):
        await engine.start()
    await engine.aclose()

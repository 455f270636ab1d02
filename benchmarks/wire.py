"""The cheapest client there is: HTTP/1.1 over asyncio streams, one connection a request.

An SDK client costs ten times what the server does for an event, so it would measure itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TOKEN = "benchmark"
_START_SECONDS = 60


@dataclass(frozen=True)
class Target:
    """A server under test: its root URL, key, and process id where it is ours."""

    url: str
    key: str
    pid: int | None = None


@contextlib.contextmanager
def scripted_server(tokens: int, *options: str) -> Iterator[Target]:
    """Our server with the scripted engine, in folders of its own."""
    script = Path(__file__).with_name("scripted_server.py")
    with _served([str(script), str(tokens)], *options) as target:
        yield target


@contextlib.contextmanager
def model_server(model: Path, *options: str) -> Iterator[Target]:
    """Our server with a model, in folders of its own."""
    command = ["-m", "oxillama_jupyter", f"--OxillamaApp.model={model.absolute()}"]
    with _served(command, *options) as target:
        yield target


@contextlib.contextmanager
def _served(arguments: list[str], *options: str) -> Iterator[Target]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        env = {f"JUPYTER_{kind}_DIR": f"{folder}/{kind}" for kind in ("DATA", "RUNTIME", "CONFIG")}
        root = ["--allow-root"] if os.getuid() == 0 else []
        command = [sys.executable, *arguments, *root, "--log-level=ERROR", "--no-browser"]
        command += [f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", *options]
        process = subprocess.Popen(command, env={**os.environ, **env, "JUPYTER_TOKEN": TOKEN})
        try:
            target = Target(f"http://127.0.0.1:{port}", TOKEN, process.pid)
            asyncio.run(_wait(target))
            yield target
        finally:
            process.terminate()
            process.wait()


async def _wait(target: Target) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            if (await call(target, "GET", "/oxillama/health"))["status"] == "ok":
                return
        await asyncio.sleep(0.1)
    raise SystemExit(f"the server did not come up within {_START_SECONDS} s")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def call(target: Target, method: str, path: str, body: Any = None) -> Any:
    """One JSON request and its JSON answer."""
    chunks = [chunk async for chunk in stream(target, method, path, body)]
    return json.loads(b"".join(chunks))


async def stream(target: Target, method: str, path: str, body: Any = None) -> AsyncIterator[bytes]:
    """One request; yields the body as it arrives, chunk framing removed."""
    url = urlsplit(target.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        data = b"" if body is None else json.dumps(body).encode()
        writer.write(
            f"{method} {url.path}{path} HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"Authorization: Bearer {target.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode()
            + data
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise OSError(f"{head.decode()}{(await reader.read()).decode()}")
        if b"transfer-encoding: chunked" not in head:
            yield await reader.read()
            return
        while size := int(await reader.readline(), 16):
            yield (await reader.readexactly(size + 2))[:-2]
    finally:
        writer.close()

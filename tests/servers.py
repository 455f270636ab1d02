"""A real server in a process of its own, for tests that look at it from outside."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx2
import psutil
from openai import OpenAI
from oracle import Oracle

T = TypeVar("T")
TOKEN = "test-token"
PATIENCE = 120.0  # seconds; a machine under load is slow, not wrong
_RUNNING_AT = re.compile(r"(http://127\.0\.0\.1:\d+/\S*?)(?:\?token=\S*)?$", re.MULTILINE)
_FOREIGN = re.compile(r"JUPYTER|JPY_|OXILLAMA_|PYTEST_|IPYTHON")


def until(condition: Callable[[], T], what: str, timeout: float = PATIENCE) -> T:
    """Ask again and again until the answer is true; for states that nothing announces."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited {timeout:g} s in vain: {what}"
        time.sleep(0.02)
    return answer


class ServerLog:
    """What a process prints, and waiting for it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._more = threading.Condition()
        self._ended = False
        self._taken = 0
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            for line in pipe:
                self._add(line)
        with self._more:
            self._ended = True
            self._more.notify_all()

    def _add(self, line: str) -> None:
        with self._more:
            self._lines.append(line)
            self._more.notify_all()

    @property
    def text(self) -> str:
        with self._more:
            return "".join(self._lines)

    def take(self) -> str:
        """What has come since the last call."""
        text = self.text
        fresh, self._taken = text[self._taken :], len(text)
        return fresh

    def wait_for(self, pattern: str | re.Pattern[str], timeout: float = PATIENCE) -> re.Match[str]:
        found: list[re.Match[str]] = []

        def seen() -> bool:
            found[:] = filter(None, (re.search(pattern, "".join(self._lines)),))
            return bool(found) or self._ended

        with self._more:
            self._more.wait_for(seen, timeout)
        assert found, f"the log never said {pattern!r}:\n{self.text}"
        return found[0]

    def join(self) -> None:
        self._thread.join(PATIENCE)


class Server:
    """One server with its own Jupyter folders; may be started again after it ended.

    Args:
        folder: Everything it writes is under here.
        options: More of its command line.
        token: Its token; empty for none.
        module: What is run: our own headless server, any Jupyter server, or a script.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        token: str = TOKEN,
        module: str = "oxillama_jupyter",
        env: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.token = token
        self.oracle = Oracle()
        self._options = options
        self._module = module
        self._env = env or {}
        self._closers: list[Callable[[], None]] = []

    # -- life ----------------------------------------------------------------------------------

    def start(self, *, ready: bool = True) -> Self:
        """Start; return when it listens, or when its engine is ready or has failed."""
        (self.folder / "work").mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            self._command(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            cwd=self.folder / "work",
            env=self._environ(),
            start_new_session=True,
        )
        self.log = ServerLog(self.process)
        try:
            self.url = self.log.wait_for(_RUNNING_AT)[1]
            until(self._listens, "the server's port")  # the line comes ahead of it
            self.raw = self.connect(token=self.token)
            self.client = self.sdk(self.token or "none")
            if ready:
                until(self._settled, "the engine's start")
        except BaseException:
            self.kill()
            raise
        return self

    def _listens(self) -> bool:
        address = urlsplit(self.url)
        with suppress(ConnectionRefusedError):
            socket.create_connection((address.hostname, address.port), 5).close()
            return True
        return False

    def _settled(self) -> bool:
        answer = self.raw.get("oxillama/health")
        return answer.status_code == 401 or answer.json()["status"] != "starting"

    def _command(self) -> list[str]:
        options = [
            "--no-browser",
            "--ServerApp.port=0",
            "--ServerApp.ip=127.0.0.1",
            f"--IdentityProvider.token={self.token}",
            "--OxillamaApp.n_threads=1",
            *(["--allow-root"] if os.getuid() == 0 else []),
            *self._options,
        ]
        script = self._module.endswith(".py")
        return [sys.executable, *([] if script else ["-m"]), self._module, *options]

    def _environ(self) -> dict[str, str]:
        environ = {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
        folders = {
            f"JUPYTER_{name}_DIR": str(self.folder / name.lower())
            for name in ("CONFIG", "DATA", "RUNTIME")
        }
        folders |= {"IPYTHONDIR": str(self.folder / "ipython"), "HOME": str(self.folder)}
        return environ | folders | {"PYTHONUNBUFFERED": "1"} | self._env

    def stop(self) -> int:
        """End it by SIGTERM, and see that it leaves no process behind."""
        children = self.children()
        self.process.terminate()
        code = self._ended()
        _, alive = psutil.wait_procs(children, timeout=10)
        for process in alive:
            process.kill()
        assert not alive, f"left behind: {alive}\n{self.log.text}"
        return code

    def kill(self) -> None:
        """End it by SIGKILL; its engine has to notice by itself."""
        children = self.children()
        self.process.kill()
        self.process.wait(PATIENCE)
        for child in children:
            if child.is_running():
                child.resume()
        self._ended()
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive, f"outlived the server: {alive}"

    def _ended(self) -> int:
        code = self.process.wait(PATIENCE)
        self.log.join()
        return code

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop it if it runs, and see that nothing went wrong that no test asked about."""
        if self.process.poll() is None:
            for child in self.children():
                child.resume()
            self.stop()
        for close in self._closers:
            close()
        self.check()

    def check(self) -> None:
        """No answer was of the wrong shape, no exception reached the log."""
        faults = self.oracle.take()
        assert not faults, "\n".join(faults)
        assert "Traceback (most recent call last)" not in self.log.take(), self.log.text[-6000:]

    # -- its processes -------------------------------------------------------------------------

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    @property
    def engine(self) -> psutil.Process:
        """The engine's process."""
        return psutil.Process(self.health()["engine"]["pid"])

    @contextmanager
    def held(self) -> Iterator[psutil.Process]:
        """The engine stands still meanwhile: what runs stays in the middle of its run."""
        engine = self.engine
        engine.suspend()
        try:
            yield engine
        finally:
            if engine.is_running():
                engine.send_signal(signal.SIGCONT)

    def leave(self, path: str, body: dict[str, Any]) -> None:
        """Ask for an answer in one piece, and be gone while it is generated."""

        def ask() -> None:
            with suppress(httpx2.ReadTimeout):
                answer = self.raw.post(path, json=body, timeout=3)
                raise AssertionError(f"nobody left: {answer.text[-500:]}")

        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(ask)
            until(lambda: self.health()["engine"]["running"], "the generation")
            with self.held():  # fast models would answer before anybody has left
                asking.result()

    # -- its clients ---------------------------------------------------------------------------

    def connect(self, token: str = "", **headers: str) -> httpx2.Client:
        """A plain HTTP client whose answers the oracle reads."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        client = httpx2.Client(
            base_url=self.url,
            headers=headers,
            timeout=PATIENCE,
            event_hooks={"response": [self.oracle.read]},
        )
        self._closers.append(client.close)
        return client

    def sdk(self, key: str) -> OpenAI:
        """The official client; it never retries, so that every failure is seen."""
        return OpenAI(
            base_url=f"{self.url}v1",
            api_key=key,
            max_retries=0,
            timeout=PATIENCE,
            http_client=self.connect(),
        )

    def health(self) -> dict[str, Any]:
        return self.raw.get("oxillama/health").raise_for_status().json()

    @property
    def database(self) -> Path:
        given = [option for option in self._options if "db_path=" in option]
        path = given[0].partition("=")[2] if given else "data/oxillama/oxillama.db"
        return self.folder / path

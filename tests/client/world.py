"""A world of its own for a test: Jupyter's directories, servers in it, and their certain end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oxillama_jupyter.client.probe import health

SCRIPTED_SERVER = Path(__file__).with_name("scripted_server.py")
_FOREIGN = ("OXILLAMA_", "OPENAI_", "JPY_", "JUPYTER", "VSCODE", "PYTEST_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@dataclass(frozen=True)
class Server:
    """A running Jupyter server.

    Attributes:
        folder: Where a test's notebooks are below its root folder, with a slash behind it.
    """

    url: str
    token: str
    pid: int
    folder: str = ""

    @property
    def kernel_env(self) -> dict[str, str]:
        """What the extension puts into the kernels it starts."""
        return {
            "OXILLAMA_BASE_URL": f"{self.url}v1",
            "OXILLAMA_URL": f"{self.url}oxillama",
            "OXILLAMA_API_KEY": self.token,
        }


class World:
    """Jupyter's directories below `root`, and the processes that live there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runtime = root / "runtime"
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_FOREIGN) and name.lower() not in _PROXIES
        }
        for name, folder in (
            ("JUPYTER_RUNTIME_DIR", self.runtime),
            ("JUPYTER_DATA_DIR", root / "data"),
            ("JUPYTER_CONFIG_DIR", root / "config"),
            ("IPYTHONDIR", root / "ipython"),
        ):
            folder.mkdir(exist_ok=True)
            self.env[name] = str(folder)
        self._children: list[subprocess.Popen[bytes]] = []

    def serve(
        self, *flags: str, command: tuple[str, ...] = (), token: str = "", port: int = 0
    ) -> Server:
        """Start a Jupyter server with our extension, by default one with a scripted engine."""
        token = token or f"token-{len(self._children)}"
        root = ["--allow-root"] if os.getuid() == 0 else []
        base = [sys.executable, *(command or (str(SCRIPTED_SERVER),))]
        common = ["--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
        common.append("--OxillamaApp.end_with_parent=True")  # should the tests be killed
        with (self.root / f"server-{len(self._children)}.log").open("wb") as log:
            child = subprocess.Popen(
                [*base, *common, *root, *flags],
                env=self.env | {"JUPYTER_TOKEN": token},
                cwd=self.root,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children.append(child)
        file = self.runtime / f"jpserver-{child.pid}.json"
        wait_for(lambda: self._is_up(child, file, token), 60, f"no server, see {log.name}")
        return Server(json.loads(file.read_text())["url"], token, child.pid)

    def kill(self, server: Server) -> None:
        """End a server by SIGKILL, and see that not even a zombie is left."""
        os.kill(server.pid, signal.SIGKILL)
        for child in self._children:
            if child.pid == server.pid:
                child.wait(10)

    def python(self, code: str, **env: str) -> str:
        """Run a program in this world and give what it prints."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.env | env,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def private_state(self) -> dict[str, Any]:
        """What is written down about the private server."""
        (file,) = self.runtime.glob("oxillama-private-*.json")
        state: dict[str, Any] = json.loads(file.read_text())
        return state

    def server_pids(self) -> list[int]:
        """The servers that are running in this world."""
        found = [int(file.stem.split("-")[1]) for file in self.runtime.glob("jpserver-*.json")]
        return [pid for pid in found if is_running(pid)]

    def close(self) -> None:
        """End every server that was ever started here."""
        pids = {child.pid for child in self._children} | set(self.server_pids())
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for pid in pids:
            try:
                wait_for(lambda pid=pid: not is_running(pid), 15, f"server {pid} does not end")
            except AssertionError:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for child in self._children:
            child.wait(10)

    @staticmethod
    def _is_up(child: subprocess.Popen[bytes], file: Path, token: str) -> bool:
        assert child.poll() is None, "the server ended while starting"
        with suppress(OSError, ValueError):
            return health(f"{json.loads(file.read_text())['url']}oxillama", token) is not None
        return False


def is_running(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:
        return False


def wait_for(condition: Any, seconds: float, problem: str) -> None:
    """Wait until `condition()` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, problem
        time.sleep(0.02)

"""The private server: for kernels that no Jupyter server of ours has started.

There is one per user and machine, shared by all such kernels. A file in Jupyter's runtime directory
says where it is, and a lock beside it lets only one kernel at a time look and start. It has a
session of its own, so a kernel's interrupt or end does not touch it, and ends itself after a while
without requests and without running runs.

A kernel that records or replays has a server to itself: a run must begin with nothing, neither with
the threads of another one nor with what that has been answered already. It ends with its kernel.
"""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oxillama_jupyter._version import __version__
from oxillama_jupyter.client.discovery import Address, from_root
from oxillama_jupyter.client.probe import answered, health
from oxillama_jupyter.errors import ConnectionFailed

if TYPE_CHECKING:
    from oxillama_jupyter.client.modes import Taping

__all__ = ["private_server", "running_private_server"]

IDLE_SECONDS = 600
START_SECONDS = 90.0
_ANSWER_SECONDS = 3.0
_POLL_SECONDS = 0.05
_LOG_LINES = 4
_PROCESS = secrets.token_hex(4)  # in names that no process of the same id may find
_OF_A_RUN = re.compile(r"-(?:record|replay)-(\d+)-(\w+)(?:\.\w+|-root)")
# What belongs to the kernel or to another server, and would mislead this one.
_NOT_INHERITED = re.compile(
    r"JPY_|JUPYTERHUB_|JUPYTER_TOKEN|OXILLAMA_(BASE_URL|API_KEY|URL|CERTIFICATE)$|PYTEST_"
)


@dataclass(frozen=True)
class _Files:
    """The server's files; the host is in their names because home directories are shared."""

    directory: Path
    taping: Taping | None = None

    def named(self, suffix: str) -> Path:
        host = re.sub(r"[^\w.-]", "_", platform.node()) or "localhost"
        run = f"-{self.taping.mode}-{os.getpid()}-{_PROCESS}" if self.taping else ""
        return self.directory / f"oxillama-private-{host}{run}{suffix}"

    @property
    def state(self) -> Path:
        return self.named(".json")

    @property
    def lock(self) -> Path:
        return self.named(".lock")

    @property
    def log(self) -> Path:
        return self.named(".log")

    @property
    def root(self) -> Path:
        return self.named("-root")


def private_server(
    runtime_dir: Path, *, idle_seconds: int = IDLE_SECONDS, taping: Taping | None = None
) -> Address:
    """The user's private server; started if it is not running.

    Args:
        runtime_dir: Jupyter's runtime directory: servers are shared within it.
        taping: What it records or replays; such a server is this process's own.
        idle_seconds: A server started now ends itself after so long without work.

    Raises:
        ConnectionFailed: It could not be started; the message has the end of its log.
    """
    from filelock import FileLock, Timeout

    runtime_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = _Files(runtime_dir, taping)
    if taping is not None:
        _sweep(_Files(runtime_dir))
    try:
        with FileLock(files.lock, timeout=2 * START_SECONDS, mode=0o600):
            return _recorded(files) or _start(files, idle_seconds)
    except Timeout:
        raise ConnectionFailed(
            f"Another kernel has been starting the private server for too long ({files.lock})."
        ) from None


def running_private_server(
    runtime_dir: Path, *, taping: Taping | None = None, timeout: float = 1.0
) -> Address | None:
    """The private server that `private_server` would give, if it runs; none is started.

    Args:
        runtime_dir: Jupyter's runtime directory.
        taping: What it records or replays.
        timeout: Seconds to wait for its answer.
    """
    return _recorded(_Files(runtime_dir, taping), timeout)


def _recorded(files: _Files, timeout: float = 3.0) -> Address | None:
    state = _read(files.state)
    if state.get("version") != __version__ or not state.get("url"):
        return None
    if not _is_ours(state.get("pid")):
        # Whoever listens at its port now is somebody else, and must not be told the token.
        _forget(files, state.get("pid"))
        return None
    address = from_root(state["url"], str(state.get("token")), "private server")
    return address if health(address.url, address.api_key, timeout=timeout) else None


def _is_ours(pid: object) -> bool:
    """Whether the process runs, and is this user's."""
    if not isinstance(pid, int) or pid <= 0:
        return False
    if os.name == "nt":  # there is no signal 0 to ask with
        return True
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _forget(files: _Files, pid: object) -> None:
    """Remove what is written down about a server that has ended, but not about its successor."""
    from filelock import FileLock, Timeout

    # Who holds the lock is starting a server, and writes the file anew.
    with suppress(OSError, Timeout), FileLock(files.lock, timeout=0, mode=0o600):
        if _read(files.state).get("pid") == pid:
            files.state.unlink(missing_ok=True)


def _start(files: _Files, idle_seconds: int) -> Address:
    files.root.mkdir(mode=0o700, exist_ok=True)
    token = secrets.token_urlsafe(32)
    environ = {name: value for name, value in os.environ.items() if not _NOT_INHERITED.match(name)}
    with os.fdopen(os.open(files.log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as log:
        child = subprocess.Popen(  # noqa: S603 (our own module, no shell)
            _command(files, idle_seconds),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=files.root,
            env=environ | {"JUPYTER_TOKEN": token},
            start_new_session=True,
        )
    try:
        address = _wait(files, child, token)
    except BaseException:  # also an interrupt: nobody would ever find this server
        child.terminate()
        child.wait()
        raise
    # It outlives this kernel; if it ends before, it must not stay behind as a zombie.
    threading.Thread(
        target=_see_off, args=(files, child), name="oxillama-private-end", daemon=True
    ).start()
    return address


def _see_off(files: _Files, child: subprocess.Popen[bytes]) -> None:
    child.wait()
    _forget(files, child.pid)


def _command(files: _Files, idle_seconds: int) -> list[str]:
    """How to start it; the user's Jupyter settings hold, but for where and how it listens."""
    command = [
        *(sys.executable, "-P", "-m", "oxillama_jupyter"),
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        "--ServerApp.base_url=/",
        "--ServerApp.certfile=",
        "--ServerApp.keyfile=",
        "--ServerApp.client_ca=",
        "--ServerApp.ssl_options={}",
        "--ServerApp.sock=",
        f"--ServerApp.root_dir={files.root}",
        # Jupyter refuses to start where one of these is outside its root folder.
        f"--ServerApp.preferred_dir={files.root}",
        "--ContentsManager.preferred_dir=",
        "--FileContentsManager.preferred_dir=",
        "--ServerApp.terminals_enabled=False",
        "--OxillamaApp.openai_prefix=v1",
        "--OxillamaApp.prefix=oxillama",
        f"--OxillamaApp.idle_timeout={idle_seconds}",
    ]
    if files.taping is not None:
        command += [
            f"--OxillamaApp.mode={files.taping.mode}",
            f"--OxillamaApp.cassettes={files.taping.folder}",
            f"--OxillamaApp.db_path={files.root / 'oxillama.db'}",
            "--OxillamaApp.vault_bytes=0",
            "--OxillamaApp.end_with_parent=True",
        ]
    if getattr(os, "getuid", lambda: 1)() == 0:
        command.append("--allow-root")
    return command


def _wait(files: _Files, child: subprocess.Popen[bytes], token: str) -> Address:
    """Wait until the new server answers, and write down where it is.

    Nothing announces the port of a foreign process but the file it writes, so this one polls.
    """
    deadline = time.monotonic() + START_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        info = _read(files.directory / f"jpserver-{child.pid}.json")
        if info.get("url"):
            address = from_root(info["url"], info.get("token") or token, "private server")
            if _is_ready(files, address):
                state = {
                    "url": info["url"],
                    "token": address.api_key,
                    "pid": child.pid,
                    "version": __version__,
                }
                _write(files.state, state)
                return address
        time.sleep(_POLL_SECONDS)
    end = (
        f"ended with code {child.returncode}" if child.returncode is not None else "never answered"
    )
    raise ConnectionFailed(
        f"The private server could not be started: it {end}. {_last_lines(files.log)}"
        f" (whole log: {files.log})"
    )


def _is_ready(files: _Files, address: Address) -> bool:
    """Whether the new server answers.

    Raises:
        ConnectionFailed: It answers that it cannot do its work, as with a store that does not open.
    """
    status, body = answered(address.url, address.api_key, "/health", timeout=_ANSWER_SECONDS)
    if body is None:
        return False
    error = body.get("error")
    # A server that is still starting answers with 503; with every other error it remains.
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.SERVICE_UNAVAILABLE:
        message = error.get("message") if isinstance(error, dict) else None
        if message:
            raise ConnectionFailed(
                f"The private server could not be started: {message} (whole log: {files.log})"
            )
    return status == HTTPStatus.OK and "status" in body


def _sweep(files: _Files) -> None:
    """Remove what servers of single kernels have left behind, when the kernels are no more."""
    if os.name == "nt":  # there is no signal 0 to ask with
        return
    begin = files.named("").name
    for path in files.directory.glob(f"{begin}-*"):
        # All of the rest, for the names of other machines may begin like this one's.
        found = _OF_A_RUN.fullmatch(path.name, len(begin))
        # In a new container an old process's id may well be this one's.
        if found is None or (int(found[1]) != os.getpid() and _runs(int(found[1]))):
            continue
        if found[2] == _PROCESS:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _last_lines(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8", errors="replace").splitlines()]
    return " | ".join([line for line in lines if line][-_LOG_LINES:]) or "Its log is empty."


def _read(path: Path) -> dict[str, Any]:  # JSON of any shape
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, state: dict[str, Any]) -> None:  # JSON of any shape
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(state, file)
    fresh.replace(path)

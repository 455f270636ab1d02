from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
from client.world import is_running, wait_for
from filelock import FileLock

from oxillama_jupyter.client import private
from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.client.modes import Taping
from oxillama_jupyter.client.private import private_server, running_private_server
from oxillama_jupyter.client.probe import health
from oxillama_jupyter.errors import ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.world import World

CONNECT = (
    "from oxillama_jupyter import connect; c = connect(); print(c.base_url, c.source, sep='|')"
)


def test_kernels_that_start_together_share_one_server(world: World) -> None:
    with ThreadPoolExecutor() as pool:
        answers = set(pool.map(lambda _: world.python(CONNECT), range(3)))

    assert len(answers) == 1
    assert answers.pop().endswith("/v1|private server")
    assert len(world.server_pids()) == 1


def test_its_files_are_for_the_user_alone(here: World) -> None:
    address = private_server(here.runtime)

    files = [file for file in here.runtime.glob("oxillama-private-*") if file.is_file()]
    assert {file.suffix for file in files} == {".json", ".lock", ".log"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert here.private_state()["token"] == address.api_key
    assert all(address.api_key not in file.read_text() for file in files if file.suffix == ".log")


def test_another_connect_gives_the_same_server(here: World) -> None:
    assert private_server(here.runtime) == private_server(here.runtime)


def test_one_that_runs_is_found_without_starting_one(here: World) -> None:
    assert running_private_server(here.runtime) is None
    assert here.server_pids() == []

    address = private_server(here.runtime)

    assert running_private_server(here.runtime) == address
    os.kill(here.private_state()["pid"], signal.SIGKILL)
    wait_for(lambda: running_private_server(here.runtime) is None, 10, "it is still found")


def test_a_killed_server_is_replaced(here: World) -> None:
    first = private_server(here.runtime)
    os.kill(here.private_state()["pid"], signal.SIGKILL)
    wait_for(lambda: health(first.url, first.api_key) is None, 10, "it survives SIGKILL")

    second = private_server(here.runtime)

    assert second.api_key != first.api_key
    assert health(second.url, second.api_key)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Somebody who listens where a server has been, and the keys that he is told."""
    told: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status": "ok"}')

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", told
        server.shutdown()


@pytest.mark.parametrize("owner", ["nobody", "another user"])
def test_who_listens_where_a_server_has_been_is_not_told_its_token(
    here: World,
    listener: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
) -> None:
    url, told = listener
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait(60)
    state = {"url": url, "token": "secret", "version": private.__version__, "pid": gone.pid}
    if owner == "another user":
        state["pid"] = os.getpid()
        monkeypatch.setattr(os, "kill", Mock(side_effect=PermissionError))
    files = private._Files(here.runtime)
    files.state.write_text(json.dumps(state))

    assert running_private_server(here.runtime) is None

    assert told == []
    assert not files.state.exists()


def test_a_state_file_that_a_successor_has_written_stays(here: World) -> None:
    files = private._Files(here.runtime)
    files.state.write_text(json.dumps({"pid": os.getpid()}))

    private._forget(files, os.getpid() + 1)
    assert files.state.exists()
    with FileLock(files.lock):  # somebody is starting one
        private._forget(files, os.getpid())
    assert files.state.exists()
    private._forget(files, os.getpid())
    assert not files.state.exists()


def test_a_server_of_another_version_is_left_alone(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = private_server(here.runtime)
    monkeypatch.setattr(private, "__version__", "999")

    second = private_server(here.runtime)

    assert second.base_url != first.base_url
    assert health(first.url, first.api_key)


def test_it_ends_itself_when_nobody_needs_it(here: World) -> None:
    private_server(here.runtime, idle_seconds=1)
    pid = here.private_state()["pid"]

    wait_for(lambda: not is_running(pid), 30, "it is still there")


def test_interrupting_the_kernel_does_not_reach_it(world: World) -> None:
    code = f"{CONNECT}; import sys; sys.stdout.flush(); import time; time.sleep(60)"
    kernel = subprocess.Popen(
        [sys.executable, "-c", code],
        env=world.env,
        cwd=world.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert kernel.stdout is not None
    with kernel:
        kernel.stdout.readline()
        os.killpg(kernel.pid, signal.SIGINT)
        kernel.wait(10)

    state = world.private_state()
    assert health(f"{state['url']}oxillama", state["token"])


def test_it_does_not_inherit_what_belongs_to_the_kernel(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JPY_PARENT_PID", "JPY_SESSION_NAME", "OXILLAMA_API_KEY", "JUPYTERHUB_API_TOKEN"):
        monkeypatch.setenv(name, "1")
    private_server(here.runtime)

    pid = here.private_state()["pid"]
    with open(f"/proc/{pid}/environ") as file:  # noqa: PTH123 (no ordinary file)
        names = {entry.partition("=")[0] for entry in file.read().split("\0")}
    assert not {name for name in names if name.startswith(("JPY_", "OXILLAMA_", "JUPYTERHUB_"))}


def test_a_failed_start_says_why(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    program = [sys.executable, "-c", "raise SystemExit('The disk is full.')"]
    monkeypatch.setattr(private, "_command", lambda *_: program)

    with pytest.raises(ConnectionFailed, match=r"ended with code 1\. The disk is full\."):
        private_server(here.runtime)


def test_a_start_that_takes_too_long_is_given_up(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = [sys.executable, "-c", "import time; print('Loading', flush=True); time.sleep(60)"]
    monkeypatch.setattr(private, "_command", lambda *_: program)
    monkeypatch.setattr(private, "START_SECONDS", 1.0)

    with pytest.raises(ConnectionFailed, match=r"never answered\. Loading"):
        private_server(here.runtime)


def test_a_store_that_cannot_open_is_said_at_once(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private, "START_SECONDS", 10.0)
    store = here.root / "data" / "oxillama" / "oxillama.db"
    store.parent.mkdir()
    store.write_text("This is no database." * 100)

    with pytest.raises(ConnectionFailed, match=r"could not be started: \S*oxillama\.db cannot"):
        private_server(here.runtime)

    assert here.server_pids() == []


@pytest.mark.parametrize(
    "setting",
    [
        "c.PasswordIdentityProvider.hashed_password = 'argon2:$argon2id$v=19$m=10,t=1,p=1$YQ$YQ'",
        "c.IdentityProvider.token = ''",
        "c.ServerApp.ip = '0.0.0.0'; c.ServerApp.port = 8888; c.ServerApp.base_url = '/x/'",
        "c.ServerApp.certfile = '/no.pem'; c.ServerApp.keyfile = '/no.key'",
        "c.ServerApp.client_ca = '/no.pem'; c.ServerApp.root_dir = '/'",
        "c.ServerApp.ssl_options = {'certfile': '/no.pem'}",
        "c.ServerApp.preferred_dir = '/tmp'",
        "c.FileContentsManager.preferred_dir = '/tmp'; c.ContentsManager.preferred_dir = '/tmp'",
        "c.OxillamaApp.prefix = 'ours'; c.OxillamaApp.openai_prefix = 'llm'",
        "c.ServerApp.sock = '/tmp/x.sock'",
    ],
    ids=[
        "password",
        "no-token",
        "address",
        "https",
        "client-certificates",
        "ssl-options",
        "preferred-dir",
        "preferred-dir-of-contents",
        "prefixes",
        "socket",
    ],
)
def test_the_users_own_server_settings_do_not_break_it(here: World, setting: str) -> None:
    (here.root / "config" / "jupyter_server_config.py").write_text(setting)

    connection = connect()

    assert connection.base_url.startswith("http://127.0.0.1:")
    assert connection.post("/threads", {"metadata": {"name": "x"}})["id"]


# -- servers of kernels that record or replay ----------------------------------------------------


def test_one_that_replays_ends_with_its_kernel(world: World) -> None:
    code = f"{CONNECT}; import sys; sys.stdout.flush(); import time; time.sleep(60)"
    kernel = subprocess.Popen(
        [sys.executable, "-c", code],
        env=world.env | {"OXILLAMA_MODE": "replay"},
        cwd=world.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert kernel.stdout is not None
    with kernel:
        assert kernel.stdout.readline().endswith(b"|private server\n")
        (pid,) = world.server_pids()
        assert is_running(pid)
        kernel.kill()
        kernel.wait(10)

    wait_for(lambda: not is_running(pid), 30, "it is still there")


def test_what_runs_have_left_behind_is_swept_away(here: World) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait(60)
    files = private._Files(here.runtime).named
    left = [
        files(f"-replay-{gone.pid}-0a1b2c3d.json").name,
        files(f"-record-{gone.pid}-0a1b2c3d.log").name,
        files(f"-record-{os.getpid()}-00000000.lock").name,  # of another one, in another life
    ]
    kept = [
        files(".json").name,  # of the server that all other kernels share
        files(f"-replay-{os.getppid()}-0a1b2c3d.json").name,
        files(f"-replay-{gone.pid}.json").name,
        files(f"2-replay-{gone.pid}-0a1b2c3d.json").name,  # of other machines
        files(f"-2-replay-{gone.pid}-0a1b2c3d.json").name,
    ]
    for name in (*left, *kept):
        (here.runtime / name).write_text("{}")
    for pid in (gone.pid, os.getppid()):
        root = here.runtime / files(f"-record-{pid}-0a1b2c3d-root").name
        root.mkdir()
        (root / "oxillama.db").write_text("")
        (left if pid == gone.pid else kept).append(root.name)

    address = private_server(here.runtime, taping=Taping("replay", here.root / "cassettes"))

    there = {path.name for path in here.runtime.iterdir()}
    assert there.isdisjoint(left)
    assert there >= set(kept)
    own = files(f"-replay-{os.getpid()}-{private._PROCESS}.json").name
    assert own in there
    again = private_server(here.runtime, taping=Taping("replay", here.root / "cassettes"))
    assert again == address

"""Who may call: Jupyter's token, cookies and passwords, our own keys, and nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import psutil
import pytest
from openai import OpenAI
from servers import Server, until

PASSWORD = "correct horse"
ROUTES = ["v1/models", "v1/threads/runs", "v1/unknown", "v1", "oxillama/health", "oxillama/unknown"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


@pytest.fixture
def stranger(server: Server) -> httpx2.Client:
    return server.connect()


# -- a server with a token -----------------------------------------------------------------------


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_learns_nothing_but_401(stranger: httpx2.Client, method: str, path: str) -> None:
    answer = stranger.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    if method != "HEAD":
        assert answer.json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize(
    "header",
    ["Bearer wrong", "Bearer", "", "Basic dGVzdA==", "Bearer oxk_wrong", "Bearer \xff\xfe"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_key_is_401(stranger: httpx2.Client, method: str, header: str) -> None:
    headers = [(b"Authorization", header.encode("latin-1"))]
    answer = stranger.request(method, "v1/threads/thread_x", headers=headers)
    assert answer.status_code == 401


def test_the_sdk_sees_a_wrong_key_as_its_authentication_error(server: Server) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        server.sdk("wrong").beta.threads.create()
    assert caught.value.code == "invalid_api_key"


def test_a_stranger_cannot_have_a_huge_body_read_into_an_answer(stranger: httpx2.Client) -> None:
    assert stranger.post("v1/threads", content=b"x" * 2**20).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token"])
def test_jupyters_token_is_a_key(server: Server, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {server.token}"}
    assert server.connect().post("v1/threads", headers=headers).status_code == 200


def test_the_token_may_stand_in_the_url(server: Server, stranger: httpx2.Client) -> None:
    answer = stranger.post("v1/threads", params={"token": server.token})
    assert answer.status_code == 200


def logged_in(server: Server, path: str = "api/status") -> httpx2.Client:
    """A browser that has the cookies of a login by token."""
    browser = server.connect()
    browser.get("tree", params={"token": server.token}, follow_redirects=False)
    browser.get("login", follow_redirects=False)  # for the `_xsrf` cookie
    return browser


def test_a_cookie_reads_but_writes_only_with_its_xsrf_token(server: Server) -> None:
    browser = logged_in(server)
    same = {"Referer": server.url}
    assert browser.get("v1/models", headers=same).status_code == 200
    assert browser.post("v1/threads", headers=same).status_code == 403
    token = {"X-XSRFToken": browser.cookies["_xsrf"]}
    assert browser.post("v1/threads", headers=same | token).status_code == 200


def test_a_cookie_is_of_no_use_to_another_origin(server: Server) -> None:
    browser = logged_in(server)
    foreign = {"Origin": "https://evil.example", "X-XSRFToken": browser.cookies["_xsrf"]}
    for method in ("GET", "POST", "DELETE"):
        assert browser.request(method, "v1/threads/thread_x", headers=foreign).status_code == 403


def test_a_foreign_host_header_is_refused(raw: httpx2.Client) -> None:
    for path in ROUTES:
        assert raw.get(path, headers={"Host": "evil.example"}).status_code == 403


def test_a_preflight_of_another_origin_is_not_answered_for_it(server: Server) -> None:
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = server.connect().options("v1/threads", headers=asks)
    assert "access-control-allow-origin" not in answer.headers


# -- our own keys --------------------------------------------------------------------------------


@pytest.fixture
def key(raw: httpx2.Client) -> Iterator[dict[str, Any]]:
    made = raw.post("oxillama/keys", json={"name": "laptop"}).json()
    yield made
    raw.delete(f"oxillama/keys/{made['id']}")


def test_a_key_opens_the_api(server: Server, key: dict[str, Any]) -> None:
    client = server.sdk(key["key"])
    thread = client.beta.threads.create()
    assert client.beta.threads.delete(thread.id).deleted


def test_a_key_is_listed_without_its_secret(
    server: Server, raw: httpx2.Client, key: dict[str, Any]
) -> None:
    (listed,) = [
        entry for entry in raw.get("oxillama/keys").json()["data"] if entry["id"] == key["id"]
    ]
    assert "key" not in listed
    assert listed["hint"] == key["key"][-4:]
    assert listed["name"] == "laptop"


def test_the_secret_is_not_in_the_store(server: Server, key: dict[str, Any]) -> None:
    files = [path for path in server.database.parent.rglob("*") if path.is_file()]
    assert server.database in files
    for file in files:
        assert key["key"].encode() not in file.read_bytes()


def test_a_revoked_key_is_401_at_once(
    server: Server, raw: httpx2.Client, key: dict[str, Any]
) -> None:
    client = server.sdk(key["key"])
    client.models.list()
    assert raw.delete(f"oxillama/keys/{key['id']}").json()["deleted"]
    with pytest.raises(openai.AuthenticationError):
        client.models.list()


@pytest.mark.parametrize(
    ("body", "param"),
    [({}, "name"), ({"name": ""}, "name"), ({"name": "x" * 65}, "name"), ({"name": 1}, "name")],
)
def test_a_key_needs_a_name(raw: httpx2.Client, body: dict[str, Any], param: str) -> None:
    answer = raw.post("oxillama/keys", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_two_keys_cannot_have_one_name(raw: httpx2.Client, key: dict[str, Any]) -> None:
    assert raw.post("oxillama/keys", json={"name": "laptop"}).status_code == 400


def test_keys_cannot_manage_keys(server: Server, key: dict[str, Any]) -> None:
    keyed = server.connect(token=key["key"])
    assert keyed.get("oxillama/keys").status_code == 403
    assert keyed.post("oxillama/keys", json={"name": "heir"}).status_code == 403
    assert keyed.delete(f"oxillama/keys/{key['id']}").status_code == 403


@pytest.mark.parametrize("path", ["api/kernels", "api/contents", "api/me", "api/sessions"])
def test_a_key_opens_nothing_of_jupyters(server: Server, key: dict[str, Any], path: str) -> None:
    keyed = server.connect(token=key["key"])
    assert keyed.get(path).status_code == 403
    assert keyed.post("api/kernels", json={}).status_code == 403
    assert not keyed.cookies


def test_the_command_line_manages_the_keys_of_a_running_server(server: Server) -> None:
    name = f"script-{os.getpid()}"
    created = key_command(server, "create", name).stdout.splitlines()[0]
    assert server.sdk(created).models.list().data
    line = next(line for line in key_command(server, "list").stdout.splitlines() if name in line)
    key_command(server, "revoke", line.split()[0])
    with pytest.raises(openai.AuthenticationError):
        server.sdk(created).models.list()


def test_the_command_line_knows_the_store_of_the_servers_settings(
    server: Server, tmp_path: Path
) -> None:
    config, given = tmp_path / "mine.db", tmp_path / "given.db"
    env = server._environ() | {"JUPYTER_CONFIG_DIR": str(tmp_path)}
    settings = f"c.OxillamaApp.db_path = {str(config)!r}\n"
    (tmp_path / "jupyter_server_config.py").write_text(settings)
    for words, store in (([], config), ([f"--OxillamaApp.db_path={given}"], given)):
        command = [sys.executable, "-m", "oxillama_jupyter", "key", "create", "laptop", *words]
        made = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        assert str(store) in made.stdout
        assert store.exists()


def test_the_command_line_says_what_it_takes(server: Server) -> None:
    answer = key_command(server, "destroy", check=False)
    assert answer.returncode != 0
    assert "usage: jupyter oxillama key" in answer.stderr
    answer = key_command(server, "create", "", check=False)
    assert answer.returncode != 0
    assert "name" in answer.stderr


def key_command(
    server: Server, *words: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "oxillama_jupyter", "key", *words]
    return subprocess.run(
        command, env=server._environ(), capture_output=True, text=True, check=check
    )


# -- kernels -------------------------------------------------------------------------------------


def kernel_environ(server: Server, kernel_id: str) -> dict[str, str]:
    def found() -> list[psutil.Process]:
        return [child for child in server.children() if kernel_id in " ".join(child.cmdline())]

    (process,) = until(found, "the kernel's process")
    return process.environ()


def test_a_kernel_finds_its_server(server: Server, raw: httpx2.Client) -> None:
    kernel_id = raw.post("api/kernels", json={"name": "python3"}).json()["id"]
    try:
        environ = kernel_environ(server, kernel_id)
        client = OpenAI(
            base_url=environ["OXILLAMA_BASE_URL"],
            api_key=environ["OXILLAMA_API_KEY"],
            http_client=server.connect(),
        )
        assert client.models.list().data
        health = httpx2.get(
            f"{environ['OXILLAMA_URL']}/health",
            headers={"Authorization": f"Bearer {environ['OXILLAMA_API_KEY']}"},
        )
        assert health.status_code == 200
        raw.post(f"api/kernels/{kernel_id}/restart")
        again = kernel_environ(server, kernel_id)
        assert again["OXILLAMA_API_KEY"] == environ["OXILLAMA_API_KEY"]
    finally:
        raw.delete(f"api/kernels/{kernel_id}")
        server.log.take()  # a kernel that is restarted in mid-start says so at length


def test_the_servers_own_environment_does_not_hold_the_kernels_key(server: Server) -> None:
    environ = psutil.Process(server.process.pid).environ()
    assert not [name for name in environ if name.startswith("OXILLAMA_")]
    assert not [name for name in server.engine.environ() if name.startswith("OXILLAMA_")]


# -- a server with a password only ---------------------------------------------------------------


@pytest.fixture(scope="module")
def password_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    from jupyter_server.auth import passwd

    option = f"--PasswordIdentityProvider.hashed_password={passwd(PASSWORD, 'sha1')}"
    with Server(tmp_path_factory.mktemp("password"), option, token="") as server:
        yield server


def test_a_password_only_server_is_closed_to_any_bearer(password_server: Server) -> None:
    for key in ("none", PASSWORD, ""):
        answer = password_server.connect(token=key).post("v1/threads")
        assert answer.status_code == 401


def test_a_login_by_password_makes_a_key_for_the_sdk(password_server: Server) -> None:
    browser = password_server.connect()
    browser.get("login")
    xsrf = {"_xsrf": browser.cookies["_xsrf"]}
    browser.post("login", data={"password": PASSWORD, **xsrf}, follow_redirects=False)
    headers = {"X-XSRFToken": browser.cookies["_xsrf"], "Referer": password_server.url}
    made = browser.post("oxillama/keys", json={"name": "sdk"}, headers=headers)
    assert made.status_code == 200
    client = password_server.sdk(made.json()["key"])
    thread = client.beta.threads.create()
    assert client.beta.threads.delete(thread.id).deleted


# -- a server without authentication -------------------------------------------------------------


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("open"), token="") as server:
        yield server


def test_an_open_server_serves_the_sdk_with_any_key(open_server: Server) -> None:
    client = open_server.sdk("none")
    thread = client.beta.threads.create()
    assert client.beta.threads.update(thread.id, metadata={"a": "b"}).metadata == {"a": "b"}
    assert client.beta.threads.delete(thread.id).deleted


@pytest.mark.parametrize("key", ["none", "oxk_unknown", "sk-anything"])
def test_a_key_is_no_hindrance_on_an_open_server(open_server: Server, key: str) -> None:
    assert open_server.connect(token=key).post("v1/threads").status_code == 200


def test_an_open_server_is_not_open_to_other_origins(open_server: Server) -> None:
    foreign = {"Origin": "https://evil.example"}
    for client in (open_server.connect(), open_server.connect(token="none")):
        for method in ("GET", "POST", "DELETE"):
            answer = client.request(method, "v1/threads/thread_x", headers=foreign)
            assert answer.status_code == 403, (method, answer.text)


def test_a_forged_form_does_nothing_on_an_open_server(open_server: Server) -> None:
    """What a page can send without a preflight: no header of its own, a plain content type."""
    sent = open_server.connect().post(
        "v1/threads", content="{}", headers={"Content-Type": "text/plain"}
    )
    assert sent.status_code == 403


def test_a_preflight_does_not_open_an_open_server(open_server: Server) -> None:
    asks = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = open_server.connect().options("v1/threads", headers=asks)
    assert "access-control-allow-origin" not in answer.headers


# -- a server with an authorizer -----------------------------------------------------------------

READ_ONLY = """
from jupyter_server.auth import Authorizer

class ReadOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource == "oxillama" and action == "read"
"""


@pytest.fixture(scope="module")
def read_only_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("read_only")
    (folder / "read_only.py").write_text(READ_ONLY)
    option = "--ServerApp.authorizer_class=read_only.ReadOnly"
    with Server(folder, option, env={"PYTHONPATH": str(folder)}) as server:
        yield server


def test_an_authorizer_decides_by_action(read_only_server: Server) -> None:
    raw = read_only_server.raw
    assert raw.get("v1/models").status_code == 200
    assert raw.get("v1/unknown").status_code == 404
    for method, path in (
        ("POST", "v1/threads"),
        ("DELETE", "v1/assistants/asst_x"),
        ("POST", "v1/threads/runs"),
        ("POST", "v1/threads/t/runs/r/cancel"),
        ("POST", "oxillama/generations/g/cancel"),
        ("POST", "oxillama/models/autotune"),
        ("POST", "oxillama/keys"),
        ("DELETE", "oxillama/keys/k"),
    ):
        answer = raw.request(method, path)
        assert answer.status_code == 403, path


def test_a_key_is_its_own_permission(read_only_server: Server) -> None:
    created = key_command(read_only_server, "create", "free").stdout.splitlines()[0]
    assert read_only_server.sdk(created).beta.threads.create().id

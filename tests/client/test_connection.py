from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import openai
import pytest

import oxillama_jupyter
from oxillama_jupyter.client.connection import Connection, connect
from oxillama_jupyter.client.discovery import from_root
from oxillama_jupyter.client.failures import explain, is_refused

if TYPE_CHECKING:
    from client.world import World


def test_arguments_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OXILLAMA_BASE_URL", "http://env:1/v1")
    monkeypatch.setenv("OXILLAMA_API_KEY", "env-key")

    assert connect("http://h:1/v1", "key").source == "arguments"
    assert connect().source == "environment"
    assert connect(api_key="mine").api_key == "mine"
    assert connect(api_key="mine").base_url == "http://env:1/v1"


def test_the_environment_comes_before_the_parent(here: World) -> None:
    one, other = here.serve(), here.serve()
    code = (
        "from oxillama_jupyter import connect; c = connect(); print(c.base_url, c.source, sep='|')"
    )
    parent = {"JPY_PARENT_PID": str(one.pid)}

    assert here.python(code, **parent) == f"{one.url}v1|parent server"
    assert here.python(code, **parent, **other.kernel_env) == f"{other.url}v1|environment"


def test_without_any_server_a_private_one_is_started(here: World) -> None:
    connection = oxillama_jupyter.connect()

    assert connection.source == "private server"
    assert connection.health()["status"] in {"starting", "ok"}


def test_a_connection_speaks_to_both_surfaces(here: World) -> None:
    server = here.serve()
    connection = connect(server.url, server.token)

    made = connection.post("/threads", {"metadata": {"name": "a b/ü", "notebook": "n"}})
    connection.post("/threads", {"metadata": {"name": "other"}})

    assert connection.openai.models.list().data[0].id == "scripted"
    assert [x["id"] for x in connection.threads(metadata={"name": "a b/ü"})["data"]] == [made["id"]]
    assert len(connection.threads(limit=1)["data"]) == 1
    assert connection.threads(after=made["id"])["data"] == []
    assert server.token not in repr(connection)


def test_loopback_never_goes_through_a_proxy(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    server = here.serve()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert connect(server.url, server.token).health()["status"] == "ok"


@pytest.mark.parametrize(
    ("source", "host", "direct"),
    [
        ("arguments", "big.example.org", False),
        ("arguments", "127.0.0.1", True),
        ("environment", "big.example.org", False),
        ("environment", "here.example.org", True),
        ("environment", "127.0.0.1", True),
        ("parent server", "here", True),
        ("JupyterHub", "pod-1", True),
        ("private server", "127.0.0.1", True),
    ],
)
def test_only_what_is_elsewhere_goes_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, source: str, host: str, *, direct: bool
) -> None:
    monkeypatch.setattr(platform, "node", lambda: "here.example.org")
    proxies: list[bool] = []

    def client(*, trust_env: bool, **options: Any) -> openai.DefaultHttpxClient:
        proxies.append(trust_env)
        return real(trust_env=trust_env, **options)

    real = openai.DefaultHttpxClient
    monkeypatch.setattr(openai, "DefaultHttpxClient", client)
    connection = Connection(from_root(f"http://{host}:8888", "key", source))

    assert connection.openai.api_key == "key"
    assert (connection.direct, proxies) == (direct, [not direct])


def test_a_wrong_key_and_a_server_that_is_away_are_one_line_each(here: World) -> None:
    server = here.serve()
    wrong, away = connect(server.url, "wrong"), connect("http://127.0.0.1:9/v1", "key")

    with pytest.raises(openai.AuthenticationError) as refused:
        wrong.health()
    with pytest.raises(openai.APIConnectionError) as nobody:
        away.health()

    line = f"The server at {server.url}v1 does not accept the key (from: arguments)."
    assert explain(refused.value, wrong) == line
    assert is_refused(nobody.value)
    assert not is_refused(refused.value)
    told = explain(nobody.value, away)
    assert told is not None
    assert told.startswith("No server answers at http://127.0.0.1:9/v1")


def test_errors_that_are_not_the_servers_are_not_explained() -> None:
    assert explain(ZeroDivisionError(), None) is None


def test_importing_the_client_loads_no_server_and_no_sdk(here: World) -> None:
    code = (
        "import sys, oxillama_jupyter.client.connection, oxillama_jupyter.magics.oxillama\n"
        "print([n for n in ('openai', 'tornado.web', 'jupyter_server', 'httpx', 'filelock')"
        " if n in sys.modules])"
    )

    assert here.python(code) == "[]"

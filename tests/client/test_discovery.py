from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from oxillama_jupyter.client import discovery
from oxillama_jupyter.client.discovery import (
    from_arguments,
    from_environment,
    from_hub,
    from_parent,
    from_root,
)
from oxillama_jupyter.errors import ConnectionFailed

if TYPE_CHECKING:
    from pathlib import Path

    from client.world import World


@pytest.mark.parametrize(
    ("given", "base_url", "url"),
    [
        ("http://h:1/v1", "http://h:1/v1", "http://h:1/oxillama"),
        ("http://h:1/v1/", "http://h:1/v1", "http://h:1/oxillama"),
        ("http://h:1", "http://h:1/v1", "http://h:1/oxillama"),
        ("https://h/user/bob/", "https://h/user/bob/v1", "https://h/user/bob/oxillama"),
        ("http://h:1/lab", "http://h:1/v1", "http://h:1/oxillama"),
        ("http://h:1/a%40b/lab/tree/x.ipynb", "http://h:1/a%40b/v1", "http://h:1/a%40b/oxillama"),
        ("http://h:1/tree?token=t", "http://h:1/v1", "http://h:1/oxillama"),
        ("http://[::1]:8888/lab", "http://[::1]:8888/v1", "http://[::1]:8888/oxillama"),
        ("http://h/labels/v1", "http://h/labels/v1", "http://h/labels/oxillama"),
        ("http://h/user/lab/v1", "http://h/user/lab/v1", "http://h/user/lab/oxillama"),
        ("http://h/lab/v1/", "http://h/lab/v1", "http://h/lab/oxillama"),
        ("http://h/user/lab/", "http://h/user/lab/v1", "http://h/user/lab/oxillama"),
        ("http://h/user/lab/lab", "http://h/user/lab/v1", "http://h/user/lab/oxillama"),
        ("http://h/user/tree/tree/a", "http://h/user/tree/v1", "http://h/user/tree/oxillama"),
        ("http://h/user/lab/tree/a", "http://h/user/lab/v1", "http://h/user/lab/oxillama"),
        ("http://h/lab/lab/tree/lab/x", "http://h/lab/v1", "http://h/lab/oxillama"),
        ("http://h/lab/tree/notebooks/tree/x", "http://h/v1", "http://h/oxillama"),
        ("http://h/lab/workspaces/a/tree/x", "http://h/v1", "http://h/oxillama"),
        ("http://h/b/tree/lab", "http://h/b/v1", "http://h/b/oxillama"),
    ],
)
def test_an_address_in_any_form_people_have_it(given: str, base_url: str, url: str) -> None:
    address = from_arguments(given, "key", None)

    assert (address.base_url, address.url) == (base_url, url)
    assert (address.api_key, address.source) == ("key", "arguments")


def test_the_token_of_a_copied_address_is_the_key() -> None:
    assert from_arguments("http://h:1/lab?token=abc", None, None).api_key == "abc"
    assert from_arguments("http://h:1/lab?token=abc", "given", None).api_key == "given"


def test_with_both_addresses_nothing_is_derived() -> None:
    address = from_arguments("http://h/llm/", "key", "http://h/ours/")

    assert (address.base_url, address.url) == ("http://h/llm", "http://h/ours")


@pytest.mark.parametrize("given", ["localhost:8888", "", "ftp://h/v1", "/v1", "http://"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ConnectionFailed, match="base_url takes"):
        from_arguments(given, "key", None)


def test_an_address_without_a_key_is_refused() -> None:
    with pytest.raises(ConnectionFailed, match="api_key"):
        from_arguments("http://h/v1", None, None)


def test_the_environment_that_the_extension_gives() -> None:
    environ = {
        "OXILLAMA_BASE_URL": "http://127.0.0.1:8888/a/llm/",
        "OXILLAMA_API_KEY": "key",
        "OXILLAMA_URL": "http://127.0.0.1:8888/a/ours",
    }

    address = from_environment(environ)

    assert address is not None
    assert address.base_url == "http://127.0.0.1:8888/a/llm"
    assert address.url == "http://127.0.0.1:8888/a/ours"
    assert address.source == "environment"


def test_the_environment_with_an_address_by_hand() -> None:
    environ = {"OXILLAMA_BASE_URL": "http://gpu:8888/a/v1", "OXILLAMA_API_KEY": "key"}

    address = from_environment(environ)

    assert address is not None
    assert address.url == "http://gpu:8888/a/oxillama"

    # In a kernel that the extension started, the third variable is still the old server's.
    moved = from_environment(environ | {"OXILLAMA_URL": "http://127.0.0.1:8888/ours"})
    assert moved == address


def test_half_an_environment_is_an_error_and_none_is_none() -> None:
    assert from_environment({}) is None
    with pytest.raises(ConnectionFailed, match="OXILLAMA_API_KEY is not"):
        from_environment({"OXILLAMA_BASE_URL": "http://h/v1"})


def test_of_two_running_servers_the_parent_is_taken(world: World) -> None:
    other, parent = world.serve(), world.serve("--ServerApp.base_url=/a@b/")

    address = from_parent({"JPY_PARENT_PID": str(parent.pid)}, world.runtime)

    assert other.url != parent.url
    assert address is not None
    assert address.base_url == f"{parent.url}v1"
    assert (address.api_key, address.source) == (parent.token, "parent server")
    assert from_parent({"JPY_PARENT_PID": str(os.getpid())}, world.runtime) is None


def test_a_parent_without_the_extension_or_gone_is_no_server(tmp_path: Path) -> None:
    info = {"pid": 4711, "url": "http://127.0.0.1:9/", "token": "t"}
    (tmp_path / "jpserver-4711.json").write_text(json.dumps(info))
    (tmp_path / "jpserver-4712.json").write_text("{half")

    assert from_parent({"JPY_PARENT_PID": "4711"}, tmp_path) is None
    assert from_parent({"JPY_PARENT_PID": "4712"}, tmp_path) is None
    assert from_parent({}, tmp_path) is None


def test_a_hub_server_on_every_interface_is_reached_by_loopback(world: World) -> None:
    server = world.serve("--ServerApp.base_url=/user/bob/")
    port = server.url.split(":")[2].split("/")[0]
    environ = {
        "JUPYTERHUB_API_TOKEN": server.token,
        "JUPYTERHUB_SERVICE_URL": f"http://0.0.0.0:{port}/user/bob/",
    }

    address = from_hub(environ)

    assert address is not None
    assert address.base_url == f"http://127.0.0.1:{port}/user/bob/v1"
    assert address.source == "JupyterHub"
    assert from_hub(environ | {"JUPYTERHUB_API_TOKEN": "wrong"}) is None
    assert from_hub({}) is None


@pytest.mark.parametrize(
    ("service", "root"),
    [
        ("http://[::]:8888/user/bob/", "http://[::1]:8888/user/bob"),
        ("http://[fd00::1]:8888/user/bob/", "http://[fd00::1]:8888/user/bob"),
        ("http://0.0.0.0:8888/", "http://127.0.0.1:8888/user/bob/"),
        ("http://:8888/user/bob/", "http://127.0.0.1:8888/user/bob"),
    ],
)
def test_where_a_hub_server_listens(
    monkeypatch: pytest.MonkeyPatch, service: str, root: str
) -> None:
    monkeypatch.setattr(discovery, "health", lambda *_: {"status": "ok"})
    environ = {
        "JUPYTERHUB_API_TOKEN": "t",
        "JUPYTERHUB_SERVICE_URL": service,
        "JUPYTERHUB_SERVICE_PREFIX": "/user/bob/",
    }

    assert from_hub(environ) == from_root(root, "t", "JupyterHub")


def test_no_repr_shows_a_key() -> None:
    assert "secret" not in repr(from_root("http://h", "secret", "arguments"))

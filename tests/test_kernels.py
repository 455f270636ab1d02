from __future__ import annotations

import asyncio
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from oxillama_jupyter.kernels import give_key

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def environ(url: str, ip: str, **settings: object) -> dict[str, str]:
    """What a kernel of a server with such settings is given."""

    async def start_kernel(*, env: dict[str, str]) -> dict[str, str]:
        return env

    manager: Any = SimpleNamespace(start_kernel=start_kernel)
    serverapp = {
        "gateway_config": SimpleNamespace(gateway_enabled=False),
        "sock": "",
        "ssl_options": None,
        "connection_url": url,
        "ip": ip,
        "kernel_manager": manager,
    }
    give_key(cast("ServerApp", SimpleNamespace(**serverapp | settings)), "key", "v1", "oxillama")
    given: dict[str, str] = asyncio.run(manager.start_kernel(env={}))
    return given


def test_the_file_of_the_certificate_is_given_as_a_whole_path() -> None:
    options = {"certfile": "own.pem", "keyfile": "own.key"}

    given = environ("http://127.0.0.1:8888/a/", "127.0.0.1", ssl_options=options)

    assert given["OXILLAMA_CERTIFICATE"] == os.path.abspath("own.pem")  # noqa: PTH100
    assert given["OXILLAMA_BASE_URL"] == "https://127.0.0.1:8888/a/v1"
    assert given["OXILLAMA_URL"] == "https://127.0.0.1:8888/a/oxillama"


def test_a_server_without_one_names_none() -> None:
    assert "OXILLAMA_CERTIFICATE" not in environ("http://h:1/", "h")


@pytest.mark.parametrize(
    ("ip", "host"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("10.0.0.1", "10.0.0.1")],
)
def test_kernels_are_given_an_address_that_the_server_listens_at(ip: str, host: str) -> None:
    shown = {"0.0.0.0": "big", "::": "big", "::1": "[::1]"}.get(ip, ip)

    given = environ(f"http://{shown}:8888/a/", ip)

    assert given["OXILLAMA_BASE_URL"] == f"http://{host}:8888/a/v1"
    assert given["OXILLAMA_URL"] == f"http://{host}:8888/a/oxillama"

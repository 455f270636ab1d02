from __future__ import annotations

import platform
from unittest.mock import Mock

import pytest

from oxillama_jupyter.client.probe import health, is_here, is_loopback


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.8.8.8/v1", True),
        ("http://localhost:8888", True),
        ("http://[::1]:1/", True),
        ("http://a.localhost/", True),
        ("http://localhost.example.org/", False),
        ("http://10.0.0.1/", False),
        ("http://example.org/127.0.0.1", False),
        ("", False),
    ],
)
def test_loopback(url: str, *, loopback: bool) -> None:
    assert is_loopback(url) is loopback


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://[::1]:1/v1", True),
        ("https://Big.example.org:8888/v1", True),
        ("https://big.example.org.:8888/v1", True),
        ("http://big/v1", False),  # of that name there may be others: it has to have its address
        ("http://small.example.org/v1", False),
        ("http://192.0.2.1/v1", False),
        ("http://[2001:db8::1]/v1", False),
        ("", False),
    ],
)
def test_this_machine(monkeypatch: pytest.MonkeyPatch, url: str, *, here: bool) -> None:
    monkeypatch.setattr(platform, "node", lambda: "big.example.org")
    monkeypatch.setattr("socket.socket.bind", Mock(side_effect=OSError))  # as of another machine

    assert is_here(url) is here


def test_this_machine_by_its_short_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "big.example.org")
    bound = Mock()
    monkeypatch.setattr("socket.socket.bind", bound)

    assert is_here("http://big:8888/v1")
    assert is_here("http://192.0.2.1:8888/v1")
    assert not is_here("http://small:8888/v1")
    assert [call.args[0][0] for call in bound.call_args_list] == ["big", "192.0.2.1"]


def test_nothing_there() -> None:
    assert health("http://127.0.0.1:9/oxillama", "key") is None
    assert health("http://127.0.0.1:99999/oxillama", "key") is None
    assert health("http:///oxillama", "key") is None

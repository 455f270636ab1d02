from __future__ import annotations

import pytest

from oxillama_jupyter.client.probe import health, is_loopback


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


def test_nothing_there() -> None:
    assert health("http://127.0.0.1:9/oxillama", "key") is None
    assert health("http://127.0.0.1:99999/oxillama", "key") is None
    assert health("http:///oxillama", "key") is None

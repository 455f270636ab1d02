from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from servers import Server


@pytest.fixture(scope="package")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the fault tests' own: they ask that every run in its file has ended."""
    with Server(tmp_path_factory.mktemp("faults")) as server:
        yield server


@pytest.fixture
def long_run(endless: dict[str, Any]) -> dict[str, Any]:
    """A run that is still in the middle of its text when its first fragment has been read."""
    return {"assistant_id": "default", "stream": True, "max_tokens": 1800, **endless}

"""Clients that others wrote, against a real server with the embedded model."""

from __future__ import annotations

import pytest
from servers import Server


@pytest.fixture
def base_url(server: Server) -> str:
    """What a client is given as `base_url`."""
    return f"{server.url}v1"

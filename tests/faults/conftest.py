from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def long_run(endless: dict[str, Any]) -> dict[str, Any]:
    """A run that is still in the middle of its text when its first fragment has been read."""
    return {"assistant_id": "default", "stream": True, "max_tokens": 1800, **endless}

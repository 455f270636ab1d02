from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from worlds import MakeWorld, make_world


@pytest.fixture
def world(tmp_path: Path) -> MakeWorld:
    """Make worlds that share the test's own store."""
    return partial(make_world, tmp_path / "store.db")

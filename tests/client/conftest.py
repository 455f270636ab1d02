from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from client.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Jupyter's directories of this test alone; all servers in them end with it."""
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def here(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same, with this process living in it."""
    import os

    for name in set(os.environ) - set(world.env) - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(name)
    for name, value in world.env.items():
        monkeypatch.setenv(name, value)
    return world

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from client.world import Server, World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Jupyter's directories of this test file alone; all servers in them end with it."""
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def server(world: World) -> Server:
    """A real server with a scripted engine."""
    return world.serve()

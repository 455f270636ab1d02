from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from client.world import Server, World
from magics.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Jupyter's directories of this test file alone; all servers in them end with it."""
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture
def own_world(tmp_path: Path) -> Iterator[World]:
    """A world of one test, which may kill what lives in it."""
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture(scope="module")
def server(world: World) -> Server:
    """A real server with a scripted engine."""
    return world.serve()


@pytest.fixture(scope="module")
def kernel(world: World, server: Server) -> Iterator[Kernel]:
    """A kernel as that server would start it."""
    with Kernel(world, **server.kernel_env) as kernel:
        yield kernel


@pytest.fixture
def fresh(kernel: Kernel) -> Kernel:
    """The same kernel, with a new thread."""
    assert kernel.run("%oxillama new").status == "ok"
    return kernel

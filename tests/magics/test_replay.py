"""Notebooks that are recorded once and replayed without a model, in kernels without a server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from client.world import World

TUTORIALS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
# What no two runs share: ids, ports, processes, and the kernel's own names of displays.
PASSING = re.compile(r"\b[a-z]+_[0-9a-zA-Z]{20,}|127\.0\.0\.1:\d+|\bkey-\S+|\b\d+ (?:s|min) ago")


def execute(world: World, mode: str, notebook: Path) -> str:
    """Run a notebook as CI would; give its outputs."""
    result = notebook.with_name(f"{notebook.stem}-ran.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", f"--output={result.stem}", notebook.name],
        env=world.env | {"OXILLAMA_MODE": mode},
        cwd=notebook.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    cells = json.loads(result.read_text())["cells"]
    return PASSING.sub("…", json.dumps([cell.get("outputs") for cell in cells], indent=1))


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_replayed_tutorial_gives_the_same_bytes_twice(own_world: World, tutorial: Path) -> None:
    notebook = own_world.root / tutorial.name
    shutil.copy(tutorial, notebook)
    execute(own_world, "record", notebook)
    cassettes = {path: path.read_bytes() for path in (own_world.root / "cassettes").iterdir()}

    outputs = [execute(own_world, "replay", notebook) for _ in range(2)]

    assert outputs[0] == outputs[1]
    assert "Zorvik" in outputs[0]
    after = {path: path.read_bytes() for path in (own_world.root / "cassettes").iterdir()}
    assert after == cassettes

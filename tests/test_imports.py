"""What importing loads, seen in fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import oxillama_jupyter

ROOT = Path(oxillama_jupyter.__file__).parent
# The engine's child is a program of its own: its main module is never imported by others.
MODULES = sorted(
    ".".join(("oxillama_jupyter", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in ROOT.rglob("*.py")
    if path.name != "__main__.py"
)
IMPORT = """
import asyncio, importlib, json, sys

def forbidden(*_, **__):
    raise AssertionError("an import touched the event loop")

asyncio.new_event_loop = asyncio.run = asyncio.get_event_loop = forbidden
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded(*names: str) -> set[str]:
    """The modules that are there after these were imported."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_no_module_touches_the_event_loop_when_imported() -> None:
    assert set(MODULES) <= loaded(*MODULES)


@pytest.mark.parametrize("side", ["client", "magics", "widgets"])
def test_the_kernel_side_loads_no_server(side: str) -> None:
    names = [name for name in MODULES if name.startswith(f"oxillama_jupyter.{side}")]
    present = loaded(*names)
    for layer in ("schemas", "store", "engine", "services", "handlers", "extension"):
        assert f"oxillama_jupyter.{layer}" not in present
    assert present.isdisjoint({"tornado.web", "jupyter_server", "sqlite_utils", "llama_cpp"})


def test_the_server_side_loads_nothing_of_the_kernels_and_no_engine() -> None:
    present = loaded("oxillama_jupyter.extension")
    assert present.isdisjoint({"llama_cpp", "openai", "IPython", "pydantic", "anywidget"})
    assert present.isdisjoint({"huggingface_hub", "oxillama_jupyter.engine.hub"})
    for layer in ("client", "magics", "widgets"):
        assert f"oxillama_jupyter.{layer}" not in present


def test_the_parent_side_of_the_engine_loads_no_llama() -> None:
    present = loaded("oxillama_jupyter.engine.local", "oxillama_jupyter.engine.process")
    assert present.isdisjoint({"llama_cpp", "numpy"})


def test_the_package_itself_loads_next_to_nothing() -> None:
    present = {name for name in loaded("oxillama_jupyter") if name.startswith("oxillama_jupyter")}
    assert present == {"oxillama_jupyter", "oxillama_jupyter._version"}

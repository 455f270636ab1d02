"""Tutorials that are recorded once and replayed twice, at the same time and without a model."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from magics.kernel import Kernel
from nbclient import NotebookClient

if TYPE_CHECKING:
    from client.world import World

TUTORIALS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
# All servers of a world read this, those too that tutorials start: whatever asked llama.cpp for
# an answer would get an error. (Tutorial 07 also calls it in the kernel, to make smaller files.)
NO_MODEL = "c.OxillamaApp.model = '/nowhere/none.gguf'\nc.OxillamaApp.model_memory = 1\n"
PASSING = re.compile(
    r"\b[a-z]+_[0-9a-zA-Z]{20,}"  # ids of the API
    r"|\b[0-9a-f]{32}\b"  # of widgets
    r"|\bkey-\S+|\boxk_\S+"  # keys
    r"|127\.0\.0\.1:\d+"
    r"|\b\d+ (?:s|min)\b"  # what a page of threads or a progress bar says
    r"|0x[0-9a-f]{6,}"
    rf"|{tempfile.gettempdir()}/[\w./-]+"
)
# What no two runs share in a picture or a table cannot be cut out: such a cell has this tag, and
# only the kinds of its outputs are compared.
VARIES = "replay-varies"
ENGINE = re.compile(r"(?:recording in|replaying) [^|\n]*")


async def execute(world: World, tutorial: Path, name: str, **env: str) -> list[Any]:
    """Run a notebook in a kernel without a server and a folder of its own; give its code cells."""
    folder = world.root / name
    folder.mkdir()
    notebook = nbformat.read(shutil.copy(tutorial, folder), as_version=4)
    client = NotebookClient(
        notebook,
        timeout=100,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,  # how many messages bring what is printed is the clock's affair
    )
    await client.async_execute(env=world.env | env)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


async def replay(world: World, tutorial: Path, cassettes: Path) -> list[list[Any]]:
    """Twice at the same time: they share nothing but the cassettes."""
    env = {"OXILLAMA_MODE": "replay", "OXILLAMA_CASSETTES": str(cassettes)}
    runs = (execute(world, tutorial, name, **env) for name in ("first", "second"))
    return await asyncio.gather(*runs)


def shown(cell: Any) -> str:
    """A cell's outputs, but for what is another one in each run."""
    if VARIES in cell.metadata.get("tags", ()):
        return str([(out.output_type, sorted(out.get("data", ()))) for out in cell.outputs])
    return PASSING.sub("…", json.dumps(cell.outputs, indent=1))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_replayed_tutorial_gives_the_same_bytes_twice(own_world: World, tutorial: Path) -> None:
    recorded = asyncio.run(execute(own_world, tutorial, "live", OXILLAMA_MODE="record"))
    cassettes = own_world.root / "live" / "cassettes"
    before = contents(cassettes)
    (own_world.root / "config" / "jupyter_server_config.py").write_text(NO_MODEL)

    first, second = asyncio.run(replay(own_world, tutorial, cassettes))

    assert [shown(cell) for cell in first] == [shown(cell) for cell in second]
    unlike = [cell for cell, then in zip(first, recorded, strict=True) if not alike(cell, then)]
    assert [cell.source for cell in unlike] == []
    assert contents(cassettes) == before


def alike(cell: Any, recorded: Any) -> bool:
    """Whether a replay shows what the recording did.

    It does not where a cell shows which models there are, for a replay has those that answered, or
    how the engine fails, for a replay has none.
    """
    if "%oxillama models" in cell.source or "raises-exception" in cell.metadata.get("tags", ()):
        return True
    return ENGINE.sub("…", shown(cell)) == ENGINE.sub("…", shown(recorded))


def test_live_nothing_answers_there(own_world: World) -> None:
    """The settings of the replays above do what they are for."""
    (own_world.root / "config" / "jupyter_server_config.py").write_text(NO_MODEL)
    with Kernel(own_world) as kernel:
        assert "/nowhere/none.gguf" in kernel.run("%%oxillama\nHello!").error
        told = kernel.run("%%oxillama -m oxillama-tiny\nHello!").error
        assert "OxillamaApp.model_memory" in told


# -- modes, as cells show them -------------------------------------------------------------------


def test_cells_show_what_is_recorded_and_say_what_is_not(own_world: World) -> None:
    question = "%%oxillama -o answer\nsay:It is Zorvik."
    server = own_world.serve("--OxillamaApp.mode=record")
    with Kernel(own_world, **server.kernel_env, OXILLAMA_MODE="record") as kernel:
        assert kernel.run(question).data() == ["It is Zorvik."]
        assert "ok (recording in " in kernel.run("%oxillama").data("text/plain")[0]
        assert "ok: recording in " in kernel.run("%oxillama engine").data("text/plain")[0]

    server = own_world.serve("--OxillamaApp.mode=replay")
    with Kernel(own_world, **server.kernel_env, OXILLAMA_MODE="replay") as kernel:
        assert kernel.run(question).data() == ["It is Zorvik."]
        assert "ok (replaying " in kernel.run("%oxillama").data("text/plain")[0]
        assert "ok: replaying " in kernel.run("%oxillama engine").data("text/plain")[0]
        kernel.run("%oxillama new")
        missed = kernel.run("%%oxillama\nsay:It is Miso.")
        assert missed.status == "error"
        assert "Nothing is recorded for this request" in missed.error
        assert "'say:It is Miso.'" in missed.error
        assert "is 'Miso.' here and 'Zorvik.' there" in missed.error


def test_a_kernel_refuses_a_mode_that_is_none_or_not_its_servers(own_world: World) -> None:
    server = own_world.serve()
    for mode, told in (
        ("repaly", "oxillama: OXILLAMA_MODE takes live, record or replay, not 'repaly'."),
        ("replay", "oxillama: OXILLAMA_MODE is 'replay' here, but the server of this kernel "),
    ):
        with Kernel(own_world, **server.kernel_env, OXILLAMA_MODE=mode) as kernel:
            for cell in ("%%oxillama\nHello!", "%oxillama"):
                error = kernel.run(cell).error
                assert error.startswith(told)
                assert "\n" not in error

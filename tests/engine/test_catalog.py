"""Which models are found, what they are called, and what a broken file costs."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from oxillama_jupyter.engine import catalog as catalog_module
from oxillama_jupyter.engine.catalog import Catalog, Entry
from oxillama_jupyter.engine.places import hub_cache, place_of


def make(folder: Path, *names: str, model: Path) -> None:
    """Put copies of a model there."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(model, path)


async def look(*folders: Path, given: tuple[Path, ...] = (), cache: Path | None = None) -> Catalog:
    catalog = Catalog([place_of(path) for path in given], folders=folders, cache=cache)
    await catalog.refresh()
    return catalog


def split(folder: Path, model_maker: object) -> list[Path]:
    model_maker.make_model(folder / "big.gguf", model_maker.SMALL, split=5)  # type: ignore[attr-defined]
    return sorted(folder.glob("big-*.gguf"))


@pytest.fixture(scope="session")
def maker(small_model: Path) -> object:
    return sys.modules["benchmark_model"]  # the conftest's small_model has loaded it


async def test_folders_are_looked_through_at_any_depth(tmp_path: Path, small_model: Path) -> None:
    make(tmp_path, "a.gguf", "x/y/b.GGUF", ".git/c.gguf", "x/readme.txt", model=small_model)
    catalog = await look(tmp_path)

    assert list(catalog.entries) == ["a", "b"]
    entry = catalog.entries["b"]
    assert entry.path == tmp_path / "x" / "y" / "b.GGUF"
    assert entry.header.n_params > 100_000
    assert entry.created == int(entry.path.stat().st_mtime)
    assert entry.source == "folder"
    assert not entry.problem


async def test_names_that_collide_get_their_folders(tmp_path: Path, small_model: Path) -> None:
    make(tmp_path, "1/m.gguf", "2/m.gguf", "3/2/m.gguf", model=small_model)
    catalog = await look(tmp_path)

    deepest = (tmp_path / "3" / "2").as_posix().strip("/") + "/m"
    assert list(catalog.entries) == ["m", "2/m", deepest]


async def test_a_given_model_comes_first_and_once(tmp_path: Path, small_model: Path) -> None:
    make(tmp_path, "a.gguf", "b.gguf", model=small_model)
    (tmp_path / "link.gguf").symlink_to(tmp_path / "b.gguf")
    catalog = Catalog([place_of(tmp_path / "b.gguf")], folders=[tmp_path])
    assert list(catalog.entries) == ["b"]
    assert catalog.entries["b"].header is None
    await catalog.read_given()
    assert catalog.entries["b"].header is not None
    await catalog.refresh()

    assert list(catalog.entries) == ["b", "a"]
    assert catalog.entries["b"].source == "file"


async def test_a_given_model_that_is_not_there_is_listed_with_the_reason(tmp_path: Path) -> None:
    entry = (await look(given=(tmp_path / "gone.gguf",))).entries["gone"]

    assert entry.problem == f"There is no model file at {tmp_path}/gone.gguf."


async def test_a_damaged_file_is_listed_with_the_reason_and_logged_once(
    tmp_path: Path, small_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path, "good.gguf", model=small_model)
    make(tmp_path, "cut.gguf", model=small_model)
    os.truncate(tmp_path / "cut.gguf", 100_000)
    (tmp_path / "junk.gguf").write_bytes(b"junk")
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "gone.gguf").symlink_to("nowhere")
    with caplog.at_level(logging.WARNING):
        catalog = await look(tmp_path)
        await catalog.refresh(max_age=0)
    problems = {id_: entry.problem for id_, entry in catalog.entries.items()}

    assert not problems["good"]
    assert "it is cut off" in problems["cut"]
    assert "does not begin as a GGUF" in problems["junk"]
    assert "no regular file" in problems["pipe"]
    assert "no model file" in problems["gone"]
    assert caplog.text.count("cut.gguf") == 1


async def test_names_that_are_no_text_do_no_harm(tmp_path: Path, small_model: Path) -> None:
    make(tmp_path, "a\nb.gguf", model=small_model)
    shutil.copy(small_model, os.fsencode(tmp_path) + b"/\xff.gguf")
    catalog = await look(tmp_path)

    assert not catalog.entries["a\N{REPLACEMENT CHARACTER}b"].problem
    assert "UTF-8" in catalog.entries["\N{REPLACEMENT CHARACTER}"].problem
    assert all(entry.problem.isprintable() for entry in catalog.entries.values())


async def test_a_split_model_is_one(tmp_path: Path, maker: object, small_model: Path) -> None:
    paths = split(tmp_path, maker)
    whole = (await look(small_model.parent)).entries["small"].header
    entry = (await look(tmp_path)).entries["big"]

    assert len(paths) == 4
    assert entry.path == paths[0]
    assert entry.header.n_params == whole.n_params
    assert entry.header.size == sum(path.stat().st_size for path in paths)
    assert (await look(given=(paths[3],))).entries["big"].header == entry.header


async def test_a_split_model_needs_all_its_parts(tmp_path: Path, maker: object) -> None:
    paths = split(tmp_path, maker)
    paths[0].rename(tmp_path / "first")
    paths[3].rename(tmp_path / "fourth")
    assert "these are missing: 1, 4" in (await look(tmp_path)).entries["big"].problem

    (tmp_path / "first").rename(paths[0])
    shutil.copy(paths[1], paths[3])
    assert "part 4 of 4 is part 2 of 4" in (await look(tmp_path)).entries["big"].problem

    alone = tmp_path / "alone" / "one.gguf"
    make(alone.parent, alone.name, model=paths[0])
    assert "part 1 of 1 is part 1 of 4" in (await look(alone.parent)).entries["one"].problem


async def test_the_hugging_face_cache_is_read(tmp_path: Path, small_model: Path) -> None:
    repository = tmp_path / "models--Org--Some-Model-GGUF"
    make(repository / "blobs", "abc", "old", model=small_model)
    files = ("some-model-q4_k_m.gguf", "sub/Some-Model-IQ3_XXS.gguf", "Some-Model-2.gguf")
    for name in (*files, "alias-Q4_K_M.gguf"):
        path = repository / "snapshots" / "new" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        blob = repository / "blobs" / name.replace("/", "-")
        shutil.copy(small_model, blob)
        path.symlink_to(blob)
    for name in ("some-model-Q4_K_M.gguf", "some-model-Q8_0.gguf"):
        make(repository / "snapshots" / "0ld", name, model=small_model)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("new")
    entries = (await look(cache=tmp_path)).entries

    assert set(entries) == {
        "Org/Some-Model-GGUF:Q4_K_M",
        "Org/Some-Model-GGUF:some-model-q4_k_m",  # the second of one quantisation, by its file
        "Org/Some-Model-GGUF:IQ3_XXS",
        "Org/Some-Model-GGUF:Some-Model-2",
        "Org/Some-Model-GGUF:Q8_0",  # only the old revision has it
    }
    current = entries["Org/Some-Model-GGUF:Q4_K_M"].path
    assert current.parent.name == "new"
    assert current.name.endswith(".gguf")  # the link, not the blob: its name tells the parts


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({}, str(Path.home() / ".cache/huggingface/hub")),
    ],
)
def test_the_cache_is_where_the_environment_puts_it(environment: dict[str, str], path: str) -> None:
    assert str(hub_cache(environment)) == path


async def test_files_that_come_and_go_are_noticed(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.gguf", model=small_model)
    read: list[Path] = []
    real = catalog_module.read_header
    monkeypatch.setattr(
        catalog_module, "read_header", lambda path: [read.append(path), real(path)][1]
    )
    catalog = await look(tmp_path)
    make(tmp_path, "b.gguf", model=small_model)
    await catalog.refresh()  # a moment ago
    assert list(catalog.entries) == ["a"]
    await catalog.refresh(max_age=0)
    assert list(catalog.entries) == ["a", "b"]
    (tmp_path / "a.gguf").unlink()
    await catalog.refresh(max_age=0)

    assert list(catalog.entries) == ["b"]
    assert [path.name for path in read] == ["a.gguf", "b.gguf"]  # nothing is read twice


async def test_looking_blocks_nobody_and_is_done_once(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.gguf", model=small_model)
    go, looks = threading.Event(), []
    real = Catalog._look

    def slow(catalog: Catalog) -> dict[str, Entry]:
        looks.append(catalog)
        assert go.wait(30)
        return real(catalog)

    monkeypatch.setattr(Catalog, "_look", slow)
    catalog = Catalog([], folders=[tmp_path])
    waiting = [asyncio.create_task(catalog.refresh()) for _ in range(3)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert not catalog.entries
    go.set()
    await asyncio.gather(*waiting[1:], catalog.settled())

    assert list(catalog.entries) == ["a"]
    assert len(looks) == 1


async def test_a_folder_that_is_not_there_is_only_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = await look(tmp_path / "no")
    await catalog.refresh(max_age=0)

    assert not catalog.entries
    assert caplog.text.count("There is no folder") == 1

"""Where GGUF files are found: single ones, folders, the Hugging Face cache; and what to call them.

A model in a file or a folder is called as its file, without `.gguf` and the number of its part; the
first one found has that name, a later one of the same name has its folder's in front. One in the
Hugging Face cache is called `owner/repo:QUANT`, or `owner/repo:file` where the file's name tells no
quantisation or another file of the repository tells the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

__all__ = [
    "Place",
    "Source",
    "find",
    "hub_cache",
    "label_of",
    "parts_of",
    "place_of",
    "printable",
]

Source = Literal["file", "folder", "cache"]
_SUFFIX = ".gguf"
_PART = re.compile(r"(?P<name>.+)-(?P<no>\d{5})-of-(?P<count>\d{5})")
_QUANT = re.compile(
    r"(?:^|[-._])((?:UD-)?(?:I?Q\d(?:_[0-9A-Z]+)*|TQ\d_\d|MXFP4(?:_MOE)?|BF16|F16|F32))",
    re.IGNORECASE,
)
_MOST_PARTS = 1000
_MOST_MODELS = 5000
_MOST_FILES = 200_000

Warn = Callable[..., None]  # a logger's method


class Place(NamedTuple):
    """A model's files; the first one is what llama.cpp is given.

    Attributes:
        id: What requests call it.
        paths: Every part, whether it is there or not.
        source: How it was found.
    """

    id: str
    paths: tuple[Path, ...]
    source: Source


def hub_cache(environment: Mapping[str, str]) -> Path:
    """The Hugging Face cache, where these variables put it."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environment.get(name):
            return Path(environment[name]).expanduser()
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    home = environment.get("HF_HOME") or str(Path(cache) / "huggingface")
    return Path(home).expanduser() / "hub"


def place_of(path: Path) -> Place:
    """The place of a single file; any part stands for its model."""
    name, paths = parts_of(path)
    return Place(printable(name), paths, "file")


def find(
    given: Sequence[Place], folders: Sequence[Path], cache: Path | None, warn: Warn
) -> list[Place]:
    """Look everywhere; `given` ones first, each file once, no two of one id."""
    places = {place.id: place for place in given}
    seen = {_identity(place.paths[0]) for place in given}
    for place in (*_in_folders(folders, warn), *(_in_cache(cache) if cache else ())):
        identity = _identity(place.paths[0])
        if identity in seen:
            continue
        if len(places) >= _MOST_MODELS:
            warn("There are more than %d models; the others are left out.", _MOST_MODELS)
            break
        seen.add(identity)
        for name in _names(place):
            if name not in places:
                places[name] = place._replace(id=name)
                break
    return list(places.values())


def printable(text: str) -> str:
    """A file's name as JSON and a terminal can bear it."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _names(place: Place) -> tuple[str, ...]:
    """What a place may be called, the best name first."""
    if place.source == "cache":
        return (place.id,)
    folder = place.paths[0].parent
    names = (f"{folder.name}/{place.id}", f"{folder.as_posix().strip('/')}/{place.id}")
    return (place.id, *map(printable, names))


def _identity(path: Path) -> str:
    return os.path.realpath(path)


def parts_of(path: Path) -> tuple[str, tuple[Path, ...]]:
    """The name of a model, and all its files."""
    match = _PART.fullmatch(path.stem)
    count = int(match["count"]) if match else 0
    if not match or not 1 <= count <= _MOST_PARTS:
        return path.stem, (path,)
    name = match["name"]
    files = (f"{name}-{no:05}-of-{count:05}{path.suffix}" for no in range(1, count + 1))
    return name, tuple(path.with_name(file) for file in files)


def _in_folders(folders: Sequence[Path], warn: Warn) -> Iterator[Place]:
    for folder in folders:
        if not folder.is_dir():
            warn("There is no folder %s to look for models in.", folder)
        left = _MOST_FILES
        for path in _files(folder):
            left -= 1
            if not left:
                warn("There are more than %d files in %s.", _MOST_FILES, folder)
                break
            if path.suffix.lower() == _SUFFIX:
                yield place_of(path)._replace(source="folder")


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder in a fixed order; no hidden folders, no links to folders."""
    for parent, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            yield Path(parent, name)


def _in_cache(cache: Path) -> Iterator[Place]:
    """`models--owner--repo/snapshots/REVISION/file.gguf`; the current revision goes first."""
    for repository in sorted(cache.glob("models--*")):
        name = printable(repository.name.removeprefix("models--").replace("--", "/"))
        known: set[str] = set()
        for snapshot in _snapshots(repository):
            here: dict[str, Place] = {}
            for path in _files(snapshot):
                if path.suffix.lower() == _SUFFIX:
                    stem, paths = parts_of(path)
                    label = label_of(stem)
                    taken = here.get(f"{name}:{label}")
                    if taken is not None and taken.paths != paths:
                        label = printable(stem)
                    id_ = f"{name}:{label}"
                    here[id_] = Place(id_, paths, "cache")
            yield from (place for id_, place in here.items() if id_ not in known)
            known |= here.keys()


def _snapshots(repository: Path) -> list[Path]:
    try:
        current = (repository / "refs" / "main").read_text().strip()
    except (OSError, UnicodeDecodeError):
        current = ""
    snapshots = sorted(path for path in repository.glob("snapshots/*") if path.is_dir())
    return sorted(snapshots, key=lambda path: path.name != current)


def label_of(stem: str) -> str:
    """The quantisation that a file's name ends with, or the name."""
    found = _QUANT.findall(stem)
    ends = bool(found) and stem.upper().endswith(found[-1].upper())
    return str(found[-1]).upper() if ends else printable(stem)

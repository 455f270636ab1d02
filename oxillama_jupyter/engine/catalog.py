"""Which models there are, and what is known of each before it is loaded.

    catalog = Catalog([place_of(path)], folders=[Path("~/models").expanduser()])
    await catalog.refresh()
    catalog.entries["my-model"].header.n_params

Folders are walked and files read in a thread, never two times at once, and a file that has not
changed is not read again. A file that is no model costs its own entry: that says why.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from oxillama_jupyter.engine.gguf import GGUFError, Header, read_header
from oxillama_jupyter.engine.places import Place, Source, find, printable

__all__ = ["Catalog", "Entry"]

_FRESH_SECONDS = 1.0
_OTHER_KINDS = frozenset(("adapter", "mmproj", "imatrix"))  # files that come beside a model

Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that could be loaded, or a file that should have been one.

    Attributes:
        id: What requests call it.
        path: The file that llama.cpp is given.
        source: How it was found.
        header: What the file says, sizes summed up over its parts; None if it has a problem.
        created: When the file was made, in Unix seconds; 0 if it is not there.
        problem: Why it cannot be loaded; empty if nothing speaks against it.
        stamp: Changes when a file does.
    """

    id: str
    path: Path
    source: Source
    header: Header | None = None
    created: int = 0
    problem: str = ""
    stamp: Stamp = ()


class Catalog:
    """Knows the models; `entries` never waits, `refresh` looks again.

    Args:
        given: Models that are listed whether they are there or not, the default one first.
        folders: Folders with GGUF files, at any depth.
        cache: The Hugging Face cache.
        logger: Gets a line for each file that is no model.
    """

    def __init__(
        self,
        given: Sequence[Place],
        *,
        folders: Sequence[Path] = (),
        cache: Path | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        self._given = tuple({place.id: place for place in reversed(given)}.values())[::-1]
        self._folders = tuple(folders)
        self._cache = cache
        self._logger = logger or logging.getLogger(__name__)
        self._entries = {
            place.id: Entry(place.id, place.paths[0], place.source) for place in self._given
        }
        self._read: dict[tuple[Path, ...], Entry] = {}
        self._scanned_at = float("-inf")
        self._scanning: asyncio.Task[None] | None = None

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All models by id, the given ones first; from any thread."""
        return self._entries

    @property
    def looked(self) -> bool:
        """Whether it has been looked everywhere once."""
        return self._scanned_at > float("-inf")

    async def read_given(self) -> None:
        """Read the given files only; what else there is takes longer to find."""
        entries = await asyncio.to_thread(self._describe, self._given)
        self._entries = entries | {
            id_: entry for id_, entry in self._entries.items() if id_ not in entries
        }

    async def refresh(self, *, max_age: float = _FRESH_SECONDS) -> None:
        """Look again, if the last look is older than `max_age` seconds; wait for one under way."""
        if time.monotonic() - self._scanned_at < max_age:
            return
        if self._scanning is None:
            self._scanning = asyncio.create_task(self._scan(), name="oxillama catalog")
        await asyncio.shield(self._scanning)

    async def settled(self) -> None:
        """Wait until it has been looked everywhere once."""
        if not self.looked:
            await self.refresh()

    async def aclose(self) -> None:
        """Wait for the look under way: its thread cannot be stopped."""
        if self._scanning is not None:
            await asyncio.wait((self._scanning,))

    async def _scan(self) -> None:
        try:
            self._entries = await asyncio.to_thread(self._look)
        except OSError as error:
            self._logger.warning("The folders with models cannot be read: %s", error)
        finally:
            self._scanned_at = time.monotonic()
            self._scanning = None

    # -- in a thread -----------------------------------------------------------------------------

    def _look(self) -> dict[str, Entry]:
        warn = self._logger.debug if self.looked else self._logger.warning  # said once
        places = find(self._given, self._folders, self._cache, warn)
        entries = self._describe(places)
        self._read = {place.paths: entries[place.id] for place in places if place.id in entries}
        return entries

    def _describe(self, places: Sequence[Place]) -> dict[str, Entry]:
        entries = {}
        for place in places:
            entry = self._entry(place)
            header = entry.header
            if place in self._given or header is None or header.kind not in _OTHER_KINDS:
                entries[place.id] = entry
        return entries

    def _entry(self, place: Place) -> Entry:
        """What is known of a place: as before, if its files are as before."""
        stamp, known = _stamp(place.paths), self._read.get(place.paths)
        if known is not None and known.stamp == stamp:
            return replace(known, id=place.id)
        entry = Entry(place.id, place.paths[0], place.source, stamp=stamp)
        try:
            header = _read(place.paths)
        except GGUFError as error:
            entry = replace(entry, problem=f"{printable(str(entry.path))} is no model: {error}.")
        except OSError as error:
            entry = replace(entry, problem=_unreadable(entry.path, error))
        else:
            return replace(entry, header=header, created=stamp[0][0] // 10**9 if stamp else 0)
        if place not in self._given:  # who asks for a given one is told
            self._logger.warning("oxillama: %s", entry.problem)
        return entry


def _read(paths: tuple[Path, ...]) -> Header:
    """The header of a model in one file or several."""
    try:
        str(paths[0]).encode()
    except UnicodeEncodeError:
        raise GGUFError("its name is not written in UTF-8") from None
    missing = [str(no) for no, path in enumerate(paths, 1) if not path.exists()]
    if missing and len(paths) > 1:
        raise GGUFError(f"of its {len(paths)} parts, these are missing: {', '.join(missing)}")
    headers = [read_header(path) for path in paths]
    for no, header in enumerate(headers):
        if (header.split_no, header.split_count) != (no, len(paths)):
            was = f"part {header.split_no + 1} of {header.split_count}"
            raise GGUFError(f"the file named as part {no + 1} of {len(paths)} is {was}")
    whole = replace(
        headers[0],
        size=sum(header.size for header in headers),
        n_params=sum(header.n_params for header in headers),
    )
    if not whole.n_params:
        raise GGUFError("it has no weights")
    if not whole.architecture:
        raise GGUFError("it does not say of which architecture it is")
    return whole


def _stamp(paths: tuple[Path, ...]) -> Stamp:
    """Times and sizes of the files; empty if one is missing."""
    try:
        found = [path.stat() for path in paths]
    except OSError:
        return ()
    return tuple((info.st_mtime_ns, info.st_size) for info in found)


def _unreadable(path: Path, error: OSError) -> str:
    shown = printable(str(path))
    if isinstance(error, FileNotFoundError):
        return f"There is no model file at {shown}."
    return f"{shown} cannot be read: {error.strerror or error}."

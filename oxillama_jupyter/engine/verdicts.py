"""What an engine found out about this machine the hard way, kept beside the other data.

On some machines llama.cpp's extra CPU buffer types crash at the first decode. The child that dies
of it leaves nothing but its exit code, so its parent writes the verdict down, for this CPU and this
build of llama.cpp only: a new build gets a new chance.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct

from oxillama_jupyter.engine.machine import fingerprint

__all__ = ["Verdict", "Verdicts"]

_MOST = 32


class Verdict(Struct, frozen=True):
    """Settings that crash, and how.

    Attributes:
        use_extra_bufts: What to use from now on.
        reason: What happened, for people.
    """

    use_extra_bufts: bool
    reason: str


class Verdicts:
    """A small JSON file of verdicts by machine and build.

    Args:
        data_dir: Folder of the file; made when needed.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "engine-verdicts.json"
        self._key = fingerprint()

    def load(self) -> Verdict | None:
        """The verdict on this machine, if there is one; a damaged file counts as none."""
        return self._read().get(self._key)

    def save(self, verdict: Verdict) -> None:
        """Remember a verdict; readers see the old file or the new one, never half of it."""
        verdicts = {**self._read(), self._key: verdict}
        newest = dict(list(verdicts.items())[-_MOST:])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(newest), indent=2))
        Path(name).replace(self._path)

    def _read(self) -> dict[str, Verdict]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Verdict])
        except (OSError, msgspec.DecodeError):
            return {}

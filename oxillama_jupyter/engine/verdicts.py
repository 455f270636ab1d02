"""What an engine found out about this machine the hard way, kept beside the other data.

On some machines llama.cpp's extra CPU buffer types crash at the first decode. The child that dies
of it leaves nothing but its exit code, so its parent writes the verdict down, for this CPU and this
build of llama.cpp only: a new build gets a new chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from oxillama_jupyter.engine.machine import fingerprint
from oxillama_jupyter.engine.records import Records

if TYPE_CHECKING:
    from pathlib import Path

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
        self._records = Records(data_dir / "engine-verdicts.json", Verdict, most=_MOST)
        self._key = fingerprint()

    def load(self) -> Verdict | None:
        """The verdict on this machine, if there is one; a damaged file counts as none."""
        return self._records.load(self._key)

    def save(self, verdict: Verdict) -> None:
        """Remember a verdict.

        Raises:
            OSError: The file cannot be written.
        """
        self._records.save(self._key, verdict)

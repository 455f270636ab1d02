"""A small JSON file of records by key, for what an engine finds out and should not forget."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

__all__ = ["Records"]

R = TypeVar("R", bound=Struct)


class Records(Generic[R]):
    """Records in a file; a damaged file counts as an empty one.

    Args:
        path: The file; its folder is made when needed.
        kind: What the records are.
        most: How many are kept, the newest ones.
    """

    def __init__(self, path: Path, kind: type[R], *, most: int) -> None:
        self._path = path
        self._type = dict[str, kind]  # type: ignore[valid-type] # a class given at run time
        self._most = most

    def load(self, key: str) -> R | None:
        """The record under this key."""
        return self._read().get(key)

    def save(self, key: str, record: R) -> None:
        """Write a record; readers see the old file or the new one, never half of it.

        Raises:
            OSError: The file cannot be written.
        """
        records = self._read()
        records.pop(key, None)
        records[key] = record
        self._write(dict(list(records.items())[-self._most :]))

    def forget(self, key: str) -> None:
        """Remove a record, if there is one.

        Raises:
            OSError: The file cannot be written.
        """
        records = self._read()
        if records.pop(key, None) is not None:
            self._write(records)

    def _write(self, records: dict[str, R]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(records), indent=2))
        Path(name).replace(self._path)

    def _read(self) -> dict[str, R]:
        try:
            records: dict[str, R] = msgspec.json.decode(self._path.read_bytes(), type=self._type)
        except (OSError, msgspec.DecodeError):
            return {}
        return records

"""Presets: flags of `%%oxillama` under a name, each a JSON file in Jupyter's data folder."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.magics.failures import MagicError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oxillama_jupyter.magics.flag import Flag

__all__ = [
    "delete_preset",
    "is_preset_name",
    "load_preset",
    "preset_names",
    "save_preset",
]

Values = dict[str, Any]  # a flag's long name, such as `max_tokens`, to its value: JSON of any shape

# One file name anywhere: no separator, nothing hidden, no more than 255 bytes in UTF-8.
_NAME = re.compile(r"\w[\w.-]{0,59}")


def is_preset_name(name: str) -> bool:
    """Whether a preset may have this name."""
    return _NAME.fullmatch(name) is not None


def preset_names() -> list[str]:
    """The names of all presets, sorted."""
    return sorted(path.stem for path in _folder().glob("*.json") if is_preset_name(path.stem))


def load_preset(name: str, flags: Iterable[Flag]) -> Values:
    """A preset's values.

    Args:
        name: Its name.
        flags: The flags there are.

    Raises:
        MagicError: There is none of that name, or its file is broken; the message names the file.
    """
    path = _path(name)
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise _unknown(name) from None
    except (OSError, ValueError, RecursionError) as error:
        raise MagicError(f"The preset {name} cannot be read from {path}: {error}") from None
    if not isinstance(content, dict):
        raise MagicError(f"The preset in {path} is no JSON object of flags and values.")
    kept = {flag.key: flag for flag in flags if flag.field is not None}
    return {key: _checked(path, key, kept.get(key), value) for key, value in content.items()}


def save_preset(name: str, values: Values) -> bool:
    """Write a preset, whole or not at all.

    Returns:
        Whether it replaces one.

    Raises:
        MagicError: It cannot be written, and why.
    """
    path = _path(name)
    there = path.exists()
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(fresh).replace(path)
        except BaseException:  # also an interrupt: nothing is left behind
            Path(fresh).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        raise MagicError(f"The preset cannot be written to {path}: {error}") from None
    return there


def delete_preset(name: str) -> None:
    """Delete a preset.

    Raises:
        MagicError: There is none of that name, or it cannot be deleted.
    """
    path = _path(name)
    try:
        path.unlink()
    except FileNotFoundError:
        raise _unknown(name) from None
    except OSError as error:
        raise MagicError(f"The preset {name} cannot be deleted from {path}: {error}") from None


def _folder() -> Path:
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "oxillama" / "presets"


def _path(name: str) -> Path:
    if not is_preset_name(name):
        raise MagicError(
            f"A preset's name is a word of at most 60 letters, digits and . _ -, not {name!r}."
        )
    return _folder() / f"{name}.json"


def _unknown(name: str) -> MagicError:
    known = preset_names()
    there = f"There are: {', '.join(known)}." if known else "There are none yet."
    return MagicError(f"There is no preset {name!r}.{did_you_mean(name, known)} {there}")


def _checked(path: Path, key: str, flag: Flag | None, value: Any) -> Any:  # JSON of any shape
    """The value, if the flag takes it: files are edited by hand, too."""
    if flag is None or flag.convert is None:
        raise MagicError(f"The preset in {path} has {key!r}, which is no flag that it could keep.")
    given = [value] if flag.many and isinstance(value, str) else value
    try:
        found = flag.convert(given if isinstance(given, str) else json.dumps(given))
        if found == given:
            return found
    except (ValueError, TypeError, RecursionError):
        pass  # told below, as what is merely of another type
    raise MagicError(
        f"The preset in {path} is wrong: {flag.names[-1]} takes {flag.takes},"
        f" not {json.dumps(value, ensure_ascii=False)}."
    )

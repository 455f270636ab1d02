"""Where the key for a remote engine comes from; it is never a setting, for settings are logged."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["remote_key"]

_VARIABLE = "OXILLAMA_REMOTE_API_KEY"


def remote_key(file: str) -> Callable[[], str]:
    """Give what reads the key: from this file, or from the environment where there is none.

    The variable is taken out of the environment, so that kernels and terminals do not inherit it.
    The file is read at each call, and may raise `OSError` then.
    """
    value = os.environ.pop(_VARIABLE, "")
    if file:
        path = Path(file).expanduser()
        return path.read_text
    return lambda: value

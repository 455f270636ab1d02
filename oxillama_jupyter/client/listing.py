"""Threads in a list for people."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["title_of"]


def title_of(thread: dict[str, Any]) -> str:
    """What a person calls a thread: its name, else its notebook or its folder, else its id."""
    metadata = thread.get("metadata") or {}
    notebook = re.split(r"[\\/]", metadata.get("notebook", "").partition("#kernel-")[0])[-1]
    return str(metadata.get("name") or notebook or thread["id"])

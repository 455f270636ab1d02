"""Threads in a list for people: what one is called, and texts of others in Markdown."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["escaped", "title_of"]

_SPECIAL = re.compile(r"([\\`*_\[\]<>|$~&])")


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def title_of(thread: dict[str, Any]) -> str:
    """What a person calls a thread: its name, else its notebook or its folder, else its id."""
    metadata = thread.get("metadata") or {}
    notebook = re.split(r"[\\/]", metadata.get("notebook", "").partition("#kernel-")[0])[-1]
    return str(metadata.get("name") or notebook or thread["id"])

"""Exports as files."""

from __future__ import annotations

import asyncio
import json
from typing import Literal

import msgspec

from oxillama_jupyter.schemas.exports import ThreadExport

__all__ = ["written"]


async def written(export: ThreadExport, format: Literal["ipynb", "md", "jsonl"]) -> bytes:  # noqa: A002  # the query's word
    """An export as the text of a file; a long thread does not hold up the server."""
    return await asyncio.to_thread(_text, export, f".{format}")


def _text(export: ThreadExport, suffix: str) -> bytes:
    from oxillama_jupyter.client.exports import text_of_file  # few servers are ever asked

    # As clients read it: what they write and what the server writes is the same file.
    return text_of_file(json.loads(msgspec.json.encode(export)), suffix).encode()

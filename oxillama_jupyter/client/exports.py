"""Exports of threads: asked for, and as the text of a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.listing import title_of

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection

__all__ = ["fetch", "text_of_file"]

Json = dict[str, Any]  # an export, as the server sent it


def fetch(connection: Connection, thread_id: str) -> Json:
    """A thread with its messages, runs and steps, as they are at one moment.

    Raises:
        openai.NotFoundError: There is no such thread.
    """
    return connection.get(f"{connection.url}/threads/{thread_id}/export")


def text_of_file(export: Json, suffix: str, title: str = "") -> str:
    """What a file with this ending holds.

    Args:
        export: The thread.
        suffix: `.ipynb`, `.md`, `.json` or `.jsonl`.
        title: What a reader is told that it is; what the thread is called, if not given.
    """
    title = title or title_of(export["thread"])
    # Imported here: every kernel loads this module, few export.
    if suffix == ".ipynb":
        from oxillama_jupyter.client.ipynb import to_notebook

        return _json(to_notebook(export, title), indent=1) + "\n"
    if suffix == ".md":
        from oxillama_jupyter.client.turns import markdown

        return markdown(export, title)
    if suffix == ".json":
        return _json(export, indent=1) + "\n"
    objects = [export["thread"], *export["messages"], *export["runs"], *export["steps"]]
    return "".join(f"{_json(one)}\n" for one in objects)


def _json(value: Json, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)

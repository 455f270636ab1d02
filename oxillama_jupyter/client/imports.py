"""Imports of threads: what a file says, and what becomes of it on this server.

- A thread that is there as the file has it is not made a second time.
- Of an unchanged file everything is imported: messages, runs and steps, with new ids.
- Where a notebook was edited, what is before the edit is forked from the thread, if that is on this
  server, and imported otherwise; the edited question stands behind it, not answered yet. What came
  after it belongs to the old question and stays with the old thread, which is never touched.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from oxillama_jupyter.client.exports import fetch
from oxillama_jupyter.client.failures import is_not_found
from oxillama_jupyter.client.ipynb import Found, NoThread, from_notebook
from oxillama_jupyter.client.threads import delete, fork

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection

__all__ = ["File", "Imported", "NoThread", "import_file", "read_file"]

Json = dict[str, Any]  # an object of the API, or of a file

_LINES = (".jsonl", ".ndjson")
_SECONDS = 300.0  # for a file of the largest size that a server takes


@dataclass(frozen=True)
class File:
    """A file that was read.

    Attributes:
        found: The thread in it, and how it was edited.
        lines: Its bytes, if the server is to read them, and so to say which line is wrong.
    """

    found: Found
    lines: bytes | None = None


@dataclass(frozen=True)
class Imported:
    """What has become of a file.

    Attributes:
        thread: The thread.
        how: "there already", "new", "fork" of the thread that it was exported from, or "branch",
            where that is not on this server.
        edited: The edited message, as it is in the thread now.
        behind: How many questions of the file, behind that one, are not.
    """

    thread: Json
    how: str
    edited: Json | None = None
    behind: int = 0


# -- reading ---------------------------------------------------------------------------------------


def read_file(data: bytes, suffix: str) -> File:
    """What is in a file.

    Args:
        data: The file.
        suffix: Its ending, `.ipynb`, `.jsonl` or `.json`.

    Raises:
        NoThread: There is no thread in it; the message is the end of a sentence about the file.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoThread("is no text in UTF-8") from None
    if suffix in _LINES:
        return _lines(data, text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "a notebook" if suffix == ".ipynb" else "JSON"
        raise NoThread(f"is not {what}: {error}") from None
    if suffix == ".ipynb":
        return File(from_notebook(value))
    return File(Found(_object(value), whole=True))


def _lines(data: bytes, text: str) -> File:
    """Only looked at: the server reads them, and says which line is wrong."""
    objects: list[Json] = []
    for line in text.split("\n"):
        try:
            value = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            objects.append(value)
    messages = [one for one in objects if one.get("object") == "thread.message"]
    threads = [one for one in objects if one.get("object") == "thread"]
    if not objects:
        raise NoThread("has no lines of JSON")
    if not threads and len(messages) == len(objects) and _newest_first(messages):
        return File(Found({"messages": messages[::-1]}, whole=True))
    thread = threads[0] if threads else {}
    return File(Found({"thread": thread, "messages": messages}, whole=True), data)


def _object(value: Any) -> Json:  # whatever JSON the file has
    """An export, or messages as the API lists them."""
    if isinstance(value, dict) and value.get("object") == "list":
        value = value.get("data")
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise NoThread("has neither an exported thread in it nor a list of messages")
    return {"messages": value[::-1] if _newest_first(value) else value}


def _newest_first(messages: list[Json]) -> bool:
    """As the API lists messages where nobody asks for another order."""
    times = [message.get("created_at") for message in messages]
    ends = [time for time in (times[:1] + times[-1:]) if isinstance(time, int)]
    return len(ends) == 2 and ends[0] > ends[1]  # noqa: PLR2004  # the first and the last


# -- on the server ---------------------------------------------------------------------------------


def import_file(connection: Connection, file: File, *, copy: bool) -> Imported:
    """Have the thread of a file on this server.

    Args:
        connection: The server.
        file: The file.
        copy: Make a new thread even if this one is there as it is in the file.

    Raises:
        openai.APIError: The server does not take it, and why.
    """
    found = file.found
    there = _there(connection, found.export)
    if found.whole:
        if there is not None and not copy and _is_same(there, found.export):
            return Imported(there["thread"], "there already")
        return Imported(_post(connection, found.export, file.lines), "new")
    if there is not None and found.export["messages"]:
        thread = _fork(connection, there, found)
        if thread is not None:
            return Imported(thread, "fork", found.edited, found.behind)
    export = _with_origin(found.export) if there is not None else found.export
    if found.edited is not None:
        export = export | {"messages": [*export["messages"], found.edited]}
    return Imported(_post(connection, export), "branch", found.edited, found.behind)


def _there(connection: Connection, export: Json) -> Json | None:
    """The thread that the file was exported from, as it is now; None if it is not here."""
    thread = export.get("thread")
    thread_id = thread.get("id") if isinstance(thread, dict) else None
    if not isinstance(thread_id, str) or not thread_id.isascii() or not _plain(thread_id):
        return None
    try:
        return fetch(connection, thread_id)
    except Exception as error:
        if is_not_found(error):
            return None
        raise


def _plain(thread_id: str) -> bool:
    return thread_id.replace("_", "").replace("-", "").isalnum()


def _is_same(there: Json, export: Json) -> bool:
    ids = [message.get("id") for message in export["messages"] if isinstance(message, dict)]
    return [message["id"] for message in there["messages"]] == ids


def _fork(connection: Connection, there: Json, found: Found) -> Json | None:
    """The thread up to the last unchanged message, with the edited one behind it.

    None where the thread on the server is another by now.
    """
    ids = [message["id"] for message in found.export["messages"]]
    if [message["id"] for message in there["messages"]][: len(ids)] != ids:
        return None
    thread = fork(connection, there["thread"], ids[-1], {})
    if found.edited is not None:
        try:
            connection.post(f"/threads/{thread['id']}/messages", _as_sent(found.edited))
        except BaseException:
            delete(connection, thread["id"])  # nobody has seen it yet
            raise
    return thread


def _with_origin(export: Json) -> Json:
    """The export of a thread that says, like a fork, which one it comes from."""
    thread = export["thread"]
    metadata = (thread.get("metadata") or {}) | {"forked_from": thread["id"]}
    return export | {"thread": thread | {"metadata": metadata}}


def _as_sent(message: Json) -> Json:
    """A message as clients send it."""
    content = [
        {"type": "text", "text": part["text"]["value"]} if part["type"] == "text" else part
        for part in message["content"]
    ]
    return {**message, "content": content}


def _post(connection: Connection, export: Json, lines: bytes | None = None) -> Json:
    address = f"{connection.url}/threads/import"
    if lines is None:
        return connection.post(address, export, timeout=_SECONDS)
    headers = {"Content-Type": "application/x-ndjson"}
    options = cast("Any", {"max_retries": 0, "timeout": _SECONDS, "headers": headers})
    answer = connection.openai.post(address, cast_to=object, content=lines, options=options)
    return cast("Json", answer)

"""`%oxillama export` and `%oxillama import`: threads in files."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client import threads
from oxillama_jupyter.client.exports import fetch, text_of_file
from oxillama_jupyter.magics.command import Command, Usage
from oxillama_jupyter.magics.failures import MagicError
from oxillama_jupyter.magics.flag import Flag
from oxillama_jupyter.magics.pages import Page, note, title_of
from oxillama_jupyter.magics.threads import called, check_name, own_or_named

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.client.imports import File, Imported
    from oxillama_jupyter.magics.session import Session

__all__ = ["FILE_COMMANDS", "FORMATS"]

Json = dict[str, Any]  # a thread, as the server sent it

FORMATS = (".ipynb", ".jsonl", ".json", ".md")
_ROOM = 15  # metadata beside which there is room for two more: the notebook, and its mark
_READ = (".ipynb", ".jsonl", ".ndjson", ".json")
_FORCE = Flag(("--force",), "", "", "replace the file if it is there", None)


def _name(value: str) -> str:
    if not value.strip():
        raise ValueError
    return value


_NAME = Flag(("--name",), "NAME", "a name for the thread", "call the imported thread so", _name)
_EXPORT = Usage("export", ("FILE", "[NAME]"), (_FORCE,))
_IMPORT = Usage("import", ("FILE",), (_NAME,))


# -- export ----------------------------------------------------------------------------------------


def _export(session: Session, line: str) -> Page:
    words = _EXPORT.parse(line)
    path = _path(words.names[0], FORMATS)
    force = "force" in words.flags
    if path.exists() and not force:
        raise MagicError(_is_there(path))
    thread = own_or_named(session, words.names[1] if len(words.names) > 1 else "")
    export = fetch(session.connection, thread["id"])
    text = text_of_file(export, path.suffix.lower(), title_of(thread))
    try:
        _write(path, text.encode(), force=force)
    except FileExistsError:
        raise MagicError(_is_there(path)) from None
    except OSError as error:
        raise MagicError(_cannot("write", path, error)) from None
    count = len(export["messages"])
    shown = f"`{_shown(path)}` has thread {called(thread)}, {count} message{'s' * (count != 1)}."
    if path.suffix.lower() == ".md":
        shown += " It is for reading; `.ipynb` and `.jsonl` can be imported again."
    return note(shown)


def _is_there(path: Path) -> str:
    if path.is_dir():
        return f"{_shown(path)} is a folder: name a file in it."
    return f"{_shown(path)} is there already: add --force to replace it."


def _write(path: Path, data: bytes, *, force: bool) -> None:
    """Write a file as a whole, or leave what is there.

    Raises:
        FileExistsError: It is there, and is not to be replaced.
    """
    if path.is_dir():
        raise IsADirectoryError(21, os.strerror(21))
    path = Path(os.path.realpath(path))  # a link stays one
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        beside.write_bytes(data)
        if path.exists():
            shutil.copymode(path, beside)
        if force:
            beside.replace(path)
            return
        try:
            path.hardlink_to(beside)  # unlike a rename, it never replaces anything
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if path.exists():
                raise FileExistsError from None
            beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


# -- import ----------------------------------------------------------------------------------------


def _import(session: Session, line: str) -> Page:
    from oxillama_jupyter.client.imports import NoThread, read_file

    words = _IMPORT.parse(line)
    path = _path(words.name, (*_READ, ".md"))
    if path.suffix.lower() == ".md":
        raise MagicError(
            f"{_shown(path)} is for reading: export the thread as .ipynb or .jsonl to import it."
        )
    try:
        file = read_file(path.read_bytes(), path.suffix.lower())
    except OSError as error:
        raise MagicError(_cannot("read", path, error)) from None
    except NoThread as error:
        raise MagicError(f"{_shown(path)} {error}.") from None
    name = words.flags.get("name")
    return session.with_server(lambda connection: _imported(session, connection, file, name))


def _imported(session: Session, connection: Connection, file: File, name: str | None) -> Page:
    from oxillama_jupyter.client.imports import import_file

    if name is not None:
        check_name(connection, name)
    was = _name_in(file)
    free = name or (_free(connection, was) if was else None)
    done = import_file(connection, file, copy=name is not None)
    changes: dict[str, str | None] = {}
    if done.how != "there already":
        own = done.thread.get("metadata") or {}
        changes = {"name": free} if free else {}
        if len(own | changes) < _ROOM:
            changes["notebook"] = own.get("notebook", session.threads.notebook)
    thread = session.threads.take(connection, done.thread, changes)
    return note(f"{_told(done, thread, was)} It is this notebook's thread now.")


def _name_in(file: File) -> str | None:
    """What the thread was called where it was exported."""
    thread = file.found.export.get("thread")
    metadata = thread.get("metadata") if isinstance(thread, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) and name.strip() else None


def _free(connection: Connection, name: str) -> str:
    """The name, with a number if other threads have it."""
    free, number = name, 1
    while threads.find(connection, free) is not None:
        number += 1
        free = f"{name[:500]} ({number})"
    return free


def _told(done: Imported, thread: Json, was: str | None) -> str:
    if done.how == "there already":
        return f"Thread {called(thread)} is on this server, as the file has it."
    if done.how == "new":
        return f"The file's thread was imported as {called(thread)}."
    origin = f"`{was}`" if was else "the file's thread"
    kind = "a fork" if done.how == "fork" else "a copy"
    made = f"The file was edited: {called(thread)} is {kind} of {origin} up to there"
    if done.edited is None:
        return f"{made}."
    left = f" What stands behind it ({done.behind} more) is left out." if done.behind else ""
    if done.edited["role"] == "user":
        return f"{made}, with the new question behind it, not answered yet.{left}"
    return f"{made}, with the new answer behind it.{left}"


def _path(name: str, suffixes: tuple[str, ...]) -> Path:
    try:
        path = Path(name).expanduser()
    except RuntimeError:
        path = Path(name)  # `~nobody`
    if path.suffix.lower() not in suffixes:
        known = ", ".join(suffixes[:-1]) + " or " + suffixes[-1]
        raise MagicError(f"The name of the file has to end in {known}, not {name!r}.")
    return path


def _shown(path: Path) -> str:
    return str(path).replace("`", "'")


def _cannot(do: str, path: Path, error: OSError) -> str:
    reasons = {
        FileNotFoundError: "there is no such file" if do == "read" else "there is no such folder",
        IsADirectoryError: "it is a folder",
        NotADirectoryError: "there is no such folder",
        PermissionError: "permission denied",
    }
    reason = next((why for kind, why in reasons.items() if isinstance(error, kind)), "")
    return f"Cannot {do} {_shown(path)}: {reason or error.strerror or error}."


FILE_COMMANDS = {
    "export": Command(
        _EXPORT.takes,
        "write a thread to a file: .ipynb, .jsonl, .json, or .md to read",
        _export,
        _EXPORT.flags,
        ("file", "thread"),
    ),
    "import": Command(
        _IMPORT.takes,
        "go on with the thread of a file; what was edited there becomes a branch",
        _import,
        _IMPORT.flags,
        ("file",),
    ),
}

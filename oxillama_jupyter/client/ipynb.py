"""Threads as notebooks, and back: lossless, and an edit is noticed.

A question is a `%%oxillama` cell, and its answers are the cell's outputs; calls of tools are
Markdown cells behind it. The notebook runs like any other.

What the thread really is stands in metadata under `oxillama`: a cell has its messages, the
notebook has the thread, its runs and their steps. Each of these cells also has a `hash` over its
text, its messages and the hash of such a cell before it, and the notebook has the last one as
`tip`. So a cell whose hash is right stands where it stood and says what it said, and so do all
before it. Outputs and other cells may be changed, added and deleted: they are not read.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from oxillama_jupyter.client.inert import inert
from oxillama_jupyter.client.turns import Turn, called, images, text_of, turns

__all__ = ["Found", "NoThread", "from_notebook", "to_notebook"]

Json = dict[str, Any]  # an object of the API or of a notebook

_KEY = "oxillama"
_VERSION = 1
_MAGIC = "%%oxillama"
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_METADATA: Json = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


class NoThread(ValueError):
    """It is no notebook with a thread in it; the message is the end of a sentence about it."""


@dataclass
class Found:
    """What is in a notebook.

    Attributes:
        export: The thread, as it was exported; of its messages those whose cells are unchanged.
        whole: Whether these are all.
        edited: The message of the first cell that is new or changed.
        behind: How many questions stand behind that.
    """

    export: Json
    whole: bool = False
    edited: Json | None = None
    behind: int = 0


# -- to a notebook ---------------------------------------------------------------------------------


def to_notebook(export: Json, title: str) -> Json:
    """A notebook, of format 4.5, with all of an exported thread.

    Args:
        export: The export.
        title: What its first cell says.
    """
    cells = [
        _cell("markdown", "oxillama-title", f"# {title}", {"kind": "title"}),
        _cell("code", "oxillama-setup", "%load_ext oxillama_jupyter", {"kind": "setup"}),
    ]
    tip = _beginning(export["thread"])
    for turn in turns(export):
        made = _turn_cells(turn, tip)
        if turn.question is not None or turn.answers:
            tip = made[0]["metadata"][_KEY]["hash"]
        cells += made
    about = {name: export[name] for name in ("exported_at", "thread", "runs", "steps")}
    metadata = {**_METADATA, _KEY: {"version": _VERSION, "tip": tip, **about}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _turn_cells(turn: Turn, previous: str) -> list[Json]:
    calls = [
        _cell("markdown", step["id"], called(step), {"kind": "calls", "step": step["id"]})
        for step in turn.steps
    ]
    messages = ([turn.question] if turn.question is not None else []) + turn.answers
    if not messages:
        return calls
    if turn.question is not None:
        source = f"{_MAGIC}\n{text_of(turn.question, alone=True)}"
    else:
        source = "\n\n".join(map(text_of, messages))
    about = {"kind": "turn", "messages": messages, "hash": _hash(previous, source, messages)}
    kind = "code" if turn.question is not None else "markdown"
    cell = _cell(kind, messages[0]["id"], source, about)
    if turn.question is not None:
        cell["outputs"] = [*map(_image, images(turn.question)), *map(_answer, turn.answers)]
    return [cell, *calls]


def _cell(kind: str, cell_id: str, source: str, about: Json) -> Json:
    if not _CELL_ID.fullmatch(cell_id):
        cell_id = hashlib.sha256(cell_id.encode()).hexdigest()[:32]
    code: Json = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {
        "cell_type": kind,
        "id": cell_id,
        "metadata": {_KEY: about},
        "source": _lines(source),
        **code,
    }


def _answer(message: Json) -> Json:
    text = text_of(message)
    about = {"thread_id": message["thread_id"], "run_id": message["run_id"]}
    return _output(
        {"text/markdown": _lines(inert(text)), "text/plain": _lines(text)},
        {_KEY: {key: value for key, value in about.items() if value}},
    )


def _image(image: tuple[str, str]) -> Json:
    kind, data = image
    return _output({kind: data, "text/plain": "[image]"}, {})


def _output(data: Json, metadata: Json) -> Json:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def _lines(text: str) -> list[str]:
    """Text as notebooks have it."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _beginning(thread: Json) -> str:
    return hashlib.sha256(f"oxillama {thread['id']}".encode()).hexdigest()


def _hash(previous: str, source: str, messages: list[Json]) -> str:
    # Editors make line ends their own, and some end a cell with one. The flags of a question's
    # first line are not what is asked.
    said = _said(source) if _is_question(source) else source
    plain = said.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    text = json.dumps([previous, plain, messages], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# -- from a notebook -------------------------------------------------------------------------------


def from_notebook(notebook: Any) -> Found:  # whatever JSON the file has
    """What is in a notebook that `to_notebook` made, whoever has edited it since.

    Raises:
        NoThread: It is another kind of file.
    """
    about, cells = _about(notebook), notebook["cells"]
    previous = _beginning(about["thread"])
    messages: list[Json] = []
    found = Found(about)
    for place, cell in enumerate(cells):
        source, own = _source(cell), _own(cell)
        if own is not None and own.get("hash") == _hash(previous, source, own["messages"]):
            previous = own["hash"]
            messages += own["messages"]
            continue
        found.edited = _edited(source, own)
        if found.edited is not None:
            found.behind = sum(_is_question(_source(later)) for later in cells[place + 1 :])
            break
    found.whole = found.edited is None and previous == about.get("tip")
    found.export = _of(about, messages, whole=found.whole)
    return found


def _of(about: Json, messages: list[Json], *, whole: bool) -> Json:
    """The export with these messages, and with what belongs to them."""
    runs = {message["run_id"] for message in messages}
    return {
        "object": "thread.export",
        "version": 1,
        "thread": about["thread"],
        "messages": messages,
        "runs": [run for run in about["runs"] if whole or run["id"] in runs],
        "steps": [step for step in about["steps"] if whole or step.get("run_id") in runs],
    }


def _about(notebook: Any) -> Json:
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NoThread("is not a notebook (of format 4)")
    about = (notebook.get("metadata") or {}).get(_KEY)
    if about is None:
        raise NoThread("is a notebook, but none that %oxillama export has written")
    if not isinstance(about, dict) or about.get("version") != _VERSION:
        raise NoThread("was exported by a newer version of oxillama_jupyter")
    thread = about.get("thread")
    lists = [about.get("runs"), about.get("steps")]
    objects = [thread, *(one for found in lists if isinstance(found, list) for one in found)]
    if not all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in objects):
        raise NoThread("is damaged: the thread in its metadata is not whole")
    if not all(isinstance(found, list) for found in lists):
        raise NoThread("is damaged: the runs in its metadata are gone")
    return about


def _own(cell: Any) -> Json | None:
    """What `to_notebook` wrote into a turn's cell, if it is one."""
    own = (cell.get("metadata") or {}).get(_KEY) if isinstance(cell, dict) else None
    if not isinstance(own, dict) or own.get("kind") != "turn":
        return None
    messages = own.get("messages")
    whole = isinstance(messages, list) and all(
        isinstance(one, dict) and {"id", "role", "content", "run_id"} <= set(one)
        for one in messages
    )
    return own if whole and messages else None


def _source(cell: Any) -> str:
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _is_question(source: str) -> bool:
    head = source.lstrip().partition("\n")[0]
    return head.split(None, 1)[:1] == [_MAGIC]


def _said(source: str) -> str:
    return source.lstrip().partition("\n")[2]


def _edited(source: str, own: Json | None) -> Json | None:
    """The message that a new or changed cell says; None if it says none."""
    if _is_question(source):
        role, text = "user", _said(source)
    elif own is not None and own["messages"][0]["role"] == "assistant":
        role, text = "assistant", source
    else:
        return None
    if not text.strip():
        return None
    was = own["messages"][0] if own is not None and own["messages"][0]["role"] == role else {}
    kept = [part for part in was.get("content", []) if str(part.get("type"))[:5] == "image"]
    return {
        "role": role,
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}, *kept],
        "attachments": was.get("attachments") or [],
        "metadata": was.get("metadata") or {},
    }

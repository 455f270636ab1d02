"""A thread's export as people read it: questions, each with what came of it, in order."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Turn", "called", "fenced", "images", "markdown", "text_of", "turns"]

Json = dict[str, Any]  # an object of the API, as the server sent it

_FENCES = re.compile(r"`{3,}")
_DATA_URL = re.compile(r"data:(image/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/=\s]+)")
_SHORT = 200  # characters of an address


@dataclass
class Turn:
    """A question and what came of it.

    Attributes:
        question: The user's message; None for what a thread begins with before one.
        items: Answers, and the steps in which tools were called, in order.
    """

    question: Json | None
    items: list[Json] = field(default_factory=list)

    @property
    def answers(self) -> list[Json]:
        """The messages among the items."""
        return [item for item in self.items if item["object"] == "thread.message"]

    @property
    def steps(self) -> list[Json]:
        """The steps among the items."""
        return [item for item in self.items if item["object"] == "thread.run.step"]


def turns(export: Json) -> list[Turn]:
    """The turns of an exported thread; every message is in one, and every step that called."""
    found: list[Turn] = []
    for message in export["messages"]:
        if message["role"] == "user":
            found.append(Turn(message))
            continue
        if not found:
            found.append(Turn(None))
        found[-1].items.append(message)
    for run in export["runs"]:
        steps = [step for step in export["steps"] if step["run_id"] == run["id"]]
        if any(step["type"] == "tool_calls" for step in steps):
            if not found:
                found.append(Turn(None))
            _place(_turn_of(run, found), run, steps)
    return found


def _turn_of(run: Json, found: list[Turn]) -> Turn:
    for turn in found:
        if any(answer["run_id"] == run["id"] for answer in turn.answers):
            return turn
    # It has written nothing: it belongs to what was asked last before it began.
    asked = [t for t in found if t.question and t.question["created_at"] <= run["created_at"]]
    return asked[-1] if asked else found[0]


def _place(turn: Turn, run: Json, steps: list[Json]) -> None:
    """Put the steps that called ahead of the message that the run wrote next."""
    waiting: list[Json] = []
    for step in steps:
        if step["type"] == "tool_calls":
            waiting.append(step)
            continue
        message_id = step["step_details"]["message_creation"]["message_id"]
        places = [place for place, item in enumerate(turn.items) if item["id"] == message_id]
        if places:
            turn.items[places[0] : places[0]] = waiting
            waiting = []
    own = [n for n, item in enumerate(turn.items, 1) if item.get("run_id") == run["id"]]
    end = own[-1] if own else len(turn.items)
    turn.items[end:end] = waiting


def text_of(message: Json, *, alone: bool = False) -> str:
    """The text of a message.

    Args:
        message: The message.
        alone: Leave images out where there is text besides.
    """
    parts = message["content"]
    texts = [_part(part) for part in parts if not alone or part["type"] == "text"]
    if not texts:
        texts = [_part(part) for part in parts]
    return "\n\n".join(texts)


def _part(part: Json) -> str:
    if part["type"] == "text":
        return str(part["text"]["value"])
    if part["type"] == "refusal":
        return str(part["refusal"])
    if part["type"] == "image_file":
        return f"[image: {part['image_file']['file_id']}]"
    url = part["image_url"]["url"]
    return "[image]" if url.startswith("data:") else f"[image: {url[:_SHORT]}]"


def images(message: Json) -> list[tuple[str, str]]:
    """The images that a message brings with it: type and base64."""
    urls = [part["image_url"]["url"] for part in message["content"] if part["type"] == "image_url"]
    found = [_DATA_URL.fullmatch(url) for url in urls]
    return [(match[1], "".join(match[2].split())) for match in found if match]


def called(step: Json) -> str:
    """The calls of a step, as Markdown."""
    return "\n\n".join(_call(call) for call in step["step_details"]["tool_calls"])


def _call(call: Json) -> str:
    if call["type"] != "function":
        return f"**Tool** `{call['type']}`\n\n{fenced(_indented(call[call['type']]), 'json')}"
    function = call["function"]
    given = (
        f"**Tool call** `{function['name']}`\n\n{fenced(_readable(function['arguments']), 'json')}"
    )
    if function.get("output") is None:
        return f"{given}\n\nIt had no output."
    return f"{given}\n\nOutput:\n\n{fenced(str(function['output']))}"


def _readable(arguments: str) -> str:
    try:
        return _indented(json.loads(arguments))
    except ValueError:  # models do not always write JSON
        return arguments


def _indented(value: Any) -> str:  # JSON of any shape
    return json.dumps(value, indent=2, ensure_ascii=False)


def fenced(text: str, language: str = "") -> str:
    """Text as a block of code, whatever is in it."""
    longest = max((len(fence) for fence in _FENCES.findall(text)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def markdown(export: Json, title: str) -> str:
    """The thread as a document to read."""
    blocks = [f"# {title}"]
    for turn in turns(export):
        if turn.question is not None:
            text = text_of(turn.question)
            quoted = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
            shown = [f"![image](data:{kind};base64,{data})" for kind, data in images(turn.question)]
            blocks += ["## You", quoted, *shown]
        if turn.items:
            blocks.append("## Model")
        for item in turn.items:
            blocks.append(called(item) if item["object"] == "thread.run.step" else text_of(item))
            if item["status"] == "incomplete":
                blocks.append("*The answer was cut.*")
    return "\n\n".join(block for block in blocks if block) + "\n"

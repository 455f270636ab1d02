"""Answers that are written in the question: what a scripted engine says, turn by turn.

    Let me see. => get_weather {"city": "Paris"} & get_time {} | It is $outputs there.

Turns stand between bars, a turn's calls behind an arrow; `$outputs` is what all calls gave. A turn
that begins with `(thinks)` has reasoning ahead of it, one with `(fails)` in it breaks off there. To
a raw prompt it says some words.
"""

from __future__ import annotations

from collections.abc import Iterator

from oxillama_jupyter.engine.parts import CallArguments, CallBegin, CallEnd, Part, Reasoning
from oxillama_jupyter.engine.protocol import GenerateRequest
from oxillama_jupyter.errors import EngineError
from oxillama_jupyter.ids import new_id

__all__ = ["scripted"]


def scripted(request: GenerateRequest) -> Iterator[str | Part]:
    """What the newest question says that the next turn is."""
    if request.prompt is not None:
        yield from ("One", " two", " three", " four")
        return
    places = [i for i, m in enumerate(request.messages) if m["role"] == "user"]
    if not places:
        yield "There is no question."
        return
    since = request.messages[places[-1] :]
    outputs = [message["content"] for message in since if message["role"] == "tool"]
    done = sum(bool(message.get("tool_calls")) for message in since)
    turns = since[0]["content"].split(" | ")
    text, _, calls = turns[min(done, len(turns) - 1)].partition("=>")
    if text.startswith("(thinks)"):
        yield Reasoning("Hm, let me think. ")
        text = text.removeprefix("(thinks)")
    for word in text.strip().replace("$outputs", ", ".join(outputs)).split(" "):
        if word == "(fails)":
            raise EngineError("The script says so.")
        yield f"{word} " if word else ""
    for index, call in enumerate(filter(None, calls.split("&"))):
        yield from _call(index, call.strip())


def _call(index: int, call: str) -> Iterator[Part]:
    name, _, arguments = call.partition(" ")
    yield CallBegin(index, new_id("call"), name)
    middle = len(arguments) // 2
    for piece in (arguments[:middle], arguments[middle:]):
        yield CallArguments(index, piece)
    yield CallEnd(index, complete=True)

"""Skills of functions: call one from a given schema, choose, answer from the result, or refrain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tinylm.families import ALIASES, FAMILIES, GENERIC_ONE, GENERIC_TWO
from tinylm.thread import Thread, vary
from tinylm.words import sentence

ACTIONS = ("get", "find", "show", "check", "read", "open", "close", "start", "stop", "update",
           "delete", "create", "move", "lookup", "fetch", "set")  # fmt: skip
TONGUES = ("French", "German", "Spanish", "Italian", "Dutch", "Polish", "Latin", "Greek")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _value(thread: Thread, kind: str) -> str | int:
    rng, words = thread.rng, thread.words
    if kind == "city":
        return words.city(rng)
    if kind == "name":
        return words.name(rng)
    if kind == "number":
        return rng.randint(1, rng.choice((9, 60, 999)))
    if kind == "noun":
        return words.noun(rng, invented=0.3)
    if kind == "title":
        return words.pseudo(rng).capitalize()
    if kind == "tongue":
        return rng.choice(TONGUES)
    if kind == "day":
        return rng.choice(DAYS)
    parts = [words.noun(rng) if rng.random() < 0.5 else words.pseudo(rng)]
    while rng.random() < 0.5 and len(parts) < 4:
        parts.append(words.noun(rng) if rng.random() < 0.7 else words.pseudo(rng))
    return " ".join(parts)


def _schema(
    thread: Thread, name: str, about: str, keys: list[str], values: list[str | int]
) -> dict[str, Any]:
    rng = thread.rng
    number = rng.choice(("integer", "number"))
    properties: dict[str, Any] = {
        key: {"type": number if isinstance(value, int) else "string"}
        for key, value in zip(keys, values, strict=True)
    }
    function: dict[str, Any] = {"name": name}
    if about and rng.random() < 0.75:
        function["description"] = about + rng.choice(("", "", "."))
    function["parameters"] = {"type": "object", "properties": properties, "required": list(keys)}
    return {"type": "function", "function": function}


@dataclass
class Request:
    """A function, what to say to have it called, and the arguments of that call."""

    tool: dict[str, Any]
    text: str
    arguments: dict[str, str | int]
    familiar: bool = False

    @property
    def name(self) -> str:
        """The name of the function."""
        return str(self.tool["function"]["name"])


def _known(thread: Thread) -> Request:
    rng = thread.rng
    family = rng.choice(FAMILIES)
    keys = [rng.choice(ALIASES.get(key, (key,))) for key in family.keys]
    if len(set(keys)) < len(keys):
        keys = list(family.keys)
    values = [_value(thread, kind) for kind in family.kinds]
    tool = _schema(thread, rng.choice(family.names), family.about, keys, values)
    text = thread.choose(family.ask).format(*values)
    return Request(tool, text, dict(zip(keys, values, strict=True)), familiar=True)


def _generic(thread: Thread) -> Request:
    rng, words = thread.rng, thread.words
    noun = words.noun(rng, invented=0.3)
    verb = rng.choice(ACTIONS) if rng.random() < 0.85 else words.pseudo(rng)
    name = f"{verb}_{noun}"
    if rng.random() < 0.15:
        name = f"{verb}{noun.capitalize()}"
    keys = [words.key(rng)]
    if rng.random() < 0.45:
        keys.append(words.key(rng))
        if keys[1] == keys[0]:
            keys.pop()
    kinds = ("city", "name", "number", "noun", "title", "words")
    values = [_value(thread, rng.choice(kinds)) for _ in keys]
    about = f"{verb.capitalize()} the {noun}"
    tool = _schema(thread, name, about, keys, values)
    phrases = GENERIC_ONE if len(keys) == 1 else GENERIC_TWO
    named = {f"k{index}": key for index, key in enumerate(keys)}
    text = thread.choose(phrases).format(*values, n=noun, f=name, v=verb.capitalize(), **named)
    return Request(tool, text, dict(zip(keys, values, strict=True)))


def _request(thread: Thread) -> Request:
    known = thread.rng.random() < (0.3 if thread.words.held_out else 0.5)
    return _known(thread) if known else _generic(thread)


def offer_tools(thread: Thread, count: int = 0) -> list[Request]:
    """Give the thread some functions and return a request for each of them."""
    count = count or thread.rng.choice((1, 1, 2, 2, 3, 3))
    requests: list[Request] = []
    while len(requests) < count:
        request = _request(thread)
        about = request.tool["function"].get("description", request.name)
        if all(
            request.name != other.name and about != other.tool["function"].get("description")
            for other in requests
        ):
            requests.append(request)
    thread.tools = [request.tool for request in requests]
    return requests


def call(thread: Thread, request: Request) -> None:
    """The user asks for something a function can do; the model calls it."""
    thread.user(vary(thread.rng, request.text))
    skill = "function call" if len(thread.tools or ()) == 1 else "choose function"
    arguments = json.dumps(request.arguments, ensure_ascii=False)
    thread.messages.append(
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"type": "function", "function": {"name": request.name, "arguments": arguments}}
            ],
            "skill": skill,
        }
    )


_READINGS = ("temperature", "sky", "wind", "humidity", "price", "time", "distance", "status",
             "result", "total", "number", "phone", "state", "hour")  # fmt: skip


def _reading(thread: Thread) -> str | int:
    draw = thread.rng.random()
    if draw < 0.4:
        return thread.rng.randint(0, 999)
    if draw < 0.5:
        return f"{thread.rng.randint(0, 99)} {thread.rng.choice(('km', 'C', 'euros', 'm', 'kg'))}"
    return thread.words.value(thread.rng) if draw < 0.8 else str(_value(thread, "noun"))


def result(thread: Thread) -> None:
    """A function answers; the model tells the user what it said."""
    rng = thread.rng
    draw = rng.random()
    if draw < 0.65:
        pairs: dict[str, str | int] = {}
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            key = rng.choice(_READINGS) if rng.random() < 0.6 else thread.words.key(rng)
            pairs[key] = _reading(thread)
        content = json.dumps(pairs, ensure_ascii=False)
        parts = [f"the {key.replace('_', ' ')} is {value}" for key, value in pairs.items()]
        text = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
        text = text[0].upper() + text[1:] + "."
    elif draw < 0.72:
        reason = f"{thread.words.noun(rng)} {rng.choice(('not found', 'is closed', 'failed'))}"
        content = json.dumps({"error": reason}, ensure_ascii=False)
        text = f"The function failed: {reason}."
    else:
        content = str(_reading(thread)) if rng.random() < 0.6 else sentence(rng, thread.words)[:-1]
        text = f"The result is {content}."
    thread.messages.append({"role": "tool", "content": content})
    thread.answer("answer from result", text)

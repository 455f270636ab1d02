"""Which requests count as the same one: a request in one form, and the hash of that.

Left out is what cannot change an answer, or is another one in each run: the key under which a
thread's state is kept warm, and the ids of tool calls, which are numbered instead. The order of
keys does not matter, nor whether a number is written as 1 or 1.0. Texts count as they are, also
the JSON text of a schema that an answer has to follow.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal

from msgspec import Struct, structs, to_builtins

from oxillama_jupyter.engine.protocol import EmbedRequest, GenerateRequest

__all__ = ["Key", "Kind", "digest_of", "key_of"]

Kind = Literal["generate", "embed", "count", "render"]

_DIGITS = 20  # of the hash in file names
_SLUG = 40
_EXACT = 2.0**53  # whole numbers up to here are the same as int and as float


class Key(Struct, frozen=True):
    """A request, as cassettes know it.

    Attributes:
        kind: What was asked of the engine.
        request: The request in its one form, JSON all through; settings left alone are not in it.
        digest: SHA-256 of both, in hexadecimal.
    """

    kind: Kind
    request: dict[str, Any]  # JSON of any shape
    digest: str

    @property
    def name(self) -> str:
        """How its files' names begin."""
        words = re.sub(r"[^a-z0-9]+", "-", self.asked.lower())[:_SLUG].strip("-")
        return "-".join(filter(None, (self.prefix, self.kind, words)))

    @property
    def prefix(self) -> str:
        """The part of that which nothing else begins with."""
        return self.digest[:_DIGITS]

    @property
    def asked(self) -> str:
        """What a person would know the request by: the last thing the user said."""
        messages = self.request.get("messages", [])
        said = [one.get("content") for one in messages if one.get("role") == "user"]
        texts = [*said[-1:], self.request.get("prompt"), *self.request.get("inputs", [])[:1]]
        return next((text for text in texts if isinstance(text, str)), "")


def key_of(kind: Kind, request: GenerateRequest | EmbedRequest, model: str) -> Key:
    """The key of a request.

    Args:
        kind: What is asked of the engine.
        request: The request.
        model: The name of the model that is meant where the request names none.
    """
    request = structs.replace(request, model=request.model or model)
    if isinstance(request, GenerateRequest):
        messages = _numbered(request.messages)
        request = structs.replace(request, cache_key=None, messages=messages)
    form = _plain(to_builtins(request, str_keys=True))
    return Key(kind, form, digest_of(kind, form))


def digest_of(kind: str, form: dict[str, Any]) -> str:  # JSON of any shape
    """The hash of a request that is in its one form."""
    text = json.dumps([kind, form], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _numbered(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:  # chat messages
    """Name calls by their place; an output belongs to the newest call of its id."""
    places: dict[str, str] = {}
    count = 0
    result = []
    for message in messages:
        calls = message.get("tool_calls")
        if isinstance(calls, list):
            named = []
            for call in calls:
                count += 1
                if isinstance(call, dict) and isinstance(call.get("id"), str):
                    places[call["id"]] = f"call_{count}"
                    call = call | {"id": f"call_{count}"}  # noqa: PLW2901 - a copy in its place
                named.append(call)
            message = message | {"tool_calls": named}  # noqa: PLW2901 - a copy in its place
        of = message.get("tool_call_id")
        if isinstance(of, str) and of in places:
            message = message | {"tool_call_id": places[of]}  # noqa: PLW2901 - as above
        result.append(message)
    return result


def _plain(value: Any) -> Any:  # JSON of any shape
    if isinstance(value, dict):
        return {name: _plain(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    return value

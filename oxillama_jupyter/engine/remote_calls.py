"""Tool calls as upstreams stream them: in fragments that do not always say whose they are."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from oxillama_jupyter.engine.parts import CallArguments, CallBegin, CallEnd, Part, is_object
from oxillama_jupyter.errors import EngineError

__all__ = ["CallReader", "checked"]

T = TypeVar("T")
Json = Any  # tools and fragments of calls


def checked(value: Json, kind: type[T], name: str) -> T | None:
    """A field of a chunk; None where it is empty, for many upstreams send nothing as something.

    Raises:
        EngineError: It is of another kind than OpenAI's.
    """
    if not value:
        return None
    if not isinstance(value, kind):
        raise EngineError(f"The upstream's answer is no OpenAI chunk: its `{name}` is of no use.")
    return value


@dataclass
class _Call:
    number: int
    index: int | None
    id: str | None
    name: str | None = None
    early: list[str] = field(default_factory=list)  # arguments ahead of the name
    said: list[str] = field(default_factory=list)


class CallReader:
    """Turns the fragments of one answer's calls into parts, one call after the other.

    Known dialects: OpenAI's, where only the first fragment has id and name; everything repeated in
    each; all at once; no `index`, or 0 for all of them; no id; arguments that are an object.

    Attributes:
        begun: How many calls have begun.
        whole: Whether the arguments of all that have ended are JSON objects.

    Args:
        tools: The functions on offer.
        parallel: Whether calls after the first one are wanted; they are read over where not.
    """

    def __init__(self, tools: Iterable[Json], *, parallel: bool) -> None:
        self._offered = {tool["function"]["name"] for tool in tools}
        self._parallel = parallel
        self._call: _Call | None = None
        self._past: list[_Call] = []
        self.begun = 0
        self.whole = True

    def read(self, piece: Json) -> list[Part]:
        """Read one element of a chunk's `tool_calls`.

        Raises:
            EngineError: It makes no sense, or calls a function that was not offered.
        """
        if not isinstance(piece, dict):
            raise EngineError("The upstream sent a tool call that is none.")
        checked(piece.get("id"), str, "id")
        function = checked(piece.get("function"), dict, "function") or {}
        name = checked(function.get("name"), str, "name")
        parts: list[Part] = []
        if self._is_new(piece):
            parts = self.close()
            self._refuse_past(piece)
            self._call = _Call(self.begun, piece.get("index"), piece.get("id") or None)
            self.begun += 1
        call = self._call
        assert call is not None  # noqa: S101  # the first piece is new
        if call.number > 0 and not self._parallel:
            return parts
        return parts + self._grow(call, name, function.get("arguments"))

    def close(self, *, cut: bool = False) -> list[Part]:
        """End the call that is open, if one is; `cut` where the token limit did it.

        Raises:
            EngineError: It never said which function it calls.
        """
        call, self._call = self._call, None
        if call is None:
            return []
        self._past.append(call)
        if call.number > 0 and not self._parallel:
            return []
        if call.name is None:
            raise EngineError("The upstream called a function without saying which.")
        parts: list[Part] = []
        if not call.said and not cut:  # a call without arguments, as some put it
            call.said.append("{}")
            parts.append(CallArguments(call.number, "{}"))
        complete = is_object("".join(call.said))
        self.whole = self.whole and complete
        return [*parts, CallEnd(call.number, complete)]

    def _is_new(self, piece: Json) -> bool:
        call = self._call
        if call is None:
            return True
        index, id_ = piece.get("index"), piece.get("id")
        if id_ and call.id:
            return bool(id_ != call.id)
        if index is not None and call.index is not None:
            return bool(index != call.index)
        return bool(call.name and (piece.get("function") or {}).get("name"))

    def _refuse_past(self, piece: Json) -> None:
        """Calls are told one after the other: what belongs to an ended one has no place."""
        index, id_ = piece.get("index"), piece.get("id")
        for call in self._past:
            if (id_ and id_ == call.id) or (not id_ and index is not None and index == call.index):
                raise EngineError("The upstream went back to a tool call that had ended.")

    def _grow(self, call: _Call, name: str | None, arguments: Json) -> list[Part]:
        parts: list[Part] = []
        if arguments is not None and not isinstance(arguments, str):
            arguments = msgspec.json.encode(arguments).decode()
        if call.name is None and name:
            if name not in self._offered:
                raise EngineError(f"The upstream called '{name}', which was not offered to it.")
            call.name = name
            parts.append(CallBegin(call.number, call.id or f"call_{secrets.token_hex(12)}", name))
            arguments = "".join(call.early) + (arguments or "")
        if not arguments:
            return parts
        if call.name is None:
            call.early.append(arguments)
            return parts
        call.said.append(arguments)
        return [*parts, CallArguments(call.number, arguments)]

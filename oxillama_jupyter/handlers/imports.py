"""`/oxillama/threads/import`."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.handlers.validation import decode_body
from oxillama_jupyter.schemas.imports import (
    ImportedMessage,
    ImportedRun,
    ImportedStep,
    ImportedThread,
    ImportThread,
)
from oxillama_jupyter.services.validation import invalid

__all__ = ["ImportHandler"]

_LINES = ("application/x-ndjson", "application/jsonl", "application/jsonlines")
_LISTS = {"thread.message": "messages", "thread.run": "runs", "thread.run.step": "steps"}
_PLACE = re.compile(r"^(\w+)\[(\d+)\]\.?")


class ImportHandler(BaseHandler):
    """Import."""

    @secured("write")
    async def post(self) -> None:
        """Import an object or, as its type says, JSON lines; both are what exports give."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind not in _LINES:
            self.send(await self.services.threads.restore(_object(self.request.body)))
            return
        lines = _Lines(self.request.body)
        try:
            self.send(await self.services.threads.restore(lines.thread))
        except InvalidRequest as error:
            raise lines.located(error) from None


class _Line(msgspec.Struct):
    """What tells which object a line holds."""

    object: str


class _Lists(msgspec.Struct):
    """The lists of an export, unread."""

    messages: list[msgspec.Raw] = []
    runs: list[msgspec.Raw] = []
    steps: list[msgspec.Raw] = []


_TYPES: dict[str, type[Any]] = {
    "messages": ImportedMessage,
    "runs": ImportedRun,
    "steps": ImportedStep,
}


def _object(body: bytes) -> ImportThread:
    """A thread as one object.

    Raises:
        InvalidRequest: It is none; where something in a list is wrong, `param` says which.
    """
    try:
        return decode_body(body, ImportThread)
    except InvalidRequest as error:
        if (error.param or "").partition(".")[0] not in _TYPES:
            raise
        # The decoder does not say which entry of a list it was; they are read one by one.
        for name, type_ in _TYPES.items():
            for place, entry in enumerate(getattr(decode_body(body, _Lists), name)):
                _entry(f"{name}[{place}]", bytes(entry), type_)
        raise


def _entry(place: str, entry: bytes, type_: type[Any]) -> None:
    try:
        msgspec.json.decode(entry, type=type_)
    except msgspec.ValidationError as error:
        raise invalid(error, place) from None


class _Lines:
    """A thread in JSON lines, in any order of their kinds.

    Args:
        body: Its bytes.

    Raises:
        InvalidRequest: A line is not an object of a thread; the message says which.
    """

    def __init__(self, body: bytes) -> None:
        self.thread = ImportThread(messages=[], runs=[], steps=[])
        self._numbers: dict[tuple[str, int], int] = {}
        for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
            if line.strip():
                try:
                    self._add(number, line)
                except InvalidRequest as error:
                    raise _on_line(number, error) from None

    def _add(self, number: int, line: bytes) -> None:
        kind = decode_body(line, _Line).object
        if kind == "thread":
            if self.thread.thread is not None:
                raise InvalidRequest("There is a second thread.", param="object")
            self.thread.thread = decode_body(line, ImportedThread)
            return
        if kind not in _LISTS:
            raise InvalidRequest(
                f"Invalid 'object': '{kind}' is none of 'thread', {str([*_LISTS])[1:-1]}.",
                param="object",
                code="invalid_value",
            )
        name = _LISTS[kind]
        objects = getattr(self.thread, name)
        self._numbers[name, len(objects)] = number
        objects.append(decode_body(line, _TYPES[name]))

    def located(self, error: InvalidRequest) -> InvalidRequest:
        """The error, with the line of the object that it is about."""
        place = _PLACE.match(error.param or "")
        number = self._numbers.get((place[1], int(place[2]))) if place else None
        if place is None or number is None:
            return error
        message = error.message.replace(place[0], "", 1)
        param = (error.param or "")[place.end() :]
        return _on_line(number, InvalidRequest(message, param=param, code=error.code))


def _on_line(number: int, error: InvalidRequest) -> InvalidRequest:
    return InvalidRequest(f"Line {number}: {error.message}", param=error.param, code=error.code)

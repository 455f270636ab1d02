"""A folder of recorded answers: one JSON file for each request, made to be read and compared.

    0f3c…-generate-what-is-my-name.json     what the request was, and what came of it
    0f3c…-generate-what-is-my-name.2.json   what came when the same was asked again
    model-oxillama-tiny.json                what a replay has to know of a model

All names follow from the requests, whole files appear at once, and the first one of a name stays:
so any number of servers may record into one folder. There are no keys and no names of users in it,
but there is all the text that was sent to the model.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs, to_builtins

from oxillama_jupyter.engine.cassette_keys import Key, Kind, digest_of
from oxillama_jupyter.engine.protocol import Delta, Embeddings, ModelInfo, RenderedPrompt
from oxillama_jupyter.errors import (
    CassetteError,
    ContextLengthExceeded,
    InvalidRequest,
    ModelNotFound,
    OxillamaError,
)

__all__ = ["RECORDED", "Cassettes", "Failure", "Take"]

VERSION = 1
RECORDED = (InvalidRequest, ModelNotFound)
"""The errors that a request deserves every time; others are the engine's, and pass."""

_ERRORS = {kind.__name__: kind for kind in (*RECORDED, ContextLengthExceeded)}
_NUMBER = re.compile(r"\.(\d+)$")
_WIDTH = 100  # columns
T = TypeVar("T", bound=Struct)


class Failure(Struct, frozen=True, omit_defaults=True):
    """An error that was raised."""

    kind: str
    message: str
    param: str | None = None
    code: str | None = None

    @classmethod
    def of(cls, error: OxillamaError) -> Failure:
        """Take an error down."""
        return cls(type(error).__name__, error.message, error.param, error.code)

    def error(self) -> OxillamaError:
        """The error again."""
        return _ERRORS[self.kind](self.message, param=self.param, code=self.code)


class Take(Struct, frozen=True, omit_defaults=True):
    """What came of a request.

    Attributes:
        deltas: A generation's deltas, one by one as they came.
        embeddings: What `embed` returned.
        tokens: What `count` returned.
        rendered: What `render` returned.
        error: What was raised behind that.
        aborted: Whether the generation was closed before its end, so that nobody knows the rest.
    """

    deltas: tuple[Delta, ...] = ()
    embeddings: Embeddings | None = None
    tokens: int | None = None
    rendered: RenderedPrompt | None = None
    error: Failure | None = None
    aborted: bool = False


class _Header(Struct):
    version: int


class _File(Struct, omit_defaults=True):
    version: int
    hash: str
    kind: Kind
    request: dict[str, Any]  # JSON of any shape
    answer: Take


class _Model(Struct, omit_defaults=True):
    version: int
    model: ModelInfo
    default: bool = False


class Cassettes:
    """The folder. Its methods wait for the disk, so they belong into threads.

    Args:
        path: Where it is; it is made when something is recorded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, key: Key, number: int, *, exact: bool = False) -> Take | None:
        """What came of a request when it was asked for the how-manieth time.

        A request that is asked more often than it was recorded gets the last answer again.

        Args:
            key: The request.
            number: Counted from 1.
            exact: Give that one or none.

        Raises:
            CassetteError: The file cannot be read.
        """
        files = {_number(file): file for file in self.path.glob(f"{key.prefix}*.json")}
        if exact:
            return self._answer(files[number]) if number in files else None
        if not files:
            return None
        return self._answer(files[max((n for n in files if n <= number), default=min(files))])

    def keep(self, key: Key, number: int, take: Take) -> None:
        """Write what came of a request; a whole answer that is there already stays.

        Raises:
            CassetteError: The folder cannot be written.
        """
        name = key.name if number == 1 else f"{key.name}.{number}"
        file = _File(VERSION, key.digest, key.kind, key.request, take)
        there = self.find(key, number, exact=True)
        self._write(f"{name}.json", file, over=there is not None and there.aborted)

    def recorded(self) -> list[tuple[Path, Key]]:
        """All requests, for comparison; files that cannot be read are left out."""
        found = []
        for path in sorted(self.path.glob("*-*.json")):
            if path.name.startswith("model-"):
                continue
            with suppress(CassetteError):
                file = _read(path, _File)
                found.append((path, Key(file.kind, file.request, file.hash)))
        return found

    # -- models ----------------------------------------------------------------------------------

    def models(self, *first: str) -> list[ModelInfo]:
        """What is known of the models that were recorded, the default one first.

        Args:
            first: What the default one may be called; otherwise it is the one that was so.

        Raises:
            CassetteError: A file cannot be read.
        """
        files = [_read(path, _Model) for path in self.path.glob("model-*.json")]
        files.sort(key=lambda one: (one.model.id not in first, not one.default, one.model.id))
        return [one.model for one in files]

    def keep_model(self, model: ModelInfo, *, default: bool) -> None:
        """Write what a replay has to know of a model.

        Raises:
            CassetteError: The folder cannot be written.
        """
        safe = re.sub(r"[^\w.-]", "-", model.id)
        path = self.path / f"model-{safe}.json"
        if path.exists():
            there = _read(path, _Model)
            # A copy of the same file has another date; that is no news.
            same = structs.replace(model, created=there.model.created)
            default = default or there.default
            if (same, default) == (there.model, there.default):
                return
        self._write(path.name, _Model(VERSION, model, default), over=True)

    # -- files -----------------------------------------------------------------------------------

    def _answer(self, path: Path) -> Take:
        file = _read(path, _File)
        if digest_of(file.kind, file.request) != file.hash:
            raise CassetteError(f"The cassette {path} is damaged: its hash is another request's.")
        if not _whole(file.kind, file.answer):
            raise CassetteError(f"The cassette {path} is damaged: it has no whole answer.")
        return file.answer

    def _write(self, name: str, content: Struct, *, over: bool) -> None:
        path = self.path / name
        fresh = self.path / f".{name[:_WIDTH]}.{secrets.token_hex(4)}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                fresh.write_bytes(_text(to_builtins(content, str_keys=True)))
                _put(fresh, path, over=over)
            finally:
                fresh.unlink(missing_ok=True)
        except OSError as error:
            raise CassetteError(f"The cassette {path} cannot be written: {error}") from None


def _whole(kind: Kind, take: Take) -> bool:
    if take.error is not None:
        return take.error.kind in _ERRORS
    if kind == "embed":
        return take.embeddings is not None
    if kind == "count":
        return take.tokens is not None
    if kind == "render":
        return take.rendered is not None
    return take.aborted or (bool(take.deltas) and take.deltas[-1].finish_reason is not None)


def _put(fresh: Path, path: Path, *, over: bool) -> None:
    """Give a file its name; unless `over`, the one that has it already keeps it."""
    if over:
        fresh.replace(path)
        return
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        if not path.exists():
            fresh.replace(path)


def _number(path: Path) -> int:
    found = _NUMBER.search(path.stem)
    return int(found[1]) if found else 1


def _read(path: Path, kind: type[T]) -> T:
    try:
        content = json.loads(path.read_bytes())
        version = msgspec.convert(content, _Header).version
        if version == VERSION:
            return msgspec.convert(content, kind)
    except OSError as error:
        raise CassetteError(f"The cassette {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:  # what is no JSON, or is not of that shape
        raise CassetteError(f"The cassette {path} is damaged: {error}.") from None
    raise CassetteError(
        f"The cassette {path} has version {version} of the format; this package reads {VERSION}."
    )


def _text(content: Any) -> bytes:  # JSON of any shape
    try:
        return f"{_layout(content, 0, ascii_only=False)}\n".encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return f"{_layout(content, 0, ascii_only=True)}\n".encode()


def _layout(value: Any, depth: int, *, ascii_only: bool) -> str:
    """JSON with a line for whatever fits into one, a delta for instance; numbers always do."""
    line = json.dumps(value, ensure_ascii=ascii_only)
    fits = depth > 0 and len(line) + 2 * depth <= _WIDTH
    if fits or not isinstance(value, dict | list | tuple) or not value or _numbers(value):
        return line
    inner = "  " * (depth + 1)
    if isinstance(value, dict):
        entries = [
            f"{json.dumps(name, ensure_ascii=ascii_only)}: "
            f"{_layout(item, depth + 1, ascii_only=ascii_only)}"
            for name, item in value.items()
        ]
        opening, closing = "{", "}"
    else:
        entries = [_layout(item, depth + 1, ascii_only=ascii_only) for item in value]
        opening, closing = "[", "]"
    lines = f",\n{inner}".join(entries)
    return f"{opening}\n{inner}{lines}\n{'  ' * depth}{closing}"


def _numbers(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, int | float) for item in value)

"""What an answer has to be: a class or a JSON Schema, as the request needs it, and the way back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_origin

from oxillama_jupyter.client.failures import one_line
from oxillama_jupyter.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import ValidationError

__all__ = ["Schema", "read_answer", "schema_of"]

Json = dict[str, Any]  # a JSON Schema

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 64
_ONE = ("items", "additionalProperties")
_LISTS = ("prefixItems", "anyOf", "oneOf", "allOf")
_MAPS = ("properties", "patternProperties", "$defs")


@dataclass(frozen=True)
class Schema:
    """What an answer has to be.

    Attributes:
        name: What it is called, in the request and in messages.
        schema: The JSON Schema.
        read: JSON text to value; raises ValueError.
    """

    name: str
    schema: Json
    read: Callable[[str], Any]  # whatever the user's type makes of it

    @property
    def response_format(self) -> Json:
        """The request's field; strict, so that the server enforces all of it or refuses."""
        name = _NOT_IN_NAMES.sub("_", self.name)[:_LONGEST_NAME]
        form = {"name": name, "schema": self.schema, "strict": True}
        return {"type": "json_schema", "json_schema": form}

    def parse(self, text: str) -> Any:
        """Make the value of an answer's text.

        Returns:
            An instance of the class; for a JSON Schema, plain data.

        Raises:
            ValueError: The text is not what it should be; the message is one line.
        """
        return self.read(text)


def schema_of(thing: object, name: str = "answer") -> Schema:
    """Make a schema of a class, of a type such as `list[Person]`, or of a JSON Schema.

    A class's objects are closed and have all their fields, also those with defaults, as the OpenAI
    SDK has it: a model that may leave something out does. A JSON Schema is taken as it is.

    Args:
        thing: A pydantic class, a dataclass, a TypedDict, another type, or a JSON Schema as a dict.
        name: What to call it, where it has no name itself.

    Raises:
        InvalidRequest: It is none of these, or cannot be written as JSON.
    """
    if isinstance(thing, dict):
        return _of_json(thing, name)
    if isinstance(thing, type) or get_origin(thing) is not None:
        return _of_type(thing, name)
    raise InvalidRequest(
        f"It is {_kind(thing)}, not a pydantic class, a dataclass, a TypedDict or a JSON Schema."
    )


def read_answer(schema: Schema | None, text: str, status: str) -> tuple[Any, str]:
    """Read an answer that had to follow a schema, if it is whole.

    Args:
        schema: What it has to be; None for free text.
        text: The answer.
        status: How its run ended.

    Returns:
        The value, or None; and a sentence for the user that says why there is none, or nothing.
    """
    if schema is None or status not in {"completed", "incomplete"}:
        return None, ""
    if status == "incomplete":
        return None, f"It is not a whole {schema.name}, so nothing was parsed."
    try:
        return schema.parse(text), ""
    except ValueError as error:
        return None, f"The answer is no {schema.name}: {one_line(str(error))}"


def _kind(thing: object) -> str:
    word = type(thing).__name__
    return f"an instance of {word}" if type(thing).__module__ != "builtins" else f"of type {word}"


def _of_json(schema: Json, name: str) -> Schema:
    try:
        json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"The dict cannot be written as JSON: {error}") from None
    title = schema.get("title")
    return Schema(title if isinstance(title, str) and title else name, schema, _plain)


def _plain(text: str) -> Any:  # JSON of any shape
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("It is nested too deeply.") from None


def _of_type(thing: Any, name: str) -> Schema:  # any type
    # The SDK has loaded it long ago, and `import` of this module must not.
    from pydantic import TypeAdapter, ValidationError
    from pydantic.errors import PydanticUserError

    try:
        adapter = TypeAdapter(thing)
        schema = adapter.json_schema()
    except (PydanticUserError, NameError, TypeError) as error:
        reason = one_line(str(error).partition("\n\n")[0])
        raise InvalidRequest(f"No JSON Schema can be made of it: {reason}") from None
    _close(schema)

    def read(text: str) -> Any:
        try:
            return adapter.validate_json(text)
        except ValidationError as error:
            raise ValueError(_first(error)) from None

    return Schema(thing.__name__ if isinstance(thing, type) else name, schema, read)


def _close(schema: object) -> None:
    """Let every object of a schema that pydantic made have all of its properties, and no others."""
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("properties"), dict):
        schema["required"] = list(schema["properties"])
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)
    inside = [schema.get(key) for key in _ONE]
    inside += [part for key in _LISTS for part in schema.get(key, ())]
    inside += [part for key in _MAPS for part in schema.get(key, {}).values()]
    for part in inside:
        _close(part)


def _first(error: ValidationError) -> str:
    """What is wrong first, and how much more there is."""
    first, *others = error.errors(include_url=False)
    place = ".".join(str(step) for step in first["loc"])
    more = f" (and {len(others)} more)" if others else ""
    return f"{place}: {first['msg']}{more}" if place else f"{first['msg']}{more}"

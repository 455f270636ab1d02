"""Python functions as a model's tools: what it is told of them, and calls with what it writes."""

from __future__ import annotations

import inspect
import re
import typing
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

from oxillama_jupyter.client.docstrings import read_docstring
from oxillama_jupyter.errors import OxillamaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

__all__ = ["ArgumentsError", "Tool", "ToolError", "tool", "tool_of"]

F = TypeVar("F", bound="Callable[..., Any]")

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MARK = "__oxillama_tool__"
_VARIADIC = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
_DATA = {"default", "enum", "const", "examples"}  # keywords whose values are no schemas


class ToolError(OxillamaError):
    """The function cannot be a tool; the message says why, and what would do."""


class ArgumentsError(OxillamaError):
    """What the model wrote does not fit the function's parameters."""


@dataclass(frozen=True)
class Tool:
    """A function that a model may call.

    Attributes:
        function: The function.
        name: What the model calls it.
        description: What it is for; may be empty.
        parameters: JSON Schema of its arguments.
        strict: Whether the schema leaves nothing open: each property is required, none is added.
    """

    function: Callable[..., Any]
    name: str
    description: str
    parameters: dict[str, Any]  # a JSON Schema
    strict: bool
    _arguments: type[BaseModel]
    _signature: inspect.Signature

    @property
    def definition(self) -> dict[str, Any]:
        """The entry of a request's `tools` (JSON)."""
        function: dict[str, Any] = {"name": self.name, "parameters": self.parameters}
        if self.description:
            function["description"] = self.description
        if self.strict:
            function["strict"] = True
        return {"type": "function", "function": function}

    def bind(self, arguments: str) -> inspect.BoundArguments:
        """Convert what the model wrote into the function's own types.

        Args:
            arguments: A JSON object; nothing at all counts as an empty one.

        Raises:
            ArgumentsError: It does not fit; the message names each parameter and what is wrong.
        """
        from pydantic import ValidationError

        try:
            model = self._arguments.model_validate_json(arguments.strip() or "{}")
        except ValidationError as error:
            raise ArgumentsError(_complaint(error)) from None
        names = list(self._signature.parameters)
        given = {names[int(field[1:])] for field in model.model_fields_set}
        bound = inspect.BoundArguments(self._signature, {})
        for place, (name, parameter) in enumerate(self._signature.parameters.items()):
            value = getattr(model, f"p{place}") if name in given else parameter.default
            bound.arguments[name] = value
        return bound

    def __call__(self, arguments: str) -> Any:
        """Call it with a JSON object; an async function gives its coroutine.

        Raises:
            ArgumentsError: The arguments do not fit.
        """
        bound = self.bind(arguments)
        return self.function(*bound.args, **bound.kwargs)


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(*, name: str | None = ..., description: str | None = ...) -> Callable[[F], F]: ...


def tool(
    function: F | None = None, /, *, name: str | None = None, description: str | None = None
) -> F | Callable[[F], F]:
    """Check a function where it is defined, and give it another name or description for models.

    The function stays as it is; `--tools` takes functions without this as well.

    Args:
        function: The function.
        name: What models call it; its own name where not given.
        description: What models are told it is for; the docstring's first paragraph if not given.

    Raises:
        ToolError: It cannot be a tool.

    Example:
        >>> @tool
        ... def add(a: int, b: int) -> int:
        ...     "Add two numbers."
        ...     return a + b
    """

    def mark(function: F) -> F:
        _make(function, name, description)
        setattr(function, _MARK, (name, description))
        return function

    return mark if function is None else mark(function)


def tool_of(function: Callable[..., Any]) -> Tool:
    """Make a function a tool, from its signature, type hints and docstring.

    Raises:
        ToolError: It cannot be one: it has no name or signature, takes any number of arguments, or
            a parameter of a type that cannot be written as JSON.
    """
    name, description = getattr(function, _MARK, (None, None))
    return _make(function, name, description)


def _make(function: Callable[..., Any], name: str | None, description: str | None) -> Tool:
    called = name or _name(function)
    if not _NAME.fullmatch(called):
        raise ToolError(
            f"{called!r} cannot be the name of a tool: letters, digits, - and _, at most 64 of"
            " them. @oxillama_jupyter.tool(name=…) gives another one."
        )
    signature = _signature(function, called)
    text, described = read_docstring(inspect.getdoc(function))
    arguments = _model(signature, described, called)
    schema = _schema(arguments, signature, called)
    words = text if description is None else description
    return Tool(function, called, words, schema, _closed(schema), arguments, signature)


def _name(function: Callable[..., Any]) -> str:
    if not callable(function):
        raise ToolError(f"{function!r} is no function.")
    name = getattr(function, "__name__", type(function).__name__)
    if name == "<lambda>":
        raise ToolError("A lambda has no name that a model could call it by: use def.")
    return str(name)


def _signature(function: Callable[..., Any], name: str) -> inspect.Signature:
    """The signature, with its hints as types."""
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError as error:
        raise ToolError(f"A type hint of {name}() cannot be read: {error}.") from None
    except (TypeError, ValueError):
        raise ToolError(
            f"{name}() has no signature that Python can tell: wrap it in a function of yours."
        ) from None
    for parameter in signature.parameters.values():
        if parameter.kind in _VARIADIC:
            raise ToolError(
                f"{name}() takes any arguments ({parameter}), so a model cannot be told which:"
                " name its parameters."
            )
    return signature


def _model(signature: inspect.Signature, described: dict[str, str], name: str) -> type[BaseModel]:
    """A model with a field for each parameter, called by its place: names may be anything."""
    from pydantic import ConfigDict, Field, PydanticUserError, create_model

    fields: dict[str, Any] = {}
    for place, (key, parameter) in enumerate(signature.parameters.items()):
        free = parameter.annotation is inspect.Parameter.empty
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        words: dict[str, Any] = {"description": described[key]} if key in described else {}
        about = Field(default=default, alias=key, **words)
        fields[f"p{place}"] = (Any if free else parameter.annotation, about)
    try:
        return create_model("Arguments", __config__=ConfigDict(extra="forbid"), **fields)
    except (PydanticUserError, TypeError, NameError) as error:
        raise ToolError(_unfit(signature, name, error)) from None


def _schema(arguments: type[BaseModel], signature: inspect.Signature, name: str) -> dict[str, Any]:
    from pydantic import PydanticUserError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about defaults that are no JSON: they are left out
            schema = arguments.model_json_schema()
    except PydanticUserError as error:
        raise ToolError(_unfit(signature, name, error)) from None
    _tidy(schema)
    return schema


def _unfit(signature: inspect.Signature, name: str, error: Exception) -> str:
    """Which parameter it is; the library names types only."""
    from pydantic import TypeAdapter

    for key, parameter in signature.parameters.items():
        try:
            TypeAdapter(parameter.annotation).json_schema()
        except Exception:  # noqa: BLE001  # whatever it is, this is the parameter
            kind = getattr(parameter.annotation, "__name__", parameter.annotation)
            return (
                f"The parameter {key!r} of {name}() is a {kind}, which a model cannot write as"
                " JSON: take what JSON has, a dataclass or a pydantic model."
            )
    return f"{name}() cannot be a tool: {str(error).partition(chr(10))[0]}"


def _tidy(schema: dict[str, Any]) -> None:
    """Leave out titles, which repeat the names, and close objects whose properties are known."""
    if isinstance(schema.get("title"), str):
        del schema["title"]
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)
    for part in _parts(schema):
        _tidy(part)


def _closed(schema: dict[str, Any]) -> bool:
    """Whether a strict schema may look so."""
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return False
    if set(schema.get("properties", ())) != set(schema.get("required", ())):
        return False
    known = schema.keys() & {"type", "$ref", "anyOf", "allOf", "oneOf", "enum", "const"}
    return bool(known) and all(_closed(part) for part in _parts(schema))


def _parts(schema: dict[str, Any]) -> typing.Iterator[dict[str, Any]]:
    """The schemas directly inside a schema."""
    for key, value in schema.items():
        if key in {"properties", "$defs"}:
            yield from (part for part in value.values() if isinstance(part, dict))
        elif key in _DATA:
            continue
        elif isinstance(value, dict):
            if key != "discriminator":
                yield value
        elif isinstance(value, list):
            yield from (part for part in value if isinstance(part, dict))


def _complaint(error: Any) -> str:  # a ValidationError of pydantic
    found = []
    for fault in error.errors(include_url=False):
        place = ".".join(map(str, fault["loc"]))
        found.append(f"{place}: {fault['msg']}" if place else str(fault["msg"]))
    return "; ".join(found)

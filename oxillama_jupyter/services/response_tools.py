"""Which tools a response's model is offered, and which of them it has to call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.response_tools import (
    AllowedTools,
    CustomGrammar,
    CustomTool,
    NamedChoice,
    ResponseFunctionTool,
    ResponseTool,
    ResponseToolChoice,
)
from oxillama_jupyter.services.translate_items import CUSTOM_INPUT

__all__ = ["Offer", "offer_of"]


class Offer(Struct, frozen=True):
    """What the engine is told about tools.

    Attributes:
        tools: Functions in the nested form; None for none.
        must_call: Names of which one must be called; none leave it to the model.
        custom: Names of those that are custom tools.
    """

    tools: list[dict[str, Any]] | None = None
    must_call: tuple[str, ...] = ()
    custom: frozenset[str] = frozenset()


def offer_of(tools: Sequence[ResponseTool], choice: ResponseToolChoice) -> Offer:
    """What to tell the engine.

    A tool that may not be called is not even offered, so that no call of it can come out.

    Raises:
        InvalidRequest: The choice names a tool that is not there, or a tool cannot be offered.
    """
    for place, tool in enumerate(tools):
        _check(tool, place, [other.name for other in tools[:place]])
    custom = frozenset(tool.name for tool in tools if isinstance(tool, CustomTool))
    if choice == "none":
        return Offer()
    offered = list(tools)
    must_call: tuple[str, ...] = ()
    if isinstance(choice, AllowedTools):
        offered = [_chosen(tools, entry, place) for place, entry in enumerate(choice.tools)]
        offered = [tool for tool in tools if tool in offered]
        if choice.mode == "required":
            must_call = tuple(tool.name for tool in offered)
    elif choice == "required":
        if not tools:
            raise _no_choice("'tool_choice' is 'required', but there are no 'tools'.")
        must_call = tuple(tool.name for tool in tools)
    elif choice != "auto":
        kind = "function" if isinstance(choice, NamedChoice) else "custom"
        must_call = (_chosen(tools, {"type": kind, "name": choice.name}).name,)
    return Offer([_function(tool) for tool in offered] or None, must_call, custom)


def _chosen(
    tools: Sequence[ResponseTool], entry: dict[str, Any], place: int | None = None
) -> ResponseTool:
    kinds = {"function": ResponseFunctionTool, "custom": CustomTool}
    kind, name = entry.get("type", "function"), entry.get("name")
    for tool in tools:
        if isinstance(tool, kinds.get(str(kind), ())) and tool.name == name:
            return tool
    where = "tool_choice" if place is None else f"tool_choice.tools[{place}]"
    raise _no_choice(f"The {kind} tool '{name}' of '{where}' is none of the 'tools'.", where)


def _no_choice(message: str, param: str = "tool_choice") -> InvalidRequest:
    return InvalidRequest(message, param=param, code="invalid_value")


def _check(tool: ResponseTool, place: int, others: Sequence[str]) -> None:
    if tool.name in others:
        raise InvalidRequest(
            f"There are two tools named '{tool.name}'.",
            param=f"tools[{place}].name",
            code="invalid_value",
        )
    grammar = tool.format if isinstance(tool, CustomTool) else None
    if isinstance(grammar, CustomGrammar) and grammar.syntax == "lark":
        raise InvalidRequest(
            "A custom tool's input cannot be kept to a Lark grammar here; "
            "use syntax 'regex', or text.",
            param=f"tools[{place}].format.syntax",
            code="invalid_value",
        )


def _function(tool: ResponseTool) -> dict[str, Any]:
    """A tool in the nested form that chat templates take."""
    if isinstance(tool, CustomTool):
        text: dict[str, Any] = {"type": "string"}
        if isinstance(tool.format, CustomGrammar):
            text["pattern"] = f"^(?:{tool.format.definition})$"
        parameters: dict[str, Any] = {
            "type": "object",
            "properties": {CUSTOM_INPUT: text},
            "required": [CUSTOM_INPUT],
            "additionalProperties": False,
        }
        description = tool.description or None  # it may be unset
        given: dict[str, Any] = {"description": description, "parameters": parameters}
    else:
        given = {
            "description": tool.description,
            "parameters": tool.parameters,
            "strict": tool.strict,
        }
    told = {key: value for key, value in given.items() if value is not None}
    function = {"name": tool.name, **told}
    return {"type": "function", "function": function}

"""Tools, their choice and the answer's format, in the flat form of the Responses API."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from oxillama_jupyter.schemas.base import JsonObject

__all__ = [
    "AllowedTools",
    "CustomChoice",
    "CustomGrammar",
    "CustomTool",
    "FlatJsonSchema",
    "NamedChoice",
    "ResponseFunctionTool",
    "ResponseTool",
    "ResponseToolChoice",
    "TextConfig",
    "ToolName",
]

ToolName = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$")]


class ResponseFunctionTool(Struct, tag_field="type", tag="function", kw_only=True):
    """A function that the client runs; all keys are echoed."""

    name: ToolName
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None


class CustomText(Struct, tag_field="type", tag="text"):
    """A custom tool's input is any text."""


class CustomGrammar(Struct, tag_field="type", tag="grammar", kw_only=True):
    """A custom tool's input is text of a grammar."""

    syntax: Literal["lark", "regex"]
    definition: str


class CustomTool(Struct, tag_field="type", tag="custom", kw_only=True):
    """A tool that takes text as the model writes it, not JSON."""

    name: ToolName
    description: str | UnsetType | None = UNSET
    format: CustomText | CustomGrammar | UnsetType | None = UNSET


ResponseTool = ResponseFunctionTool | CustomTool


class NamedChoice(Struct, tag_field="type", tag="function"):
    """This function must be called."""

    name: str


class CustomChoice(Struct, tag_field="type", tag="custom"):
    """This custom tool must be called."""

    name: str


class AllowedTools(Struct, tag_field="type", tag="allowed_tools", kw_only=True):
    """Only these of the tools may be called, and one of them must be where it is `required`."""

    mode: Literal["auto", "required"] = "auto"
    tools: Annotated[list[JsonObject], Meta(min_length=1, max_length=128)]


ResponseToolChoice = Literal["none", "auto", "required"] | NamedChoice | CustomChoice | AllowedTools


class FlatText(Struct, tag_field="type", tag="text"):
    """Free text."""


class FlatJsonObject(Struct, tag_field="type", tag="json_object"):
    """Any JSON object."""


class FlatJsonSchema(Struct, tag_field="type", tag="json_schema", kw_only=True):
    """JSON that follows a schema; flat, other than in the Chat API."""

    name: ToolName
    schema: JsonObject
    description: str | UnsetType | None = UNSET
    strict: bool | None = None


class TextConfig(Struct):
    """How the answer's text is to be."""

    format: FlatText | FlatJsonObject | FlatJsonSchema | None = None
    verbosity: Literal["low", "medium", "high"] | UnsetType | None = UNSET

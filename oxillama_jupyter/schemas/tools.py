"""Tools and how their use is asked for; shared by assistants, threads and runs."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from oxillama_jupyter.schemas.base import JsonObject

__all__ = [
    "FunctionChoice",
    "FunctionDefinition",
    "FunctionReference",
    "FunctionTool",
    "JsonObjectFormat",
    "JsonSchemaFormat",
    "ResponseFormat",
    "TextFormat",
    "Tool",
    "ToolChoice",
    "ToolResources",
]

FunctionName = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$")]


class FunctionDefinition(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A function the model may call; `parameters` is a JSON Schema."""

    name: FunctionName
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None


class FunctionTool(Struct, tag_field="type", tag="function", forbid_unknown_fields=True):
    """A function that the client runs."""

    function: FunctionDefinition


class RankingOptions(Struct, forbid_unknown_fields=True):
    """How file search ranks."""

    score_threshold: Annotated[float, Meta(ge=0, le=1)]
    ranker: Literal["auto", "default_2024_08_21"] | None = None

    def __post_init__(self) -> None:
        self.ranker = self.ranker or "auto"


class FileSearchOptions(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Options of the file search tool."""

    max_num_results: Annotated[int, Meta(ge=1, le=50)] | None = None
    ranking_options: RankingOptions | None = None


class FileSearchTool(
    Struct, tag_field="type", tag="file_search", forbid_unknown_fields=True, omit_defaults=True
):
    """Search in the thread's vector stores."""

    file_search: FileSearchOptions | None = None


class CodeInterpreterTool(
    Struct, tag_field="type", tag="code_interpreter", forbid_unknown_fields=True
):
    """Run code that the model writes."""


Tool = FunctionTool | FileSearchTool | CodeInterpreterTool


class FunctionReference(Struct, forbid_unknown_fields=True):
    """A function by its name."""

    name: FunctionName


class FunctionChoice(Struct, tag_field="type", tag="function", forbid_unknown_fields=True):
    """This function must be called."""

    function: FunctionReference


class FileSearchChoice(Struct, tag_field="type", tag="file_search", forbid_unknown_fields=True):
    """File search must be used."""


class CodeInterpreterChoice(
    Struct, tag_field="type", tag="code_interpreter", forbid_unknown_fields=True
):
    """The code interpreter must be used."""


ToolChoice = (
    Literal["none", "auto", "required"] | FunctionChoice | FileSearchChoice | CodeInterpreterChoice
)


class TextFormat(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """Free text."""


class JsonObjectFormat(Struct, tag_field="type", tag="json_object", forbid_unknown_fields=True):
    """Any JSON object."""


class JsonSchema(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A named JSON Schema."""

    name: FunctionName
    description: str | None = None
    schema: JsonObject | None = None
    strict: bool | None = None


class JsonSchemaFormat(Struct, tag_field="type", tag="json_schema", forbid_unknown_fields=True):
    """JSON that follows a schema."""

    json_schema: JsonSchema


ResponseFormat = Literal["auto"] | TextFormat | JsonObjectFormat | JsonSchemaFormat


class CodeInterpreterResources(Struct, forbid_unknown_fields=True):
    """Files for the code interpreter."""

    file_ids: Annotated[list[str], Meta(max_length=20)] | None = None

    def __post_init__(self) -> None:
        self.file_ids = self.file_ids or []


class FileSearchResources(Struct, forbid_unknown_fields=True):
    """Vector stores for file search, by id."""

    vector_store_ids: Annotated[list[str], Meta(max_length=1)] | None = None

    def __post_init__(self) -> None:
        self.vector_store_ids = self.vector_store_ids or []


class ToolResources(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What tools may use."""

    code_interpreter: CodeInterpreterResources | None = None
    file_search: FileSearchResources | None = None

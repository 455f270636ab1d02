"""Assistants: a model with its instructions, tools and settings."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from oxillama_jupyter.schemas.base import Metadata, Request, Temperature, TopP
from oxillama_jupyter.schemas.tools import ResponseFormat, Tool, ToolResources

__all__ = ["Assistant", "CreateAssistant", "Instructions", "ModifyAssistant", "ReasoningEffort"]

Name = Annotated[str, Meta(max_length=256)]
Description = Annotated[str, Meta(max_length=512)]
Instructions = Annotated[str, Meta(max_length=256_000)]
ModelId = Annotated[str, Meta(min_length=1)]
AssistantTools = Annotated[list[Tool], Meta(max_length=128)]
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class CreateAssistant(Request):
    """Body of `POST /assistants`; null means not given."""

    model: ModelId
    name: Name | None = None
    description: Description | None = None
    instructions: Instructions | None = None
    tools: AssistantTools | None = None
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: ReasoningEffort | None = None


class ModifyAssistant(Request):
    """Body of `POST /assistants/{id}`; an absent key is unchanged, null clears."""

    model: ModelId | UnsetType | None = UNSET
    name: Name | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    instructions: Instructions | UnsetType | None = UNSET
    tools: AssistantTools | UnsetType | None = UNSET
    tool_resources: ToolResources | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
    temperature: Temperature | UnsetType | None = UNSET
    top_p: TopP | UnsetType | None = UNSET
    response_format: ResponseFormat | UnsetType | None = UNSET
    reasoning_effort: ReasoningEffort | UnsetType | None = UNSET


class Assistant(Struct, kw_only=True):
    """The assistant object."""

    id: str
    object: Literal["assistant"] = "assistant"
    created_at: int
    name: str | None
    description: str | None
    model: str
    instructions: str | None
    tools: list[Tool]
    tool_resources: ToolResources | None
    metadata: dict[str, str]
    temperature: float = 1.0
    top_p: float = 1.0
    response_format: ResponseFormat = "auto"
    reasoning_effort: ReasoningEffort | None = None

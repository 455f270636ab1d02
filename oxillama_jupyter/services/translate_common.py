"""What all dialects tell the engine alike: samplers, formats, what stands for an image."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from oxillama_jupyter.engine.protocol import Constraint
from oxillama_jupyter.schemas.runs import SamplingOptions
from oxillama_jupyter.schemas.tools import JsonObjectFormat, JsonSchemaFormat, ResponseFormat

__all__ = ["IMAGE_NOTE", "check_format", "constraint_of", "given_sampling"]

# A text model still answers when a message has an image in it; it is told that there was one.
IMAGE_NOTE = "[An image is here. This model reads text only.]"
# Options that requests and the engine call by the same name; null leaves the engine's own value.
_SHARED = set(SamplingOptions.__struct_fields__) - {"max_tokens"}


def given_sampling(options: SamplingOptions) -> dict[str, Any]:
    """The samplers that were set, as `Sampling` takes them; all but `max_tokens`."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name in _SHARED
        if (value := getattr(options, name)) is not None
    }


def constraint_of(response_format: ResponseFormat | None) -> Constraint | None:
    """What an answer must be; None for free text.

    A schema that is not `strict` is kept to as far as it can be.
    """
    if isinstance(response_format, JsonObjectFormat):
        return Constraint("json_object")
    if not isinstance(response_format, JsonSchemaFormat):
        return None
    described = response_format.json_schema
    if described.schema is None:
        return Constraint("json_object")
    text = msgspec.json.encode(described.schema).decode()
    return Constraint("json_schema", text, strict=bool(described.strict))


def check_format(response_format: ResponseFormat | UnsetType | None) -> None:
    """Refuse a response format that no model can be kept to.

    Raises:
        InvalidRequest: The schema is none, or something in it cannot be enforced.
    """
    if response_format is UNSET or response_format is None:
        return
    constraint = constraint_of(response_format)
    if constraint is not None:
        constraint.check(param="response_format")

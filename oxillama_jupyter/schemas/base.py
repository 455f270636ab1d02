"""What every noun shares: metadata, pages, errors, the deletion stub.

Limits are those of OpenAI's OpenAPI document 2.3.0.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

__all__ = [
    "Deleted",
    "ErrorBody",
    "ErrorEnvelope",
    "JsonObject",
    "Metadata",
    "Moment",
    "Page",
    "PageQuery",
    "Request",
    "RunStatus",
    "Temperature",
    "TopP",
]

T = TypeVar("T")

# SQLite's JSON functions end a key at a NUL, and two keys could become one.
_MetadataKey = Annotated[str, Meta(max_length=64, pattern=r"\A[^\x00]*\Z")]
Metadata = Annotated[
    dict[_MetadataKey, Annotated[str, Meta(max_length=512)]],
    Meta(max_length=16),
]
Moment = Annotated[int, Meta(ge=0, le=253_402_300_799)]  # Unix seconds, to the end of year 9999
RunStatus = Literal[
    "queued",
    "in_progress",
    "requires_action",
    "cancelling",
    "cancelled",
    "failed",
    "completed",
    "incomplete",
    "expired",
]
Temperature = Annotated[float, Meta(ge=0, le=2)]
TopP = Annotated[float, Meta(ge=0, le=1)]


class Request(Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all request bodies of the Assistants routes."""


class PageQuery(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The query of a list route.

    Attributes:
        limit: At most this many objects, 1 to 100.
        order: By creation.
        after: Start just behind this id, in the requested order.
        before: End just ahead of this id, in the requested order.
    """

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None


class Page(Struct, Generic[T]):
    """One page of a list; `has_more` is exact."""

    data: list[T]
    first_id: str | None
    last_id: str | None
    has_more: bool
    object: Literal["list"] = "list"


class Deleted(Struct):
    """What DELETE answers: `object` is such as `thread.deleted`."""

    id: str
    object: str
    deleted: bool = True


class ErrorBody(Struct):
    """The inside of OpenAI's error envelope; all four keys are always there."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorEnvelope(Struct):
    """OpenAI's error envelope."""

    error: ErrorBody


JsonObject = dict[str, Any]  # JSON of any shape: a schema, a tool's parameters

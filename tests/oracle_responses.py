"""What the SDK's types say about responses: objects, items, and the events of their streams."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, get_args

from openai.types.responses import (
    InputTokenCountResponse,
    Response,
    ResponseItem,
    ResponseStreamEvent,
    ResponseUsage,
)

Check = Callable[[Any, Any], list[str]]  # a type and JSON of any shape

_TOOL_EXTRAS = ("allowed_callers", "async_", "defer_loading", "output_schema")
MAY_BE_ABSENT = {
    # Of services that are not here, or keys that have no value: Open Responses wants them left out.
    *(
        f"Response.{name}"
        for name in (
            "access_programs",
            "image",
            "input_transformations",
            "moderation",
            "prompt",
            "prompt_cache_diagnostics",
            "prompt_cache_options",
            "prompt_cache_retention",
            "tool_usage",
            "max_tool_calls_used",
            "multi_agent",
        )
    ),
    "ResponseTextConfig.verbosity",
    "ResponseOutputMessage.phase",
    "EasyInputMessage.phase",
    "ResponseInputText.prompt_cache_breakpoint",
    "InputTokensDetails.cache_write_tokens_details",
    "ResponseReasoningItem.content",
    "ResponseReasoningItem.encrypted_content",
    "ResponseCompactionItem.created_by",
    "ResponseReasoningSummaryPartDoneEvent.status",
    *(f"ResponseError.{name}" for name in ("misalignment", "param", "type")),
    *(f"FunctionTool.{name}" for name in _TOOL_EXTRAS),
    *(f"CustomTool.{name}" for name in ("description", "format", *_TOOL_EXTRAS)),
    *(
        f"{kind}.{name}"
        for kind in (
            "ResponseFunctionToolCall",
            "ResponseFunctionToolCallItem",
            "ResponseFunctionToolCallOutputItem",
            "ResponseCustomToolCall",
            "ResponseCustomToolCallItem",
            "ResponseCustomToolCallOutputItem",
        )
        for name in ("async_", "caller", "namespace", "created_by", "name")
    ),
    "ResponseFormatTextJSONSchemaConfig.description",
    "ResponseInputImage.prompt_cache_breakpoint",
    "Reasoning.generate_summary",
    "Reasoning.context",
    "Reasoning.mode",
}
_FRAME = re.compile(rb"event: (?P<name>[a-z_.]+)\ndata: (?P<data>[^\n\r]*)\n\n")
_COMMENT = b": keep-alive\n\n"
_DONE = b"data: [DONE]\n\n"
_ID = "[^/]+"
_RESPONSE = f"v1/responses/{_ID}"


@cache
def _types() -> dict[str, Any]:
    """The SDK's event types by their names."""
    return {
        name: event
        for event in get_args(get_args(ResponseStreamEvent)[0])
        for name in get_args(event.model_fields["type"].annotation)
    }


def check_frame(frame: bytes, check: Check) -> list[str]:
    """What is wrong with one event of a response's stream."""
    if frame in (_COMMENT, _DONE):
        return []
    match = _FRAME.fullmatch(frame)
    if match is None:
        return [f"no event frame: {frame!r}"]
    return check_event(match["name"].decode(), json.loads(match["data"]), check)


def check_event(name: str, data: Any, check: Check) -> list[str]:  # JSON of any shape
    """What is wrong with one event, however it was sent."""
    if data.get("type") != name:
        return [f"{name} says it is {data.get('type')}"]
    if name not in _types():
        return [f"unknown event {name}"]
    if name == "error" and set(data["error"]) != {"message", "type", "param", "code"}:
        return [f"an error has the keys {sorted(data['error'])}"]
    return [f"{name}: {fault}" for fault in check(_types()[name], data)]


def read_success(
    method: str, path: str, body: Any, check: Check
) -> Iterator[str] | None:  # JSON of any shape
    """What is wrong with an answer of these routes; None where it is none of theirs."""
    if method == "GET" and re.fullmatch(f"{_RESPONSE}/input_items", path):
        return _page(ResponseItem, body, check)
    if method == "GET" and path == "oxillama/responses":
        return _page(Response, body, check)
    if (method, path) == ("POST", "v1/responses/input_tokens"):
        return iter(check(InputTokenCountResponse, body))
    if (method, path) == ("POST", "v1/responses/compact"):
        return _compaction(body, check)
    if method == "DELETE" and re.fullmatch(_RESPONSE, path):
        deleted = {"id": path.rpartition("/")[2], "object": "response", "deleted": True}
        return iter([] if body == deleted else [f"deleted: {body}"])
    whole = (method == "GET" and re.fullmatch(_RESPONSE, path)) or (
        method == "POST" and re.fullmatch(f"v1/responses|{_RESPONSE}/cancel", path)
    )
    return iter(check(Response, body)) if whole else None


def _page(type_: Any, body: Any, check: Check) -> Iterator[str]:  # JSON of any shape
    if set(body) != {"object", "data", "first_id", "last_id", "has_more"}:
        yield f"a page has the keys {sorted(body)}"
        return
    ids = [entry["id"] for entry in body["data"]] or [None]
    if (body["object"], body["first_id"], body["last_id"]) != ("list", ids[0], ids[-1]):
        yield f"page {body['object']} {body['first_id']} {body['last_id']} over {ids}"
    for entry in body["data"]:
        yield from check(type_, entry)


def _compaction(body: Any, check: Check) -> Iterator[str]:  # JSON of any shape
    """The SDK's type for its output knows only messages of the assistant."""
    if set(body) != {"id", "object", "created_at", "output", "usage"}:
        yield f"a compaction has the keys {sorted(body)}"
        return
    if body["object"] != "response.compaction":
        yield f"object {body['object']}"
    if [item["type"] for item in body["output"]][-1:] != ["compaction"]:
        yield "a compaction ends with something else"
    for item in body["output"]:
        yield from check(ResponseItem, item)
    yield from check(ResponseUsage, body["usage"])

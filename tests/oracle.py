"""What the SDK's types say about every answer, read from the wire before the SDK can be lenient.

The SDK builds its objects without validation. The oracle validates the raw JSON: right types, known
enum values, and every key there, also those that the SDK's models call optional because they may
be null; `_MAY_BE_ABSENT` names the few that may really be missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, Literal, get_args

import httpx2
import nbformat
import oracle_responses
from openai.types import (
    Completion,
    CompletionChoice,
    CreateEmbeddingResponse,
    Embedding,
    Model,
)
from openai.types.beta import (
    Assistant,
    AssistantDeleted,
    AssistantStreamEvent,
    Thread,
    ThreadDeleted,
)
from openai.types.beta.threads import Message, MessageDeleted, Run
from openai.types.beta.threads.runs import RunStep
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionDeleted,
    ChatCompletionStoreMessage,
)
from openai.types.completion_choice import Logprobs
from openai.types.conversations import (
    Conversation,
    ConversationDeletedResource,
    ConversationItem,
    ConversationItemList,
)
from prompts import OurPrompt
from pulls import OurPull, OurPulls
from pydantic import BaseModel, TypeAdapter, ValidationError


# Where the SDK's types say less than the API does.
class TextLogprobs(Logprobs):
    """The first token of a prompt follows nothing and has no probability."""

    token_logprobs: list[float | None]  # type: ignore[assignment]
    top_logprobs: list[dict[str, float] | None]  # type: ignore[assignment]


class TextChoice(CompletionChoice):
    """A text goes on without a reason to end."""

    finish_reason: Literal["stop", "length"] | None  # type: ignore[assignment]
    logprobs: TextLogprobs | None


class TextCompletion(Completion):
    """The object, and an event of its stream."""

    choices: list[TextChoice]  # type: ignore[assignment]


class AnyEmbedding(Embedding):
    """Numbers, or a packed string."""

    embedding: list[float] | str  # type: ignore[assignment]


class EmbeddingList(CreateEmbeddingResponse):
    """Several of them."""

    data: list[AnyEmbedding]  # type: ignore[assignment]


class StoredMessage(ChatCompletionStoreMessage):
    """Users have messages too."""

    role: str  # type: ignore[assignment]


_ID = "[^/]+"
_THREAD = f"v1/threads/{_ID}"
_RUN = f"{_THREAD}/runs/{_ID}"
_CONVERSATION = f"v1/conversations/{_ID}"
_OBJECTS: list[tuple[str, str, type]] = [
    ("GET", "v1/models/.+", Model),
    ("POST", "v1/assistants", Assistant),
    ("GET|POST", f"v1/assistants/{_ID}", Assistant),
    ("DELETE", f"v1/assistants/{_ID}", AssistantDeleted),
    ("POST", "v1/threads", Thread),
    ("POST", "v1/threads/runs", Run),
    ("GET|POST", _THREAD, Thread),
    ("DELETE", _THREAD, ThreadDeleted),
    ("POST", f"{_THREAD}/messages", Message),
    ("GET|POST", f"{_THREAD}/messages/{_ID}", Message),
    ("DELETE", f"{_THREAD}/messages/{_ID}", MessageDeleted),
    ("POST", f"{_THREAD}/runs", Run),
    ("GET|POST", _RUN, Run),
    ("POST", f"{_RUN}/(cancel|submit_tool_outputs)", Run),
    ("GET", f"{_RUN}/steps/{_ID}", RunStep),
    ("POST", "oxillama/models/pull", OurPull),
    ("GET", "oxillama/models/pulls", OurPulls),
    ("GET", f"oxillama/models/pulls/{_ID}", OurPull),
    ("POST", f"oxillama/models/pulls/{_ID}/cancel", OurPull),
    ("POST", "v1/chat/completions", ChatCompletion),
    ("GET|POST", f"v1/chat/completions/{_ID}", ChatCompletion),
    ("DELETE", f"v1/chat/completions/{_ID}", ChatCompletionDeleted),
    ("POST", "v1/completions", TextCompletion),
    ("POST", "v1/embeddings", EmbeddingList),
    ("POST", f"oxillama/threads/({_ID}/fork|import)", Thread),
    ("POST", "oxillama/threads/prompt", OurPrompt),
    ("POST", f"oxillama/threads/{_ID}/prompt", OurPrompt),
    ("GET", f"oxillama/threads/{_ID}/runs/{_ID}/prompt", OurPrompt),
    ("POST", "v1/conversations", Conversation),
    ("GET|POST", _CONVERSATION, Conversation),
    ("DELETE", _CONVERSATION, ConversationDeletedResource),
    ("POST", f"{_CONVERSATION}/items", ConversationItemList),
    ("GET", f"{_CONVERSATION}/items/{_ID}", ConversationItem),  # type: ignore[list-item]  # a union
    ("DELETE", f"{_CONVERSATION}/items/{_ID}", Conversation),
    ("POST", "oxillama/threads/[^/]+/conversation", Conversation),
    ("POST", "oxillama/conversations/[^/]+/thread", Thread),
]
_PAGES: list[tuple[str, type]] = [
    ("v1/assistants", Assistant),
    (f"{_THREAD}/messages", Message),
    (f"{_THREAD}/runs", Run),
    (f"{_RUN}/steps", RunStep),
    (f"{_CONVERSATION}/items", ConversationItem),  # type: ignore[list-item]  # a union
    ("oxillama/threads", Thread),
    ("v1/chat/completions", ChatCompletion),
    (f"v1/chat/completions/{_ID}/messages", StoredMessage),
]
# Streams whose events have no name: what each of them is.
_CHUNKS: dict[str, type] = {
    "v1/chat/completions": ChatCompletionChunk,
    "v1/completions": TextCompletion,
}
_EVENTS = {
    get_args(event.model_fields["event"].annotation)[0]: event.model_fields["data"].annotation
    for event in get_args(get_args(AssistantStreamEvent)[0])
}
_EVENTS |= {
    f"oxillama.pull.{status}": OurPull
    for status in ("in_progress", "completed", "failed", "cancelled")
}
_EXPORT = f"oxillama/threads/{_ID}/export"
_FILES = {"application/x-ipynb+json", "text/markdown; charset=utf-8"}
_EXPORTED = {"thread.message": Message, "thread.run": Run, "thread.run.step": RunStep}
_MAY_BE_ABSENT = {
    # What a client did not say about its tools is not echoed.
    "FunctionDefinition.description",
    "FunctionDefinition.parameters",
    "FunctionDefinition.strict",
    "FileSearchTool.file_search",
    "FileSearch.max_num_results",
    "FileSearch.ranking_options",
    "FileSearchRankingOptions.ranker",
    "AssistantToolChoice.function",  # where the choice is another tool
    "ResponseFormatJSONSchema.json_schema",
    "JSONSchema.description",
    "JSONSchema.schema_",
    "JSONSchema.strict",
    "ImageURL.detail",
    "ImageFile.detail",
    "Model.shutdown_date",
    # Items have what their writers gave them.
    "Message.phase",
    "ResponseInputFile.detail",
    "ResponseInputFile.file_data",
    "ResponseInputFile.file_id",
    "ResponseInputFile.file_url",
    "ResponseInputFile.filename",
    "ResponseFunctionToolCallOutputItem.name",
    "ResponseReasoningItem.content",
    "ResponseReasoningItem.encrypted_content",
    "ResponseReasoningItem.status",
    "ToolResources.code_interpreter",
    "ToolResources.file_search",
    # Deltas hold what is new.
    "MessageDelta.role",
    "TextDelta.annotations",
    "FunctionToolCallDelta.id",
    "Function.name",
    "Function.output",
    "ChoiceDelta.audio",
    "ChoiceDelta.content",
    "ChoiceDelta.function_call",
    "ChoiceDelta.refusal",
    "ChoiceDelta.role",
    "ChoiceDelta.tool_calls",
    "ChoiceDeltaFunctionCall.name",
    "ChoiceDeltaToolCall.id",
    "ChoiceDeltaToolCall.type",
    "ChoiceDeltaToolCallFunction.name",
    # Only where there is such a thing, or where it was asked for.
    "ChatCompletion.metadata",
    "ChatCompletion.moderation",
    "ChatCompletionChunk.moderation",
    "ChatCompletionChunk.obfuscation",
    "ChatCompletionChunk.usage",
    "ChatCompletionMessage.annotations",
    "ChatCompletionMessage.audio",
    "ChatCompletionMessage.function_call",
    "ChatCompletionMessage.tool_calls",
    "StoredMessage.annotations",
    "StoredMessage.audio",
    "StoredMessage.function_call",
    "StoredMessage.tool_calls",
    "ChatCompletionContentPartImage.prompt_cache_breakpoint",
    "ChatCompletionContentPartText.prompt_cache_breakpoint",
    "TextCompletion.usage",
    "PromptTokensDetails.cache_write_tokens",
    "PromptTokensDetails.image_tokens",
    "PromptTokensDetails.text_tokens",
    "CompletionTokensDetails.text_tokens",
} | oracle_responses.MAY_BE_ABSENT
# What items of OpenAI's own tools and accounts have.
_NOT_OURS = {"async_", "caller", "created_by", "namespace", "prompt_cache_breakpoint"}
_STATUS_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "invalid_request_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    410: "invalid_request_error",
    413: "invalid_request_error",
    424: "invalid_request_error",
    429: "rate_limit_exceeded",
    500: "server_error",
    503: "server_error",
}
_FRAME = re.compile(rb"(?:id: \d+\n)?event: (?P<name>[a-z_.]+)\ndata: (?P<data>[^\n\r]*)\n\n")
_DATA = re.compile(rb"data: (?P<data>[^\n\r]*)\n\n")
_COMMENT = b": keep-alive\n\n"


@cache
def _adapter(type_: type) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def _absent(value: object, path: str = "") -> Iterator[str]:
    """Keys that the types have and the JSON has not."""
    if isinstance(value, BaseModel):
        for name in set(type(value).model_fields) - _NOT_OURS:
            key = f"{type(value).__name__}.{name}"
            if name not in value.model_fields_set and key not in _MAY_BE_ABSENT:
                yield f"{path}.{name} is absent ({key})"
            yield from _absent(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for i, entry in enumerate(value):
            yield from _absent(entry, f"{path}[{i}]")


def check_object(type_: type, value: Any) -> list[str]:  # JSON of any shape
    """What the SDK's type has against this JSON."""
    if type_ is RunStep:
        ours = _decisions(value)
        if ours:
            return ours
    try:
        # As JSON, because strictness there takes 1 for a float, as the wire does.
        parsed = _adapter(type_).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        return [f"{fault['loc']}: {fault['msg']}" for fault in error.errors()]
    return list(_absent(parsed))


def _decisions(step: Any) -> list[str]:  # JSON of any shape
    """What is wrong with our own field of a step's calls."""
    calls = step["step_details"].get("tool_calls", [])
    found = [call["decision"] for call in calls if "decision" in call]
    return [
        f"a decision is {decision}"
        for decision in found
        if not {"verdict", "by", "at"} <= set(decision)
        or set(decision) - {"verdict", "by", "at", "reason", "arguments"}
        or decision["verdict"] not in {"approved", "edited", "denied"}
    ]


class Oracle:
    """Reads every answer of a client and remembers what was wrong with it."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def take(self) -> list[str]:
        """All faults since the last call."""
        faults, self.faults = self.faults, []
        return faults

    def read(self, response: httpx2.Response) -> None:
        """Check an answer; an event hook of the HTTP client."""
        path = re.sub(r"^.*?/(v1|oxillama)(?=/|$)", r"\1", response.request.url.path)
        method = response.request.method
        if not path.startswith(("v1", "oxillama")) or method in {"HEAD", "OPTIONS"}:
            return
        where = f"{method} {path} -> {response.status_code}"
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            chunk = _CHUNKS.get(path)
            check = check_frame if chunk is None else partial(check_data_frame, chunk)
            if path.startswith("v1/responses"):
                check = partial(oracle_responses.check_frame, check=check_object)
            response.stream = _Tap(response.stream, self, where, check)
            return
        response.read()
        faults = _read_json(method, path, response)
        self.faults += [f"{where}: {fault}" for fault in faults]


class _Tap(httpx2.SyncByteStream):
    """A stream that is read twice at once: by the client and by the oracle."""

    def __init__(
        self,
        stream: httpx2.SyncByteStream,
        oracle: Oracle,
        where: str,
        check: Callable[[bytes], list[str]],
    ) -> None:
        self._stream = stream
        self._check_frame = check
        self._oracle = oracle
        self._where = where
        self._rest = b""

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._rest += chunk
            self._check()
            yield chunk

    def _check(self) -> None:
        while b"\n\n" in self._rest:
            frame, _, self._rest = self._rest.partition(b"\n\n")
            faults = self._check_frame(frame + b"\n\n")
            self._oracle.faults += [f"{self._where}: {fault}" for fault in faults]

    def close(self) -> None:
        self._stream.close()


def check_frame(frame: bytes) -> list[str]:
    """What is wrong with one server-sent event of the Assistants API."""
    if frame == _COMMENT:
        return []
    match = _FRAME.fullmatch(frame)
    if match is None:
        return [f"no event frame: {frame!r}"]
    name, data = match["name"].decode(), match["data"]
    if name == "done":
        return [] if data == b"[DONE]" else [f"done says {data!r}"]
    if name not in _EVENTS:
        return [f"unknown event {name}"]
    return [f"{name}: {fault}" for fault in check_object(_EVENTS[name], json.loads(data))]


def check_data_frame(type_: type, frame: bytes) -> list[str]:
    """What is wrong with one event of a stream whose events have no names."""
    if frame == _COMMENT:
        return []
    match = _DATA.fullmatch(frame)
    if match is None:
        return [f"no event frame: {frame!r}"]
    if match["data"] == b"[DONE]":
        return []
    data = json.loads(match["data"])
    if set(data) == {"error"}:
        missing = {"message", "type", "param", "code"} ^ set(data["error"])
        return [f"an error has the keys {sorted(data['error'])}"] if missing else []
    return check_object(type_, data)


def _read_json(method: str, path: str, response: httpx2.Response) -> Iterator[str]:
    if re.fullmatch(_EXPORT, path) and response.headers["content-type"] == "application/x-ndjson":
        yield from _read_export([json.loads(line) for line in response.content.splitlines()])
        return
    if re.fullmatch(_EXPORT, path) and response.headers["content-type"] in _FILES:
        yield from _read_file(response)
        return
    if path.startswith("oxillama/widgets/") and response.status_code in {200, 304}:
        if (
            response.is_success
            and response.headers["content-type"] != "text/javascript; charset=utf-8"
        ):
            yield f"content-type {response.headers['content-type']}"
        return
    if response.headers["content-type"] != "application/json":
        yield f"content-type {response.headers['content-type']}: {response.text[:200]}"
        return
    if not response.headers.get("x-request-id", "").startswith("req_"):
        yield "no x-request-id"
    body = response.json()
    if response.is_success:
        yield from _read_success(method, path, body)
    else:
        yield from _read_error(response.status_code, body)


def _read_success(method: str, path: str, body: Any) -> Iterator[str]:  # JSON of any shape
    found = oracle_responses.read_success(method, path, body, check_object)
    if found is not None:
        yield from found
        return
    if method == "GET" and path == "v1/models":
        yield from (fault for model in body["data"] for fault in check_object(Model, model))
        return
    if method == "GET":
        for pattern, type_ in _PAGES:
            if re.fullmatch(pattern, path):
                yield from _read_page(type_, body)
                return
    if re.fullmatch(_EXPORT, path):
        yield from _read_export([body["thread"], *body["messages"], *body["runs"], *body["steps"]])
        return
    yield from _read_object(method, path, body)


def _read_object(method: str, path: str, body: Any) -> Iterator[str]:  # JSON of any shape
    if path == "oxillama/threads/values":
        yield from _read_values(body)
        return
    for methods, pattern, type_ in _OBJECTS:
        if re.fullmatch(methods, method) and re.fullmatch(pattern, path):
            yield from check_object(type_, body)
            return
    if path.startswith("v1"):
        yield "success on a route that the API does not have"


def _read_values(body: dict[str, Any]) -> Iterator[str]:  # JSON of any shape
    if set(body) != {"object", "tags", "notebooks", "models"} or body["object"] != "thread.values":
        yield f"values have the keys {sorted(body)}"
        return
    for name in ("tags", "notebooks", "models"):
        if body[name] != sorted(set(body[name]), key=str.encode):
            yield f"{name} are not sorted, or not each once"


def _read_export(objects: list[dict[str, Any]]) -> Iterator[str]:  # JSON of any shape
    for entry, type_ in zip(
        objects, (Thread, *(_EXPORTED[entry["object"]] for entry in objects[1:])), strict=True
    ):
        yield from check_object(type_, entry)


def _read_file(response: httpx2.Response) -> Iterator[str]:
    if not response.headers["content-disposition"].startswith("attachment; "):
        yield "a page could show the file instead of keeping it"
    if "ipynb" in response.headers["content-type"]:
        try:
            nbformat.validate(json.loads(response.text))
        except nbformat.ValidationError as error:
            yield f"no notebook: {error}"


def _read_page(type_: type, body: dict[str, Any]) -> Iterator[str]:  # JSON of any shape
    if set(body) != {"object", "data", "first_id", "last_id", "has_more"}:
        yield f"a page has the keys {sorted(body)}"
        return
    ids = [entry["id"] for entry in body["data"]] or [None]
    if (body["object"], body["first_id"], body["last_id"]) != ("list", ids[0], ids[-1]):
        yield f"page {body['object']} {body['first_id']} {body['last_id']} over {ids}"
    if not isinstance(body["has_more"], bool):
        yield f"has_more is {body['has_more']!r}"
    for entry in body["data"]:
        yield from check_object(type_, entry)


def _read_error(status: int, body: Any) -> Iterator[str]:  # JSON of any shape
    if not isinstance(body, dict) or set(body) != {"error"}:
        yield f"no error envelope: {body}"
        return
    error = body["error"]
    if set(error) != {"message", "type", "param", "code"}:
        yield f"an error has the keys {sorted(error)}"
        return
    if error["type"] != _STATUS_TYPES.get(status):
        yield f"error type {error['type']}"
    if not error["message"] or not isinstance(error["message"], str):
        yield f"error message {error['message']!r}"
    for key in ("param", "code"):
        if not isinstance(error[key], str | None):
            yield f"error {key} {error[key]!r}"

"""Imports: a thread as a file holds it, ours or one with the messages that OpenAI's API listed.

Keys that mean nothing here are ignored, for files come from elsewhere; `version` is what keeps a
file of a later shape from being read wrongly.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from oxillama_jupyter.schemas.base import Metadata, Moment, Request
from oxillama_jupyter.schemas.messages import (
    Attachment,
    Content,
    MessageIncompleteDetails,
    MessageStatus,
)
from oxillama_jupyter.schemas.runs import Run
from oxillama_jupyter.schemas.steps import RunStep
from oxillama_jupyter.schemas.tools import ToolResources

__all__ = [
    "Annotation",
    "Call",
    "ImportThread",
    "ImportedMessage",
    "ImportedRun",
    "ImportedStep",
    "ImportedThread",
]

Id = Annotated[str, Meta(min_length=1, max_length=256)]
MOST = 100_000  # of each kind; the body's size is limited besides


class ImportedThread(Struct, kw_only=True):
    """The thread; what is not there is as in a new one."""

    object: Literal["thread"] = "thread"
    id: Id | None = None
    created_at: Moment | None = None
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None


class ImportedMessage(Struct, kw_only=True):
    """A message; `content` may be a text."""

    object: Literal["thread.message"] = "thread.message"
    id: Id | None = None
    created_at: Moment | None = None
    status: MessageStatus | None = None
    incomplete_details: MessageIncompleteDetails | None = None
    completed_at: Moment | None = None
    incomplete_at: Moment | None = None
    role: Literal["user", "assistant"]
    content: str | list[Content]
    assistant_id: str | None = None
    run_id: Id | None = None
    attachments: list[Attachment] | None = None
    metadata: Metadata | None = None


class ImportedRun(Run, kw_only=True):
    """A run; its times and metadata are within what the API has."""

    id: Id
    created_at: Moment
    thread_id: str = ""
    expires_at: Moment | None = None
    started_at: Moment | None = None
    cancelled_at: Moment | None = None
    failed_at: Moment | None = None
    completed_at: Moment | None = None
    metadata: Metadata = field(default_factory=dict)


class ImportedStep(RunStep, kw_only=True):
    """A run step, likewise."""

    id: Id
    created_at: Moment
    run_id: Id
    thread_id: str = ""
    expires_at: Moment | None = None
    expired_at: Moment | None = None
    cancelled_at: Moment | None = None
    failed_at: Moment | None = None
    completed_at: Moment | None = None
    metadata: Metadata = field(default_factory=dict)


class ImportThread(Request, kw_only=True):
    """Body of our own `POST /oxillama/threads/import`: what an export is, most of it optional.

    Attributes:
        messages: In the thread's order.
        runs: Those of the messages; a message of a run that is not here belongs to none.
        steps: Of these runs.
    """

    object: Literal["thread.export"] = "thread.export"
    version: Literal[1] = 1
    exported_at: Moment | None = None
    thread: ImportedThread | None = None
    messages: Annotated[list[ImportedMessage], Meta(max_length=MOST)]
    runs: Annotated[list[ImportedRun], Meta(max_length=MOST)] = field(default_factory=list)
    steps: Annotated[list[ImportedStep], Meta(max_length=MOST)] = field(default_factory=list)


# What is stored as it came: it has to be one of these, and may say more.


class _CalledFunction(Struct):
    name: str
    arguments: str
    output: str | None = None


class _FunctionCall(Struct, tag_field="type", tag="function"):
    id: str
    function: _CalledFunction


class _Interpreted(Struct):
    input: str
    outputs: list[dict[str, Any]]  # texts and images, each in its own shape


class _CodeCall(Struct, tag_field="type", tag="code_interpreter"):
    id: str
    code_interpreter: _Interpreted


class _SearchCall(Struct, tag_field="type", tag="file_search"):
    id: str
    file_search: dict[str, Any]  # options and results; nothing here reads them


Call = _FunctionCall | _CodeCall | _SearchCall


class _FileId(Struct):
    file_id: str


class _Citation(Struct, tag_field="type", tag="file_citation"):
    text: str
    start_index: int
    end_index: int
    file_citation: _FileId


class _FilePath(Struct, tag_field="type", tag="file_path"):
    text: str
    start_index: int
    end_index: int
    file_path: _FileId


Annotation = _Citation | _FilePath

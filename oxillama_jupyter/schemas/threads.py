"""Threads: a durable conversation."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from oxillama_jupyter.schemas.base import Metadata, Moment, Request, RunStatus
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.tools import ToolResources

__all__ = ["CreateThread", "ModifyThread", "Thread", "ThreadQuery", "ThreadSummary", "ThreadValues"]


class CreateThread(Request):
    """Body of `POST /threads`."""

    messages: list[CreateMessage] | None = None
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None


class ModifyThread(Request):
    """Body of `POST /threads/{id}`; an absent key is unchanged, null clears."""

    tool_resources: ToolResources | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class Thread(Struct, kw_only=True):
    """The thread object."""

    id: str
    object: Literal["thread"] = "thread"
    created_at: int
    tool_resources: ToolResources | None = None
    metadata: dict[str, str] = {}


class ThreadQuery(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Query of our own `GET /oxillama/threads`.

    Attributes:
        limit: At most this many threads, 1 to 100.
        after: Start just behind this thread id.
        metadata: Keys that must have exactly these values, all of them.
        q: Words to look for in the messages, at most 128; every word must occur in one of them. A
            word with a `*` behind it is a prefix, and so is the last one unless a space stands
            behind it. Those with the newest match come first then.
        archived: Only those that are put away (`archived` is `yes` in their metadata), or only
            those that are not.
        model: Only those in which this model was asked.
        status: Only those whose newest run is so.
        since: Only those whose newest message came then or later, in Unix seconds.
        until: Only those whose newest message came then or before.
    """

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: str | None = None
    q: str | None = None
    metadata: dict[str, str] | None = None
    archived: bool | None = None
    model: str | None = None
    status: RunStatus | None = None
    since: Moment | None = None
    until: Moment | None = None


class ThreadSummary(Thread, kw_only=True):
    """A thread in our own listing, with what a person recognises it by.

    Attributes:
        updated_at: When its newest message came, in Unix seconds; `created_at` where it has none.
        message_count: How many messages it has.
        preview: The beginning of its first user message; in a search, the text around the match.
        message_id: In a search, the newest message that matches.
        active_run_id: The run that is writing to it now.
    """

    updated_at: int
    message_count: int
    preview: str
    message_id: str | None = None
    active_run_id: str | None = None


class ThreadValues(Struct, kw_only=True):
    """What our own list of threads can be narrowed to; of each kind the first 500.

    Attributes:
        tags: Words: a thread's metadata have `tag:` with the word as a key.
        notebooks: Values of `notebook` in metadata.
        models: Those that were asked, whether or not they are there now.
    """

    object: Literal["thread.values"] = "thread.values"
    tags: list[str]
    notebooks: list[str]
    models: list[str]

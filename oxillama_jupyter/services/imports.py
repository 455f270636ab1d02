"""Imports: what a file says becomes a thread of ours, with new ids and the old times.

Everything that points at something is checked, or points at nothing afterwards:

- A step without its run is refused. A message of a run that is not in the file belongs to no run,
  as in a fork. A step may name a message that has been deleted since.
- A run that had not ended when it was exported has nobody who goes on with it: it is `cancelled`,
  its messages are `incomplete`, and what had come of them is kept.
- What marks a notebook's own thread (`client/threads.py`) stays behind: one thread has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.exports import ThreadExport
from oxillama_jupyter.schemas.imports import (
    Annotation,
    Call,
    ImportedMessage,
    ImportedRun,
    ImportedStep,
    ImportThread,
)
from oxillama_jupyter.schemas.messages import (
    Content,
    Message,
    MessageIncompleteDetails,
    TextContent,
    TextValue,
)
from oxillama_jupyter.schemas.runs import ACTIVE, Run
from oxillama_jupyter.schemas.steps import (
    MessageCreation,
    MessageCreationDetails,
    RunStep,
    ToolCallsDetails,
)
from oxillama_jupyter.schemas.threads import Thread
from oxillama_jupyter.services.validation import invalid

__all__ = ["renewed"]

S = TypeVar("S", Run, RunStep)
_DEFAULT = "default:"


def renewed(body: ImportThread) -> ThreadExport:
    """What is to be stored, in the file's order.

    Raises:
        InvalidRequest: An id is there twice, a step has no run, or a call or an annotation has none
            of the API's shapes; `param` says where.
    """
    return _Renewal(body).export()


class _Renewal:
    """One import.

    Args:
        body: The file.
    """

    def __init__(self, body: ImportThread) -> None:
        self._body = body
        self._now = now()
        self._ids: dict[tuple[str, str], str] = {}
        self._thread_id = new_id("thread")
        self._runs = {run.id for run in body.runs}

    def export(self) -> ThreadExport:
        body = self._body
        _check_ids("messages", body.messages)
        _check_ids("runs", body.runs)
        _check_ids("steps", body.steps)
        messages = [self._message(place, message) for place, message in enumerate(body.messages)]
        return ThreadExport(
            exported_at=self._now,
            thread=self._thread(messages),
            messages=messages,
            runs=[self._run(run) for run in body.runs],
            steps=[self._step(place, step) for place, step in enumerate(body.steps)],
        )

    def _id(self, prefix: str, old: str | None) -> str:
        """The new id of what had this one; the same each time that it is named."""
        if old is None:
            return new_id(prefix)
        if (prefix, old) not in self._ids:
            self._ids[prefix, old] = new_id(prefix)
        return self._ids[prefix, old]

    def _thread(self, messages: list[Message]) -> Thread:
        given = self._body.thread
        oldest = min((message.created_at for message in messages), default=self._now)
        if given is None:
            return Thread(id=self._thread_id, created_at=oldest)
        kept = {k: v for k, v in (given.metadata or {}).items() if not k.startswith(_DEFAULT)}
        return Thread(
            id=self._thread_id,
            created_at=oldest if given.created_at is None else given.created_at,
            tool_resources=given.tool_resources,
            metadata=kept,
        )

    def _message(self, place: int, given: ImportedMessage) -> Message:
        created_at = self._now if given.created_at is None else given.created_at
        message = Message(
            id=self._id("msg", given.id),
            created_at=created_at,
            thread_id=self._thread_id,
            status=given.status or "completed",
            incomplete_details=given.incomplete_details,
            completed_at=given.completed_at,
            incomplete_at=given.incomplete_at,
            role=given.role,
            content=_content(given.content, f"messages[{place}].content"),
            assistant_id=given.assistant_id,
            run_id=self._known_run(given.run_id),
            attachments=given.attachments or [],
            metadata=given.metadata or {},
        )
        if given.status is None:
            message.completed_at = created_at
        if message.status == "in_progress":
            message.status = "incomplete"
            message.incomplete_at = self._now
            message.incomplete_details = MessageIncompleteDetails("run_cancelled")
        return message

    def _known_run(self, old: str | None) -> str | None:
        return self._id("run", old) if old is not None and old in self._runs else None

    def _run(self, given: ImportedRun) -> Run:
        run = _plain(given, Run)
        run.id = self._id("run", given.id)
        run.thread_id = self._thread_id
        run.dropped_message_ids = [self._id("msg", old) for old in given.dropped_message_ids]
        if run.status in ACTIVE:
            run.status = "cancelled"
            run.cancelled_at = self._now
            run.required_action = None
        return run

    def _step(self, place: int, given: ImportedStep) -> RunStep:
        where = f"steps[{place}]"
        run_id = self._known_run(given.run_id)
        if run_id is None:
            raise _wrong(f"{where}.run_id", f"There is no run '{given.run_id}' in the file")
        step = _plain(given, RunStep)
        step.id = self._id("step", given.id)
        step.run_id = run_id
        step.thread_id = self._thread_id
        step.step_details = self._details(given, where)
        if step.status == "in_progress":
            step.status = "cancelled"
            step.cancelled_at = self._now
        return step

    def _details(
        self, given: ImportedStep, where: str
    ) -> MessageCreationDetails | ToolCallsDetails:
        details = given.step_details
        if isinstance(details, MessageCreationDetails):
            kind = "message_creation"
            message_id = self._id("msg", details.message_creation.message_id)
            details = MessageCreationDetails(MessageCreation(message_id))
        else:
            kind = "tool_calls"
            _check_shapes(details.tool_calls, Call, f"{where}.step_details.tool_calls")
        if given.type != kind:
            raise _wrong(f"{where}.type", f"Its details are those of a '{kind}' step")
        return details


def _plain(given: S, type_: type[S]) -> S:
    """The stored object that has the fields of one in a file."""
    return type_(**{name: getattr(given, name) for name in type_.__struct_fields__})


def _content(given: str | list[Content], where: str) -> list[Content]:
    if isinstance(given, str):
        return [TextContent(TextValue(given, []))]
    for place, part in enumerate(given):
        if isinstance(part, TextContent):
            within = f"{where}[{place}].text.annotations"
            _check_shapes(part.text.annotations, Annotation, within)
    return given


def _check_shapes(values: list[dict[str, Any]], shape: Any, where: str) -> None:
    # The values themselves are kept: they may say more than their shape does.
    for place, value in enumerate(values):
        try:
            msgspec.convert(value, shape)
        except msgspec.ValidationError as error:
            raise invalid(error, f"{where}[{place}]") from None


def _check_ids(kind: str, objects: Sequence[ImportedMessage | ImportedRun | ImportedStep]) -> None:
    seen = set()
    for place, value in enumerate(objects):
        if value.id is not None and value.id in seen:
            raise _wrong(f"{kind}[{place}].id", f"'{value.id}' is there twice")
        seen.add(value.id)


def _wrong(where: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"Invalid '{where}': {why}.", param=where, code="invalid_value")

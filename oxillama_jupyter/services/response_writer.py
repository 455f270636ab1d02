"""What a model writes becomes items, and their growth becomes events.

The items of the stream are those of the response itself, so the two cannot differ. The orders:

    text        item added, part added, text deltas, text done, part done, item done
    reasoning   the same with reasoning_text; with a summary asked for, its own events instead
    call        item added, arguments deltas, arguments done, item done

An item that something cuts short ends with the same events, as `incomplete`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from oxillama_jupyter.engine.protocol import (
    CallArguments,
    CallBegin,
    CallEnd,
    Delta,
    Part,
    Reasoning,
    Text,
    TokenLogprob,
)
from oxillama_jupyter.events import EventLog
from oxillama_jupyter.ids import new_id
from oxillama_jupyter.schemas.items import (
    AnyItem,
    CustomToolCallItem,
    FunctionCallItem,
    ItemStatus,
    LogProb,
    MessageItem,
    OutputText,
    ReasoningItem,
    ReasoningText,
    SummaryText,
    TopLogProb,
)
from oxillama_jupyter.schemas.response_events import ItemEvent
from oxillama_jupyter.services.custom_input import CustomInput

__all__ = ["ItemWriter"]

_Trace = Literal["text", "summary"]


class ItemWriter:
    """Writes the items of one response.

    Attributes:
        items: The output so far; the very list of the response.
        over: Whether the turn has ended, whatever the model would add.

    Args:
        items: Where they go.
        log: Where the events go; their number there is their `sequence_number`.
        custom: Names of functions that stand for custom tools.
        trace: How reasoning is shown.
        logprobs: Whether those of the text are.
        seal: Seals reasoning for the client to keep; None where it is not to.
    """

    def __init__(  # noqa: PLR0913  # settings, all by name
        self,
        items: list[Any],
        log: EventLog,
        *,
        custom: frozenset[str] = frozenset(),
        trace: _Trace = "text",
        logprobs: bool = False,
        seal: Callable[[str], str] | None = None,
    ) -> None:
        self.items = items
        self.over = False
        self._log = log
        self._custom = custom
        self._trace: _Trace = trace
        self._with_logprobs = logprobs
        self._seal = seal
        self._open: MessageItem | ReasoningItem | FunctionCallItem | CustomToolCallItem | None = (
            None
        )
        self._pieces: list[str] = []
        self._input = CustomInput()
        self._called = False
        self._space = ""  # white space that may turn out to be ahead of a call
        self._logprobs: list[LogProb] = []
        self._fresh: list[LogProb] = []  # of tokens whose text has not come yet

    def take(self, delta: Delta) -> None:
        """Take what the engine gave."""
        if self._with_logprobs:
            thinking = isinstance(self._open, ReasoningItem) and not delta.text
            spoken = not delta.parts and not thinking
            self._fresh = [*self._fresh, *map(_logprob, delta.logprobs)] if spoken else []
        for part in delta.all_parts:
            if not self.over:
                self._part(part)

    def finish(self, *, cut: bool = False) -> None:
        """End what is open; where nothing was written, an empty answer is an answer."""
        if not self.items:
            self._say("", final=True)
        if self._open is not None:
            self._close("incomplete" if cut else "completed")

    def current(self) -> list[AnyItem]:
        """Bring the open item up to date, and return all."""
        if self._open is not None:
            _fill(self._open, self._text(), self._trace)
        return self.items

    # -- parts -----------------------------------------------------------------------------------

    def _part(self, part: Part) -> None:
        if isinstance(part, Text | Reasoning):
            if self._called:
                self.over = bool(part.text.strip())  # written without the call's result
            elif not part.text:
                return
            elif isinstance(part, Text):
                self._say(part.text)
            else:
                self._think(part.text)
        elif isinstance(part, CallBegin):
            self._begin_call(part)
        elif isinstance(part, CallArguments):
            self._add_arguments(part.text)
        elif isinstance(part, CallEnd):
            self._end_call(part)

    def _say(self, text: str, *, final: bool = False) -> None:
        if not isinstance(self._open, MessageItem):
            self._space += text
            if not self._space.strip() and not final:
                return
            text, self._space = self._space, ""
            if self._open is not None:
                self._close("completed")
            message_id = new_id("msg")
            self._add(
                MessageItem(id=message_id, role="assistant", status="in_progress", content=[])
            )
            self._event("response.content_part.added", content_index=0, part=OutputText(""))
        if text:
            self._pieces.append(text)
            shown, self._fresh = self._fresh, []
            self._logprobs += shown
            self._event("response.output_text.delta", content_index=0, delta=text, logprobs=shown)

    def _think(self, text: str) -> None:
        if not isinstance(self._open, ReasoningItem):
            if self._open is not None:
                self._close("completed")
            self._add(ReasoningItem(id=new_id("rs"), status="in_progress"))
            if self._trace == "text":
                name = "response.content_part.added"
                self._event(name, content_index=0, part=ReasoningText(""))
            else:
                name = "response.reasoning_summary_part.added"
                self._event(name, summary_index=0, part=SummaryText(""))
        self._pieces.append(text)
        if self._trace == "text":
            self._event("response.reasoning_text.delta", content_index=0, delta=text)
        else:
            self._event("response.reasoning_summary_text.delta", summary_index=0, delta=text)

    def _begin_call(self, part: CallBegin) -> None:
        self._space, self._called = "", True
        if self._open is not None:
            self._close("completed")
        if part.name in self._custom:
            self._input = CustomInput()
            self._add(
                CustomToolCallItem(
                    id=new_id("ctc"),
                    call_id=part.id,
                    name=part.name,
                    input="",
                    status="in_progress",
                )
            )
        else:
            self._add(
                FunctionCallItem(
                    id=new_id("fc"),
                    call_id=part.id,
                    name=part.name,
                    arguments="",
                    status="in_progress",
                )
            )

    def _add_arguments(self, text: str) -> None:
        if isinstance(self._open, CustomToolCallItem):
            text = self._input.push(text)
            name = "response.custom_tool_call_input.delta"
        else:
            name = "response.function_call_arguments.delta"
        if text:
            self._pieces.append(text)
            self._event(name, delta=text)

    def _end_call(self, part: CallEnd) -> None:
        if isinstance(self._open, CustomToolCallItem):
            rest = self._input.finish()
            if rest:
                self._pieces.append(rest)
                self._event("response.custom_tool_call_input.delta", delta=rest)
        self._close("completed" if part.complete else "incomplete")

    # -- items -----------------------------------------------------------------------------------

    def _add(
        self, item: MessageItem | ReasoningItem | FunctionCallItem | CustomToolCallItem
    ) -> None:
        self.items.append(item)
        self._open = item
        self._pieces = []
        self._logprobs = []
        self._event("response.output_item.added", item=item)

    def _close(self, status: ItemStatus) -> None:
        item, text = self._open, self._text()
        assert item is not None  # noqa: S101  # the callers have looked
        item.status = status
        _fill(item, text, self._trace)
        if self._seal is not None and isinstance(item, ReasoningItem):
            item.encrypted_content = self._seal(text)
        if isinstance(item, MessageItem):
            part = OutputText(text, logprobs=self._logprobs)
            item.content = [part]
            self._event(
                "response.output_text.done",
                content_index=0,
                text=text,
                logprobs=self._logprobs,
            )
            self._event("response.content_part.done", content_index=0, part=part)
        elif isinstance(item, FunctionCallItem):
            name = "response.function_call_arguments.done"
            self._event(name, name=item.name, arguments=text)
        elif isinstance(item, CustomToolCallItem):
            self._event("response.custom_tool_call_input.done", input=text)
        elif self._trace == "text":
            self._event("response.reasoning_text.done", content_index=0, text=text)
            self._event("response.content_part.done", content_index=0, part=ReasoningText(text))
        else:
            name = "response.reasoning_summary_text.done"
            self._event(name, summary_index=0, text=text)
            name = "response.reasoning_summary_part.done"
            self._event(name, summary_index=0, part=SummaryText(text))
        self._event("response.output_item.done", item=item)
        self._open = None

    def _text(self) -> str:
        text = "".join(self._pieces)
        self._pieces = [text]
        return text

    def _event(self, type_: str, **fields: Any) -> None:
        """Append an event about the newest item."""
        if "item" not in fields:
            fields["item_id"] = self.items[-1].id
        number = len(self._log.frames)
        event = ItemEvent(
            type=type_, sequence_number=number, output_index=len(self.items) - 1, **fields
        )
        self._log.append(type_, event)


def _fill(
    item: MessageItem | ReasoningItem | FunctionCallItem | CustomToolCallItem,
    text: str,
    trace: _Trace,
) -> None:
    """Give an item all of its text."""
    if isinstance(item, MessageItem):
        item.content = [OutputText(text)]
    elif isinstance(item, FunctionCallItem):
        item.arguments = text
    elif isinstance(item, CustomToolCallItem):
        item.input = text
    elif trace == "text":
        item.content = [ReasoningText(text)]
    else:
        item.summary = [SummaryText(text)]


def _logprob(token: TokenLogprob) -> LogProb:
    return LogProb(
        token.text,
        token.logprob or 0.0,
        list(token.raw),
        [TopLogProb(one.text, one.logprob or 0.0, list(one.raw)) for one in token.top],
    )

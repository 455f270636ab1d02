"""Items to the messages that chat templates take.

Calls, with the reasoning and text ahead of them, make one assistant message, and what they gave
follows it at once, wherever it stood: templates know no other order. All that systems and
developers say is merged into one message at the start.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.items import (
    AnyItem,
    CompactionItem,
    CustomToolCallItem,
    CustomToolCallOutputItem,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputFile,
    InputImage,
    ItemContent,
    MessageItem,
    ReasoningItem,
    Refusal,
)
from oxillama_jupyter.services.seals import Sealer
from oxillama_jupyter.services.translate_common import IMAGE_NOTE

__all__ = ["COMPACTION", "CUSTOM_INPUT", "REASONING", "check_pairs", "messages_of", "text_of"]

COMPACTION, REASONING = "compaction", "reasoning"
CUSTOM_INPUT = "input"  # what the one parameter of a custom tool is called, as a function
_SUMMARY = "What was said before, summed up:\n"
_Call = FunctionCallItem | CustomToolCallItem
_Output = FunctionCallOutputItem | CustomToolCallOutputItem
_logger = logging.getLogger(__name__)


def messages_of(
    items: Sequence[AnyItem], instructions: str | None, sealer: Sealer
) -> list[dict[str, Any]]:  # chat messages
    """The chat that a response goes on from.

    Args:
        items: The whole effective input, checked by `check_pairs`.
        instructions: Of this request; they come ahead of all others.
        sealer: Opens what clients keep for us.

    Raises:
        InvalidRequest: A compacted conversation is none of ours.
    """
    chat = _Chat(items, sealer)
    system = [instructions] if instructions else []
    for item in items:
        if isinstance(item, MessageItem) and item.role in {"system", "developer"}:
            system.append(text_of(item.content))
        elif isinstance(item, CompactionItem):
            system.append(_SUMMARY + _opened(item, sealer))
        else:
            chat.add(item)
    messages = chat.finish()
    if system:
        messages.insert(0, {"role": "system", "content": "\n\n".join(system)})
    return messages


def text_of(content: str | Sequence[ItemContent]) -> str:
    """The text of a content as the model reads it; parts are separated by a newline."""
    return content if isinstance(content, str) else "\n".join(map(_part, content))


def check_pairs(items: Iterable[AnyItem]) -> list[AnyItem]:
    """Refuse calls without outputs and outputs without calls; leave out calls that were cut short.

    Raises:
        InvalidRequest: One has no other half.
    """
    held = list(items)
    answered = {item.call_id for item in held if isinstance(item, _Output)}
    held = [item for item in held if not _is_cut(item, answered)]
    called = {item.call_id for item in held if isinstance(item, _Call)}
    for item in held:
        if isinstance(item, _Output) and item.call_id not in called:
            raise InvalidRequest(
                f"No tool call found for function call output with call_id {item.call_id}.",
                param="input",
            )
        if isinstance(item, _Call) and item.call_id not in answered:
            raise InvalidRequest(
                f"No tool output found for function call {item.call_id}.", param="input"
            )
    return held


def _is_cut(item: AnyItem, answered: set[str]) -> bool:
    unfinished = isinstance(item, _Call) and item.status != "completed"
    return unfinished and item.call_id not in answered  # type: ignore[union-attr]  # a call


def _part(part: ItemContent) -> str:
    if isinstance(part, InputImage):
        return IMAGE_NOTE
    if isinstance(part, InputFile):
        name = f" '{part.filename}'" if part.filename else ""
        return f"[A file{name} is here. This model reads text only.]"
    return part.refusal if isinstance(part, Refusal) else part.text


def _opened(item: CompactionItem, sealer: Sealer) -> str:
    text = sealer.open(COMPACTION, item.encrypted_content)
    if text is None:
        raise InvalidRequest(
            f"The encrypted content of the compaction item '{item.id}' was not made by this "
            "server, or it was changed.",
            param="input",
            code="invalid_encrypted_content",
        )
    return text


class _Chat:
    """Messages under construction; the assistant's newest one is open until something follows."""

    def __init__(self, items: Sequence[AnyItem], sealer: Sealer) -> None:
        self._sealer = sealer
        self._messages: list[dict[str, Any]] = []
        self._open: dict[str, Any] = {}
        self._outputs: dict[str, deque[_Output]] = {}
        for item in items:
            if isinstance(item, _Output):
                self._outputs.setdefault(item.call_id, deque()).append(item)

    def add(self, item: AnyItem) -> None:
        """Take the next item."""
        if isinstance(item, MessageItem):
            self._say(item)
        elif isinstance(item, ReasoningItem):
            self._think(item)
        elif isinstance(item, _Call):
            self._open.setdefault("tool_calls", []).append(_call(item))
        elif isinstance(item, _Output):
            self._close()  # it stands behind its call already
        elif isinstance(item, dict):
            self._tell(item)

    def finish(self) -> list[dict[str, Any]]:
        """All messages."""
        self._close()
        return self._messages

    def _say(self, item: MessageItem) -> None:
        text = text_of(item.content)
        if item.role == "user":
            self._close()
            self._messages.append({"role": "user", "content": text})
            return
        if "content" in self._open or "tool_calls" in self._open:
            self._close()
        self._open["content"] = text

    def _think(self, item: ReasoningItem) -> None:
        text = self._reasoning(item)
        if not text:
            return
        if self._open:
            self._close()
        self._open["reasoning_content"] = text

    def _reasoning(self, item: ReasoningItem) -> str:
        parts = item.content or item.summary  # an unset content is false
        if parts:
            return "\n".join(part.text for part in parts)
        sealed = item.encrypted_content
        # Another server's seal says nothing to us, and the answer does not depend on it.
        return self._sealer.open(REASONING, sealed) or "" if sealed else ""

    def _tell(self, item: dict[str, Any]) -> None:
        """Render what another server's hosted tool did."""
        text = _hosted(item)
        if text:
            self._close()
            self._messages.append({"role": "assistant", "content": text})
        else:
            _logger.info("oxillama: an item of type %s says nothing to the model", item["type"])

    def _close(self) -> None:
        if not self._open:
            return
        calls = self._open.get("tool_calls", [])
        self._messages.append({"role": "assistant", "content": "", **self._open})
        self._open = {}
        for call in calls:
            output = self._outputs[call["id"]]
            self._messages.append(
                {
                    "role": "tool",
                    "tool_call_id": call["id"],
                    "name": call["function"]["name"],
                    # The same id may come twice; the newest output stands for all that follow.
                    "content": text_of((output.popleft() if len(output) > 1 else output[0]).output),
                }
            )


def _call(item: _Call) -> dict[str, Any]:
    if isinstance(item, CustomToolCallItem):
        arguments = msgspec.json.encode({CUSTOM_INPUT: item.input}).decode()
    else:
        arguments = item.arguments
    function = {"name": item.name, "arguments": arguments}
    return {"id": item.call_id, "type": "function", "function": function}


def _hosted(item: dict[str, Any]) -> str:
    """What the model should know of a hosted tool's call; nothing where there is no text in it."""
    lines: list[str] = []
    for key in ("queries", "code", "outputs", "results", "action", "output"):
        lines += _texts(item.get(key), key)
    return f"[{item['type']}]\n" + "\n".join(lines) if lines else ""


def _texts(value: Any, key: str = "") -> list[str]:  # JSON of any shape
    """All text in a value, without ids, addresses and types."""
    if isinstance(value, str):
        told = key in {"queries", "code", "logs", "text", "query", "filename", "output", "title"}
        return [value] if told and value else []
    if isinstance(value, list):
        return [text for entry in value for text in _texts(entry, key)]
    if isinstance(value, dict):
        return [text for name, entry in value.items() for text in _texts(entry, name)]
    return []

"""An upstream's stream of chunks as deltas, whatever its dialect."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from oxillama_jupyter.engine.parts import CallEnd, Part, Reasoning, Text
from oxillama_jupyter.engine.protocol import Delta, FinishReason, GenerateRequest, Usage
from oxillama_jupyter.engine.remote_calls import CallReader, checked
from oxillama_jupyter.errors import EngineCrashed, EngineError

__all__ = ["AnswerReader"]

Json = Any  # a chunk or a piece of one, of any shape

_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "tool_calls": "stop",
    "function_call": "stop",
    "length": "length",
}


class AnswerReader:
    """Reads one answer.

    A chunk with something in it counts as one token until the upstream says how many there were,
    at the end or in every chunk; where it never does, that count stands, and the prompt's is 0.

    Attributes:
        ended: Whether the upstream has said why the answer ended.

    Args:
        request: What was asked for.
    """

    def __init__(self, request: GenerateRequest) -> None:
        self._request = request
        self._calls = CallReader(request.tools or [], parallel=request.parallel_calls)
        self._text: list[str] = []
        self._reason: str | None = None
        self._usage: Json = {}
        self._counted = 0
        self._reasoned = 0
        self._accepted = time.perf_counter()
        self._first = self._last = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing but the usage can follow."""
        return self._reason is not None

    def read(self, chunk: Json) -> Delta | None:
        """Read a chunk; None where nothing is in it for anybody.

        Raises:
            EngineError: It is an error, or no chunk of a chat completion.
        """
        if not isinstance(chunk, dict):
            raise EngineError("The upstream sent something that is no chat completion.")
        choices = chunk.get("choices")
        if choices is None and (chunk.get("object") == "error" or "message" in chunk):
            raise EngineError(f"The upstream failed: {chunk.get('message')}")
        if isinstance(chunk.get("usage"), dict):
            self._usage = chunk["usage"]
        choice = (checked(choices, list, "choices") or [{}])[0]
        if not isinstance(choice, dict):
            raise EngineError("The upstream's answer is no OpenAI chunk: it has no choice.")
        parts = self._parts(checked(choice.get("delta"), dict, "delta") or {})
        self._reason = checked(choice.get("finish_reason"), str, "finish_reason") or self._reason
        if not parts:
            return None
        self._last = time.perf_counter()
        self._first = self._first or self._last
        return Delta.of(parts, self._count(parts))

    def end(self) -> Delta:
        """The last delta.

        Raises:
            EngineCrashed: The upstream's stream ended too early.
            EngineError: The answer is not what it claims to be.
        """
        if self._reason is None:
            raise EngineCrashed(
                "The upstream's stream ended in the middle of the answer; its log may say why."
            )
        if self._reason == "content_filter":
            # Neither is it whole, nor would a larger limit make it so.
            raise EngineError("The upstream's content filter ended the answer.")
        if self._reason not in _REASONS:
            raise EngineError(f"The upstream ended the answer with '{self._reason}'.")
        reason = _REASONS[self._reason]
        parts = self._calls.close(cut=reason == "length")
        usage = self._spent()
        reason = self._checked(reason, usage)
        rest = max(0, usage.completion_tokens - self._counted)
        return Delta.of(parts, rest, reason, usage)

    # -- pieces ----------------------------------------------------------------------------------

    def _parts(self, delta: dict[str, Any]) -> list[Part]:  # JSON
        parts: list[Part] = []
        # Some send the same under both names.
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(reasoning, str) and reasoning:
            parts.append(Reasoning(reasoning))
        text = delta.get("content") or delta.get("refusal")
        if isinstance(text, str) and text:
            parts += [*self._calls.close(), Text(text)]
            self._text.append(text)
        for piece in checked(delta.get("tool_calls"), list, "tool_calls") or ():
            parts += self._calls.read(piece)
        return parts

    def _count(self, parts: list[Part]) -> int:
        """How many tokens came with these parts."""
        if all(isinstance(part, CallEnd) for part in parts):
            return 0
        told = _number(self._usage.get("completion_tokens"))
        tokens = max(0, told - self._counted) if told else 1
        self._counted += tokens
        if isinstance(parts[0], Reasoning):
            self._reasoned += tokens
        return tokens

    # -- the end ---------------------------------------------------------------------------------

    def _checked(self, reason: FinishReason, usage: Usage) -> FinishReason:
        """Hold the answer against what was asked for: not every upstream obeys, or says so."""
        request = self._request
        limit = request.sampling.max_tokens
        if self._calls.begun:
            # Some say `tool_calls` also where the limit cut the call.
            cut = not self._calls.whole and limit is not None and usage.completion_tokens >= limit
            return "length" if cut else reason
        if reason == "length":
            return reason
        if request.must_call:
            raise EngineError("The upstream called no function, although it was told to.")
        if request.constraint is not None and not _is_json("".join(self._text)):
            if request.sampling.stop:
                return "length"  # a stop string may have cut it
            raise EngineError(
                "The upstream's answer is no JSON, although it was told to: it seems not to know "
                "this `response_format`."
            )
        return reason

    def _spent(self) -> Usage:
        told = self._usage
        completion = _number(told.get("completion_tokens")) or self._counted
        reasoning = _detail(told, "completion_tokens_details", "reasoning_tokens")
        return Usage(
            prompt_tokens=_number(told.get("prompt_tokens")),
            completion_tokens=completion,
            cached_tokens=_detail(told, "prompt_tokens_details", "cached_tokens"),
            prompt_seconds=(self._first or time.perf_counter()) - self._accepted,
            completion_seconds=self._last - self._first,
            reasoning_tokens=reasoning or min(self._reasoned, completion),
        )


def _detail(usage: dict[str, Any], group: str, name: str) -> int:  # JSON
    details = usage.get(group)
    return _number(details.get(name)) if isinstance(details, dict) else 0


def _number(value: Json) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return True

"""One choice of a chat completion: the engine's deltas become chunks, the chunks the choice.

There is one way from a delta to the wire. What a stream sends is what the object is made of, so the
two cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import UNSET

from oxillama_jupyter.engine.protocol import (
    CallArguments,
    CallBegin,
    Delta,
    Part,
    Reasoning,
    Text,
    TokenLogprob,
    Usage,
)
from oxillama_jupyter.errors import EngineError
from oxillama_jupyter.schemas.chat import (
    CallDelta,
    ChatChoice,
    ChatLogprobs,
    ChatReply,
    ChunkChoice,
    ChunkDelta,
    FinishReason,
    FunctionDelta,
    TokenChance,
    TopChance,
)
from oxillama_jupyter.schemas.chat_messages import CalledFunction, ChatCall

__all__ = ["ChoiceWriter"]

NEVER = -9999.0  # for what has no probability at all; JSON has no infinity


class ChoiceWriter:
    """Writes one choice.

    Text behind a call is not taken: it was written without the call's result.

    Attributes:
        over: Nothing more is wanted of the generation.
        usage: What it took.

    Args:
        index: Which choice it is.
        emit: Gets each chunk.
        legacy: Whether a call is a `function_call`, in the older form.
        logprobs: Whether log-probabilities were asked for.
    """

    def __init__(
        self,
        index: int,
        emit: Callable[[ChunkChoice], None],
        *,
        legacy: bool = False,
        logprobs: bool = False,
    ) -> None:
        self.over = False
        self.usage = Usage(0, 0)
        self._index = index
        self._send = emit
        self._legacy = legacy
        self._logprobs = logprobs
        self._reason: FinishReason | None = None
        self._pending: list[TokenLogprob] = []  # their text has not come yet
        self._within = True  # whether what came last was text
        # What was sent so far:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._chances: list[TokenChance] = []
        self._calls: list[tuple[str, str, list[str]]] = []  # ids, names, arguments

    def open(self) -> None:
        """Send the first chunk."""
        self._emit(ChunkDelta(role="assistant", content="", refusal=None))

    def take(self, delta: Delta) -> None:
        """Take a delta of the engine."""
        if delta.prompt is not None:
            info = delta.prompt
            self.usage = Usage(info.tokens, 0, info.cached_tokens)
        self._pending += delta.logprobs
        for part in delta.all_parts:
            self._part(part)
        if delta.usage is not None:
            self.usage = delta.usage
        elif delta.tokens:
            self._count(delta.tokens)
        if delta.finish_reason is not None:
            self._reason = delta.finish_reason

    def end(self) -> None:
        """The generation has ended.

        Raises:
            EngineError: It has not.
        """
        self._finish_reason()
        if self._pending and self._within:
            self._say("")  # tokens whose text a stop string has swallowed

    def close(self) -> None:
        """Send the last chunk."""
        self._emit(ChunkDelta(), reason=self._finish_reason())

    def choice(self) -> ChatChoice:
        """The whole choice, once it has ended."""
        calls = [
            ChatCall(id_, CalledFunction(name, "".join(arguments)))
            for id_, name, arguments in self._calls
        ]
        text = "".join(self._text)
        return ChatChoice(
            self._index,
            ChatReply(
                content=text or (None if calls else ""),
                reasoning_content="".join(self._reasoning) if self._reasoning else UNSET,
                tool_calls=calls if calls and not self._legacy else UNSET,
                function_call=calls[0].function if calls and self._legacy else UNSET,
            ),
            ChatLogprobs(self._chances or None) if self._logprobs else None,
            self._finish_reason(),
        )

    def _finish_reason(self) -> FinishReason:
        if self.over or (self._reason == "stop" and self._calls):
            return "function_call" if self._legacy else "tool_calls"
        if self._reason is None:
            raise EngineError("The engine's stream ended without saying why.")
        return self._reason

    def _count(self, tokens: int) -> None:
        """Count by hand, for generations that are broken off."""
        so_far = self.usage
        self.usage = Usage(
            so_far.prompt_tokens, so_far.completion_tokens + tokens, so_far.cached_tokens
        )

    # -- parts -----------------------------------------------------------------------------------

    def _part(self, part: Part) -> None:
        if self.over:
            return
        if isinstance(part, Text):
            if self._calls:
                self.over = True
            elif part.text:
                self._say(part.text)
            return
        self._within = False
        self._pending.clear()  # those of calls and reasoning are none of the answer's
        if isinstance(part, Reasoning):
            self._reasoning.append(part.text)
            self._emit(ChunkDelta(reasoning_content=part.text))
        elif isinstance(part, CallBegin):
            self._calls.append((part.id, part.name, []))
            self._emit(self._call_begins(part))
        elif isinstance(part, CallArguments) and part.text:
            self._calls[-1][2].append(part.text)
            self._emit(self._call_goes_on(part.text))

    def _say(self, text: str) -> None:
        entries = self._pending if self._within else _belonging(self._pending, text)
        self._pending, self._within = [], True
        chances = [_chance(entry) for entry in entries]
        self._text.append(text)
        self._chances += chances
        self._emit(ChunkDelta(content=text), chances)

    def _call_begins(self, part: CallBegin) -> ChunkDelta:
        function = FunctionDelta(name=part.name, arguments="")
        if self._legacy:
            return ChunkDelta(function_call=function)
        index = len(self._calls) - 1
        call = CallDelta(index=index, id=part.id, type="function", function=function)
        return ChunkDelta(tool_calls=[call])

    def _call_goes_on(self, text: str) -> ChunkDelta:
        function = FunctionDelta(text)
        if self._legacy:
            return ChunkDelta(function_call=function)
        return ChunkDelta(tool_calls=[CallDelta(index=len(self._calls) - 1, function=function)])

    def _emit(
        self,
        delta: ChunkDelta,
        chances: list[TokenChance] | None = None,
        reason: FinishReason | None = None,
    ) -> None:
        logprobs = ChatLogprobs(chances) if chances else None
        self._send(ChunkChoice(self._index, delta, logprobs, reason))


def _belonging(entries: Sequence[TokenLogprob], text: str) -> Sequence[TokenLogprob]:
    """Those of the entries that a text begins with; ahead of them are marks around reasoning."""
    said = text.encode()
    for start in range(len(entries)):
        tokens = b"".join(entry.raw for entry in entries[start:])
        if tokens and said.startswith(tokens[: len(said)]):
            return entries[start:]
    return entries


def _chance(entry: TokenLogprob) -> TokenChance:
    top = [TopChance(one.text, _finite(one.logprob), list(one.raw)) for one in entry.top]
    return TokenChance(entry.text, _finite(entry.logprob), list(entry.raw), top)


def _finite(logprob: float | None) -> float:
    return NEVER if logprob is None else max(logprob, NEVER)

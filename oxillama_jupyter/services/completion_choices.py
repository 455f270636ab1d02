"""One choice of a text completion: the engine's deltas become pieces, the pieces the choice."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence

from oxillama_jupyter.engine.protocol import Delta, FinishReason, TokenLogprob, Usage
from oxillama_jupyter.errors import EngineError
from oxillama_jupyter.schemas.completions import CompletionChoice, CompletionLogprobs
from oxillama_jupyter.services.chat_choices import NEVER

__all__ = ["TextWriter"]


class TextWriter:
    """Writes one text.

    Attributes:
        over: Nothing more is wanted of the generation.
        usage: What it took.

    Args:
        index: Which choice it is.
        emit: Gets each piece.
        logprobs: Whether log-probabilities were asked for.
        prompt_only: Whether the text is to be its prompt, and nothing generated.
    """

    def __init__(
        self,
        index: int,
        emit: Callable[[CompletionChoice], None],
        *,
        logprobs: bool = False,
        prompt_only: bool = False,
    ) -> None:
        self.over = False
        self.usage = Usage(0, 0)
        self.index = index
        self._send = emit
        self._logprobs = logprobs
        self._prompt_only = prompt_only
        self._reason: FinishReason | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._offset = 0
        self._pending: list[TokenLogprob] = []  # their text has not come yet
        self._prompt: list[TokenLogprob] = []
        self._spoken: list[float] = []  # log-probabilities of what was generated
        self._pieces: list[CompletionChoice] = []

    @property
    def chance(self) -> float:
        """The mean log-probability of its tokens: what the best of several is chosen by."""
        return sum(self._spoken) / len(self._spoken) if self._spoken else NEVER

    def take(self, delta: Delta) -> None:
        """Take a delta of the engine."""
        if delta.prompt is not None:
            self.usage = Usage(delta.prompt.tokens, 0, delta.prompt.cached_tokens)
        self._prompt += delta.prompt_logprobs
        if self._prompt_only and (delta.tokens or delta.finish_reason):
            self._reason, self.over = "length", True
            return
        self._pending += delta.logprobs
        self._spoken += [entry.logprob for entry in delta.logprobs if entry.logprob is not None]
        if delta.text:
            self._say(delta.text)
        if delta.usage is not None:
            self.usage = delta.usage
        if delta.finish_reason is not None:
            self._reason = delta.finish_reason

    def end(self) -> None:
        """The generation has ended.

        Raises:
            EngineError: It has not.
        """
        if self._reason is None:
            raise EngineError("The engine's stream ended without saying why.")
        if self._pending or self._prompt:
            self._say("")

    def close(self) -> None:
        """Send the last piece."""
        self._send(CompletionChoice("", self.index, None, self._reason))

    def choice(self, index: int) -> CompletionChoice:
        """The whole choice, once it has ended, in its place."""
        logprobs = None
        if self._logprobs:
            parts = [piece.logprobs for piece in self._pieces if piece.logprobs is not None]
            logprobs = CompletionLogprobs(
                [token for part in parts for token in part.tokens],
                [chance for part in parts for chance in part.token_logprobs],
                [top for part in parts for top in part.top_logprobs],
                [offset for part in parts for offset in part.text_offset],
            )
        text = "".join(piece.text for piece in self._pieces)
        return CompletionChoice(text, index, logprobs, self._reason)

    def _say(self, text: str) -> None:
        entries = [*self._prompt, *self._pending]
        if self._prompt:
            self._offset = min(0, self._said(text) - _length(self._prompt))
        logprobs = self._chances(entries) if self._logprobs and entries else None
        self._prompt, self._pending = [], []
        piece = CompletionChoice(text, self.index, logprobs)
        self._pieces.append(piece)
        self._send(piece)

    def _said(self, text: str) -> int:
        """How long the echoed prompt is; a token that begins it by itself is none of its text."""
        return len(self._pieces[0].text if self._pieces else text)

    def _chances(self, entries: Sequence[TokenLogprob]) -> CompletionLogprobs:
        return CompletionLogprobs(
            [_name(entry) for entry in entries],
            [_finite(entry) for entry in entries],
            [_top(entry) for entry in entries],
            [self._place(entry) for entry in entries],
        )

    def _place(self, entry: TokenLogprob) -> int:
        """Where a token begins; one that goes on with a character begins where that does."""
        begins = self._offset
        self._offset += len(self._decoder.decode(entry.raw))
        return max(0, begins)


def _length(entries: Sequence[TokenLogprob]) -> int:
    return len(b"".join(entry.raw for entry in entries).decode(errors="replace"))


def _name(entry: TokenLogprob) -> str:
    """A token's text; that of half a character as OpenAI writes it."""
    try:
        return entry.raw.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in entry.raw)


def _finite(entry: TokenLogprob) -> float | None:
    return None if entry.logprob is None else max(entry.logprob, NEVER)


def _top(entry: TokenLogprob) -> dict[str, float] | None:
    """The most probable tokens, and the chosen one where it is not among them."""
    if entry.logprob is None:
        return None
    found: dict[str, float] = {}
    for one in (*entry.top, entry):
        found.setdefault(_name(one), _finite(one) or 0.0)
    return found

"""Text completions: the request, the object, which is also what the stream has."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from oxillama_jupyter.schemas.assistants import ModelId
from oxillama_jupyter.schemas.base import Temperature, TopP
from oxillama_jupyter.schemas.chat import Seed, Stop, StreamOptions
from oxillama_jupyter.schemas.runs import INT_MAX, SamplingOptions
from oxillama_jupyter.schemas.usage import TokenUsage

__all__ = [
    "Completion",
    "CompletionChoice",
    "CompletionLogprobs",
    "CreateCompletion",
    "TextOrTokens",
]

# One text, several, one row of tokens, or several; msgspec tells no two kinds of lists apart.
_Token = Annotated[int, Meta(ge=0, le=INT_MAX)]
TextOrTokens = str | list[str | _Token | list[_Token]]


class CreateCompletion(SamplingOptions, kw_only=True):
    """Body of `POST /completions`; null means not given, unknown keys mean nothing.

    Attributes:
        prompt: Null is the beginning of a new document.
        best_of: Generate so many for each prompt, give the `n` most probable ones.
        adapter: Ours: the LoRA adapter to generate with.
        user: Accepted; changes nothing.
    """

    model: ModelId
    prompt: TextOrTokens | None
    suffix: str | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    seed: Seed | None = None
    stop: Stop | None = None  # type: ignore[assignment]  # may be one text, too
    max_tokens: Annotated[int, Meta(ge=0, le=INT_MAX)] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    best_of: Annotated[int, Meta(ge=1, le=20)] | None = None
    echo: bool | None = None
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None
    adapter: str | None = None


class CompletionLogprobs(Struct):
    """How probable the tokens of a text were; lists of the same length.

    Attributes:
        tokens: Their text; where it is no whole character, `bytes:` and its bytes in hexadecimal.
        token_logprobs: Natural logarithms; None for the first token of all, which follows nothing.
        top_logprobs: The most probable tokens at each place, the chosen one among them.
        text_offset: Where each begins in the choice's `text`, in characters.
    """

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]


class CompletionChoice(Struct):
    """One of the texts, or what is new in it; `finish_reason` is null until its end."""

    text: str
    index: int
    logprobs: CompletionLogprobs | None = None
    finish_reason: Literal["stop", "length"] | None = None


class Completion(Struct, kw_only=True):
    """The text completion object, and one event of its stream."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    system_fingerprint: str
    usage: TokenUsage | UnsetType | None = UNSET

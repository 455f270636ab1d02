"""What every engine is: a few verbs and the values that pass through them.

An engine takes a `GenerateRequest` and gives an async iterator of `Delta`s. The first delta carries
`prompt` and no text, as soon as the prompt is admitted; the last one carries `finish_reason` and
`usage`. Closing the iterator is the abort: the sequence is free within one decode step.

The same structs travel over the pipe to the engine's process, as msgpack.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any, Literal, Protocol

from msgspec import Meta, Struct

from oxillama_jupyter.engine.embeddings import Embeddings, EmbedRequest
from oxillama_jupyter.engine.json_schema import read_schema
from oxillama_jupyter.engine.logprobs import TokenLogprob
from oxillama_jupyter.engine.parts import CallArguments, CallBegin, CallEnd, Part, Reasoning, Text
from oxillama_jupyter.engine.status import (
    EngineStats,
    EngineStatus,
    MemoryRoom,
    ModelFit,
    ModelInfo,
    ModelState,
    SequenceState,
    VaultStats,
)
from oxillama_jupyter.errors import InvalidRequest

__all__ = [
    "CallArguments",
    "CallBegin",
    "CallEnd",
    "Constraint",
    "Delta",
    "EmbedRequest",
    "Embeddings",
    "Engine",
    "EngineStats",
    "EngineStatus",
    "FinishReason",
    "Fitting",
    "GenerateRequest",
    "MemoryRoom",
    "ModelFit",
    "ModelInfo",
    "ModelLoader",
    "ModelState",
    "Part",
    "PromptInfo",
    "Reasoning",
    "RenderedPrompt",
    "Sampling",
    "SequenceState",
    "Text",
    "TokenLogprob",
    "Truncation",
    "Usage",
    "VaultStats",
]

FinishReason = Literal["stop", "length"]
Truncation = Literal["disabled", "middle", "start"]


class Sampling(Struct, frozen=True, omit_defaults=True):
    """How the next token is chosen; llama.cpp's names, meanings and order, all off by default.

    A temperature of 0 is greedy. `max_tokens` None means: up to the end of the context. `seed` None
    means: a new one each time; a given one repeats an answer where it is computed alone again or
    among the same others, since batches of other shapes round the last bits of logits differently.
    `logit_bias` maps token ids to what is added to their logits. Windows (`repeat_last_n`,
    `dry_penalty_last_n`) of -1 are the whole answer; penalties never look at the prompt. Mirostat 1
    or 2 takes the place of all that truncates, `adaptive_target` that of the last random choice.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    stop: tuple[str, ...] = ()
    logit_bias: dict[int, float] = {}
    typical_p: float = 1.0
    top_n_sigma: float = -1.0
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    dynatemp_range: float = 0.0
    dynatemp_exponent: float = 1.0
    mirostat: int = 0
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    repeat_last_n: int = -1
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    dry_penalty_last_n: int = -1
    dry_sequence_breakers: tuple[str, ...] = ("\n", ":", '"', "*")
    adaptive_target: float = -1.0
    adaptive_decay: float = 0.9
    min_keep: int = 0


class Constraint(Struct, frozen=True, omit_defaults=True):
    """What an answer must be; the engine lets no token pass that would break it.

    A `stop` string that cuts such an answer short ends it with `length`: it is not complete.

    Attributes:
        kind: `json_schema` and `json_object` give one line of JSON; `regex` and `lark` give text
            that matches as a whole.
        value: The schema as JSON text, the regular expression or the grammar; nothing for
            `json_object`.
        strict: Whether a schema that cannot be enforced completely is refused; otherwise what can
            be enforced is.
    """

    kind: Literal["json_schema", "json_object", "regex", "lark"]
    value: str = ""
    strict: bool = True

    def check(self, *, param: str | None = None) -> None:
        """Refuse what certainly cannot be enforced, without asking a model.

        Raises:
            InvalidRequest: The schema is none, or something in it cannot be enforced.
        """
        if self.kind == "json_schema":
            try:
                read_schema(self.value, strict=self.strict)
            except InvalidRequest as error:
                error.param = param
                raise


class GenerateRequest(Struct, frozen=True, omit_defaults=True):
    """One generation over a chat history, or over a prompt as it is.

    Attributes:
        messages: Chat messages as templates take them: `role` (system, user, assistant, tool),
            `content` (text), and `tool_calls` / `tool_call_id` where they apply; oldest first.
        tools: Function tools in OpenAI's nested form, offered through the template.
        sampling: How tokens are chosen.
        cache_key: Requests with one key continue one another (a thread's id): its sequence is kept
            warm and its next turn prefills only what is new.
        truncation: What to do when the prompt does not fit `max_prompt_tokens` or the context:
            `disabled` raises `ContextLengthExceeded`; `middle` drops whole turns, oldest of the
            middle first, never the system messages, never the newest user turn, never one half of a
            tool call and its output; `start` drops the oldest first.
        max_prompt_tokens: The most tokens the rendered prompt may have; None for the context.
        parallel_calls: Whether one answer may have several tool calls; it ends with the first one
            where not.
        constraint: What the answer must be; None for free text. Where tools are offered, calls
            may be made instead.
        must_call: Names of functions of which the answer must call one; none leave it to the model.
        prompt: In place of messages: text, or tokens, with no template around it; too long a one
            is never cut, and nothing in the answer is taken for a call or reasoning.
        suffix: What follows the answer: the model fills in the middle between prompt and suffix.
        echo: Whether the answer's text begins with the prompt's, and with `logprobs` theirs are
            reported too; that reads the whole prompt, even if it is cached.
        logprobs: Report each token's log-probability, and so many alternatives (at most 20); 0 for
            the chosen tokens alone, None for nothing.
        adapter: The LoRA adapter to generate with, by its name in the engine's settings.
        reasoning_effort: How much to think, in OpenAI's words: `none` or `minimal` turns thinking
            off where the chat template can, others are told to it; None leaves it alone.
    """

    messages: list[dict[str, Any]] = []  # templates read keys we do not know
    model: str | None = None
    tools: list[dict[str, Any]] | None = None  # JSON Schema inside
    sampling: Sampling = Sampling()
    cache_key: str | None = None
    truncation: Truncation = "disabled"
    max_prompt_tokens: int | None = None
    parallel_calls: bool = True
    constraint: Constraint | None = None
    must_call: tuple[str, ...] = ()
    prompt: str | tuple[int, ...] | None = None
    suffix: str | None = None
    echo: bool = False
    logprobs: int | None = None
    adapter: str | None = None
    reasoning_effort: str | None = None


class PromptInfo(Struct, frozen=True, omit_defaults=True):
    """What became of the prompt: its size, how much was cached, which messages were left out.

    Attributes:
        tokens: Tokens of the rendered prompt.
        cached_tokens: How many of them were in the KV cache already.
        dropped: Indices into the request's `messages` that truncation left out.
    """

    tokens: int
    cached_tokens: int = 0
    dropped: tuple[int, ...] = ()


class RenderedPrompt(Struct, frozen=True):
    """A prompt as the model gets it.

    Attributes:
        ids: Its tokens.
        pieces: The bytes of each token; together they are the prompt's text.
        spans: Where the content of each of the request's `messages` is in those bytes: first and
            behind the last. None for what truncation left out, and where the template has made
            something else of it.
        dropped: Indices into `messages` that truncation leaves out.
        limit: The most tokens a prompt of this request may have. One that cannot be cut so far is
            here as a whole: generating from it would raise `ContextLengthExceeded`.
        special: Which of the different tokens are special: the template's own, and never a
            message's text, however it reads.
    """

    ids: list[int]
    pieces: list[bytes]
    spans: list[tuple[int, int] | None]
    dropped: tuple[int, ...]
    limit: int
    special: tuple[int, ...] = ()


class Usage(Struct, frozen=True):
    """Token counts and times of one generation.

    Attributes:
        prompt_tokens: Tokens of the rendered prompt, cached ones included.
        completion_tokens: Generated tokens, the end-of-turn token not counted.
        cached_tokens: Prompt tokens that were not computed again.
        prompt_seconds: From admission to the first token.
        completion_seconds: From the first token to the last.
        reasoning_tokens: How many of the generated tokens were reasoning.
    """

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    prompt_seconds: float = 0.0
    completion_seconds: float = 0.0
    reasoning_tokens: int = 0


class Delta(Struct, frozen=True, omit_defaults=True):
    """What one or more decode steps gave one generation.

    `text` is always whole UTF-8 characters and never part of a stop string that may still match.

    Attributes:
        text: More of the answer; no reasoning, no call.
        parts: Everything in order, the answer too, where there is reasoning or a call among it.
        logprobs: One for each of `tokens`, where they were asked for. They come with the step that
            made the token, its text perhaps later, since that waits for whole characters and for
            stop strings to be ruled out.
        prompt_logprobs: The next of the prompt's tokens, where they were asked for; all of them
            come ahead of the first token.
    """

    text: str = ""
    tokens: int = 0
    prompt: PromptInfo | None = None
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    parts: tuple[Part, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    prompt_logprobs: tuple[TokenLogprob, ...] = ()

    @property
    def all_parts(self) -> tuple[Part, ...]:
        """Everything in order; `parts.items_of` adds up those of all deltas."""
        return self.parts or ((Text(self.text),) if self.text else ())

    @classmethod
    def of(
        cls,
        parts: Sequence[Part],
        tokens: int,
        finish_reason: FinishReason | None = None,
        usage: Usage | None = None,
    ) -> Delta:
        """Make a delta of what a parser gave."""
        texts = [part.text for part in parts if isinstance(part, Text)]
        mixed = tuple(parts) if len(texts) < len(parts) else ()
        return cls("".join(texts), tokens, None, finish_reason, usage, mixed)


class Engine(Protocol):
    """A thing that generates text. `LocalEngine`, `ScriptedEngine` and later a remote one."""

    async def start(self) -> None:
        """Load the model and return when it can generate.

        Raises:
            EngineUnavailable: It cannot, and why; `status()` says the same from then on.
        """

    def generate(self, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        """Generate; `await aclose()` on the iterator (or cancelling its task) aborts.

        Raises:
            ContextLengthExceeded: The prompt does not fit; the message has both numbers.
            InvalidRequest: The chat template refused the messages, or the constraint cannot be
                enforced, and why.
            ModelNotFound: `request.model` is not served here.
            EngineUnavailable: The engine is not running, and why.
            EngineCrashed: Its process died meanwhile; the message ends with its log's last lines.
        """

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Embed texts; cancelling the caller's task aborts.

        Raises:
            ContextLengthExceeded: An input is too long; the message has both numbers.
            InvalidRequest: An input is empty or no text, there are too few dimensions, or the model
                makes no embeddings; otherwise as `generate`.
        """

    async def count(self, request: GenerateRequest) -> int:
        """Count the tokens of a request's prompt as `generate` would, without generating.

        Raises:
            EngineError: This engine cannot count; otherwise as `generate`.
        """

    async def render(self, request: GenerateRequest) -> RenderedPrompt:
        """Make a request's prompt as `generate` would, without generating; it has `messages`.

        Raises:
            InvalidRequest: This engine does not see prompts; otherwise as `generate`.
        """

    def models(self) -> list[ModelInfo]:
        """The models this engine serves, the default one first."""

    def status(self) -> EngineStatus:
        """How the engine is right now; cheap, never blocks."""

    async def forget(self, cache_key: str) -> None:
        """Keep nothing of the requests with this key, in memory or on disk: its thread is deleted.

        Never fails; nothing of that key may be generating.
        """

    async def aclose(self) -> None:
        """Stop everything; generations in flight end with `EngineUnavailable`."""


class Fitting(Protocol):
    """What an engine over several models knows of the memory they take."""

    def fits(self) -> tuple[MemoryRoom, dict[str, ModelFit]]:
        """The memory, and what loading each model would come to that is not loaded."""


class ModelLoader(Protocol):
    """What an engine over several models can do besides; each verb may wait."""

    async def settled(self) -> None:
        """Wait until it has been looked once which models there are."""

    async def refresh(self) -> None:
        """Look which models there are, unless that was done a moment ago."""

    async def load(self, model: str, *, again: bool = False) -> None:
        """Load a model and return when it can generate; `again` tries one that failed before.

        Raises:
            ModelNotFound: There is none of that name.
            EngineUnavailable: It cannot be loaded, or there is no room for it, and why.
        """

    async def unload(self, model: str) -> None:
        """Free a model's memory; its next request loads it again.

        Raises:
            ModelNotFound: There is none of that name.
            InvalidRequest: It is generating or being loaded.
        """

    async def autotune(self, model: str) -> None:
        """Load a model and begin to measure anew, in quiet, which settings run it fastest.

        Raises:
            ModelNotFound: There is none of that name.
            EngineUnavailable: It cannot be loaded, and why.
            InvalidRequest: Its settings cannot be measured, or would not be used.
        """

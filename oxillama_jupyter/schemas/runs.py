"""Runs: one execution of an assistant on a thread."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from oxillama_jupyter.schemas.assistants import Instructions, ModelId, ReasoningEffort
from oxillama_jupyter.schemas.base import Metadata, PageQuery, Request, RunStatus, Temperature, TopP
from oxillama_jupyter.schemas.decisions import Decision
from oxillama_jupyter.schemas.messages import CreateMessage
from oxillama_jupyter.schemas.threads import CreateThread
from oxillama_jupyter.schemas.tools import ResponseFormat, Tool, ToolChoice, ToolResources

__all__ = [
    "ACTIVE",
    "TERMINAL",
    "CreateRun",
    "CreateThreadAndRun",
    "EventsQuery",
    "FunctionCall",
    "IncompleteDetails",
    "LastError",
    "MessageQuery",
    "ModifyRun",
    "PendingCalls",
    "PromptTokenDetails",
    "RequiredAction",
    "Run",
    "RunStatus",
    "RunUsage",
    "SamplingOptions",
    "SubmitToolOutputs",
    "Timings",
    "ToolCall",
    "ToolOutput",
    "TruncationStrategy",
]

ACTIVE: frozenset[RunStatus] = frozenset({"queued", "in_progress", "requires_action", "cancelling"})
TERMINAL: frozenset[RunStatus] = frozenset(
    {"cancelled", "failed", "completed", "incomplete", "expired"}
)
INT_MAX = 2**31 - 1  # llama.cpp's own; what is beyond fits neither the engine nor SQLite
Budget = Annotated[int, Meta(ge=256, le=INT_MAX)]
RunTools = Annotated[list[Tool], Meta(max_length=20)]


class TruncationStrategy(Struct, frozen=True, forbid_unknown_fields=True):
    """How a thread is cut to fit: `last_messages` keeps the newest, `auto` drops the middle."""

    type: Literal["auto", "last_messages"] = "auto"
    last_messages: Annotated[int, Meta(ge=1, le=INT_MAX)] | None = None

    def __post_init__(self) -> None:
        if self.type == "last_messages" and self.last_messages is None:
            # In msgspec's own words, so that the answer has the code of any missing field.
            raise ValueError("Object missing required field `last_messages`")


class SamplingOptions(Struct, kw_only=True):
    """What llama.cpp offers beyond the Assistants API: optional keys of ours on requests and runs.

    Attributes:
        seed: The same seed, prompt and settings give the same text; None draws a new one.
        max_tokens: Like `max_completion_tokens`, without OpenAI's minimum of 256.
        top_k: Keep this many tokens; 0 keeps all.
        min_p: Keep tokens at least this probable, relative to the most probable one.
        repeat_penalty: Above 1, tokens already generated become less likely.
        frequency_penalty: Subtracted from a token's logit for each time it was generated.
        presence_penalty: Subtracted once, if it was generated at all.
        stop: Generation ends just ahead of any of these strings.
        logit_bias: Token id to what is added to its logit.
        typical_p: Keep tokens about as surprising as the model expects; 1 keeps all.
        top_n_sigma: Keep logits this many standard deviations below the best; -1 keeps all.
        xtc_probability: How often to leave out the most probable tokens.
        xtc_threshold: All that are at least this probable, but the last of them.
        dynatemp_range: How far the temperature moves with the model's certainty.
        dynatemp_exponent: How it moves.
        mirostat: 1 or 2 keeps the text's surprise at `mirostat_tau`; nothing is truncated then.
        mirostat_tau: The surprise to keep, in bits.
        mirostat_eta: How fast to get there.
        repeat_last_n: How many tokens the penalties look at; -1 is the whole answer.
        dry_multiplier: Above 0, tokens that go on with a repetition become less likely.
        dry_base: How fast that grows with the repetition's length.
        dry_allowed_length: The longest repetition that costs nothing, in tokens.
        dry_penalty_last_n: How many tokens it looks at; -1 is the whole answer.
        dry_sequence_breakers: Texts across which nothing is a repetition.
        adaptive_target: Prefer tokens about this probable in the long run; -1 does not.
        adaptive_decay: How long that run is.
        min_keep: The fewest tokens that truncation leaves over.
    """

    seed: Annotated[int, Meta(ge=0, le=2**32 - 2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=INT_MAX)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=INT_MAX)] | None = None
    min_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    repeat_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    stop: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(max_length=16)] | None = None
    logit_bias: (
        dict[Annotated[int, Meta(ge=0, le=INT_MAX)], Annotated[float, Meta(ge=-100, le=100)]] | None
    ) = None
    typical_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_n_sigma: Annotated[float, Meta(ge=-1)] | None = None
    xtc_probability: Annotated[float, Meta(ge=0, le=1)] | None = None
    xtc_threshold: Annotated[float, Meta(ge=0, le=1)] | None = None
    dynatemp_range: Annotated[float, Meta(ge=0)] | None = None
    dynatemp_exponent: Annotated[float, Meta(ge=0)] | None = None
    mirostat: Annotated[int, Meta(ge=0, le=2)] | None = None
    mirostat_tau: Annotated[float, Meta(ge=0)] | None = None
    mirostat_eta: Annotated[float, Meta(ge=0, le=1)] | None = None
    repeat_last_n: Annotated[int, Meta(ge=-1, le=INT_MAX)] | None = None
    dry_multiplier: Annotated[float, Meta(ge=0)] | None = None
    dry_base: Annotated[float, Meta(ge=1)] | None = None
    dry_allowed_length: Annotated[int, Meta(ge=1, le=INT_MAX)] | None = None
    dry_penalty_last_n: Annotated[int, Meta(ge=-1, le=INT_MAX)] | None = None
    dry_sequence_breakers: (
        Annotated[list[Annotated[str, Meta(min_length=1, max_length=40)]], Meta(max_length=64)]
        | None
    ) = None
    adaptive_target: Annotated[float, Meta(ge=-1, le=1)] | None = None
    adaptive_decay: Annotated[float, Meta(ge=0, le=0.99)] | None = None
    min_keep: Annotated[int, Meta(ge=0, le=INT_MAX)] | None = None


class _RunSettings(SamplingOptions, forbid_unknown_fields=True, kw_only=True):
    """What both ways to create a run share; null means not given."""

    assistant_id: str
    model: ModelId | None = None
    instructions: Instructions | None = None
    tools: RunTools | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    reasoning_effort: ReasoningEffort | None = None
    response_format: ResponseFormat | None = None
    stream: bool | None = None
    max_prompt_tokens: Budget | None = None
    max_completion_tokens: Budget | None = None
    truncation_strategy: TruncationStrategy | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None


class CreateRun(_RunSettings):
    """Body of `POST /threads/{id}/runs`; `instructions` replaces, `additional_` appends."""

    additional_instructions: Instructions | None = None
    additional_messages: list[CreateMessage] | None = None


class CreateThreadAndRun(_RunSettings):
    """Body of `POST /threads/runs`."""

    thread: CreateThread | None = None
    tool_resources: ToolResources | None = None


class ModifyRun(Request):
    """Body of `POST /threads/{id}/runs/{id}`."""

    metadata: Metadata | UnsetType | None = UNSET


class ToolOutput(Request):
    """What a client's function gave; `decision` is ours, and kept on the run step."""

    tool_call_id: str
    output: str | None = None
    decision: Decision | None = None


class SubmitToolOutputs(Request):
    """Body of `POST …/submit_tool_outputs`: all pending calls, in one request."""

    tool_outputs: list[ToolOutput]
    stream: bool | None = None


class MessageQuery(PageQuery, kw_only=True, frozen=True):
    """Query of a thread's messages."""

    run_id: str | None = None


class EventsQuery(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Query of a run's events.

    Attributes:
        starting_after: Number of the last event already seen, counted from 0; -1 replays all.
    """

    starting_after: Annotated[int, Meta(ge=-1)] = -1


class FunctionCall(Struct):
    """A call the model asks for; `arguments` is a JSON string."""

    name: str
    arguments: str


class ToolCall(Struct):
    """A pending call."""

    id: str
    function: FunctionCall
    type: Literal["function"] = "function"


class PendingCalls(Struct):
    """All pending calls."""

    tool_calls: list[ToolCall]


class RequiredAction(Struct):
    """What the client has to do before the run goes on."""

    submit_tool_outputs: PendingCalls
    type: Literal["submit_tool_outputs"] = "submit_tool_outputs"


class LastError(Struct):
    """Why a run or step failed."""

    code: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
    message: str


class IncompleteDetails(Struct):
    """Which budget ended the run."""

    reason: Literal["max_completion_tokens", "max_prompt_tokens"]


class PromptTokenDetails(Struct):
    """Prompt tokens that were in the KV cache already."""

    cached_tokens: int


class RunUsage(Struct):
    """Tokens of all model calls of a run, or of one step."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_token_details: PromptTokenDetails


class Timings(Struct):
    """What a run's last turn took, in seconds.

    Attributes:
        queue: From the request until the engine began with it.
        prompt: Reading the prompt, as far as it was not cached.
        first_token: From the request to the first token.
        completion: From the first token to the last.
        tokens_per_second: Generated tokens after the first one, by that time.

    A replay has the recorded ones, but for the time in the queue, which counts as the first token's
    too.
    """

    queue: float
    prompt: float
    first_token: float
    completion: float
    tokens_per_second: float


class Run(SamplingOptions, kw_only=True):
    """The run object; `model`, `tools` and `instructions` are the effective ones.

    Ours are `dropped_message_ids`, the messages that truncation left out of the prompt, and
    `timings`, null where no turn came to its end.
    """

    id: str
    object: Literal["thread.run"] = "thread.run"
    created_at: int
    thread_id: str
    assistant_id: str
    status: RunStatus
    required_action: RequiredAction | None = None
    last_error: LastError | None = None
    expires_at: int | None = None
    started_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    incomplete_details: IncompleteDetails | None = None
    model: str
    instructions: str = ""
    tools: list[Tool] = []
    tool_resources: ToolResources | None = None
    metadata: dict[str, str] = {}
    usage: RunUsage | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    truncation_strategy: TruncationStrategy = TruncationStrategy()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    response_format: ResponseFormat = "auto"
    reasoning_effort: ReasoningEffort | None = None
    dropped_message_ids: list[str] = []
    timings: Timings | None = None

"""Stored objects to the engine's request, and back: deltas and states to stream events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from oxillama_jupyter.engine.protocol import GenerateRequest, Sampling, Usage
from oxillama_jupyter.events import DONE, encode_event
from oxillama_jupyter.schemas.messages import Message, TextContent
from oxillama_jupyter.schemas.runs import (
    IncompleteDetails,
    PromptTokenDetails,
    Run,
    RunUsage,
)
from oxillama_jupyter.schemas.steps import RunStep, ToolCallsDetails
from oxillama_jupyter.schemas.streams import call_delta, message_delta
from oxillama_jupyter.schemas.tools import FunctionChoice, FunctionTool
from oxillama_jupyter.services.translate_common import (
    IMAGE_NOTE,
    check_format,
    constraint_of,
    given_sampling,
)

__all__ = [
    "Turn",
    "Work",
    "check_format",
    "constraint_of",
    "generate_request",
    "message_text",
    "prompt_budget",
    "replay_frames",
    "run_usage",
    "spent_budget",
    "total_usage",
]


def message_text(message: Message) -> str:
    """The text of a message as the model reads it; parts are separated by a newline."""
    return "\n".join(
        part.text.value if isinstance(part, TextContent) else IMAGE_NOTE for part in message.content
    )


class Turn(Struct, frozen=True):
    """A turn of a run that called functions.

    Attributes:
        text: What the model wrote ahead of the calls.
        calls: The calls as their step has them, with outputs.
    """

    text: str
    calls: list[dict[str, Any]]


class Work(Struct, frozen=True):
    """What a run's next turn goes on from.

    Attributes:
        history: The thread's messages that the prompt is made of, oldest first.
        turns: The run's own turns so far; those of earlier runs are not told again.
        spent: The tokens of those turns.
    """

    history: list[Message]
    turns: Sequence[Turn] = ()
    spent: RunUsage | None = None


def spent_budget(run: Run, work: Work) -> IncompleteDetails | None:
    """Which budget has nothing left for another turn."""
    if work.spent is None:
        return None
    completion = _completion_budget(run)
    if completion is not None and work.spent.completion_tokens >= completion:
        return IncompleteDetails("max_completion_tokens")
    if run.max_prompt_tokens is not None and work.spent.prompt_tokens >= run.max_prompt_tokens:
        return IncompleteDetails("max_prompt_tokens")
    return None


def _completion_budget(run: Run) -> int | None:
    return min(filter(None, (run.max_completion_tokens, run.max_tokens)), default=None)


def _sampling(run: Run, spent: int) -> Sampling:
    budget = _completion_budget(run)
    return Sampling(
        temperature=run.temperature,
        top_p=run.top_p,
        max_tokens=None if budget is None else budget - spent,
        **given_sampling(run),
    )


def generate_request(run: Run, work: Work) -> GenerateRequest:
    """What the engine gets for a turn: instructions, the thread, the run's own turns so far.

    Budgets are the whole run's: a turn has what is left of them.
    """
    messages: list[dict[str, Any]] = [
        {"role": message.role, "content": message_text(message)} for message in work.history
    ]
    for turn in work.turns:
        messages += _turn_messages(turn)
    spent = work.spent
    tools = _offered(run)
    if run.instructions:
        messages.insert(0, {"role": "system", "content": run.instructions})
    return GenerateRequest(
        messages=messages,
        model=run.model,
        tools=tools,
        sampling=_sampling(run, spent.completion_tokens if spent else 0),
        cache_key=run.thread_id,
        truncation="middle",
        max_prompt_tokens=prompt_budget(run, work),
        parallel_calls=run.parallel_tool_calls,
        constraint=constraint_of(run.response_format),
        must_call=_must_call(run) if tools and not work.turns else (),
        reasoning_effort=run.reasoning_effort,
    )


def prompt_budget(run: Run, work: Work) -> int | None:
    """How long the next turn's prompt may be; None for no limit but the context."""
    if run.max_prompt_tokens is None:
        return None
    return run.max_prompt_tokens - (work.spent.prompt_tokens if work.spent else 0)


def _offered(run: Run) -> list[dict[str, Any]] | None:
    """The functions the model may call; other kinds of tools are stored, but not offered."""
    if run.tool_choice == "none":
        return None
    functions = [tool for tool in run.tools if isinstance(tool, FunctionTool)]
    return [msgspec.to_builtins(tool) for tool in functions] or None


def _must_call(run: Run) -> tuple[str, ...]:
    """Which functions the first turn has to call one of; later ones may answer."""
    if isinstance(run.tool_choice, FunctionChoice):
        return (run.tool_choice.function.name,)
    if run.tool_choice != "required":
        return ()
    return tuple(tool.function.name for tool in run.tools if isinstance(tool, FunctionTool))


def _turn_messages(turn: Turn) -> list[dict[str, Any]]:
    """A turn as chat templates take it: the calls, then what each of them gave."""
    calls = [
        {
            "id": call["id"],
            "type": "function",
            "function": {key: call["function"][key] for key in ("name", "arguments")},
        }
        for call in turn.calls
    ]
    outputs = [
        {
            "role": "tool",
            "tool_call_id": call["id"],
            "name": call["function"]["name"],
            "content": call["function"]["output"] or "",
        }
        for call in turn.calls
    ]
    return [{"role": "assistant", "content": turn.text, "tool_calls": calls}, *outputs]


def run_usage(usage: Usage) -> RunUsage:
    """The engine's counts as the API has them."""
    return RunUsage(
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.prompt_tokens + usage.completion_tokens,
        PromptTokenDetails(usage.cached_tokens),
    )


def total_usage(usages: Iterable[RunUsage | None]) -> RunUsage | None:
    """The sum of those that are known; None if none is."""
    known = [usage for usage in usages if usage is not None]
    if not known:
        return None
    prompt = sum(usage.prompt_tokens for usage in known)
    completion = sum(usage.completion_tokens for usage in known)
    cached = sum(usage.prompt_token_details.cached_tokens for usage in known)
    return RunUsage(prompt, completion, prompt + completion, PromptTokenDetails(cached))


def replay_frames(run: Run, steps: Iterable[RunStep], messages: dict[str, Message]) -> list[bytes]:
    """The event stream of a run that has ended or waits, made from what is stored.

    For runs whose own journal is gone, because the server died in mid-run: the same objects in the
    same order, each message's text in one delta.
    """
    frames = [encode_event("thread.run.created", run)]
    for step in steps:
        details = step.step_details
        if isinstance(details, ToolCallsDetails):
            frames += _replay_calls(step, details)
        else:
            frames.append(encode_event("thread.run.step.created", step))
        message = (
            messages.get(details.message_creation.message_id)
            if hasattr(details, "message_creation")
            else None
        )
        if message is not None:
            frames += _replay_message(message)
        if step.status != "in_progress":
            frames.append(encode_event(f"thread.run.step.{step.status}", step))
    return [*frames, encode_event(f"thread.run.{run.status}", run), DONE]


def _replay_calls(step: RunStep, details: ToolCallsDetails) -> list[bytes]:
    empty = msgspec.structs.replace(
        step, status="in_progress", usage=None, step_details=ToolCallsDetails([])
    )
    calls = [
        {
            **{key: value for key, value in call.items() if key != "decision"},
            "index": i,
            "function": {**call["function"], "output": None},
        }
        for i, call in enumerate(details.tool_calls)
    ]
    return [
        encode_event("thread.run.step.created", empty),
        *(encode_event("thread.run.step.delta", call_delta(step.id, call)) for call in calls),
    ]


def _replay_message(message: Message) -> list[bytes]:
    empty = Message(
        id=message.id,
        created_at=message.created_at,
        thread_id=message.thread_id,
        status="in_progress",
        role=message.role,
        content=[],
        assistant_id=message.assistant_id,
        run_id=message.run_id,
    )
    return [
        encode_event("thread.message.created", empty),
        encode_event(
            "thread.message.delta", message_delta(message.id, message_text(message), first=True)
        ),
        encode_event(f"thread.message.{message.status}", message),
    ]

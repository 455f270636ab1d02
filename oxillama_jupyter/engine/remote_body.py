"""A request as an OpenAI-compatible server takes it, and what is left out to make it fit."""

from __future__ import annotations

from typing import Any

import msgspec

from oxillama_jupyter.engine.protocol import Constraint, GenerateRequest
from oxillama_jupyter.engine.truncation import drop_turns, droppable_turns
from oxillama_jupyter.errors import ContextLengthExceeded, InvalidRequest

__all__ = ["chat_body", "drop_for_budget", "drop_more"]

Json = dict[str, Any]  # JSON of any shape

# What a chat template may write around a message: its role, its marks.
_MARKS = 16
# After a refusal the rest is to be at most this large: few refusals, and not much lost.
_SHRINK = 0.75


def chat_body(request: GenerateRequest, model: str, dropped: tuple[int, ...] = ()) -> Json:
    """The body for `POST /chat/completions`.

    OpenAI's own fields are always said; extensions (`top_k`, `min_p`, `repeat_penalty`) only where
    they are used, for OpenAI itself refuses unknown ones. The repeat penalty goes out under
    llama.cpp's name and under vLLM's.

    Args:
        request: The request; its `cache_key` means nothing to others.
        model: The upstream's name for the model.
        dropped: Indices of messages to leave out.

    Raises:
        InvalidRequest: The constraint is none that OpenAI's API can express, a function that must
            be called is not offered, or there is no chat but a raw prompt.
    """
    if request.prompt is not None:
        raise InvalidRequest(
            "A remote engine takes chats only, no prompts without messages.", param="prompt"
        )
    gone = set(dropped)
    body: Json = {
        "model": model,
        "messages": [m for i, m in enumerate(request.messages) if i not in gone],
        "stream": True,
        "stream_options": {"include_usage": True},
        **_sampling(request),
        **_tools(request),
    }
    if request.reasoning_effort is not None:
        body["reasoning_effort"] = request.reasoning_effort
    if request.constraint is not None:
        body["response_format"] = _response_format(request.constraint)
    return body


def _sampling(request: GenerateRequest) -> Json:
    sampling = request.sampling
    optional: Json = {
        "frequency_penalty": sampling.frequency_penalty or None,
        "presence_penalty": sampling.presence_penalty or None,
        "seed": sampling.seed,
        "max_tokens": sampling.max_tokens,
        "stop": list(sampling.stop) or None,
        "logit_bias": {str(token): bias for token, bias in sampling.logit_bias.items()} or None,
        "top_k": sampling.top_k if sampling.top_k > 0 else None,
        "min_p": sampling.min_p or None,
    }
    if sampling.repeat_penalty != 1.0:
        optional["repeat_penalty"] = optional["repetition_penalty"] = sampling.repeat_penalty
    told = {name: value for name, value in optional.items() if value is not None}
    return {"temperature": sampling.temperature, "top_p": sampling.top_p, **told}


def _tools(request: GenerateRequest) -> Json:
    if not request.tools:
        return {}
    tools = request.tools
    fields: Json = {"tools": tools, "parallel_tool_calls": request.parallel_calls}
    if not request.must_call:
        return fields
    forced = [tool for tool in tools if tool["function"]["name"] in request.must_call]
    if not forced:
        raise InvalidRequest(
            f"None of {', '.join(request.must_call)} is among the tools.", param="tool_choice"
        )
    if len(forced) == 1:
        name = forced[0]["function"]["name"]
        return {**fields, "tool_choice": {"type": "function", "function": {"name": name}}}
    # OpenAI's API can force one function or any: of a few, only those are offered.
    return {**fields, "tools": forced, "tool_choice": "required"}


def _response_format(constraint: Constraint) -> Json:
    if constraint.kind == "json_object":
        return {"type": "json_object"}
    if constraint.kind != "json_schema":
        raise InvalidRequest(
            f"A remote engine cannot keep an answer to a {constraint.kind}: OpenAI's API knows "
            "only json_schema and json_object.",
            param="response_format",
        )
    schema = msgspec.json.decode(constraint.value)
    described = {"name": "answer", "schema": schema, "strict": constraint.strict}
    return {"type": "json_schema", "json_schema": described}


def drop_for_budget(request: GenerateRequest) -> tuple[int, ...]:
    """Which messages to leave out so that the prompt surely has at most `max_prompt_tokens`.

    The upstream counts only afterwards, so bytes are counted here: no tokenizer makes more tokens
    of a text than it has bytes. The budget is kept at the price of using a part of it only.

    Raises:
        ContextLengthExceeded: Nothing (more) may be left out, and it may still be too long.
    """
    limit = request.max_prompt_tokens
    if limit is None or _most_tokens(request, request.messages) <= limit:
        return ()
    dropped = None
    if request.truncation != "disabled":
        dropped = drop_turns(
            request.messages,
            lambda rest: _most_tokens(request, rest) <= limit,
            request.truncation,
        )
    if dropped is None:
        most = _most_tokens(request, request.messages)
        raise ContextLengthExceeded(
            f"The prompt may have up to {most} tokens, but at most {limit} are allowed "
            "(max_prompt_tokens). A remote engine cannot count tokens ahead: it counts bytes.",
            param="messages",
        )
    return dropped


def drop_more(request: GenerateRequest, dropped: tuple[int, ...]) -> tuple[int, ...] | None:
    """What to leave out after the upstream found the prompt too long; None if nothing may go.

    How many tokens are too many is not known, so the rest shrinks by a quarter at a time.
    """
    messages = request.messages
    if request.truncation == "disabled":
        return None
    rest = [message for i, message in enumerate(messages) if i not in set(dropped)]
    goal = int(_most_tokens(request, rest) * _SHRINK)
    way = request.truncation
    more = drop_turns(messages, lambda some: _most_tokens(request, some) <= goal, way)
    if more is None:
        more = tuple(sorted(index for turn in droppable_turns(messages) for index in turn))
    return more if len(more) > len(dropped) else None


def _most_tokens(request: GenerateRequest, messages: list[Json]) -> int:
    """The most tokens these messages and the tools can be."""
    tools = len(msgspec.json.encode(request.tools)) if request.tools else 0
    return tools + sum(_bytes(message) + _MARKS for message in messages)


def _bytes(message: Json) -> int:
    calls = message.get("tool_calls")
    length = len(msgspec.json.encode(calls)) if calls else 0
    content = message.get("content") or ""
    text = content if isinstance(content, str) else msgspec.json.encode(content).decode()
    return length + len(text.encode())

"""Chat messages and their settings to the engine's request.

What is wrong with them is said before anything is generated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from oxillama_jupyter.engine.protocol import GenerateRequest, Sampling
from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.schemas.chat import (
    AllowedTools,
    ChatFunction,
    CreateChat,
    NamedTool,
    StreamOptions,
)
from oxillama_jupyter.schemas.chat_messages import (
    AssistantMessage,
    CalledFunction,
    ChatMessage,
    ChatPart,
    ChatTextPart,
    FunctionMessage,
    ImagePart,
    RefusalPart,
    ToolMessage,
)
from oxillama_jupyter.services.translate_common import (
    IMAGE_NOTE,
    check_format,
    constraint_of,
    given_sampling,
)

__all__ = ["check_stream_options", "fold_seed", "generate_request", "parallel", "stops"]

Json = dict[str, Any]  # a message or a tool as templates take it
_SEEDS = 2**32 - 1  # llama.cpp draws one itself for the last
_REFUSED = {
    "audio": "No model here can speak.",
    "web_search_options": "No model here can search the web.",
}


def generate_request(body: CreateChat, model: str) -> GenerateRequest:
    """What the engine gets for a chat completion.

    Args:
        body: What the client asked for.
        model: The engine's name for the model.

    Raises:
        InvalidRequest: Something in it cannot be, or cannot be here; `param` says what.
    """
    _check(body)
    functions, must_call = _tools(body)
    return GenerateRequest(
        messages=_messages(body.messages),
        model=model,
        tools=[{"type": "function", "function": msgspec.to_builtins(one)} for one in functions]
        or None,
        sampling=_sampling(body),
        parallel_calls=body.parallel_tool_calls is not False and body.functions is None,
        constraint=constraint_of(body.response_format),
        must_call=must_call,
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
        adapter=body.adapter,
        reasoning_effort=body.reasoning_effort,
    )


def parallel(request: GenerateRequest, count: int) -> list[GenerateRequest]:
    """The same request so many times; each with a seed of its own, where there is one."""
    seed = request.sampling.seed
    if seed is None:
        return [request] * count
    return [
        replace(request, sampling=replace(request.sampling, seed=(seed + index) % _SEEDS))
        for index in range(count)
    ]


def fold_seed(seed: int | None) -> int | None:
    """A client's seed within llama.cpp's range."""
    return None if seed is None else seed % _SEEDS


def stops(given: str | list[str] | None) -> tuple[str, ...]:
    """Stop strings, of which one may stand alone."""
    return (given,) if isinstance(given, str) else tuple(given or ())


def check_stream_options(options: StreamOptions | None, *, stream: bool | None) -> None:
    """Refuse options of a stream where there is none.

    Raises:
        InvalidRequest: There are such.
    """
    if options is not None and not stream:
        raise InvalidRequest(
            "'stream_options' is only allowed with 'stream': true.", param="stream_options"
        )


def _sampling(body: CreateChat) -> Sampling:
    given = given_sampling(body) | {"stop": stops(body.stop), "seed": fold_seed(body.seed)}
    if body.temperature is not None:
        given["temperature"] = body.temperature
    if body.top_p is not None:
        given["top_p"] = body.top_p
    return Sampling(max_tokens=body.max_completion_tokens or body.max_tokens, **given)


def _check(body: CreateChat) -> None:
    for name, why in _REFUSED.items():
        if getattr(body, name) is not None:
            raise InvalidRequest(
                f"'{name}' is not supported. {why}", param=name, code="unsupported_parameter"
            )
    if any(kind != "text" for kind in body.modalities or ()):
        raise InvalidRequest(
            "'modalities' can only be ['text'].", param="modalities", code="invalid_value"
        )
    if body.top_logprobs is not None and not body.logprobs:
        raise InvalidRequest("'top_logprobs' needs 'logprobs': true.", param="top_logprobs")
    check_stream_options(body.stream_options, stream=body.stream)
    check_format(body.response_format)


# -- tools -----------------------------------------------------------------------------------------


def _tools(body: CreateChat) -> tuple[list[ChatFunction], tuple[str, ...]]:
    """The functions that are offered, and those of which one must be called."""
    if body.functions is not None:
        return _legacy_functions(body, body.functions)
    if body.function_call is not None and not isinstance(body.function_call, str):
        raise InvalidRequest("'function_call' needs 'functions'.", param="function_call")
    functions = [tool.function for tool in body.tools or ()]
    names = tuple(function.name for function in functions)
    choice = body.tool_choice
    if isinstance(choice, NamedTool):
        return functions, _among(names, [choice])
    if isinstance(choice, AllowedTools):
        allowed = _among(names, choice.allowed_tools.tools)
        if choice.allowed_tools.mode == "required":
            return functions, allowed
        return [function for function in functions if function.name in allowed], ()
    if choice == "none":
        return [], ()
    if choice == "required" and not names:
        raise InvalidRequest("'tool_choice' needs 'tools'.", param="tool_choice")
    return functions, names if choice == "required" else ()


def _among(names: Sequence[str], wanted: Sequence[NamedTool]) -> tuple[str, ...]:
    """The wanted names, if all of them are offered."""
    for tool in wanted:
        if tool.function.name not in names:
            raise InvalidRequest(
                f"The function '{tool.function.name}' is not among the tools.",
                param="tool_choice",
            )
    return tuple(tool.function.name for tool in wanted)


def _legacy_functions(
    body: CreateChat, functions: list[ChatFunction]
) -> tuple[list[ChatFunction], tuple[str, ...]]:
    """The older form: one function at most is called."""
    if body.tools or body.tool_choice is not None:
        raise InvalidRequest(
            "'functions' is the older form of 'tools'; send one of them.", param="functions"
        )
    choice = body.function_call
    if choice == "none":
        return [], ()
    if choice is None or choice == "auto":
        return functions, ()
    if choice.name not in {function.name for function in functions}:
        raise InvalidRequest(
            f"The function '{choice.name}' is not among the functions.", param="function_call"
        )
    return functions, (choice.name,)


# -- messages --------------------------------------------------------------------------------------


def _messages(messages: Sequence[ChatMessage]) -> list[Json]:
    """The messages as chat templates take them, oldest first."""
    found: list[Json] = []
    open_calls: dict[str, str] = {}  # calls that wait for their tool messages: ids and names
    caller = 0
    for index, message in enumerate(messages):
        answers = isinstance(message, ToolMessage | FunctionMessage)
        if open_calls and not answers:
            raise _unanswered(caller, open_calls)
        if isinstance(message, ToolMessage):
            found.append(_tool_message(index, message, open_calls))
        elif isinstance(message, FunctionMessage):
            found.append(_function_message(index, message, open_calls))
        elif isinstance(message, AssistantMessage):
            caller = index
            found.append(_assistant_message(index, message, open_calls))
        else:
            role = "user" if _tag(message) == "user" else "system"
            text = _text(message.content, f"messages[{index}].content")
            name = {"name": message.name} if message.name else {}
            found.append({"role": role, "content": text, **name})
    if open_calls:
        raise _unanswered(caller, open_calls)
    return found


def _tag(message: Struct) -> str:
    return str(message.__struct_config__.tag)


def _tool_message(index: int, message: ToolMessage, open_calls: dict[str, str]) -> Json:
    name = open_calls.pop(message.tool_call_id, None)
    if name is None:
        raise InvalidRequest(
            f"Messages with the role 'tool' must answer a call of the assistant's message ahead of "
            f"them, once; '{message.tool_call_id}' is no such call.",
            param=f"messages[{index}].tool_call_id",
        )
    content = _text(message.content, f"messages[{index}].content")
    identity = {"tool_call_id": message.tool_call_id, "name": name}
    return {"role": "tool", **identity, "content": content}


def _function_message(index: int, message: FunctionMessage, open_calls: dict[str, str]) -> Json:
    call_id = next((id_ for id_, name in open_calls.items() if name == message.name), None)
    if call_id is None:
        raise InvalidRequest(
            "Messages with the role 'function' must answer the 'function_call' of the message "
            f"ahead of them; it did not call '{message.name}'.",
            param=f"messages[{index}].name",
        )
    del open_calls[call_id]
    identity = {"tool_call_id": call_id, "name": message.name}
    return {"role": "tool", **identity, "content": message.content or ""}


def _assistant_message(index: int, message: AssistantMessage, open_calls: dict[str, str]) -> Json:
    where = f"messages[{index}]"
    calls = [_call(call.id, call.function) for call in message.tool_calls or ()]
    if message.function_call is not None:
        calls.append(_call(f"call_{index}", message.function_call))
    if message.content is None and message.refusal is None and not calls:
        raise InvalidRequest(
            f"The assistant's message needs 'content' or 'tool_calls': {where} has neither.",
            param=f"{where}.content",
            code="missing_required_parameter",
        )
    for call in calls:
        if call["id"] in open_calls:
            raise InvalidRequest(
                f"Two calls have the id '{call['id']}'.", param=f"{where}.tool_calls"
            )
        open_calls[call["id"]] = call["function"]["name"]
    content = message.refusal if message.content is None else message.content
    found: Json = {"role": "assistant", "content": _text(content or "", f"{where}.content")}
    if message.name:
        found["name"] = message.name
    if message.reasoning_content:
        found["reasoning_content"] = message.reasoning_content
    return {**found, "tool_calls": calls} if calls else found


def _call(call_id: str, function: CalledFunction) -> Json:
    return {"id": call_id, "type": "function", "function": msgspec.to_builtins(function)}


def _unanswered(index: int, open_calls: dict[str, str]) -> InvalidRequest:
    return InvalidRequest(
        "A message with 'tool_calls' must be followed by tool messages that answer each of them; "
        f"these are not answered: {', '.join(open_calls)}.",
        param=f"messages[{index}].tool_calls",
    )


def _text(content: str | Sequence[ChatPart], where: str) -> str:
    """The text of a message as the model reads it; parts are separated by a newline."""
    if isinstance(content, str):
        return content
    return "\n".join(_part(part, f"{where}[{index}]") for index, part in enumerate(content))


def _part(part: ChatPart, where: str) -> str:
    if isinstance(part, ChatTextPart):
        return part.text
    if isinstance(part, RefusalPart):
        return part.refusal
    if isinstance(part, ImagePart):
        return IMAGE_NOTE
    kind = _tag(part)
    raise InvalidRequest(
        f"No model here can read a part of the type '{kind}'.",
        param=f"{where}.type",
        code="invalid_value",
    )

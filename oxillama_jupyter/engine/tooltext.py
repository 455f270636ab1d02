"""Tools for chat templates that know none: what they are, past calls and results, all as text.

It is the Hermes form, which most models have seen; `formats.GENERIC` reads the answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["call_text", "result_text", "tools_prompt", "with_tools"]

Json = Any  # messages and tools, as templates take them

_INSTRUCTIONS = """\
You may call functions. These are the functions, one JSON object a line:
<tools>
{tools}
</tools>
To call one, write a JSON object with its name and its arguments between tags, and nothing after it:
<tool_call>
{{"name": "the function's name", "arguments": {{"argument": "value"}}}}
</tool_call>
To call several at once, write one such block for each. The results come back between \
<tool_response> tags. Where no function helps, answer without calling one."""


def tools_prompt(tools: Iterable[Mapping[str, Json]]) -> str:
    """What to tell a model about the tools it is offered, for its system message."""
    lines = (_dumps(tool.get("function") or {}) for tool in tools)
    return _INSTRUCTIONS.format(tools="\n".join(lines))


def call_text(name: str, arguments: str | Mapping[str, Json]) -> str:
    """A past call, as the model should have written it."""
    text = arguments if isinstance(arguments, str) else _dumps(arguments)
    return f'<tool_call>\n{{"name": {_dumps(name)}, "arguments": {text or "{}"}}}\n</tool_call>'


def result_text(content: str) -> str:
    """What a function returned, for a user message."""
    return f"<tool_response>\n{content}\n</tool_response>"


def with_tools(messages: Sequence[Json], tools: Sequence[Json] | None) -> list[Json]:
    """Rewrite a chat for a template without tools.

    Roles become system, user and assistant only; results of calls are one user message. The
    instructions go into the first message where it is a system message, and before it where not.
    """
    plain: list[Json] = []
    for message in messages:
        if message.get("role") != "tool":
            plain.append(_plain(message))
        elif plain and plain[-1].get("results"):
            plain[-1]["content"] += "\n" + result_text(message.get("content") or "")
        else:
            text = result_text(message.get("content") or "")
            plain.append({"role": "user", "content": text, "results": True})
    plain = [{key: m[key] for key in m if key != "results"} for m in plain]
    return [*_instructed(plain, tools_prompt(tools))] if tools else plain


def _instructed(messages: list[Json], text: str) -> list[Json]:
    first = messages[0] if messages else {}
    if first.get("role") in ("system", "developer"):
        content = "\n\n".join(part for part in (first.get("content"), text) if part)
        return [{**first, "content": content}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _plain(message: Json) -> Json:
    """A message with its calls as text."""
    calls = message.get("tool_calls")
    if not calls:
        return dict(message)
    functions = [call.get("function") or {} for call in calls]
    texts = [call_text(f.get("name") or "", f.get("arguments") or "") for f in functions]
    rest = {key: message[key] for key in message if key != "tool_calls"}
    return {**rest, "content": "\n".join(filter(None, [message.get("content"), *texts]))}


def _dumps(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)

"""The chat template of the model: the Jinja text stored in the GGUF, and its renderer."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

CHAT_TEMPLATE = """\
{%- macro tool_line(tool) -%}
{%- set f = tool.function if tool.function is defined else tool -%}
{%- set schema = f.parameters if f.parameters is defined and f.parameters else {} -%}
{%- set properties = schema.properties if schema.properties is defined else {} -%}
{"name": {{ f.name | tojson }}, "arguments": {
{%- for key, value in properties.items() -%}
{{ key | tojson }}: {% if value.enum is defined %}{{ value.enum | tojson }}
{%- else %}{{ (value.type if value.type is string else "string") | tojson }}{% endif -%}
{%- if not loop.last %}, {% endif -%}
{%- endfor -%}
}
{%- if f.description is defined and f.description %}, "description": {{ f.description | tojson }}
{%- endif -%}
}
{%- endmacro -%}
{%- set first = messages[0] if messages else {} -%}
{%- set system = first.content if first.role in ("system", "developer") else "" -%}
{%- if system or tools -%}
{{ "<|im_start|>system\\n" + system }}
{%- if tools -%}
{%- if system %}{{ "\\n" }}{% endif -%}
<tools>{{ "\\n" }}
{%- for tool in tools %}{{ tool_line(tool) + "\\n" }}{% endfor -%}
</tools>
{%- endif -%}
<|im_end|>{{ "\\n" }}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role in ("system", "developer") -%}
{%- if not loop.first -%}
{{ "<|im_start|>system\\n" + message.content + "<|im_end|>\\n" }}
{%- endif -%}
{%- elif message.role == "tool" -%}
{{ "<|im_start|>tool\\n<tool_response>" + message.content + "</tool_response><|im_end|>\\n" }}
{%- elif message.role == "assistant" -%}
{{ "<|im_start|>assistant\\n" + (message.content or "") }}
{%- for call in message.tool_calls or [] -%}
{%- set f = call.function if call.function is defined else call -%}
<tool_call>{"name": {{ f.name | tojson }}, "arguments": {{ f.arguments if f.arguments is string
 else f.arguments | tojson }}}</tool_call>
{%- endfor -%}
{{ "<|im_end|>\\n" }}
{%- else -%}
{{ "<|im_start|>user\\n" + message.content + "<|im_end|>\\n" }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt %}{{ "<|im_start|>assistant\\n" }}{% endif -%}
"""


@cache
def _compiled() -> Any:
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.from_string(CHAT_TEMPLATE)


def render_with_template(
    messages: list[dict[str, Any]],
    tools: list[dict[str, Any]] | None = None,
    *,
    add_generation_prompt: bool = False,
) -> str:
    """Render a conversation with the Jinja template, as a server would."""
    return str(
        _compiled().render(
            messages=messages,
            tools=tools,
            add_generation_prompt=add_generation_prompt,
            bos_token="",
            eos_token="<|im_end|>",
        )
    )


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _tool_line(tool: dict[str, Any]) -> str:
    function = tool["function"]
    properties = function.get("parameters", {}).get("properties", {})
    arguments = {key: value.get("enum", value.get("type")) for key, value in properties.items()}
    line = f'{{"name": {_dumps(function["name"])}, "arguments": {_dumps(arguments)}'
    if function.get("description"):
        line += f', "description": {_dumps(function["description"])}'
    return line + "}"


def _assistant(message: dict[str, Any]) -> str:
    text = message["content"] or ""
    for call in message.get("tool_calls", ()):
        function = call["function"]
        arguments = function["arguments"]
        if not isinstance(arguments, str):
            arguments = _dumps(arguments)
        text += f'<tool_call>{{"name": {_dumps(function["name"])}, "arguments": {arguments}}}'
        text += "</tool_call>"
    return text


def render(
    messages: list[dict[str, Any]],
    tools: list[dict[str, Any]] | None = None,
    *,
    add_generation_prompt: bool = False,
) -> str:
    """Render a conversation in plain Python: the same text, some ten times faster."""
    parts = []
    system = ""
    if messages and messages[0]["role"] == "system":
        system, messages = messages[0]["content"], messages[1:]
    if tools:
        lines = "".join(_tool_line(tool) + "\n" for tool in tools)
        system += ("\n" if system else "") + f"<tools>\n{lines}</tools>"
    if system:
        parts.append(f"<|im_start|>system\n{system}<|im_end|>\n")
    for message in messages:
        role, content = message["role"], message["content"]
        if role == "assistant":
            content = _assistant(message)
        elif role == "tool":
            content = f"<tool_response>{content}</tool_response>"
        parts.append(f"<|im_start|>{role}\n{content}<|im_end|>\n")
    if add_generation_prompt:
        parts.append("<|im_start|>assistant\n")
    return "".join(parts)

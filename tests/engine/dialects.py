"""What models of each family write, and what it means."""

from __future__ import annotations

from typing import Any, NamedTuple

from oxillama_jupyter.engine import formats
from oxillama_jupyter.engine.formats import Format

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather of a city",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "days": {"type": "integer"},
                    "metric": {"type": "boolean"},
                },
                "required": ["city"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "search",
            "parameters": {
                "type": "object",
                "properties": {
                    "query": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                },
            },
        },
    },
]

PARIS = ("get_weather", {"city": "Paris", "days": 3}, True)
SEARCH = ("search", {"query": 'a "b"\n<c>, {d}', "tags": ["x", "y"]}, True)


class Dialect(NamedTuple):
    """How a family writes two calls, and how it breaks them.

    `two` is both in one message; `malformed` is text whose every character must survive; `cut` ends
    in mid-arguments, and `partial` is what it had of them.
    """

    form: Format
    one: str
    two: str
    malformed: str
    cut: str
    partial: str
    thought: str = "<think>\nHm, weather.\n</think>\n\n"
    answer: str = ""


_BAR, _DASH = "\uff5c", "\u2581"  # DeepSeek's bar and dash


def deepseek(text: str) -> str:
    """Write tags of DeepSeek as `<|tool_sep|>`."""
    return text.replace("|", _BAR).replace("_", _DASH).replace(f"get{_DASH}", "get_")


_PARIS = '{"city": "Paris", "days": 3}'
_SEARCH = r'{"query": "a \"b\"\n<c>, {d}", "tags": ["x", "y"]}'
_PARIS_CALL = f'{{"name": "get_weather", "arguments": {_PARIS}}}'
_SEARCH_CALL = f'{{"name": "search", "arguments": {_SEARCH}}}'
_HERMES_ONE = f"<tool_call>\n{_PARIS_CALL}\n</tool_call>"
_HERMES = (
    _HERMES_ONE,
    f"{_HERMES_ONE}\n<tool_call>\n{_SEARCH_CALL}\n</tool_call>",
    '<tool_call>\n{"name": get_weather, "arguments": {}}\n</tool_call>',
    '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Par',
    '{"city": "Par',
)
_QUERY = 'a "b"\n<c>, {d}'
_CODER_ONE = """<tool_call>
<function=get_weather>
<parameter=city>
Paris
</parameter>
<parameter=days>
3
</parameter>
</function>
</tool_call>"""
_CODER_TWO = f"""{_CODER_ONE}
<tool_call>
<function=search>
<parameter=query>
{_QUERY}
</parameter>
<parameter=tags>
["x", "y"]
</parameter>
</function>
</tool_call>"""


def _attributes(block: str, prefix: str, *, kinds: bool) -> tuple[str, str, str, str]:
    text, other = (' string="true"', ' string="false"') if kinds else ("", "")
    end = block.replace("<", "</")
    tag = prefix + "parameter"
    call = (
        f'<{prefix}invoke name="get_weather">\n'
        f'<{tag} name="city"{text}>Paris</{tag}>\n<{tag} name="days"{other}>3</{tag}>\n'
        f"</{prefix}invoke>"
    )
    search = (
        f'<{prefix}invoke name="search">\n<{tag} name="query"{text}>{_QUERY}</{tag}>\n'
        f'<{tag} name="tags"{other}>["x", "y"]</{tag}>\n</{prefix}invoke>'
    )
    return (
        f"{block}\n{call}\n{end}",
        f"{block}\n{call}\n{search}\n{end}",
        f"{block}\n<{prefix}invoke=get_weather>\n{end}",
        f'{block}\n<{prefix}invoke name="get_weather">\n<{tag} name="city"{text}>Par',
    )


def _gemma(opener: str, closer: str, quote: str) -> tuple[str, str, str, str, str]:
    one = f"{opener}call:get_weather{{city:{quote}Paris{quote},days:3}}{closer}"
    search = f"{opener}call:search{{query:{quote}{_QUERY}{quote},tags:[{quote}x{quote},{quote}y"
    return (
        one,
        f"{one}{search}{quote}]}}{closer}",
        f"{opener}call get_weather({{}}){closer}",
        f"{opener}call:get_weather{{city:{quote}Par",
        '{"city": "Par',
    )


def _harmony(name: str, arguments: str) -> str:
    head = f"<|channel|>commentary to=functions.{name} <|constrain|>json<|message|>"
    return f"{head}{arguments}<|call|>"


_HARMONY_ONE = _harmony("get_weather", _PARIS)
_V3 = deepseek("<|tool_call_begin|>function<|tool_sep|>get_weather\n```json\n")
_V3_END = "\n```" + deepseek("<|tool_call_end|>")
_V3_SEARCH = deepseek("<|tool_call_begin|>function<|tool_sep|>search\n```json\n")
_ALL, _ALL_END = deepseek("<|tool_calls_begin|>"), deepseek("<|tool_calls_end|>")
_V31 = deepseek("<|tool_call_begin|>get_weather<|tool_sep|>")
_V31_SEARCH = deepseek("<|tool_call_begin|>search<|tool_sep|>")
_END = deepseek("<|tool_call_end|>")

DIALECTS: dict[str, Dialect] = {
    "hermes": Dialect(formats.HERMES, *_HERMES),
    "generic": Dialect(formats.GENERIC, *_HERMES),
    "llama": Dialect(
        formats.LLAMA,
        f'<|python_tag|>{{"name": "get_weather", "parameters": {_PARIS}}}',
        f'<|python_tag|>{{"name": "get_weather", "parameters": {_PARIS}}}; {_SEARCH_CALL}',
        '<|python_tag|>{"name": "get_weather", "params": {}}',
        '<|python_tag|>{"type": "function", "name": "get_weather", "parameters": {"city": "Par',
        '{"city": "Par',
    ),
    "mistral": Dialect(
        formats.MISTRAL,
        f"[TOOL_CALLS] [{_PARIS_CALL[:-1]}, " + '"id": "123456789"}]',
        f"[TOOL_CALLS] [{_PARIS_CALL}, {_SEARCH_CALL}]",
        '[TOOL_CALLS] [{"nom": "get_weather"}]',
        '[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Par',
        '{"city": "Par',
        "[THINK]Hm, weather.[/THINK]",
    ),
    "mistral v11": Dialect(
        formats.MISTRAL,
        f"[TOOL_CALLS]get_weather[CALL_ID]123456789[ARGS]{_PARIS}",
        f"[TOOL_CALLS]get_weather[ARGS]{_PARIS}[TOOL_CALLS]search[ARGS]{_SEARCH}",
        '[TOOL_CALLS]get_weather[ARGS]("Paris")',
        '[TOOL_CALLS]get_weather[ARGS]{"city": "Par',
        '{"city": "Par',
        "[THINK]Hm, weather.[/THINK]",
    ),
    "deepseek v3": Dialect(
        formats.DEEPSEEK,
        f"{_ALL}{_V3}{_PARIS}{_V3_END}{_ALL_END}",
        f"{_ALL}{_V3}{_PARIS}{_V3_END}\n{_V3_SEARCH}{_SEARCH}{_V3_END}{_ALL_END}",
        f"{_ALL}{_V3}city=Paris{_V3_END}{_ALL_END}",
        f'{_ALL}{_V3}{{"city": "Par',
        '{"city": "Par',
    ),
    "deepseek v3.1": Dialect(
        formats.DEEPSEEK,
        f"{_ALL}{_V31}{_PARIS}{_END}{_ALL_END}",
        f"{_ALL}{_V31}{_PARIS}{_END}{_V31_SEARCH}{_SEARCH}{_END}{_ALL_END}",
        f"{_ALL}get_weather{_PARIS}{_ALL_END}",
        f'{_ALL}{_V31}{{"city": "Par',
        '{"city": "Par',
    ),
    "harmony": Dialect(
        formats.HARMONY,
        _HARMONY_ONE,
        f"{_HARMONY_ONE}<|start|>assistant{_harmony('search', _SEARCH)}",
        "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>Paris!",
        '<|channel|>commentary to=functions.get_weather json<|message|>{"city": "Par',
        '{"city": "Par',
        "<|channel|>analysis<|message|>Hm, weather.<|end|><|start|>assistant",
        "<|channel|>final<|message|>",
    ),
    "qwen-coder": Dialect(
        formats.QWEN_CODER,
        _CODER_ONE,
        _CODER_TWO,
        "<tool_call>\n<function get_weather>\n</function>\n</tool_call>",
        "<tool_call>\n<function=get_weather>\n<parameter=city>\nPar",
        '{"city": "Par',
    ),
    "dsml": Dialect(
        formats.DEEPSEEK_DSML,
        *_attributes(f"<{_BAR}DSML{_BAR}function_calls>", f"{_BAR}DSML{_BAR}", kinds=True),
        '{"city": "Par',
    ),
    "minimax": Dialect(
        formats.MINIMAX,
        *_attributes("<minimax:tool_call>", "", kinds=False),
        '{"city": "Par',
    ),
    "gemma": Dialect(
        formats.GEMMA,
        *_gemma("<|tool_call>", "<tool_call|>", '<|"|>'),
        "<|channel>thought\nHm, weather.\n<channel|>",
    ),
    "function-gemma": Dialect(
        formats.FUNCTION_GEMMA,
        *_gemma("<start_function_call>", "<end_function_call>", "<escape>"),
    ),
}

"""Which model family writes calls and reasoning how, found from its chat template."""

from __future__ import annotations

from typing import NamedTuple

from oxillama_jupyter.engine.calls import (
    BareJson,
    Bracketed,
    Channels,
    Separated,
    Syntax,
    TaggedJson,
)
from oxillama_jupyter.engine.notations import Notation, TaggedParameters

__all__ = [
    "DEEPSEEK",
    "DEEPSEEK_DSML",
    "FUNCTION_GEMMA",
    "GEMMA",
    "GENERIC",
    "HARMONY",
    "HERMES",
    "LLAMA",
    "MINIMAX",
    "MISTRAL",
    "QWEN_CODER",
    "Format",
    "detect",
]


class Format(NamedTuple):
    """How a model writes what is not answer.

    Attributes:
        name: The family.
        calls: The syntax of tool calls.
        thinking: What opens reasoning and what closes it; None where channels do.
        native: Whether the template itself shows tools, calls and results to the model; where it
            does not, the prompt must (`tooltext`).
    """

    name: str
    calls: Syntax
    thinking: tuple[str, str] | None = ("<think>", "</think>")
    native: bool = True

    @property
    def tags(self) -> tuple[str, ...]:
        """Texts the parser must see, also where they are control tokens of the vocabulary."""
        return (*self.calls.tags, *(self.thinking or ()))

    def reasoning_open(self, prompt: str) -> bool:
        """Whether a prompt (its last characters will do) ends inside reasoning."""
        if self.thinking is None:
            return "<|channel|>analysis" in prompt.rpartition("<|start|>")[2]
        return prompt.rstrip().endswith(self.thinking[0])


HERMES = Format("hermes", TaggedJson())
GENERIC = Format("generic", TaggedJson(), native=False)
LLAMA = Format("llama", BareJson())
MISTRAL = Format("mistral", Bracketed(), ("[THINK]", "[/THINK]"))
DEEPSEEK = Format("deepseek", Separated())
HARMONY = Format("harmony", Channels(), None)
QWEN_CODER = Format(
    "qwen-coder",
    TaggedParameters(
        "<tool_call>",
        "</tool_call>",
        "<function=",
        "</function>",
        "<parameter=",
        "</parameter>",
        lines=True,
    ),
)
DEEPSEEK_DSML = Format(
    "deepseek-dsml",
    TaggedParameters(
        "<｜DSML｜function_calls>",  # noqa: RUF001 - their bars are wide
        "</｜DSML｜function_calls>",  # noqa: RUF001
        '<｜DSML｜invoke name="',  # noqa: RUF001
        "</｜DSML｜invoke>",  # noqa: RUF001
        '<｜DSML｜parameter name="',  # noqa: RUF001
        "</｜DSML｜parameter>",  # noqa: RUF001
        typed=True,
    ),
)
MINIMAX = Format(
    "minimax",
    TaggedParameters(
        "<minimax:tool_call>",
        "</minimax:tool_call>",
        '<invoke name="',
        "</invoke>",
        '<parameter name="',
        "</parameter>",
    ),
)
GEMMA = Format(
    "gemma",
    Notation("<|tool_call>", "<tool_call|>", '<|"|>'),
    ("<|channel>thought", "<channel|>"),
)
FUNCTION_GEMMA = Format(
    "function-gemma",
    Notation("<start_function_call>", "<end_function_call>", "<escape>"),
)

_MARKS: tuple[tuple[Format, tuple[str, ...]], ...] = (
    (HARMONY, ("<|channel|>", "<|message|>")),
    (DEEPSEEK_DSML, ("｜DSML｜", "tools")),  # noqa: RUF001
    (DEEPSEEK, ("<｜tool▁calls▁begin｜>",)),  # noqa: RUF001
    (GEMMA, ("<|tool_call>", "tools")),
    (FUNCTION_GEMMA, ("<start_function_call>",)),
    (MISTRAL, ("[TOOL_CALLS]",)),
    (MINIMAX, ("<minimax:tool_call>",)),
    (QWEN_CODER, ("<function=", "<parameter=", "tools")),
    (GENERIC, ("<tool_call>", "<arg_key>")),  # GLM: another syntax between the same tags
    (HERMES, ("<tool_call>", "tools")),
    (LLAMA, ("<|python_tag|>", "tools")),
    (LLAMA, ("<|start_header_id|>", '"parameters"', "tools")),
)
"""A format, and texts that only its templates have together; the first one wins."""

_THINKING = (
    ("[THINK]", "[/THINK]"),
    ("<|channel>thought", "<channel|>"),
    ("<seed:think>", "</seed:think>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
)
"""Kin of `<think>`, used where a template names them and not `<think>`."""


def detect(template: str) -> Format:
    """Find the format of a chat template's source.

    It is `GENERIC` where the template ignores tools, and the native variant of that where it shows
    them but no syntax of calls that is known here.
    """
    unknown = GENERIC._replace(native="tools" in template)
    found = next(
        (form for form, marks in _MARKS if all(mark in template for mark in marks)), unknown
    )
    if found.thinking is None or "<think>" in template:
        return found if found.thinking is None else found._replace(thinking=HERMES.thinking)
    kin = next((pair for pair in _THINKING if pair[1] in template), found.thinking)
    return found._replace(thinking=kin)

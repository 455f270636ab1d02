"""Every flag of `%%oxillama`, by what it is about; each is defined once, with help and error."""

from __future__ import annotations

import keyword

from oxillama_jupyter.magics.context_flags import CONTEXT
from oxillama_jupyter.magics.flag import Flag
from oxillama_jupyter.magics.presets import is_preset_name
from oxillama_jupyter.magics.sampling import SAMPLING

__all__ = ["FLAGS", "Flag"]


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError
    return value


def _variable(value: str) -> str:
    if not value.isidentifier() or keyword.iskeyword(value):
        raise ValueError
    return value


def _dotted(value: str) -> str:
    return ".".join(_variable(part) for part in value.split("."))


def _preset(value: str) -> str:
    if not is_preset_name(value):
        raise ValueError
    return value


def _names(value: str) -> tuple[str, ...]:
    return tuple(_dotted(name.strip()) for name in value.split(","))


_ASKING = (
    Flag(
        ("-t", "--thread"),
        "THREAD",
        "the name of a thread",
        "ask in this thread; without it, in the notebook's own one",
        _text,
    ),
    Flag(
        ("-m", "--model"),
        "MODEL",
        "the id of a model, see %oxillama models",
        "let this model answer",
        _text,
        "model",
    ),
    Flag(
        ("-o", "--output"),
        "VAR",
        "the name of a Python variable",
        "bind the answer: VAR.text, VAR.parsed, VAR.usage, …",
        _variable,
    ),
    Flag(
        ("-p", "--preset"),
        "PRESET",
        "the name of a preset, see %oxillama preset",
        "flags kept by %oxillama preset save; those here win",
        _preset,
    ),
    Flag(
        ("--system",),
        "TEXT",
        "a text, in quotes if it has spaces",
        "instructions to the model, for this answer",
        _text,
        "instructions",
    ),
    Flag(
        ("--schema",),
        "VAR",
        "the name of a pydantic class, a dataclass, a TypedDict or a JSON Schema in this notebook",
        "answer as such an object: -o's VAR.parsed has it",
        _dotted,
    ),
)
_RUNNING = (
    Flag(
        ("--tools",),
        "F,G",
        "names of functions with commas between them",
        "let the model call these functions; each call asks first",
        _names,
    ),
    Flag(
        ("--yes",),
        "[F,G]",
        "names of functions with commas between them, or nothing for all",
        "run these of --tools without asking; none named means all",
        _names,
        bare=("*",),
    ),
    Flag(
        ("--bg",),
        "",
        "no value",
        "do not wait; -o's VAR, or _bg, tells how far it is",
        None,
    ),
)
FLAGS = (*_ASKING, *_RUNNING, *CONTEXT, *SAMPLING)

"""Words, the scripted engine's tokens: how texts come apart, and figures made up for them."""

from __future__ import annotations

import hashlib
import math
import re
import struct
from typing import Any

from msgspec import structs

from oxillama_jupyter.engine.protocol import Delta, GenerateRequest, TokenLogprob

__all__ = [
    "chat_words",
    "echo",
    "in_common",
    "logprobs",
    "prompt_words",
    "split",
    "split_content",
    "vector",
]

_WORD = re.compile(r"\s*\S+\s*?|\s+")
_SPACED = re.compile(r"\s*\S+(?:\s+\Z)?")


def split(text: str) -> list[str]:
    """Take a text apart; joined again, the words are the text."""
    return _WORD.findall(text)


def split_content(text: str) -> list[str]:
    """Take a message's text apart: white space at its end is part of the last word."""
    return _SPACED.findall(text)


def prompt_words(request: GenerateRequest) -> list[str]:
    """The words of a request's prompt, or of its messages."""
    return chat_words(request.messages) if request.prompt is None else _raw_words(request)


def chat_words(messages: list[dict[str, Any]]) -> list[str]:  # chat messages
    """The words of messages, and one for each role."""
    return [
        word
        for message in messages
        for word in (f"<{message.get('role')}>", *str(message.get("content") or "").split())
    ]


def vector(words: list[str], width: int) -> bytes:
    """The embedding of a text: as good as random, and always the same."""
    digest = hashlib.sha256("".join(words).encode()).digest()
    numbers = [byte - 127.5 for byte in digest[:width]]
    length = math.hypot(*numbers)
    return struct.pack(f"<{width}f", *(number / length for number in numbers))


def echo(request: GenerateRequest) -> Delta:
    """The prompt as the beginning of the answer."""
    words = _raw_words(request)
    entries = [entry for word in words for entry in logprobs(request, word)]
    entries[:1] = [structs.replace(entry, logprob=None, top=()) for entry in entries[:1]]
    return Delta("".join(words), prompt_logprobs=tuple(entries))


def logprobs(request: GenerateRequest, word: str) -> tuple[TokenLogprob, ...]:
    """Say of any word that it was as probable as all the rest, and so on with the rest."""
    if request.logprobs is None:
        return ()
    words = [word, *(f" other{rank}" for rank in range(1, request.logprobs))]
    ranked = tuple(
        TokenLogprob(rank, text.encode(), -(rank + 1) * math.log(2))
        for rank, text in enumerate(words)
    )
    top = ranked[: request.logprobs]
    return (TokenLogprob(0, word.encode(), ranked[0].logprob, top),)


def in_common(left: list[str], right: list[str]) -> int:
    """How many words two lists begin with together."""
    length = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        length += 1
    return length


def _raw_words(request: GenerateRequest) -> list[str]:
    if isinstance(request.prompt, str):
        return split(request.prompt)
    return [f" {token}" for token in request.prompt or ()]

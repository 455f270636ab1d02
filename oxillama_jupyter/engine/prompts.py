"""A request's prompt to be looked at: its tokens, and where in it each message is.

A template may put a message's content anywhere, and trim it. So the chat is rendered once more with
marks around each content, that nobody can guess; where the text without the marks is the prompt's,
they tell the places.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.engine.protocol import RenderedPrompt
from oxillama_jupyter.errors import ContextLengthExceeded, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oxillama_jupyter.engine.protocol import GenerateRequest
    from oxillama_jupyter.engine.templates import PromptBuilder

__all__ = ["rendered"]

Json = dict[str, Any]  # a chat message
Span = tuple[int, int]


def rendered(builder: PromptBuilder, request: GenerateRequest) -> RenderedPrompt:
    """Make the prompt of a request that has messages.

    Raises:
        InvalidRequest: The template refused the messages, or the model takes none.
    """
    try:
        ids, dropped = builder.build(request)
    except ContextLengthExceeded:
        dropped = ()
        ids = builder.tokens(request.messages, request.tools, request.reasoning_effort)
    pieces = [builder.vocabulary.raw(token) for token in ids]
    kept = [index for index in range(len(request.messages)) if index not in set(dropped)]
    spans: list[Span | None] = [None] * len(request.messages)
    for index, span in zip(kept, _spans(builder, request, kept, b"".join(pieces)), strict=True):
        spans[index] = span
    special = tuple(sorted(builder.special.intersection(ids)))
    return RenderedPrompt(ids, pieces, spans, dropped, builder.limit(request), special)


def _spans(
    builder: PromptBuilder, request: GenerateRequest, kept: Sequence[int], prompt: bytes
) -> list[Span | None]:
    """Where the kept messages' contents are in the prompt's bytes."""
    messages = [request.messages[index] for index in kept]
    nonce = str(secrets.randbits(64))
    marked = [_marked(message, f"{nonce}_{place}") for place, message in enumerate(messages)]
    unknown: list[Span | None] = [None] * len(kept)
    try:
        text = builder.text(marked, request.tools, request.reasoning_effort)
    except InvalidRequest:  # a template that looks at contents
        return unknown
    for trim in (False, True):
        bare, spans = _without_marks(text, nonce, len(kept), trim=trim)
        # Tokenising may have put a token ahead of the text, or a space into it.
        ahead = len(prompt) - len(bare)
        if ahead >= 0 and prompt.endswith(bare):
            return [span and (span[0] + ahead, span[1] + ahead) for span in spans]
    return unknown


def _marked(message: Json, name: str) -> Json:
    content = message.get("content")
    if not content or not isinstance(content, str):
        return message
    return {**message, "content": f"\ue002{name}\ue003{content}\ue004{name}\ue005"}


def _without_marks(
    text: str, nonce: str, count: int, *, trim: bool
) -> tuple[bytes, list[Span | None]]:
    """The text's bytes without the marks, and what was between each message's two."""
    spans: list[Span | None] = [None] * count
    bare = bytearray()
    inside = re.compile(f"\ue002{nonce}_([0-9]+)\ue003(.*?)\ue004{nonce}_\\1\ue005", re.DOTALL)
    rest = 0
    for match in inside.finditer(text):
        bare += text[rest : match.start()].encode(errors="replace")
        start = len(bare)
        content = match[2].strip() if trim else match[2]
        bare += content.encode(errors="replace")
        spans[int(match[1])] = (start, len(bare))
        rest = match.end()
    bare += text[rest:].encode(errors="replace")
    return bytes(bare), spans

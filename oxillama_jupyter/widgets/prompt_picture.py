"""A prompt in a table, for who has no X-ray: its messages and their tokens."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.inert import inert
from oxillama_jupyter.widgets.calls import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pictured"]

_MOST_ROWS = 20
_PREVIEW = 60
_SPECIAL = re.compile(r"([\\`*_\[\]|$~!])")

Json = dict[str, Any]  # as the server sent it


def pictured(prompt: Json) -> dict[str, str]:
    """A prompt as the server sent it, as `text/markdown` and `text/plain`."""
    sentence, rows = _sentence(prompt), list(_rows(prompt))
    lines = [sentence, "", "| Message |  | Tokens |", "| --- | --- | ---: |"]
    lines += [f"| {' | '.join(map(_escaped, row))} |" for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    plain = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return {
        "text/markdown": inert("\n".join(lines)),
        "text/plain": "\n".join([sentence, "", *plain]),
    }


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is, in a table too."""
    return _SPECIAL.sub(r"\\\1", html.escape(text, quote=False))


def _sentence(prompt: Json) -> str:
    count, cached = prompt["prompt_tokens"], prompt["cached_tokens"]
    known = "" if cached is None else f" ({cached:,} cached, {count - cached:,} new)"
    sent = "sent" if prompt["run_id"] else "would be sent"
    exact = "" if prompt["exact"] is not False else " It is not quite what was sent."
    return f"A prompt of {count:,} tokens{known}, of {prompt['limit']:,} allowed, {sent}.{exact}"


def _rows(prompt: Json) -> Iterator[tuple[str, str, str]]:
    """The newest messages, and one row each for what is not among them."""
    messages = prompt["messages"]
    before = messages[:-_MOST_ROWS]
    if prompt["older"]:
        yield f"{prompt['older']:,} older", "", "not read"
    if before:
        yield f"{len(before):,} more", "", f"{sum(m['tokens'] or 0 for m in before):,}"
    for message in messages[-_MOST_ROWS:]:
        tokens = "not known" if message["tokens"] is None else f"{message['tokens']:,}"
        preview = visible(message["preview"])[:_PREVIEW]
        yield message["role"], preview, "left out" if message["dropped"] else tokens
    known = [message["tokens"] for message in messages if not message["dropped"]]
    if None not in known:
        yield "Template", "", f"{prompt['prompt_tokens'] - sum(known):,}"

"""`PromptXray`: the prompt that a model has got, token by token.

Import it only where it is used: `anywidget` and `ipywidgets` come with it.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from oxillama_jupyter.client.connection import running
from oxillama_jupyter.client.inert import inert
from oxillama_jupyter.client.previews import prompt_of_run
from oxillama_jupyter.widgets.calls import visible
from oxillama_jupyter.widgets.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PromptXray"]

_SECONDS = 10.0  # that the picture may take: the page has its own way to the prompt
_MOST_ROWS = 20
_PREVIEW = 60
_SPECIAL = re.compile(r"([\\`*_\[\]|$~!])")

Json = dict[str, Any]  # as the server sent it


class PromptXray(Panel):
    """The exact prompt of a run: its tokens, what was cached, what was left out and why.

    Attributes:
        thread_id: The thread.
        run_id: The run that sent it; without one it is what a next run would send.
        settings: For a next run: what its request would have, as the API names it, such as
            `{"instructions": "Be brief.", "max_prompt_tokens": 2000}`.

    Example:
        >>> import oxillama_jupyter  # doctest: +SKIP
        >>> answer = oxillama_jupyter.ask("Hello!")  # doctest: +SKIP
        >>> PromptXray(thread_id=answer.thread_id, run_id=answer.run_id)  # doctest: +SKIP
    """

    _kept: ClassVar[tuple[str, ...]] = ("thread_id", "run_id", "settings")

    widget = traitlets.Unicode("prompt_xray").tag(sync=True)
    thread_id = traitlets.Unicode("").tag(sync=True)
    run_id = traitlets.Unicode("").tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)

    def picture(self) -> dict[str, str]:
        """The messages and their tokens as a table, as far as the server tells them at once."""
        what = f"run {self.run_id}" if self.run_id else f"a next run of thread {self.thread_id}"
        plain = {"text/plain": f"The prompt of {visible(what)}"}
        try:
            connection = running()
            if connection is None or not self.thread_id:
                return plain
            prompt = prompt_of_run(
                connection, self.thread_id, self.run_id, self.settings, timeout=_SECONDS
            )
        except Exception as error:  # noqa: BLE001  # the page will say it too; a picture is extra
            return {"text/plain": f"{plain['text/plain']}: {visible(str(error))[:300]}"}
        return _pictured(prompt)


def _pictured(prompt: Json) -> dict[str, str]:
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

"""`--preview`: what a cell would send, part by part, with its tokens; nothing is sent or stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.failures import is_not_found
from oxillama_jupyter.client.previews import prompt_of
from oxillama_jupyter.magics.cells import fenced
from oxillama_jupyter.magics.pages import Page, note, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.client.runs import Question
    from oxillama_jupyter.magics.session import Session

    Place = Callable[[Connection], tuple[str | None, dict[str, str]]]

__all__ = ["preview_page"]

Json = dict[str, Any]  # as the server sent it


def preview_page(session: Session, question: Question, thread: Place) -> Page:
    """Show a question and send nothing.

    Args:
        session: The kernel's session.
        question: What would be asked.
        thread: Which thread it would go to, and what a new one would be marked with.
    """

    def look(connection: Connection) -> Json | str:
        return prompt_of(connection, *thread(connection), question)

    try:
        prompt = session.with_server(look)
    except Exception as error:
        # The thread this kernel remembers may have been deleted by somebody.
        if session.threads.known is None or not is_not_found(error):
            raise
        session.threads.forget()
        prompt = session.with_server(look)
    if isinstance(prompt, str):
        page = note(f"Nothing was sent. {prompt}") + _settings(question, None)
    else:
        page = note(_fit(prompt)) + _tokens(prompt, question) + _settings(question, prompt)
        if prompt["messages"][:-1]:
            page += _history(prompt)
    return page + _text(question)


def _fit(prompt: Json) -> str:
    count, limit = prompt["prompt_tokens"], prompt["limit"]
    if prompt["fits"]:
        return "Nothing was sent. This is what would be:"
    return (
        f"Nothing was sent. This is too long, and would fail: {count:,} tokens, where {limit:,} "
        "are allowed."
    )


def _tokens(prompt: Json, question: Question) -> Page:
    """How many tokens each part has; the template has what no message has."""
    *before, own = prompt["messages"]
    system = [message for message in before if message["role"] == "system"]
    history = [message for message in before if message["role"] != "system"]
    rows = [("System", _sum(system))] if system else []
    if history:
        dropped = sum(message["dropped"] for message in history)
        left_out = f", {dropped} of them left out" if dropped else ""
        plural = "s" if len(history) > 1 else ""
        rows.append((f"History: {len(history)} message{plural}{left_out}", _sum(history)))
    labels = [*(part.label for part in question.context), "Prompt"]
    counts = own["parts"] or [None] * len(labels)
    rows += [(label, _number(count)) for label, count in zip(labels, counts, strict=True)]
    known = [message["tokens"] for message in prompt["messages"] if not message["dropped"]]
    if None not in known:
        rows.append(("Template", _number(prompt["prompt_tokens"] - sum(known))))
    of_context = f" of {prompt['context']:,}" if prompt["context"] else ""
    rows.append(("Total", f"{prompt['prompt_tokens']:,}{of_context}"))
    return table(("Part", "Tokens"), rows)


def _sum(messages: list[Json]) -> str:
    counts = [message["tokens"] for message in messages if not message["dropped"]]
    return _number(None if None in counts else sum(counts))


def _number(count: int | None) -> str:
    return "not known" if count is None else f"{count:,}"


def _settings(question: Question, prompt: Json | None) -> Page:
    text = json.dumps(question.settings, ensure_ascii=False, indent=2)
    page = note("Settings:") + Page(fenced(text, "json"), text)
    if prompt is None:
        return page
    thread = prompt["thread_id"]
    place = f"thread `{thread}`" if thread else "a new thread"
    return note(f"To the model `{prompt['model']}`, in {place}.") + page


def _history(prompt: Json) -> Page:
    rows = [
        (
            message["role"],
            message["preview"],
            "left out" if message["dropped"] else _number(message["tokens"]),
        )
        for message in prompt["messages"][:-1]
    ]
    return table(("Before it", "", "Tokens"), rows)


def _text(question: Question) -> Page:
    text = "\n".join([*(part.text for part in question.context), question.text])
    return note("The message, exactly:") + Page(fenced(text), text)

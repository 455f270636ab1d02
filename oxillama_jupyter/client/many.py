"""`oxillama_jupyter.map`: one prompt for many rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.asking import Job, Outcome, digest
from oxillama_jupyter.client.batch import Batch
from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.client.fields import Fields
from oxillama_jupyter.client.prompts import MissingValue, Prompt, Row, filler, read_rows
from oxillama_jupyter.client.results import AnswerTable, Results, free_names

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.client.frames import AnswerFrame

__all__ = ["batch_name", "chat_body", "default_model", "map"]

Json = dict[str, Any]  # JSON of any shape
_ABOUT = ["error", "tokens", "seconds", "finish_reason"]


def map(  # noqa: A001, PLR0913 - the name says what it does; settings, all by name
    data: Any,
    prompt: Prompt,
    *,
    model: str | None = None,
    schema: Any = None,
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    concurrency: int | None = None,
    retries: int = 2,
    name: str | None = None,
    progress: bool = True,
    resume: bool = True,
    connection: Connection | None = None,
) -> AnswerFrame | AnswerTable:
    """Ask the model the same about every row, side by side.

    Answers are kept in the server. The same call once more, also after an interrupt, in another
    kernel or with more rows, asks only what has no answer yet. Rows that give the same prompt are
    asked once.

    Args:
        data: A pandas DataFrame or Series, or an iterable of dicts or strings; a string is the
            column `input`.
        prompt: The question. `{{ column }}` stands for a row's value; all else is literal, single
            braces too. Or a function that makes the text of a row, which is a dict.
        model: The model; the server's default one where not given.
        schema: What each answer has to look like: a pydantic class, a dataclass, a TypedDict or a
            JSON Schema; each of its fields is a column then.
        system: A system message ahead of each question, as it is.
        temperature: 0 takes the likeliest token each time, 2 is wild.
        max_tokens: An answer is cut after so many tokens.
        seed: For sampling that can be repeated.
        concurrency: Requests at the same time; as many as the engine has sequences where not given.
        retries: How often a row is asked again after a failure that may pass. A server that is
            busy is waited for, which does not count.
        name: What the answers are kept under. Another name has them all asked anew.
        progress: Show how far it is.
        resume: Take answers that are kept; False asks all anew.
        connection: The server; found as `connect()` does where not given.

    Returns:
        The rows with `text` (or the schema's fields), `error`, `tokens` (of the answer), `seconds`
        and `finish_reason`; `answer_text` and so on where the rows have such a column. It is a
        DataFrame, if pandas is installed, and else a table of dicts. Its `failures` are the rows
        that have an `error`; they stop no others.

    Raises:
        ValueError: The prompt or a column's name is of no use.
        KeyboardInterrupt: It was interrupted; what is done is kept.

    Example:
        >>> import oxillama_jupyter
        >>> oxillama_jupyter.map(["7 + 5", "20 - 4"], "What is {{ input }}?")  # doctest: +SKIP
    """
    rows = read_rows(data)
    fields = Fields(schema)
    names = free_names([*fields.columns, *_ABOUT], rows.columns)
    texts = _texts(rows.rows, prompt, rows.columns)
    connection = connection or connect()
    settings = _plain(
        {
            "model": model or default_model(connection),
            "temperature": temperature,
            "max_completion_tokens": max_tokens,
            "seed": seed,
            "response_format": fields.response_format,
        }
    )
    batch = Batch(
        connection,
        name
        if name is not None
        else batch_name("map", [prompt if isinstance(prompt, str) else None, system, settings]),
        concurrency=concurrency,
        retries=retries,
        stream=False,
        progress=progress,
    )
    jobs = [
        None if isinstance(text, MissingValue) else Job(chat_body(text, system, settings))
        for text in texts
    ]
    outcomes = batch.answers(
        [[job for job in jobs if job is not None]],
        resume=resume,
        refused=jobs.count(None),
        usable=lambda outcome: fields.read(outcome)[1] is None,
    )
    answers = [
        Outcome(error=str(text)) if job is None else outcomes[job.digest]
        for job, text in zip(jobs, texts, strict=True)
    ]
    found = [
        row | _columns(fields, outcome, names)
        for row, outcome in zip(rows.rows, answers, strict=True)
    ]
    columns = [*rows.columns, *names.values()]
    return Results(batch.name, columns, found, names["error"], rows.frame).table()


def _texts(rows: list[Row], prompt: Prompt, columns: list[str]) -> list[str | MissingValue]:
    """The prompt of each row, before anything is asked: a mistake in it shows at once."""
    if not rows:
        return []
    fill, texts = filler(prompt, columns), list[str | MissingValue]()
    for number, row in enumerate(rows):
        try:
            texts.append(fill(row))
        except MissingValue as error:
            texts.append(error)
        except Exception as error:
            error.add_note(f"The prompt's function failed at row {number}.")
            raise
    return texts


def _columns(fields: Fields, outcome: Outcome, names: dict[str, str]) -> Row:
    values, error = fields.read(outcome)
    values = {name: values.get(name) for name in fields.columns} | {
        "error": error,
        "tokens": outcome.usage.get("completion_tokens"),
        "seconds": outcome.seconds,
        "finish_reason": outcome.finish_reason,
    }
    return {names[name]: value for name, value in values.items()}


# -- what `sweep` does alike -----------------------------------------------------------------------


def default_model(connection: Connection) -> str:
    """The id of the model that the server takes where none is named."""
    return str(connection.get("/models")["data"][0]["id"])


def chat_body(text: str, system: str | None, settings: Json) -> Json:
    """The body of a chat completion; settings that are None are left out, numpy's numbers plain."""
    messages = [{"role": "system", "content": system}] if system is not None else []
    messages.append({"role": "user", "content": text})
    given = {name: value for name, value in _plain(settings).items() if value is not None}
    return {**given, "messages": messages}


def _plain(settings: Json) -> Json:
    """Settings with numpy's numbers as Python's, which JSON can have."""
    return {
        name: value.item() if hasattr(value, "item") else value for name, value in settings.items()
    }


def batch_name(kind: str, about: Any) -> str:
    """A name for what is always asked the same way."""
    return f"{kind} {digest(about)[:16]}"

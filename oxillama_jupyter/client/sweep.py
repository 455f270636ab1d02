"""`oxillama_jupyter.sweep`: one prompt under many settings."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from oxillama_jupyter.client.asking import Job, Outcome
from oxillama_jupyter.client.batch import Batch
from oxillama_jupyter.client.connection import connect
from oxillama_jupyter.client.many import batch_name, chat_body, default_model
from oxillama_jupyter.client.results import AnswerTable, Results

if TYPE_CHECKING:
    from oxillama_jupyter.client.connection import Connection
    from oxillama_jupyter.client.frames import AnswerFrame

__all__ = ["sweep"]

Row = dict[str, Any]  # a combination's settings, and what came of it
_MEASURED = [
    "text",
    "prompt_tokens",
    "cached_tokens",
    "tokens",
    "ttft",
    "seconds",
    "tokens_per_second",
    "finish_reason",
    "error",
]
_FIELDS = {"max_tokens": "max_completion_tokens"}  # names in the API, where they are others


def sweep(  # noqa: PLR0913 - settings, all by name
    prompt: str,
    *,
    models: str | Iterable[str] | None = None,
    adapter: str | Iterable[str | None] | None = None,
    system: str | Iterable[str | None] | None = None,
    temperature: float | Iterable[float] | None = None,
    top_p: float | Iterable[float] | None = None,
    max_tokens: int | Iterable[int] | None = None,
    seed: int | Iterable[int] | None = None,
    n: int = 1,
    concurrency: int | None = None,
    retries: int = 2,
    name: str | None = None,
    progress: bool = True,
    resume: bool = True,
    connection: Connection | None = None,
) -> AnswerFrame | AnswerTable:
    """Ask the model one thing under every combination of some settings.

    Each setting takes one value or several. All of a model's combinations are asked side by side
    and share what the engine has read of the prompt; models are taken one after the other. Answers
    are kept in the server, as those of `map` are.

    Args:
        prompt: The question, as it is; braces mean nothing.
        models: Names of models; the server's default one where not given.
        adapter: Names of LoRA adapters; None in a list is the bare model.
        system: System messages; None in a list is a question without one.
        temperature: 0 takes the likeliest token each time, 2 is wild.
        top_p: Sample from the likeliest tokens that have this much of the probability together.
        max_tokens: An answer is cut after so many tokens.
        seed: For sampling that can be repeated.
        n: Answers to each combination, told apart by the column `sample`. With a seed, the answers
            have that seed, the next one, and so on.
        concurrency: Requests at the same time; as many as the engine has sequences where not given.
            1 measures each answer alone.
        retries: How often a request is made again after a failure that may pass.
        name: What the answers are kept under. Another name has them all asked anew.
        progress: Show how far it is.
        resume: Take answers that are kept; False asks all anew.
        connection: The server; found as `connect()` does where not given.

    Returns:
        A row for each combination: its settings, `text`, `prompt_tokens`, `cached_tokens` (those
        of the prompt that were not computed again), `tokens` (of the answer), `ttft` and `seconds`
        (until the first text and until the end, waiting for a free sequence included),
        `tokens_per_second` (by the engine's clock, where it tells), `finish_reason`, `error`. It is
        a DataFrame, if pandas is installed, and else a table of dicts; `failures` are the rows with
        an error.

    Raises:
        ValueError: A setting has no values.
        KeyboardInterrupt: It was interrupted; what is done is kept.

    Example:
        >>> import oxillama_jupyter
        >>> oxillama_jupyter.sweep("Hello!", temperature=[0, 1], seed=range(5))  # doctest: +SKIP
    """
    if not isinstance(prompt, str):
        raise TypeError(f"The prompt is a text, not {type(prompt).__name__}.")
    connection = connection or connect()
    given = {
        "model": default_model(connection) if models is None else models,
        "adapter": adapter,  # in this order what shares a beginning of the prompt stays together
        "system": system,
        "temperature": temperature,
        "top_p": top_p,
        "max_tokens": max_tokens,
        "seed": seed,
        "sample": range(n) if n != 1 else None,
    }
    axes = {key: _values(key, value) for key, value in given.items() if value is not None}
    combinations = [
        dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())
    ]
    jobs = [_job(prompt, combination) for combination in combinations]
    batch = Batch(
        connection,
        name if name is not None else batch_name("sweep", prompt),
        concurrency=concurrency,
        retries=retries,
        stream=True,
        progress=progress,
    )
    stages = [[job for job in jobs if job.body["model"] == model] for model in axes["model"]]
    outcomes = batch.answers(stages, resume=resume)
    rows = [
        combination | _measured(outcomes[job.digest])
        for combination, job in zip(combinations, jobs, strict=True)
    ]
    return Results(batch.name, [*axes, *_MEASURED], rows, "error").table()


def _values(name: str, given: Any) -> list[Any]:
    """The values of a setting: those of an iterable, or the one."""
    several = isinstance(given, Iterable) and not isinstance(given, str)
    values = list(dict.fromkeys(given if several else [given]))
    if not values:
        raise ValueError(f"{'n' if name == 'sample' else name} has no values.")
    return values


def _job(prompt: str, combination: Row) -> Job:
    settings = {_FIELDS.get(name, name): value for name, value in combination.items()}
    system, sample = settings.pop("system", None), settings.pop("sample", 0)
    if settings.get("seed") is not None:
        settings["seed"] += sample
        sample = 0
    return Job(chat_body(prompt, system, settings), sample)


def _measured(outcome: Outcome) -> Row:
    usage = outcome.usage
    return {
        "text": outcome.text,
        "prompt_tokens": usage.get("prompt_tokens"),
        "cached_tokens": (usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
        "tokens": usage.get("completion_tokens"),
        "ttft": outcome.first,
        "seconds": outcome.seconds,
        "tokens_per_second": outcome.rate,
        "finish_reason": outcome.finish_reason,
        "error": outcome.error,
    }

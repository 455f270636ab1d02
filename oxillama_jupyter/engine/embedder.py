"""Embeds texts between the decode steps of generations, one bounded batch at a time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from oxillama_jupyter.engine.embeddings import Embeddings
from oxillama_jupyter.engine.frames import Output
from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    InvalidRequest,
    OxillamaError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from oxillama_jupyter.engine.frames import Embed

__all__ = ["BATCH_SEQUENCES", "BATCH_TOKENS", "EmbedJob", "Embedder", "Vectors", "Vocabulary"]

BATCH_TOKENS = 512
"""Tokens of several inputs in one batch; only a single longer input exceeds it."""

BATCH_SEQUENCES = 32


class Vectors(Protocol):
    """What an embedder needs of llama.cpp."""

    embed_width: int
    embed_limit: int

    def embed(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Embed some sequences in one batch: a row of numbers for each.

        Raises:
            EngineError: It cannot, and why; `InvalidRequest` where the model never can.
        """


class Vocabulary(Protocol):
    """What an embedder needs of the model's vocabulary."""

    n_tokens: int

    def tokenize(self, text: str, *, special: bool, around: bool) -> list[int]:
        """Turn text into tokens, with those the model wants around it."""


@dataclass(slots=True, eq=False)
class EmbedJob:
    """One request, tokenised, and what is embedded of it."""

    id: int
    inputs: list[list[int]]
    dimensions: int
    vectors: list[bytes] = field(default_factory=list)


class Embedder:
    """The queue of requests; first come, first served.

    `prepare` may be called from another thread than the rest.
    """

    def __init__(self, backend: Vectors, vocabulary: Vocabulary) -> None:
        self._backend = backend
        self._vocabulary = vocabulary
        self._jobs: deque[EmbedJob] = deque()

    @property
    def busy(self) -> bool:
        """Whether a step would do anything."""
        return bool(self._jobs)

    def prepare(self, message: Embed) -> EmbedJob | Output:
        """Tokenise a request, or say why it is refused."""
        request = message.request
        width = self._backend.embed_width
        try:
            if (request.dimensions or 0) > width:
                raise InvalidRequest(
                    f"'dimensions' must be at most {width}, which this model's vectors have, not"
                    f" {request.dimensions}.",
                    param="dimensions",
                )
            inputs = [self._tokens(item, index) for index, item in enumerate(request.inputs)]
        except OxillamaError as error:
            return _refusal(message.id, error)
        return EmbedJob(message.id, inputs, request.dimensions or width)

    def submit(self, job: EmbedJob) -> None:
        """Queue a request."""
        self._jobs.append(job)

    def abort(self, job_id: int) -> None:
        """Drop a request."""
        self._jobs = deque(job for job in self._jobs if job.id != job_id)

    def step(self) -> list[Output]:
        """Embed the next few inputs; return what is complete."""
        if not self._jobs:
            return []
        batch = self._batch()
        try:
            rows = self._backend.embed([job.inputs[index] for job, index in batch])
        except OxillamaError as error:
            gone = {job.id: job for job, _ in batch}
            self._jobs = deque(job for job in self._jobs if job.id not in gone)
            return [_refusal(job_id, error) for job_id in gone]
        for (job, _), row in zip(batch, rows, strict=True):
            job.vectors.append(_unit(row[: job.dimensions]))
        return [_output(self._jobs.popleft()) for _ in range(self._complete())]

    def _batch(self) -> list[tuple[EmbedJob, int]]:
        """The next inputs of any request that one batch holds; a long one has it to itself."""
        batch: list[tuple[EmbedJob, int]] = []
        tokens = 0
        for job in self._jobs:
            for index in range(len(job.vectors), len(job.inputs)):
                tokens += len(job.inputs[index])
                if batch and (tokens > BATCH_TOKENS or len(batch) == BATCH_SEQUENCES):
                    return batch
                batch.append((job, index))
        return batch

    def _complete(self) -> int:
        """How many requests at the head of the queue have all their vectors."""
        count = 0
        while count < len(self._jobs):
            job = self._jobs[count]
            if len(job.vectors) < len(job.inputs):
                break
            count += 1
        return count

    def _tokens(self, item: str | tuple[int, ...], index: int) -> list[int]:
        limit, n_tokens = self._backend.embed_limit, self._vocabulary.n_tokens
        if isinstance(item, str):
            tokens = self._vocabulary.tokenize(item, special=False, around=True)
        else:
            tokens = list(item)
        strange = next((token for token in tokens if not 0 <= token < n_tokens), None)
        if strange is not None or not tokens:
            raise InvalidRequest(
                f"Input {index} has no tokens."
                if strange is None
                else f"The model's tokens are 0 to {n_tokens - 1}; {strange} is none of them.",
                param="input",
            )
        if len(tokens) > limit:
            raise ContextLengthExceeded(
                f"Input {index} has {len(tokens)} tokens, but at most {limit} can be embedded.",
                param="input",
            )
        return tokens


def _unit(vector: NDArray[np.float32]) -> bytes:
    """Scale a vector to length 1; nothing can be done for one of zeros."""
    length = float(np.linalg.norm(vector.astype(np.float64)))
    return (vector / (length or 1.0)).astype("<f4").tobytes()


def _output(job: EmbedJob) -> Output:
    tokens = [len(item) for item in job.inputs]
    return Output(job.id, embeddings=Embeddings(job.vectors, tokens, job.dimensions))


def _refusal(job_id: int, error: OxillamaError) -> Output:
    return Output(job_id, None, type(error).__name__, error.message, error.param)

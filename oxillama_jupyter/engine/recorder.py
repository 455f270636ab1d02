"""Takes down how probable the model found its tokens, for generations that ask for it.

The backend shows it each decoded row's logits before anything changes them; the scheduler fetches
what they say about a token once that is chosen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from oxillama_jupyter.engine.frames import Output
from oxillama_jupyter.engine.logprobs import TokenLogprob
from oxillama_jupyter.engine.protocol import Delta

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from oxillama_jupyter.engine.backend import Row

__all__ = ["Recorder"]


class Recorder:
    """The log-probabilities of one generation.

    Args:
        raw: Gives a token's bytes.
        top: How many alternatives to report for each token.
        prompt: Its tokens where they are reported too; none where they are not.
    """

    def __init__(
        self, raw: Callable[[int], bytes], top: int, prompt: Sequence[int] | None = None
    ) -> None:
        self._raw = raw
        self._top = top
        self._prompt = list(prompt or ())
        self._read: list[TokenLogprob] = []
        self._told = 0
        self._next: NDArray[np.float32] | None = None

    @property
    def missing(self) -> int:
        """How many of the prompt's tokens want logits that were not seen yet."""
        return max(len(self._prompt) - 1 - self.seen, 0)

    @property
    def seen(self) -> int:
        """How many of the prompt's first tokens need not be decoded again for their logits."""
        return max(len(self._read) - 1, 0)

    def see(self, row: Row, logits: Callable[[int], NDArray[np.float32]]) -> None:
        """Look at a decoded row.

        Args:
            row: What was decoded.
            logits: Gives the logits after the row's token with this index.
        """
        if self._prompt and not self._read:
            self._read.append(TokenLogprob(self._prompt[0], self._raw(self._prompt[0]), None))
        last = min(row.position + len(row.tokens), len(self._prompt) - 1)
        for position in range(max(row.position, self.seen), last):
            values = _log_softmax(logits(position - row.position))
            self._read.append(self._entry(self._prompt[position + 1], values))
        if row.sampler is not None:
            self._next = _log_softmax(logits(len(row.tokens) - 1))

    def prompt_outputs(self, job: int) -> list[Output]:
        """What became known of the prompt since the last time."""
        news = tuple(self._read[self._told :])
        self._told = len(self._read)
        return [Output(job, Delta(prompt_logprobs=news))] if news else []

    def attach(self, output: Output, token: int) -> Output:
        """Add the newest token to what it gave; the one that ends a turn is not reported."""
        if output.delta is None or not output.delta.tokens or self._next is None:
            return output
        entry = self._entry(token, self._next)
        delta = msgspec.structs.replace(output.delta, logprobs=(entry,))
        return msgspec.structs.replace(output, delta=delta)

    def _entry(self, token: int, values: NDArray[np.float32]) -> TokenLogprob:
        count = min(self._top, len(values))
        best = np.argpartition(values, -count)[-count:] if count else np.empty(0, np.int64)
        best = best[np.argsort(-values[best], kind="stable")]
        top = tuple(
            TokenLogprob(other, self._raw(other), float(values[other])) for other in best.tolist()
        )
        return TokenLogprob(token, self._raw(token), float(values[token]), top)


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max()
    result: NDArray[np.float32] = shifted - math.log(float(np.exp(shifted).sum(dtype=np.float64)))
    return result

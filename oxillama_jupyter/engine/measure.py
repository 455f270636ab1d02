"""Times one way to run a model, in a process that `Autotuner` starts.

Reads a `Configure` frame from stdin, loads the model with it, and writes a `Measured` as JSON to
what was fd 1. A process for each, because some settings crash, and others are read from the
environment.
"""

from __future__ import annotations

import math
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from oxillama_jupyter.engine.frames import Configure, decode_to_child, read_frame
from oxillama_jupyter.engine.machine import be_nice
from oxillama_jupyter.engine.pieces import TILE
from oxillama_jupyter.engine.worker import claim_stdout, exit_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.engine.backend import Sampler
    from oxillama_jupyter.engine.llama import Llama

__all__ = ["Measured", "main", "measure"]

_WORK = 2.5e11  # parameters times tokens of filling the cache: large models are timed at less depth
_DEEPEST = 2048
_SHALLOWEST = 128
_STEPS = 12
_FOLLOW_UP = 40  # a question of some 25 words, and what a template puts around it
_HARDLY = 52  # a tile that is worth it only from so many tokens on is not worth it
_TIMES = 4  # each is done so often, as the machine may do something else meanwhile
_ENOUGH = 1.5  # seconds for that; what takes longer is done once, and averages by itself
_TOGETHER = 4


class Measured(Struct, frozen=True):
    """What one way to run a model gave.

    Attributes:
        depth: Tokens in the cache while the rest was timed.
        prefill: Prompt tokens per second, up to that depth.
        decode: Generated tokens per second of one sequence at that depth.
        decode_together: Generated tokens per second of several sequences, all together.
        follow_up: Seconds to read forty more tokens at that depth.
        tile: Seconds to read sixty-four, which flash attention takes together.
        together: How many sequences `decode_together` had.
    """

    depth: int
    prefill: float
    decode: float
    decode_together: float
    follow_up: float
    tile: float
    together: int

    @property
    def seconds(self) -> float:
        """What a small conversation takes: the less the better.

        A prompt of 500 tokens, and six turns that read 40 and write 50; one of them among others,
        for most notebooks have one person before them.
        """
        turn = min(self.follow_up, self.tile) if self.round_up else self.follow_up
        return 500 / self.prefill + 6 * turn + 250 / self.decode + 50 / self.decode_together

    @property
    def round_up(self) -> int:
        """From how many tokens on sixty-four are read sooner than they are; 0 for never.

        What fewer than a tile take grows by as much with each of them.
        """
        one = 1 / self.decode
        each = max((self.follow_up - one) / (_FOLLOW_UP - 1), 1e-9)
        least = math.ceil(1 + (self.tile - one) / each)
        return max(least, 2) if least <= _HARDLY else 0

    def best(self, other: Measured) -> Measured:
        """The best of two measurements of one way: whatever else runs only adds to its times."""
        return Measured(
            self.depth,
            max(self.prefill, other.prefill),
            max(self.decode, other.decode),
            max(self.decode_together, other.decode_together),
            min(self.follow_up, other.follow_up),
            min(self.tile, other.tile),
            self.together,
        )


class _Stopwatch:
    """Decodes and times; all tokens are the same, which costs what others cost."""

    def __init__(self, llama: Llama) -> None:
        from oxillama_jupyter.engine.protocol import Sampling

        self._llama = llama
        self._token = max(llama.vocabulary.bos, 0)
        self._sampling = Sampling(temperature=0)

    def least(self, work: Callable[[], float]) -> float:
        """The shortest of some times: whatever else runs only adds to them."""
        end = time.perf_counter() + _ENOUGH
        found = [work()]
        while len(found) < _TIMES and time.perf_counter() < end:
            found.append(work())
        return min(found)

    def more(self, position: int, count: int) -> float:
        """Read a few more tokens at a depth, and forget them; return seconds."""
        seconds = self.read(0, position, count)
        self._llama.keep(0, position)
        return seconds

    def read(self, sequence: int, position: int, count: int) -> float:
        """Read a prompt in full batches; return seconds."""
        started = time.perf_counter()
        size = self._llama.limits.n_batch
        for start in range(position, position + count, size):
            tokens = [self._token] * min(size, position + count - start)
            self._step([(sequence, start, tokens)])
        return time.perf_counter() - started

    def generate(self, positions: list[int]) -> float:
        """Generate in all sequences at once, from these positions on; return seconds per step."""
        self._step([(n, position, [self._token]) for n, position in enumerate(positions)])
        started = time.perf_counter()
        for step in range(1, _STEPS + 1):
            rows = [(n, position + step, [self._token]) for n, position in enumerate(positions)]
            self._step(rows)
        seconds = (time.perf_counter() - started) / _STEPS
        for n, position in enumerate(positions):
            self._llama.keep(n, position)
        return seconds

    def _step(self, rows: list[tuple[int, int, list[int]]]) -> None:
        from oxillama_jupyter.engine.backend import Row

        samplers: list[Sampler] = [self._llama.sampler(self._sampling) for _ in rows]
        self._llama.step([Row(*row, sampler) for row, sampler in zip(rows, samplers, strict=True)])
        for sampler in samplers:
            sampler.close()


def measure(settings: Configure) -> Measured:
    """Load the model with these settings and time it."""
    from oxillama_jupyter.engine.llama import Llama

    llama = Llama(msgspec.structs.replace(settings, pace=False))
    llama.warm_up()
    watch = _Stopwatch(llama)
    room = llama.limits.n_ctx - TILE - _STEPS - 2
    # The same for every way to run a model, whatever the clock says.
    depth = max(_SHALLOWEST, min(_DEEPEST, room, int(_WORK / llama.info().n_params)))
    prefill = depth / watch.read(0, 0, depth)
    decode = 1 / watch.least(lambda: watch.generate([depth]))
    follow_up = watch.least(lambda: watch.more(depth, _FOLLOW_UP))
    tile = watch.least(lambda: watch.more(depth, TILE))
    together = min(_TOGETHER, llama.limits.n_parallel)
    shallow = depth // 3
    for sequence in range(1, together):
        watch.read(sequence, 0, shallow)
    step = watch.least(lambda: watch.generate([depth] + [shallow] * (together - 1)))
    llama.close()
    return Measured(depth, prefill, decode, together / step, follow_up, tile, together)


def main() -> int:
    """Measure what stdin asks for."""
    sink = claim_stdout()
    exit_with_parent(os.getppid())
    frame = read_frame(sys.stdin.buffer)
    settings: Any = decode_to_child(frame) if frame else None
    if not isinstance(settings, Configure):
        sys.stderr.write("This process is started by the engine, not by hand.\n")
        return 2
    be_nice(settings.niceness)
    os.write(sink, msgspec.json.encode(measure(settings)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What the runs took: for Prometheus at Jupyter's own `/metrics`, and the last turns for people.

Numbers and ids only; no text of anybody's.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct
from prometheus_client import Counter, Gauge, Histogram

from oxillama_jupyter.engine.protocol import EngineStatus, Usage
from oxillama_jupyter.schemas.runs import Timings

__all__ = ["Metrics", "Totals", "TurnRecord", "timings_of"]

_KEPT_TURNS = 100
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_RATES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

# Prometheus has one registry for the process, so these are made once, whoever serves.
_RUNS = Counter("oxillama_runs", "Runs that ended, by status.", ["status"])
_PROMPT = Counter("oxillama_prompt_tokens", "Tokens of rendered prompts, cached ones included.")
_CACHED = Counter("oxillama_cached_tokens", "Prompt tokens that were not computed again.")
_COMPLETION = Counter("oxillama_completion_tokens", "Generated tokens.")
_QUEUE = Histogram("oxillama_queue_seconds", "From request to admission.", buckets=_SECONDS)
_FIRST = Histogram("oxillama_first_token_seconds", "From request to first token.", buckets=_SECONDS)
_RATE = Histogram("oxillama_tokens_per_second", "Generation speed of a turn.", buckets=_RATES)
_LIVE = Gauge("oxillama_live_runs", "Runs, responses, completions that generate or wait.")
_CELLS = Gauge("oxillama_kv_cells", "Cells of the KV cache.")
_USED = Gauge("oxillama_kv_cells_used", "Cells of the KV cache that hold tokens.")
_RESTARTS = Gauge("oxillama_engine_restarts", "How often the engine's process was restarted.")


class TurnRecord(Struct, frozen=True):
    """One turn of a run, or a generation without one.

    Attributes:
        run_id: Id of the run, or of what else it was for, such as `chatcmpl-…`.
        thread_id: Its thread; empty where there is none.
        ended_at: Unix seconds.
    """

    run_id: str
    thread_id: str
    model: str
    ended_at: float
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    timings: Timings


class Totals(Struct):
    """Sums since the server's start."""

    turns: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class Metrics:
    """Takes down what every turn took.

    Attributes:
        totals: Sums since the start.
        turns: The last hundred turns, oldest first.
    """

    def __init__(self) -> None:
        self.totals = Totals()
        self.turns: deque[TurnRecord] = deque(maxlen=_KEPT_TURNS)

    def watch(self, status: Callable[[], EngineStatus], live: Callable[[], int]) -> None:
        """Let Prometheus ask for what is true right now."""
        _LIVE.set_function(live)
        _CELLS.set_function(lambda: status().stats.cells)
        _USED.set_function(lambda: status().stats.cells_used)
        _RESTARTS.set_function(lambda: status().restarts)

    def turn(self, name: str, thread_id: str, model: str, usage: Usage, timings: Timings) -> None:
        """Take down a turn that came to its end; others have no figures.

        Args:
            name: Id of the run, or of what else it was for.
            thread_id: Its thread; empty where there is none.
            model: The engine's name of the model.
            usage: Its tokens.
            timings: Its times.
        """
        counts = (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens)
        self.totals.turns += 1
        self.totals.prompt_tokens += usage.prompt_tokens
        self.totals.cached_tokens += usage.cached_tokens
        self.totals.completion_tokens += usage.completion_tokens
        self.turns.append(TurnRecord(name, thread_id, model, time.time(), *counts, timings))
        _PROMPT.inc(usage.prompt_tokens)
        _CACHED.inc(usage.cached_tokens)
        _COMPLETION.inc(usage.completion_tokens)
        _QUEUE.observe(timings.queue)
        _FIRST.observe(timings.first_token)
        if usage.completion_tokens > 1:
            _RATE.observe(timings.tokens_per_second)

    def run(self, status: str) -> None:
        """Count a run that ended."""
        _RUNS.labels(status).inc()


def timings_of(usage: Usage, queue: float) -> Timings:
    """What a generation took.

    Args:
        usage: The engine's counts and times.
        queue: Seconds from the request to the engine's admission.
    """
    rate = (usage.completion_tokens - 1) / max(usage.completion_seconds, 1e-6)
    return Timings(
        queue=round(queue, 4),
        prompt=round(usage.prompt_seconds, 4),
        first_token=round(queue + usage.prompt_seconds, 4),
        completion=round(usage.completion_seconds, 4),
        tokens_per_second=round(max(rate, 0.0), 1),
    )

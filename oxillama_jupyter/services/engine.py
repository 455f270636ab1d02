"""The engine as people look at it: what it is doing, how fast, and with which settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Literal

from msgspec import Struct

from oxillama_jupyter.engine.protocol import EngineStatus, ModelInfo
from oxillama_jupyter.schemas.generations import LiveRun
from oxillama_jupyter.schemas.responses import Response
from oxillama_jupyter.schemas.runs import Run
from oxillama_jupyter.services.metrics import Metrics, Totals, TurnRecord
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.places import Places

__all__ = ["EngineReport", "EngineService"]

Lives = Callable[[], Iterable[Run | Response | LiveRun]]


class EngineReport(Struct, frozen=True):
    """What `GET /oxillama/engine` answers.

    Attributes:
        state: `starting`, `ok` or `failed`; `status.detail` says why.
        status: The engine's own words: process, sequences, settings, KV cache.
        models: What it serves.
        time: Now, in Unix seconds by the server's clock, as all times here.
        live_runs: Runs, responses and completions that generate or wait in this server.
        most_runs: How many there may be; one more is refused.
        runs: Those of them that can be cancelled, oldest first.
        totals: Sums over all turns since the server's start.
        turns: The last turns, newest first.
    """

    state: Literal["starting", "ok", "failed"]
    status: EngineStatus
    models: list[ModelInfo]
    live_runs: int
    most_runs: int
    runs: list[LiveRun]
    totals: Totals
    turns: list[TurnRecord]
    time: float
    object: Literal["engine"] = "engine"


class EngineService:
    """Gathers what the parts know.

    Args:
        models: The engine.
        places: Who generates or waits.
        metrics: What they took.
        lives: Give what this server generates: runs, responses, and what clients wait for.
    """

    def __init__(
        self, models: ModelService, places: Places, metrics: Metrics, *lives: Lives
    ) -> None:
        self._lives = lives
        self._models = models
        self._places = places
        self._metrics = metrics

    def get(self) -> EngineReport:
        """The state of now; nothing is waited for."""
        status = self._models.status()
        live = map(_live, chain.from_iterable(lives() for lives in self._lives))
        return EngineReport(
            status.state,
            status,
            self._models.engine.models(),
            self._places.taken,
            self._places.most,
            sorted(live, key=lambda run: (run.created_at, run.id)),
            self._metrics.totals,
            list(reversed(self._metrics.turns)),
            time.time(),
        )


def _live(one: Run | Response | LiveRun) -> LiveRun:
    if isinstance(one, LiveRun):
        return one
    thread = one.thread_id if isinstance(one, Run) else ""
    return LiveRun(one.id, thread, one.model, one.status or "", int(one.created_at))

"""The engine as people look at it: what it is doing, how fast, and with which settings."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from oxillama_jupyter.engine.protocol import EngineStatus, ModelInfo
from oxillama_jupyter.services.metrics import Metrics, Totals, TurnRecord
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.places import Places

__all__ = ["EngineReport", "EngineService"]


class EngineReport(Struct, frozen=True):
    """What `GET /oxillama/engine` answers.

    Attributes:
        state: `starting`, `ok` or `failed`; `status.detail` says why.
        status: The engine's own words: process, sequences, settings, KV cache.
        models: What it serves.
        live_runs: Runs, responses and completions that generate or wait in this server.
        totals: Sums over all turns since the server's start.
        turns: The last turns, newest first.
    """

    state: Literal["starting", "ok", "failed"]
    status: EngineStatus
    models: list[ModelInfo]
    live_runs: int
    totals: Totals
    turns: list[TurnRecord]
    object: Literal["engine"] = "engine"


class EngineService:
    """Gathers what the parts know.

    Args:
        models: The engine.
        places: Who generates or waits.
        metrics: What they took.
    """

    def __init__(self, models: ModelService, places: Places, metrics: Metrics) -> None:
        self._models = models
        self._places = places
        self._metrics = metrics

    def get(self) -> EngineReport:
        """The state of now; nothing is waited for."""
        status = self._models.status()
        return EngineReport(
            status.state,
            status,
            self._models.engine.models(),
            self._places.taken,
            self._metrics.totals,
            list(reversed(self._metrics.turns)),
        )

"""How several models are together, and what one will be like that is not loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from oxillama_jupyter.engine.catalog import Entry
from oxillama_jupyter.engine.fit import Wanted, context_of
from oxillama_jupyter.engine.protocol import EngineStats, EngineStatus, ModelInfo, ModelState

__all__ = ["expected", "overview", "settings_now"]


def overview(
    status: EngineStatus,
    loaded: Mapping[str, EngineStatus],
    states: Sequence[ModelState],
    n_parallel: int,
) -> EngineStatus:
    """The default model's status, with what all models do.

    Args:
        status: The default model's, loaded or not.
        loaded: Those of all engines, by model.
        states: How each model is, loaded or not.
        n_parallel: Generations at the same time that each of them takes.
    """
    return replace(
        status,
        stats=_together(status.stats, loaded),
        restarts=sum(one.restarts for one in loaded.values()),
        last_exit=max((one.last_exit for one in (status, *loaded.values())), key=bool),
        n_parallel=n_parallel,
        running=sum(state.running for state in states),
        waiting=sum(state.waiting for state in states),
        models=tuple(states),
    )


@lru_cache(maxsize=4096)
def expected(entry: Entry, wanted: Wanted) -> ModelInfo:
    """What a model will be like once it is loaded."""
    header = entry.header
    if header is None:
        return ModelInfo(entry.id, entry.created)
    return ModelInfo(
        id=entry.id,
        created=entry.created,
        n_ctx=context_of(header, wanted),
        n_ctx_train=header.n_ctx_train,
        n_params=header.n_params,
        size=header.size,
        description=header.name or header.architecture,
    )


def _together(stats: EngineStats, loaded: Mapping[str, EngineStatus]) -> EngineStats:
    """The default model's figures, with what all models' sequences do."""
    return replace(
        stats,
        sequences=tuple(
            replace(sequence, model=model)
            for model, status in loaded.items()
            for sequence in status.stats.sequences
        ),
        read=sum(status.stats.read for status in loaded.values()),
        generated=sum(status.stats.generated for status in loaded.values()),
    )


def settings_now(settings: Mapping[str, Any], stats: EngineStats) -> dict[str, Any]:
    """The settings that an engine shows, with what has changed since its start."""
    if "n_threads" not in settings:
        return dict(settings)
    most = settings["n_threads"]
    return {**settings, "n_threads": stats.n_threads or most, "n_threads_max": most}

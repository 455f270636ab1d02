"""How the server is, in words a person can act on."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, to_builtins

from oxillama_jupyter._version import __version__
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.places import Places
from oxillama_jupyter.store.database import Database

__all__ = ["Health", "HealthService"]


class Health(Struct):
    """What `GET /oxillama/health` answers.

    Attributes:
        status: The engine's state; everything else works without it, but nothing generates.
        detail: Why, where it is not `ok`.
        version: This package's version.
        model: The default model's id.
        engine: Process, sequences, settings.
        store: Path, size, schema.
        runs: Runs, responses and completions that generate or wait in this process.
    """

    status: Literal["starting", "ok", "failed"]
    detail: str
    version: str
    model: str
    engine: dict[str, Any]  # engine-specific
    store: dict[str, Any]
    runs: int


class HealthService:
    """Gathers the parts' own words.

    Args:
        db: The store.
        models: The engine.
        places: Who generates or waits.
    """

    def __init__(self, db: Database, models: ModelService, places: Places) -> None:
        self._db = db
        self._models = models
        self._places = places

    def get(self) -> Health:
        """The state of now; nothing is waited for."""
        engine = self._models.status()
        return Health(
            status=engine.state,
            detail=engine.detail,
            version=__version__,
            model=self._models.resolve(None),
            engine=to_builtins(engine),
            store=to_builtins(self._db.status()),
            runs=self._places.taken,
        )

"""`/v1/models` and `/oxillama/models`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.models import NameModel, TuneModel

__all__ = [
    "ModelAutotuneHandler",
    "ModelHandler",
    "ModelLoadHandler",
    "ModelStatesHandler",
    "ModelUnloadHandler",
    "ModelsHandler",
]


class ModelsHandler(BaseHandler):
    """List."""

    @secured("read")
    async def get(self) -> None:
        """List."""
        self.send(await self.services.models.listing())


class ModelHandler(BaseHandler):
    """Retrieve; an id may hold slashes and colons."""

    @secured("read")
    async def get(self, model_id: str) -> None:
        """Retrieve."""
        self.send(await self.services.models.find(model_id))


class ModelStatesHandler(BaseHandler):
    """How they all are."""

    @secured("read")
    async def get(self) -> None:
        """List, broken ones too."""
        self.send(await self.services.models.states())


class ModelLoadHandler(BaseHandler):
    """Load."""

    @secured("write")
    async def post(self) -> None:
        """Load; the answer comes when it can generate."""
        self.send(await self.services.models.load(self.read(NameModel).model))


class ModelUnloadHandler(BaseHandler):
    """Unload."""

    @secured("write")
    async def post(self) -> None:
        """Free its memory."""
        self.send(await self.services.models.unload(self.read(NameModel).model))


class ModelAutotuneHandler(BaseHandler):
    """Measure."""

    @secured("write")
    async def post(self) -> None:
        """Begin to measure its settings; `GET /oxillama/engine` says how far that is."""
        self.send(await self.services.models.autotune(self.read(TuneModel).model))

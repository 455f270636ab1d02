"""Models: as `GET /models` lists them, and as our own routes tell how they are."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from oxillama_jupyter.schemas.base import Request

__all__ = ["LocalModel", "LocalModelList", "MemoryNow", "Model", "ModelList", "NameModel"]


class Model(Struct):
    """A model that can be named in requests."""

    id: str
    created: int
    object: Literal["model"] = "model"
    owned_by: str = "oxillama"


class ModelList(Struct):
    """All models; this list is never paged."""

    data: list[Model]
    object: Literal["list"] = "list"


class NameModel(Request):
    """Body of `POST /oxillama/models/load` and `/unload`."""

    model: Annotated[str, Meta(min_length=1)]


class TuneModel(Request):
    """Body of `POST /oxillama/models/autotune`; without a model it is about the default one."""

    model: Annotated[str, Meta(min_length=1)] | None = None


class LocalModel(Struct, kw_only=True):
    """How a model is.

    Attributes:
        state: `available` can be loaded, by the next request too.
        detail: Why, where it failed; what the engine says, where it is loaded.
        default: Whether it answers requests that name no model.
        embedding: Whether it makes embeddings and no text.
        size: Bytes of its files.
        memory: Bytes it takes when loaded, about.
        parameters: Number of weights.
        context: Tokens that one request may use.
        description: The model's own name.
        pid: Its engine's process.
        running: Its generations now.
        waiting: Those that wait.
        fits: Whether it could be loaded now; None where it is loaded or nothing is known.
        lack: Why not, in figures.
        gives_way: Idle models that would be unloaded for it.
    """

    id: str
    object: Literal["oxillama.model"] = "oxillama.model"
    state: Literal["available", "loading", "loaded", "failed"]
    detail: str = ""
    default: bool = False
    embedding: bool = False
    size: int = 0
    memory: int = 0
    parameters: int = 0
    context: int = 0
    description: str = ""
    pid: int | None = None
    running: int = 0
    waiting: int = 0
    fits: bool | None = None
    lack: str = ""
    gives_way: list[str] = []


class MemoryNow(Struct, kw_only=True):
    """The memory that models may take, in bytes.

    Attributes:
        free: What can be had now; None where nothing is known or nothing is checked.
        budget: For all models together; None where nothing is known.
        strict: Whether somebody has set the budget: then no model may exceed it alone.
        taken: What the loaded models take, about.
    """

    free: int | None
    budget: int | None
    strict: bool
    taken: int


class LocalModelList(Struct):
    """All models, the default one first.

    Attributes:
        memory: None where the engine has one model, and loads and unloads nothing.
    """

    data: list[LocalModel]
    memory: MemoryNow | None = None
    object: Literal["list"] = "list"

"""Models, as `GET /models` lists them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["Model", "ModelList"]


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

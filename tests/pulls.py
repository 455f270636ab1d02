"""The pull as our own routes and events tell it: every key there, no other, known values."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OurFile(_Strict):
    name: str
    size: int


class OurError(_Strict):
    code: str
    message: str


class OurPull(_Strict):
    id: str
    object: Literal["oxillama.pull"]
    created_at: int
    ended_at: int | None
    model: str
    status: Literal["queued", "in_progress", "completed", "failed", "cancelled"]
    detail: str
    revision: str | None
    files: list[OurFile]
    bytes_done: int
    bytes_total: int
    served_as: str | None
    last_error: OurError | None


class OurPulls(_Strict):
    object: Literal["list"]
    data: list[OurPull]
    refusal: str

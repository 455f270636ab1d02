"""Pulls: models that the server fetches from the Hugging Face hub."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from oxillama_jupyter.schemas.base import Request

__all__ = ["CreatePull", "Pull", "PullError", "PullFile", "PullList", "PullStatus"]

PullStatus = Literal["queued", "in_progress", "completed", "failed", "cancelled"]


class CreatePull(Request):
    """Body of `POST /oxillama/models/pull`.

    Attributes:
        model: `hf:owner/repo`, or `hf:owner/repo:QUANT`.
        stream: Answer with the pull's events instead of the pull.
    """

    model: Annotated[str, Meta(min_length=1, max_length=400)]
    stream: bool | None = None


class PullFile(Struct):
    """One file of the model; its size is in bytes."""

    name: str
    size: int


class PullError(Struct):
    """Why a pull failed."""

    code: str
    message: str


class Pull(Struct, kw_only=True):
    """A model on its way here.

    Attributes:
        model: As it was asked for.
        revision: The repository's commit.
        detail: What is being done now.
        bytes_done: How many bytes of the files are here, those of earlier pulls too.
        bytes_total: How many there are in all.
        served_as: What requests call the model, once the pull is completed.
    """

    id: str
    object: Literal["oxillama.pull"] = "oxillama.pull"
    created_at: int
    ended_at: int | None = None
    model: str
    status: PullStatus = "queued"
    detail: str = ""
    revision: str | None = None
    files: list[PullFile] = []
    bytes_done: int = 0
    bytes_total: int = 0
    served_as: str | None = None
    last_error: PullError | None = None


class PullList(Struct):
    """The pulls of this server since its start, the newest first.

    Attributes:
        refusal: Why this server fetches nothing; empty where it does.
    """

    data: list[Pull]
    refusal: str = ""
    object: Literal["list"] = "list"

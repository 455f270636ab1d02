"""Pulls: which model of the Hugging Face hub is meant, and what is told while it is fetched."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Protocol

from msgspec import Struct

from oxillama_jupyter.errors import InvalidRequest

__all__ = [
    "Fetched",
    "HubFile",
    "HubModel",
    "Order",
    "Planned",
    "Progress",
    "Puller",
    "Ready",
    "Refused",
    "Report",
    "parse_model",
]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_]|[.-](?![.-]))*"  # neither `--` nor `..`, as the hub has it
_SOURCE = re.compile(rf"hf:(?P<repo>{_NAME}/{_NAME})(?::(?P<quant>[^\s:/][^\s:]*))?")
_LONGEST_NAME = 96


class HubModel(Struct, frozen=True):
    """A model on the hub.

    Attributes:
        repo: Its repository, `owner/name`.
        quant: A quantisation such as `Q4_K_M`, or a file's name; empty for the usual choice.
    """

    repo: str
    quant: str = ""

    def __str__(self) -> str:
        return f"hf:{self.repo}:{self.quant}" if self.quant else f"hf:{self.repo}"


class HubFile(Struct, frozen=True):
    """A file on the hub.

    Attributes:
        name: Its path in the repository.
        size: Bytes.
        sha256: Of its content; empty where the hub does not tell.
        git_sha1: What git calls it, for a file that lies in git itself; empty for others.
    """

    name: str
    size: int
    sha256: str = ""
    git_sha1: str = ""


class Order(Struct, frozen=True):
    """What the fetching process is told.

    Attributes:
        model: Which one.
        cache: The Hugging Face cache.
    """

    model: HubModel
    cache: str


class Planned(Struct, frozen=True, tag="planned"):
    """What will be fetched: known before the first byte of it is.

    Attributes:
        revision: The commit.
        files: The model's files, in order.
        done: How many of their bytes are here already.
    """

    revision: str
    files: list[HubFile]
    done: int


class Progress(Struct, frozen=True, tag="progress"):
    """How far it is.

    Attributes:
        done: Bytes of all files that are here.
        doing: What is being done with which file.
    """

    done: int
    doing: str


class Fetched(Struct, frozen=True, tag="fetched"):
    """All files are in the cache and have the sums that the hub says.

    Attributes:
        path: The first of them.
    """

    path: str


class Refused(Struct, frozen=True, tag="refused"):
    """It failed.

    Attributes:
        error: Name of a class in `oxillama_jupyter.errors`.
        message: Why, for people.
        param: Which parameter of the request it is about.
        code: Why, for programs.
    """

    error: str
    message: str
    param: str | None = None
    code: str | None = None


class Ready(Struct, frozen=True):
    """The model can be loaded.

    Attributes:
        model: What requests call it.
    """

    model: str


Report = Planned | Progress | Fetched | Refused


class Puller(Protocol):
    """Who can fetch models."""

    def pull(self, model: HubModel) -> AsyncGenerator[Planned | Progress | Ready, None]:
        """Fetch a model: `Planned` comes first, `Ready` last; closing the iterator is the abort.

        What is here when it is aborted or breaks off is kept, and not fetched again.

        Raises:
            OxillamaError: It cannot be fetched, and why.
        """


def parse_model(text: str) -> HubModel:
    """Read `hf:owner/repo` or `hf:owner/repo:QUANT`.

    Raises:
        InvalidRequest: It is neither.
    """
    match = _SOURCE.fullmatch(text)
    if match is None or len(match["repo"]) > _LONGEST_NAME:
        raise InvalidRequest(
            f"'{text}' names no model on the Hugging Face hub: write hf:owner/repo, or "
            "hf:owner/repo:Q4_K_M for a certain quantisation.",
            param="model",
            code="invalid_value",
        )
    return HubModel(match["repo"], match["quant"] or "")

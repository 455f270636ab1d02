"""Our own API keys: named, revocable, and shown only once."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from oxillama_jupyter.schemas.base import Request

__all__ = ["CreateKey", "Key", "KeyList", "NewKey"]


class CreateKey(Request):
    """Body of `POST /oxillama/keys`."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]


class Key(Struct, kw_only=True):
    """A key without its secret; `hint` is its last four characters."""

    id: str
    object: Literal["oxillama.key"] = "oxillama.key"
    name: str
    hint: str
    created_at: int
    last_used_at: int | None = None


class NewKey(Key, kw_only=True):
    """A key just made; its secret is never shown again."""

    key: str


class KeyList(Struct):
    """All keys that are not revoked."""

    data: list[Key]
    object: Literal["list"] = "list"

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from oxillama_jupyter.errors import InvalidRequest, NotFound
from oxillama_jupyter.schemas.keys import CreateKey
from oxillama_jupyter.services.keys import KEY_PREFIX, KeyService, new_kernel_key
from oxillama_jupyter.store.database import Database

KERNEL_KEY = new_kernel_key()


def with_keys(test: Callable[[KeyService], Awaitable[None]], folder: Path) -> None:
    async def run() -> None:
        db = await Database.open(folder / "store.db")
        await test(KeyService(db, KERNEL_KEY))
        await db.aclose()

    asyncio.run(run())


def test_kernel_keys_are_ours_and_never_twice_the_same() -> None:
    assert new_kernel_key().startswith(KEY_PREFIX)
    assert new_kernel_key() != new_kernel_key()


@pytest.mark.parametrize(
    "secret",
    ["", "x", KEY_PREFIX, KERNEL_KEY[:-1], KERNEL_KEY + "x", "é\udcff"],
    ids=["empty", "foreign", "prefix", "shorter", "longer", "no text"],
)
def test_what_is_not_a_key_is_nobodys(tmp_path: Path, secret: str) -> None:
    async def test(keys: KeyService) -> None:
        assert await keys.verify(secret) is None

    with_keys(test, tmp_path)


def test_a_key_is_known_until_it_is_revoked(tmp_path: Path) -> None:
    async def test(keys: KeyService) -> None:
        made = await keys.create(CreateKey(name="laptop"))
        assert await keys.verify(made.key) == "laptop"
        assert await keys.verify(KERNEL_KEY) == "kernel"
        assert [key.id for key in (await keys.page()).data] == [made.id]
        await keys.revoke(made.id)
        assert await keys.verify(made.key) is None
        with pytest.raises(NotFound):
            await keys.revoke(made.id)

    with_keys(test, tmp_path)


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    async def test(keys: KeyService) -> None:
        await keys.create(CreateKey(name="laptop"))
        with pytest.raises(InvalidRequest, match="named 'laptop' already"):
            await keys.create(CreateKey(name="laptop"))

    with_keys(test, tmp_path)

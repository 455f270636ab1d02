"""Work that a cancellation must not cut in two."""

from __future__ import annotations

import asyncio

import pytest
from worlds import run

from oxillama_jupyter.services.tasks import whole


@pytest.mark.parametrize("fails", [False, True])
def test_a_cancellation_takes_effect_afterwards_however_often_it_comes(*, fails: bool) -> None:
    done = []

    async def work() -> None:
        await asyncio.sleep(0.02)
        done.append(1)
        if fails:
            raise ValueError("no")

    async def test() -> None:
        task = asyncio.create_task(whole(work()))
        for _ in range(3):
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled()
        assert done == [1]

    run(test)


def test_its_result_is_the_works() -> None:
    async def good() -> int:
        return 7

    async def bad() -> int:
        raise ValueError("no")

    async def test() -> None:
        assert await whole(good()) == 7
        with pytest.raises(ValueError, match="no"):
            await whole(bad())

    run(test)

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from oxillama_jupyter.errors import EngineUnavailable, StoreError
from oxillama_jupyter.services.services import Gate, Services

SERVICES = cast("Services", object())


def test_requests_wait_at_the_gate_until_it_opens() -> None:
    async def test() -> None:
        gate = Gate()
        waiting = [asyncio.create_task(gate.services()) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        gate.open(SERVICES)
        assert await asyncio.gather(*waiting) == [SERVICES] * 3

    asyncio.run(test())


def test_a_failed_start_is_told_to_everyone() -> None:
    async def test() -> None:
        gate = Gate()
        gate.fail(StoreError("damaged"))
        for _ in range(2):
            with pytest.raises(StoreError, match="damaged"):
                await gate.services()

    asyncio.run(test())


def test_nobody_waits_for_ever() -> None:
    async def test() -> Any:
        with pytest.raises(EngineUnavailable, match="still starting"):
            await Gate(timeout=0.01).services()

    asyncio.run(test())

from __future__ import annotations

import asyncio

import pytest
from worlds import run

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.services.foreground import Foreground

Work = Foreground[str]


def test_what_fails_before_admission_is_raised_by_the_start() -> None:
    async def refuse(_: Work) -> str:
        raise InvalidRequest("No.")

    async def test() -> None:
        with pytest.raises(InvalidRequest):
            await Foreground.start(refuse, name="x")

    run(test)


def test_the_start_returns_at_admission_and_the_result_comes_later() -> None:
    more = asyncio.Event()

    async def work(foreground: Work) -> str:
        foreground.admit()
        await more.wait()
        foreground.log.append("x", {})
        return "done"

    async def test() -> None:
        foreground = await Foreground.start(work, name="x")
        assert not foreground.log.closed
        more.set()
        assert await foreground.result() == "done"
        assert foreground.log.closed
        assert len(foreground.log.frames) == 1
        await foreground.aclose()

    run(test)


def test_work_ends_with_its_client() -> None:
    ended: list[str] = []

    async def work(foreground: Work) -> str:
        try:
            foreground.admit()
            await asyncio.sleep(60)
        finally:
            ended.append("work")
        return ""

    async def test() -> None:
        foreground = await Foreground.start(work, name="x")
        await foreground.aclose()
        assert ended == ["work"]
        assert foreground.log.closed

    run(test)


def test_work_ends_when_its_client_leaves_before_admission() -> None:
    ended: list[str] = []

    async def work(_: Work) -> str:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("work")
        return ""

    async def test() -> None:
        starting = asyncio.create_task(Foreground.start(work, name="x"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert ended == ["work"]

    run(test)


def test_work_ends_when_nobody_waits_for_its_result() -> None:
    ended: list[str] = []

    async def work(foreground: Work) -> str:
        try:
            foreground.admit()
            await asyncio.sleep(60)
        finally:
            ended.append("work")
        return ""

    async def test() -> None:
        foreground = await Foreground.start(work, name="x")
        waiting = asyncio.create_task(foreground.result())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert ended == ["work"]

    run(test)

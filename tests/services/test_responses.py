"""Responses that end with their client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from response_worlds import asked, body, ended, running, server
from worlds import run

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.schemas.items import MessageItem
from oxillama_jupyter.schemas.responses import ItemsQuery
from oxillama_jupyter.services import responses
from oxillama_jupyter.services.responses import ResponseService


async def texts(service: ResponseService, response_id: str) -> list[str]:
    """What a response answered."""
    page = await service.items(response_id, ItemsQuery(order="asc"))
    return [item.content[0].text for item in page.data if isinstance(item, MessageItem)]  # type: ignore[union-attr]  # text


@pytest.mark.parametrize("stream", [False, True])
def test_one_outlives_what_it_goes_on_from(tmp_path: Path, *, stream: bool) -> None:
    engine = ScriptedEngine("word " * 10, delay=0.002)

    async def test() -> None:
        async with server(tmp_path / "db", engine) as (service, _, _):
            first = await (await service.create(asked(input="One"), user="")).result()
            second = asked(input="Two", previous_response_id=first.id, stream=stream)
            work = await service.create(second, user="")
            await service.delete(first.id)
            made = await work.result()
            assert made.status == "completed"
            assert (await service.get(made.id)).status == "completed"
            answer = "word " * 10
            assert await texts(service, made.id) == ["One", answer, "Two"]
            third = asked(input="Three", previous_response_id=made.id)
            last = await (await service.create(third, user="")).result()
            assert await texts(service, last.id) == ["One", answer, "Two", answer, "Three"]

    run(test)


def test_one_in_the_background_outlives_it_too(tmp_path: Path) -> None:
    engine = ScriptedEngine("word " * 10, delay=0.002)

    async def test() -> None:
        async with server(tmp_path / "db", engine) as (service, jobs, _):
            first = await (await service.create(asked(input="One"), user="")).result()
            plan = await service._planner.plan(body(input="Two", previous_response_id=first.id))
            await service.delete(first.id)
            await jobs.begin(plan, user="")
            await running(engine)
            made = await ended(service, plan.response.id)
            assert made.status == "completed"
            assert await texts(service, made.id) == ["One", "word " * 10, "Two"]

    run(test)


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_failure_of_its_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, stream: bool
) -> None:
    def broken(*_: Any) -> None:
        raise OverflowError("a secret")

    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("word")) as (service, _, _):
            monkeypatch.setattr(responses, "_store", broken)
            work = await service.create(asked(stream=stream), user="")
            made = await work.result()
            assert made.status == "failed"
            assert made.completed_at is None
            assert made.error is not None
            assert "secret" not in made.error.message
            names = [frame.split(b"\n")[0] for frame in work.log.frames[-3:]]
            assert names == [b"event: error", b"event: response.failed", b"data: [DONE]"]

    run(test)

"""Responses that end with their client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from response_worlds import asked, body, ended, running, server
from worlds import run

from oxillama_jupyter.engine.scripted import ScriptedEngine
from oxillama_jupyter.schemas.items import MessageItem
from oxillama_jupyter.schemas.responses import ItemsQuery
from oxillama_jupyter.services import responses
from oxillama_jupyter.services.items import item_id
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


async def paged(service: ResponseService, response_id: str, order: Any = "asc") -> list[str]:
    """The ids of all input items, page by page."""
    found: list[str] = []
    page = await service.items(response_id, ItemsQuery(limit=10, order=order))
    while True:
        found += [item_id(item) for item in page.data]
        assert len(found) < 100
        if not page.has_more:
            return found
        page = await service.items(
            response_id, ItemsQuery(limit=10, order=order, after=page.last_id)
        )


def test_items_that_are_replayed_are_listed_once_each(tmp_path: Path) -> None:
    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("word")) as (service, _, _):
            items = [{"role": "user", "content": f"{n}", "id": f"msg_{n}"} for n in range(20)]
            first = await (await service.create(asked(input=items), user="")).result()
            again = [*items, {"type": "item_reference", "id": first.output[0].id}]
            body = asked(input=again, previous_response_id=first.id)
            made = await (await service.create(body, user="")).result()
            found = await paged(service, made.id)
            assert len(found) == len(set(found)) == 20 + 1 + 20 + 1
            assert found[:20] == [item["id"] for item in items]
            assert await paged(service, made.id) == found
            assert await paged(service, made.id, "desc") == found[::-1]
            refers = asked(input=[{"id": found[-2]}], previous_response_id=made.id)
            last = await (await service.create(refers, user="")).result()
            assert (await paged(service, last.id))[:42] == found
            assert (await texts(service, last.id))[-1] == "19"

    run(test)


def test_items_that_were_stored_with_equal_ids_are_told_apart(tmp_path: Path) -> None:
    async def test() -> None:
        async with server(tmp_path / "db", ScriptedEngine("word")) as (service, _, db):
            made = await (await service.create(asked(), user="")).result()
            (item,) = (await service.items(made.id, ItemsQuery())).data
            stored = msgspec.json.encode([item] * 25).decode()
            sql = "UPDATE responses SET input = ?"
            await db.write(lambda conn: conn.execute(sql, (stored,)))
            found = await paged(service, made.id)
            assert len(found) == len(set(found)) == 25

    run(test)

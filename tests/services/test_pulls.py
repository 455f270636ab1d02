"""Pulls as the server owns them: begun, joined, told about, ended."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from oxillama_jupyter.engine.pulls import HubFile, HubModel, Planned, Progress, Ready
from oxillama_jupyter.errors import (
    EngineError,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    PermissionDenied,
    QueueFull,
)
from oxillama_jupyter.events import DONE
from oxillama_jupyter.schemas.pulls import CreatePull
from oxillama_jupyter.services import pulls as pulls_module
from oxillama_jupyter.services.pulls import Following, PullService

Report = Planned | Progress | Ready
LOGGER = logging.getLogger("test")
PLANNED = Planned("c0ffee", [HubFile("a.gguf", 600), HubFile("b.gguf", 400)], 100)


class Script:
    """A `Puller` that plans at once, and goes on when it is told to."""

    def __init__(self, *first: Report | Exception) -> None:
        self.first = first or (PLANNED,)
        self.pulled: list[HubModel] = []
        self.closed = 0
        self.next: asyncio.Queue[Report | Exception] = asyncio.Queue()

    async def pull(self, model: HubModel) -> AsyncGenerator[Report, None]:
        self.pulled.append(model)
        try:
            steps = list(self.first)
            while True:
                step = steps.pop(0) if steps else await self.next.get()
                if isinstance(step, Exception):
                    raise step
                yield step
                if isinstance(step, Ready):
                    return
        finally:
            self.closed += 1

    def put(self, *steps: Report | Exception) -> None:
        for step in steps:
            self.next.put_nowait(step)


def service(script: Script | None, *, allowed: bool = True) -> PullService:
    return PullService(script, allowed=allowed, logger=LOGGER)


def wanted(name: str = "hf:org/name") -> CreatePull:
    return CreatePull(model=name)


def events(following: Following) -> list[dict[str, Any]]:
    *frames, last = following.log.frames
    assert last == DONE
    assert following.log.closed
    parts = [frame.decode().split("\n") for frame in frames]
    found = [json.loads(data.removeprefix("data: ")) for _, data, *_ in parts]
    names = [name.removeprefix("event: ") for name, *_ in parts]
    assert names == [f"oxillama.pull.{one['status']}" for one in found]
    return found


async def ended(following: Following) -> None:
    assert following.task is not None
    await following.task


def test_a_pull_from_its_beginning_to_its_end() -> None:
    async def scene() -> None:
        script = Script()
        pulls = service(script)
        following = await pulls.start(wanted("hf:org/name:q8_0"))
        pull = following.pull

        assert script.pulled == [HubModel("org/name", "q8_0")]
        assert (pull.status, pull.revision, pull.served_as) == ("in_progress", "c0ffee", None)
        assert [(file.name, file.size) for file in pull.files] == [("a.gguf", 600), ("b.gguf", 400)]
        assert (pull.bytes_done, pull.bytes_total) == (100, 1000)
        assert pulls.live == 1
        script.put(Progress(700, "fetching b.gguf"), Ready("org/name:Q8_0"))
        await ended(following)
        assert (pull.status, pull.served_as, pull.bytes_done) == (
            "completed",
            "org/name:Q8_0",
            1000,
        )
        assert pull.ended_at >= pull.created_at > 0
        assert pull.detail == ""
        assert pulls.live == 0
        assert pulls.get(pull.id) is pull
        assert [one["status"] for one in events(following)] == ["in_progress", "completed"]
        assert following.first == 1

    asyncio.run(scene())


def test_who_asks_for_the_same_joins() -> None:
    async def scene() -> None:
        script = Script()
        pulls = service(script)
        asked = [asyncio.create_task(pulls.start(wanted(name))) for name in ("hf:o/n", "hf:O/N")]
        other = asyncio.create_task(pulls.start(wanted("hf:o/n:Q2_K")))
        one, two, three = await asyncio.gather(*asked, other)

        assert one is two is not three
        assert len(script.pulled) == 2
        newest = [pull.id for pull in pulls.page().data]
        assert newest == [three.pull.id, one.pull.id]
        await pulls.aclose()

    asyncio.run(scene())


def test_a_pull_that_cannot_begin_is_an_error_and_no_pull() -> None:
    async def scene() -> None:
        pulls = service(Script(ModelNotFound("No such one.")))
        with pytest.raises(ModelNotFound, match="No such one"):
            await pulls.start(wanted())

        assert (pulls.live, pulls.page().data) == (0, [])

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (EngineError("Damaged.", code="wrong_checksum"), "wrong_checksum", "Damaged."),
        (EngineError("Damaged."), "server_error", "Damaged."),
        (ZeroDivisionError("?"), "server_error", "log"),
    ],
)
def test_a_pull_that_breaks_says_why(fault: Exception, code: str, says: str) -> None:
    async def scene() -> None:
        script = Script()
        pulls = service(script)
        following = await pulls.start(wanted())
        script.put(fault)
        await ended(following)
        pull = pulls.get(following.pull.id)

        assert pull.status == "failed"
        assert pull.last_error.code == code
        assert says in pull.last_error.message
        assert events(following)[-1]["last_error"]["code"] == code
        # It is not joined any more.
        again = await pulls.start(wanted())
        assert again is not following
        await pulls.aclose()

    asyncio.run(scene())


def test_a_cancelled_pull_lets_go() -> None:
    async def scene() -> None:
        script = Script()
        pulls = service(script)
        following = await pulls.start(wanted())
        pull = await pulls.cancel(following.pull.id)

        assert (pull.status, script.closed) == ("cancelled", 1)
        assert [one["status"] for one in events(following)] == ["in_progress", "cancelled"]
        with pytest.raises(InvalidRequest, match="status 'cancelled'"):
            await pulls.cancel(pull.id)
        with pytest.raises(NotFound):
            await pulls.cancel("pull_none")

    asyncio.run(scene())


def test_a_pull_can_be_cancelled_before_it_is_known_what_it_fetches() -> None:
    async def scene() -> None:
        pulls = service(Script())
        asked = asyncio.create_task(pulls.start(wanted()))
        await asyncio.sleep(0)
        (pull,) = pulls.page().data
        assert pull.status == "queued"
        await pulls.cancel(pull.id)

        assert (await asked).pull.status == "cancelled"

    asyncio.run(scene())


def test_events_come_at_a_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    fake = SimpleNamespace(monotonic=lambda: clock[0])
    monkeypatch.setattr(pulls_module, "time", fake)

    async def scene() -> None:
        script = Script()
        pulls = service(script)
        following = await pulls.start(wanted())
        for done, later in [(900, 0.4), (910, 0.1), (911, 1.0), (912, 2.0), (913, 2.0), (980, 0.5)]:
            clock[0] += later
            script.put(Progress(done, "fetching b.gguf"))
            await asyncio.sleep(0.01)
        assert following.pull.bytes_done == 980
        await pulls.aclose()

        # 900 comes too soon after the beginning; 911 and 912 are too little for their time.
        assert [one["bytes_done"] for one in events(following)[:-1]] == [100, 910, 913, 980]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: service(Script(), allowed=False), PermissionDenied, "OxillamaApp.allow_pull"),
        (lambda: service(None), InvalidRequest, "another server"),
    ],
)
def test_servers_that_fetch_nothing(
    make: Callable[[], PullService], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        asyncio.run(make().start(wanted()))


def test_only_so_many_at_once_and_only_so_many_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulls_module, "_MOST_ENDED", 2)

    async def scene() -> None:
        script = Script()
        pulls = service(script)
        followed = [await pulls.start(wanted(f"hf:org/n{number}")) for number in range(4)]
        with pytest.raises(QueueFull):
            await pulls.start(wanted("hf:org/n9"))
        assert await pulls.start(wanted("hf:org/n2")) is followed[2]
        for following in followed:
            await pulls.cancel(following.pull.id)

        kept = [followed[3].pull.id, followed[2].pull.id]
        assert [pull.id for pull in pulls.page().data] == kept
        with pytest.raises(NotFound):
            pulls.get(followed[0].pull.id)

    asyncio.run(scene())

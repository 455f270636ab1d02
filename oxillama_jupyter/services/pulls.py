"""Pulls: the server fetches models, whoever asked for them stays connected or not."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from dataclasses import dataclass, field

from oxillama_jupyter.engine.pulls import HubModel, Planned, Progress, Puller, Ready, parse_model
from oxillama_jupyter.errors import (
    EngineError,
    InvalidRequest,
    NotFound,
    OxillamaError,
    PermissionDenied,
    QueueFull,
)
from oxillama_jupyter.events import DONE, EventLog
from oxillama_jupyter.ids import new_id, now
from oxillama_jupyter.schemas.pulls import (
    CreatePull,
    Pull,
    PullError,
    PullFile,
    PullList,
    PullStatus,
)

__all__ = ["Following", "PullService"]

_MOST_LIVE = 4
_MOST_ENDED = 50
_EVENT_SECONDS = 0.5
_SLOW_EVENT_SECONDS = 5.0  # where it goes on so slowly that nothing can be seen
_EVENT_SHARE = 1 / 200  # of the whole; so a pull has some hundreds of events, however long it takes


@dataclass(eq=False)
class Following:
    """A pull under way, and its events.

    Attributes:
        pull: As it is now.
        source: What it fetches.
        log: Its events.
        planned: Set when it is known what will be fetched, or that nothing will be.
        failure: Why it failed.
        announced: When and at how many bytes an event was made last.
    """

    pull: Pull
    source: HubModel
    log: EventLog = field(default_factory=EventLog)
    planned: asyncio.Event = field(default_factory=asyncio.Event)
    failure: OxillamaError | None = None
    task: asyncio.Task[PullStatus] | None = None
    announced: tuple[float, int] = (0.0, 0)

    @property
    def first(self) -> int:
        """Number of the event that tells the present state."""
        return max(0, len(self.log.frames) - (2 if self.log.closed else 1))


class PullService:
    """Use cases of pulls.

    Args:
        puller: Who fetches; None where the engine has no models of its own.
        allowed: Whether anything may be fetched at all.
        logger: Gets a line for each beginning and end.
    """

    def __init__(self, puller: Puller | None, *, allowed: bool, logger: logging.Logger) -> None:
        self._puller = puller
        self._allowed = allowed
        self._logger = logger
        self._live: dict[str, Following] = {}
        self._ended: dict[str, Pull] = {}

    @property
    def live(self) -> int:
        """How many are under way."""
        return len(self._live)

    async def start(self, body: CreatePull) -> Following:
        """Begin a pull, or join the same one that is under way; return when its files are known.

        Raises:
            PermissionDenied: This server fetches nothing.
            InvalidRequest: It is not clear what to fetch, or there is no room for it.
            NotFound: The hub has no such model.
            EngineUnavailable: The hub cannot be reached.
            QueueFull: Too many are under way.
        """
        puller = self._permitted()
        source = parse_model(body.model)
        following = self._same(source)
        if following is None:
            if len(self._live) >= _MOST_LIVE:
                raise QueueFull(
                    f"{_MOST_LIVE} models are being fetched already; wait for one of them."
                )
            following = self._begin(puller, source)
        await following.planned.wait()
        if following.failure is not None:
            raise following.failure
        return following

    def page(self) -> PullList:
        """All that are known, the newest first."""
        pulls = [*(following.pull for following in self._live.values()), *self._ended.values()]
        newest_first = sorted(pulls, key=lambda pull: pull.id, reverse=True)
        refused = self._refused()
        return PullList(newest_first, refused.message if refused else "")

    def get(self, pull_id: str) -> Pull:
        """One pull.

        Raises:
            NotFound: There is none with that id.
        """
        following = self._live.get(pull_id)
        pull = following.pull if following is not None else self._ended.get(pull_id)
        if pull is None:
            raise NotFound(f"No pull found with id '{pull_id}'.")
        return pull

    async def cancel(self, pull_id: str) -> Pull:
        """Stop a pull; what has come is kept, and another pull goes on from there.

        Raises:
            NotFound: There is none with that id.
            InvalidRequest: It has ended already.
        """
        pull = self.get(pull_id)
        following = self._live.get(pull_id)
        if following is None or following.task is None:
            raise InvalidRequest(f"Cannot cancel pull with status '{pull.status}'.")
        following.task.cancel()
        await asyncio.wait((following.task,))
        return pull

    async def aclose(self) -> None:
        """Stop all of them."""
        tasks = [one.task for one in self._live.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # -- one pull --------------------------------------------------------------------------------

    def _permitted(self) -> Puller:
        refused = self._refused()
        if refused is not None:
            raise refused
        assert self._puller is not None  # noqa: S101  # without one all is refused
        return self._puller

    def _refused(self) -> OxillamaError | None:
        """Why nothing is fetched here."""
        if self._puller is None:
            return InvalidRequest("This server's engine is another server: pull the model there.")
        if not self._allowed:
            return PermissionDenied(
                "This server fetches no models: OxillamaApp.allow_pull=True would let it."
            )
        return None

    def _same(self, source: HubModel) -> Following | None:
        wanted = str(source).lower()
        alike = (one for one in self._live.values() if str(one.source).lower() == wanted)
        return next(alike, None)

    def _begin(self, puller: Puller, source: HubModel) -> Following:
        pull = Pull(id=new_id("pull"), created_at=now(), model=str(source))
        following = self._live[pull.id] = Following(pull, source)
        self._logger.info("oxillama: %s is being pulled", source)
        following.task = asyncio.create_task(
            self._run(puller, following), name=f"oxillama {pull.id}"
        )
        # Not in the task itself: one that is cancelled before its first step never has any.
        following.task.add_done_callback(
            lambda task: self._end(following, "cancelled" if task.cancelled() else task.result())
        )
        return following

    async def _run(self, puller: Puller, following: Following) -> PullStatus:
        try:
            async with aclosing(puller.pull(following.source)) as reports:
                async for report in reports:
                    _take(following, report)
        except OxillamaError as error:
            following.failure = error
        except Exception:
            self._logger.exception("oxillama: %s could not be pulled", following.source)
            following.failure = EngineError("The pull failed; the server's log says why.")
        return "failed" if following.failure is not None else "completed"

    def _end(self, following: Following, status: PullStatus) -> None:
        pull, failure = following.pull, following.failure
        pull.status, pull.ended_at, pull.detail = status, now(), ""
        if failure is not None:
            pull.last_error = PullError(failure.code or failure.type, failure.message)
        self._logger.info(
            "oxillama: the pull of %s is %s%s",
            pull.model,
            status,
            f": {failure}" if failure else "",
        )
        del self._live[pull.id]
        if following.planned.is_set() or failure is None:  # else whoever asked is told, and all
            self._ended[pull.id] = pull
            while len(self._ended) > _MOST_ENDED:
                del self._ended[next(iter(self._ended))]
        _announce(following)
        following.log.append_frame(DONE)
        following.log.close()
        following.planned.set()


def _take(following: Following, report: Planned | Progress | Ready) -> None:
    """Bring the pull up to date."""
    pull = following.pull
    if isinstance(report, Ready):
        pull.served_as, pull.bytes_done = report.model, pull.bytes_total
    elif isinstance(report, Progress):
        pull.bytes_done, pull.detail = report.done, report.doing
        _announce_if_due(following)
    else:
        pull.status, pull.revision = "in_progress", report.revision
        pull.files = [PullFile(file.name, file.size) for file in report.files]
        pull.bytes_total = sum(file.size for file in report.files)
        pull.bytes_done = report.done
        _announce(following)
        following.planned.set()


def _announce_if_due(following: Following) -> None:
    """Make an event where there is something to see, at most two a second."""
    moment, done = following.announced
    pull, passed = following.pull, time.monotonic() - moment
    seen = abs(pull.bytes_done - done) >= pull.bytes_total * _EVENT_SHARE
    if passed >= (_EVENT_SECONDS if seen else _SLOW_EVENT_SECONDS):
        _announce(following)


def _announce(following: Following) -> None:
    following.announced = (time.monotonic(), following.pull.bytes_done)
    following.log.append(f"oxillama.pull.{following.pull.status}", following.pull)

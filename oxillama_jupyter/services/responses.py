"""Responses, as clients use them: created, waited for or in the background, read, deleted."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping, Sequence
from contextlib import aclosing
from functools import partial

from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineError,
    InvalidRequest,
    OxillamaError,
)
from oxillama_jupyter.events import EventLog
from oxillama_jupyter.schemas.base import Deleted, Page, PageQuery
from oxillama_jupyter.schemas.items import AnyItem
from oxillama_jupyter.schemas.responses import (
    ENDED,
    CompactResponse,
    CountTokens,
    CreateResponse,
    InputTokens,
    ItemsQuery,
    Response,
    ResponseCompaction,
)
from oxillama_jupyter.services import response_records
from oxillama_jupyter.services.compaction import Compactor
from oxillama_jupyter.services.foreground import Foreground
from oxillama_jupyter.services.generation import Generator
from oxillama_jupyter.services.items import distinct, item_id, item_of
from oxillama_jupyter.services.models import ModelService
from oxillama_jupyter.services.response_jobs import ResponseJobs
from oxillama_jupyter.services.response_plans import Plan, Planner
from oxillama_jupyter.services.response_turns import ResponseTurn
from oxillama_jupyter.services.seals import Sealer
from oxillama_jupyter.services.translate_items import REASONING
from oxillama_jupyter.store import response_life, responses
from oxillama_jupyter.store.database import Connection, Database

__all__ = ["ResponseService"]

Work = Foreground[Response]
_INTERNAL = "Internal error; the server's log says which."


class ResponseService:
    """Use cases of responses.

    Args:
        db: The store.
        models: The engine, which forgets what is deleted.
        generator: Generates in turn with everybody else.
        planner: Makes requests into what is to be done.
        jobs: Executes what is in the background.
        sealer: Seals what clients keep for us.
        logger: Where failures that are ours are told.
    """

    def __init__(  # noqa: PLR0913  # what the composition root hands over
        self,
        db: Database,
        models: ModelService,
        generator: Generator,
        *,
        planner: Planner,
        jobs: ResponseJobs,
        sealer: Sealer,
        logger: logging.Logger,
    ) -> None:
        self._db = db
        self._models = models
        self._generator = generator
        self._planner = planner
        self._jobs = jobs
        self._sealer = sealer
        self._logger = logger
        self._compactor = Compactor(models, self._planner, generator, sealer)

    # -- creating --------------------------------------------------------------------------------

    async def create(
        self,
        body: CreateResponse,
        *,
        user: str,
        recent: MutableMapping[str, Sequence[AnyItem]] | None = None,
    ) -> Work:
        """Begin a response that ends with its client; it is stored when it has ended.

        Args:
            body: The request.
            user: Who asks; where many wait, users take turns.
            recent: Where a connection remembers the items of responses that are not stored.

        Raises:
            InvalidRequest: It cannot be done, and why.
            NotFound: There is no such model.
            QueueFull: Too many wait already.
            EngineUnavailable: The model cannot be loaded, and why.
        """
        return await Foreground.start(
            partial(self._foreground, body, user, recent), name="response"
        )

    async def _foreground(
        self,
        body: CreateResponse,
        user: str,
        recent: MutableMapping[str, Sequence[AnyItem]] | None,
        work: Work,
    ) -> Response:
        plan = await self._planner.plan(body, recent=recent)
        try:
            response = await self._answer(plan, work, user, told=bool(body.stream))
            if recent is not None and not response.store and response.status != "failed":
                recent[response.id] = [*plan.items, *response.output]
            return response
        finally:
            await self._planner.release(plan)

    async def _answer(self, plan: Plan, work: Work, user: str, *, told: bool) -> Response:
        turn = ResponseTurn(plan, work.log, partial(self._sealer.seal, REASONING))
        name = plan.response.id
        async with self._jobs.using(plan.new.cache_key):
            try:
                deltas = self._generator.generate(plan.request, user=user, name=name)
                stoppable = self._generator.stoppable(name, plan.response.model)
                async with stoppable, aclosing(deltas):
                    async for delta in deltas:
                        if delta.prompt is not None:
                            turn.announce("created")
                            turn.announce("in_progress")
                            work.admit()
                        turn.take(delta)
                        if turn.over:
                            break
                frames = turn.end()
            except OxillamaError as error:
                if isinstance(error, ContextLengthExceeded):
                    error.param = "input"  # the engine calls it `messages`
                frames = _failed(turn, error, told=told)
            except Exception:
                self._logger.exception("oxillama: response %s failed", name)
                frames = _failed(turn, EngineError(_INTERNAL), told=told)
        await self._conclude(plan, turn, frames)
        return turn.response

    async def _conclude(self, plan: Plan, turn: ResponseTurn, frames: list[bytes]) -> None:
        """Store first, then announce: who saw the end can go on from it at once."""
        try:
            await self._db.write(_store, plan)
        except OxillamaError as error:
            self._logger.warning("oxillama: %s: %s", turn.response.id, error)
            frames = _failed(turn, error, told=True)
        except Exception:
            self._logger.exception("oxillama: response %s was not stored", turn.response.id)
            frames = _failed(turn, EngineError(_INTERNAL), told=True)
        for frame in frames:
            turn.log.append_frame(frame)

    async def begin(self, body: CreateResponse, *, user: str) -> tuple[Response, EventLog]:
        """Begin a response in the background; returns it and its events once it is stored.

        Raises:
            As `create`.
        """
        with self._generator.admission():
            plan = await self._planner.plan(body)
            return plan.response, await self._jobs.begin(plan, user=user)

    async def compact(self, body: CompactResponse, *, user: str) -> Foreground[ResponseCompaction]:
        """Begin to compact a conversation; as `Compactor.start`."""
        return await self._compactor.start(body, user=user)

    async def count(self, body: CountTokens) -> InputTokens:
        """Count the tokens of the prompt that the same request to `create` would have.

        Raises:
            InvalidRequest: The request is wrong, or the engine cannot count.
            NotFound: There is no such model.
            EngineUnavailable: The model cannot be loaded, and why.
        """
        given = {name: getattr(body, name) for name in body.__struct_fields__}
        given["model"] = body.model or self._models.resolve(None)
        plan = await self._planner.plan(CreateResponse(**given, store=False), lock=False)
        await self._models.ready(plan.response.model)
        return InputTokens(await self._models.engine.count(plan.request))

    # -- reading ---------------------------------------------------------------------------------

    async def get(self, response_id: str) -> Response:
        """One response, as it is stored."""
        return await self._db.read(responses.get, response_id)

    async def page(self, query: PageQuery) -> Page[Response]:
        """A page of all stored responses."""
        return await self._db.read(responses.page, query)

    async def items(self, response_id: str, query: ItemsQuery) -> Page[AnyItem]:
        """A page of a response's whole effective input.

        Raises:
            NotFound: There is no such response.
            InvalidRequest: The cursor is unknown.
        """
        await self._db.read(responses.get, response_id)
        found = await self._db.read(responses.items, response_id, output=False)
        return page_of(distinct(item_of(item) for item in found), query)

    async def events(self, response_id: str, starting_after: int | None) -> tuple[EventLog, int]:
        """The events of a response in the background, and the number of the first to be sent.

        Raises:
            NotFound: There is no such response.
            InvalidRequest: It was not created with `background` and `stream`, or another server
                executes it.
        """
        stored = await self._db.read(responses.find, response_id)
        if not (stored.response.background and stored.streamed):
            raise InvalidRequest(
                "Only a response that was created with 'background' and 'stream' can be streamed "
                "again.",
                param="stream",
            )
        start = 0 if starting_after is None else starting_after + 1
        log = self._jobs.log(response_id)
        if log is not None:
            return log, min(start, len(log.frames))
        if stored.response.status not in ENDED:
            raise InvalidRequest(
                f"Response {response_id} is {stored.response.status} on another server that "
                "shares this store; poll it here, or follow it there.",
                param="stream",
            )
        frames = await self._db.read(response_life.frames, response_id)
        # Who has seen more events than there are lost them with a server that died: tell the end.
        last = len(frames) - 1
        return EventLog(frames), start if start <= last else max(0, last - (start > last + 1))

    # -- ending ----------------------------------------------------------------------------------

    async def cancel(self, response_id: str) -> Response:
        """Cancel a response in the background; one that has ended stays as it is.

        Raises:
            NotFound: There is no such response.
            InvalidRequest: It is none in the background.
        """
        response = await self._db.read(responses.get, response_id)
        if not response.background:
            raise InvalidRequest("Cannot cancel a synchronous response.")
        if response.status in ENDED:
            return response
        await self._jobs.cancel(response)
        return await self._db.read(responses.get, response_id)

    async def delete(self, response_id: str) -> Deleted:
        """Delete a response; one that goes on is cancelled first.

        Raises:
            NotFound: There is no such response.
        """
        stored = await self._db.read(responses.find, response_id)
        if stored.response.status not in ENDED:
            await self._jobs.cancel(stored.response)
        deleted = await self._db.write(responses.delete, response_id)
        await self._jobs.forget(stored.cache_key)
        return deleted


def _store(conn: Connection, plan: Plan) -> None:
    """Store a response that has ended, and what it added to its conversation."""
    if plan.response.store:
        response_records.add(conn, plan, plan.new)
    response_records.settle(conn, plan)


def _failed(turn: ResponseTurn, error: OxillamaError, *, told: bool) -> list[bytes]:
    """Who follows the stream is told there; anybody else by an HTTP error."""
    if not (told and turn.log.frames):
        raise error
    return turn.fail(error)


def page_of(items: list[AnyItem], query: ItemsQuery) -> Page[AnyItem]:
    """A page of items that are at hand, each with an id of its own.

    Raises:
        InvalidRequest: The cursor is none of them.
    """
    ordered = items if query.order == "asc" else items[::-1]
    ids = [item_id(item) for item in ordered]
    start = 0
    if query.after is not None:
        if query.after not in ids:
            raise InvalidRequest(f"No item found with id '{query.after}'.", param="after")
        start = ids.index(query.after) + 1
    data = ordered[start : start + query.limit]
    shown = ids[start : start + query.limit]
    return Page(
        data=data,
        first_id=shown[0] if shown else None,
        last_id=shown[-1] if shown else None,
        has_more=start + query.limit < len(ids),
    )

"""`/v1/responses`, and our own list of them."""

from __future__ import annotations

from typing import get_args

from oxillama_jupyter.errors import InvalidRequest
from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.handlers.response_sockets import ResponseSocketHandler
from oxillama_jupyter.schemas.base import PageQuery
from oxillama_jupyter.schemas.responses import (
    CompactResponse,
    CountTokens,
    CreateResponse,
    Include,
    ItemsQuery,
    ResponseQuery,
)

__all__ = [
    "CompactHandler",
    "InputItemsHandler",
    "InputTokensHandler",
    "ResponseCancelHandler",
    "ResponseHandler",
    "ResponseListHandler",
    "ResponsesHandler",
]

_POLL_AFTER_MS = "200"


class _ResponseHandler(BaseHandler):
    """What these routes share."""

    def check_include(self) -> None:
        """Refuse an `include[]` the API does not have."""
        for value in self.get_query_arguments("include[]") + self.get_query_arguments("include"):
            if value not in get_args(Include):
                raise InvalidRequest(
                    f"Invalid 'include': '{value}'. Supported: {', '.join(get_args(Include))}.",
                    param="include",
                    code="invalid_value",
                )


class ResponsesHandler(ResponseSocketHandler):
    """Create; GET makes a connection for that."""

    @secured("execute")
    async def post(self) -> None:
        """Create one, and answer with it or with its events."""
        body = self.read(CreateResponse)
        if not body.background:
            work = self.services.responses.create(body, user=self.caller)
            await self.answer_foreground(work, stream=bool(body.stream))
            return
        response, log = await self.services.responses.begin(body, user=self.caller)
        if body.stream:
            await self.stream(log)
        else:
            self.set_header("openai-poll-after-ms", _POLL_AFTER_MS)
            self.send(response)


class ResponseHandler(_ResponseHandler):
    """Retrieve and delete."""

    @secured("read")
    async def get(self, response_id: str) -> None:
        """Retrieve, or replay and follow its events."""
        self.check_include()
        query = self.query(ResponseQuery)
        if query.stream:
            log, start = await self.services.responses.events(response_id, query.starting_after)
            await self.stream(log, start)
        else:
            self.set_header("openai-poll-after-ms", _POLL_AFTER_MS)
            self.send(await self.services.responses.get(response_id))

    @secured("write")
    async def delete(self, response_id: str) -> None:
        """Delete."""
        self.send(await self.services.responses.delete(response_id))


class ResponseCancelHandler(_ResponseHandler):
    """Cancel."""

    @secured("execute")
    async def post(self, response_id: str) -> None:
        """Cancel."""
        self.send(await self.services.responses.cancel(response_id))


class InputItemsHandler(_ResponseHandler):
    """What a response answered."""

    @secured("read")
    async def get(self, response_id: str) -> None:
        """List its whole effective input."""
        self.check_include()
        query = self.query(ItemsQuery)
        self.send(await self.services.responses.items(response_id, query))


class InputTokensHandler(_ResponseHandler):
    """Count."""

    @secured("execute")
    async def post(self) -> None:
        """Count the tokens of a prompt."""
        body = self.read(CountTokens)
        self.send(await self.services.responses.count(body))


class CompactHandler(_ResponseHandler):
    """Compact."""

    @secured("execute")
    async def post(self) -> None:
        """Compact a conversation."""
        body = self.read(CompactResponse)
        work = self.services.responses.compact(body, user=self.caller)
        await self.answer_foreground(work, stream=False)


class ResponseListHandler(_ResponseHandler):
    """All responses; ours, not OpenAI's."""

    @secured("read")
    async def get(self) -> None:
        """List."""
        self.send(await self.services.responses.page(self.query(PageQuery)))

"""`/v1/responses` as a WebSocket: requests in, events out, one response after another."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import msgspec
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from oxillama_jupyter.errors import (
    AuthenticationError,
    EngineError,
    InvalidRequest,
    OxillamaError,
    QueueFull,
)
from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.handlers.validation import decode_body
from oxillama_jupyter.schemas.responses import CreateResponse
from oxillama_jupyter.services.response_sessions import ResponseSession, refusal

__all__ = ["ResponseSocketHandler"]

_LONGEST_SECONDS = 3600
_MOST_WAITING = 64


class ResponseSocketHandler(BaseHandler, WebSocketHandler):
    """A connection; the plain POST beside it is `ResponsesHandler`'s."""

    _worker: asyncio.Task[None] | None = None
    _limit: asyncio.TimerHandle | None = None

    @secured("execute")
    async def get(  # type: ignore[override]  # the decorator makes an awaitable of it
        self, *args: Any, **kwargs: Any
    ) -> None:
        """Become a WebSocket; anything else is not for GET."""
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise web.HTTPError(405)
        await WebSocketHandler.get(self, *args, **kwargs)

    @property
    def max_message_size(self) -> int:
        """As large as any body."""
        return self._max_body_size

    def open(self, *_: str) -> None:
        """Begin to answer."""
        self._messages: asyncio.Queue[str | bytes] = asyncio.Queue(_MOST_WAITING)
        session = ResponseSession(self.services.responses, self.caller)
        self._worker = asyncio.create_task(self._answer(session), name="oxillama websocket")
        self._limit = asyncio.get_running_loop().call_later(_LONGEST_SECONDS, self._expire)

    def on_message(self, message: str | bytes) -> None:
        """Take a request; it waits for those ahead of it."""
        try:
            self._messages.put_nowait(message)
        except asyncio.QueueFull:
            self._tell(refusal(QueueFull(f"{_MOST_WAITING} requests wait on this connection.")))

    def on_close(self) -> None:
        """The client left: what is being generated for it ends."""
        if self._worker is not None:
            self._worker.cancel()
        if self._limit is not None:
            self._limit.cancel()

    async def _answer(self, session: ResponseSession) -> None:
        while True:
            message = await self._messages.get()
            try:
                await self._check_key()
                await self._answer_one(session, _body(message))
            except AuthenticationError as error:
                self._tell(refusal(error))
                self.close()
                return
            except OxillamaError as error:
                self._tell(refusal(error))
            except WebSocketClosedError:
                return
            except Exception:  # those that wait are answered all the same
                self.log.exception("oxillama: a request over a WebSocket failed")
                self._tell(refusal(EngineError("Internal error; the server's log says which.")))

    async def _check_key(self) -> None:
        """A key that is revoked opens nothing any more, on connections that it opened either.

        Raises:
            AuthenticationError: It is.
        """
        if self.key_user is not None and await self.services.keys.verify(self._bearer()) is None:
            raise AuthenticationError("This API key has been revoked.")

    async def _answer_one(self, session: ResponseSession, body: CreateResponse) -> None:
        async with aclosing(session.answer(body)) as events:
            async for event in events:
                await self.write_message(event)

    def _expire(self) -> None:
        """Nobody's connection lives for ever."""
        over = InvalidRequest(
            f"A connection lasts {_LONGEST_SECONDS // 60} minutes; open a new one.",
            code="websocket_connection_limit_reached",
        )
        self._tell(refusal(over))
        self.close()

    def _tell(self, event: bytes) -> None:
        if self.ws_connection is not None and not self.ws_connection.is_closing():
            self.write_message(event)


def _body(message: str | bytes) -> CreateResponse:
    """The request in a message.

    Raises:
        InvalidRequest: There is none in it.
    """
    data = message.encode() if isinstance(message, str) else message
    given = decode_body(data, dict[str, Any])
    if given.get("type") != "response.create":
        raise InvalidRequest(
            "A message is a JSON object with the type 'response.create'.",
            param="type",
            code="invalid_value",
        )
    if given.get("stream_id") is not None:
        raise InvalidRequest(
            "This connection has one stream; leave out 'stream_id'.",
            param="stream_id",
            code="unsupported_parameter",
        )
    return decode_body(msgspec.json.encode(given), CreateResponse)

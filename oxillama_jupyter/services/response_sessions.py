"""A connection over which one response after another is asked for.

It remembers what it made without storing it, so that the next request can go on from that; nobody
else can.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec

from oxillama_jupyter.errors import InvalidRequest, OxillamaError
from oxillama_jupyter.events import DATA_DONE
from oxillama_jupyter.schemas.base import ErrorBody
from oxillama_jupyter.schemas.items import AnyItem
from oxillama_jupyter.schemas.responses import CreateResponse
from oxillama_jupyter.services.responses import ResponseService

__all__ = ["ResponseSession", "refusal"]

_REMEMBERED = 32
_encode = msgspec.json.Encoder().encode


class ResponseSession:
    """What one connection's responses go on from.

    Args:
        service: Makes the responses.
        user: Who asks.
    """

    def __init__(self, service: ResponseService, user: str) -> None:
        self._service = service
        self._user = user
        self._recent: OrderedDict[str, Sequence[AnyItem]] = OrderedDict()

    async def answer(self, body: CreateResponse) -> AsyncGenerator[bytes, None]:
        """The events of a response as JSON texts; closing the iterator ends the generation.

        What goes wrong ahead of them is one event of its own. A response whose continuation fails
        is not gone on from again, unless it is stored.
        """
        try:
            check(body)
            work = await self._service.create(body, user=self._user, recent=self._recent)
        except OxillamaError as error:
            self._recent.pop(body.previous_response_id or "", None)
            yield refusal(error)
            return
        try:
            async for batch in work.log.read():
                for frame in batch:
                    if frame != DATA_DONE:
                        yield frame.partition(b"\ndata: ")[2].rstrip(b"\n")
            response = await work.result()
        finally:
            await work.aclose()
        if response.status == "failed":
            self._recent.pop(body.previous_response_id or "", None)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)


def check(body: CreateResponse) -> None:
    """Make a body fit for a connection: it always streams, and never goes on without its client.

    Raises:
        InvalidRequest: It is to be in the background.
    """
    if body.background:
        raise InvalidRequest(
            "A response over a WebSocket ends with its connection; leave out 'background'.",
            param="background",
            code="unsupported_parameter",
        )
    body.stream = True


def refusal(error: OxillamaError) -> bytes:
    """An error that is no part of a response."""
    code = error.code or ("server_error" if error.status >= 500 else "invalid_request")  # noqa: PLR2004
    body = ErrorBody(error.message, error.type, error.param, code)
    event: dict[str, Any] = {"type": "error", "status": error.status, "error": body}
    return _encode(event)

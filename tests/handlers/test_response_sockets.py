from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from typing import Any

from oxillama_jupyter.handlers.response_sockets import ResponseSocketHandler
from oxillama_jupyter.schemas.responses import CreateResponse
from oxillama_jupyter.services.response_sessions import ResponseSession


class Handler(ResponseSocketHandler):
    """One that sends nowhere."""

    log = logging.getLogger("test")

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self._messages: asyncio.Queue[str | bytes] = asyncio.Queue()

    async def write_message(self, message: Any, binary: bool = False) -> None:  # type: ignore[override]  # noqa: FBT001, FBT002  # tornado's
        self._tell(message)

    def _tell(self, event: bytes) -> None:
        self.sent.append(json.loads(event))


class Session(ResponseSession):
    """One that fails unless it is asked for 'good'."""

    def __init__(self) -> None:
        pass

    async def answer(self, body: CreateResponse) -> AsyncGenerator[bytes, None]:
        yield b'{"type":"response.created"}'
        if body.model != "good":
            raise OverflowError(body.model)


def test_an_unknown_failure_is_told_and_those_that_wait_are_answered() -> None:
    async def test() -> list[Any]:
        handler = Handler()
        for model in ("bad", "good"):
            body = {"type": "response.create", "model": model, "input": "x"}
            handler._messages.put_nowait(json.dumps(body))
        worker = asyncio.create_task(handler._answer(Session()))
        await asyncio.sleep(0.01)
        assert not worker.done()
        worker.cancel()
        return handler.sent

    first, told, second = asyncio.run(test())
    assert first == second == {"type": "response.created"}
    assert (told["type"], told["status"]) == ("error", 500)
    assert told["error"]["code"] == "server_error"
    assert "bad" not in told["error"]["message"]

"""Requests that one frame answers: who waits for which."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from oxillama_jupyter import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from oxillama_jupyter.engine.frames import Output

__all__ = ["Replies"]


class Replies:
    """The requests without an answer yet, by number."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[Output]] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def wait(self, number: int) -> Output:
        """Wait for an answer, or raise the error that came in its place."""
        future: asyncio.Future[Output] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            return await future
        finally:
            del self._waiting[number]

    def settle(self, output: Output) -> None:
        """Hand an answer to who waits for it, if anybody does."""
        future = self._waiting.get(output.id)
        if future is None or future.done():
            return
        if output.error is None:
            future.set_result(output)
        else:
            make_error = getattr(errors, output.error)
            future.set_exception(make_error(output.message, param=output.param))

    def fail_all(self, make_error: Callable[[], errors.OxillamaError]) -> None:
        """End all waiting."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(make_error())

"""Two ways to wait for what blocks: a cell stands still, an async cell lets others go on.

What follows a run is written once, as a coroutine; it gets one of these to wait by.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["Loop", "Standstill", "Waiting", "in_thread", "run_here"]

T = TypeVar("T")

_AWAKE_SECONDS = 0.02


class Waiting(Protocol):
    """How to wait."""

    async def work(self, work: Callable[[], T]) -> T:
        """Wait for a function that blocks."""

    async def result(self, awaitable: Awaitable[T]) -> T:
        """Wait for what an async function gave."""


class Standstill:
    """The thread stands still; a kernel's interrupt reaches what it does there."""

    async def work(self, work: Callable[[], T]) -> T:
        """Do it here."""
        return work()

    async def result(self, awaitable: Awaitable[T]) -> T:
        """Have a loop of its own wait for it: this thread's own one may be running this very cell.

        An interrupt cancels it.
        """
        loop = asyncio.new_event_loop()
        task = loop.create_task(_awaited(awaitable))
        done = in_thread(lambda: _run(loop, task), "oxillama-async-tool")
        try:
            done.wait()
        except BaseException:
            loop.call_soon_threadsafe(task.cancel)
            raise
        try:
            return task.result()
        except asyncio.CancelledError:
            raise RuntimeError("The function was cancelled.") from None


class Loop:
    """The running event loop goes on; what blocks does so in a thread."""

    async def work(self, work: Callable[[], T]) -> T:
        """Do it in a thread of its own, which nobody waits for at exit."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def tell(how: Callable[[Any], None], what: object) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(lambda: None if done.done() else how(what))

        def run() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001  # the coroutine raises it
                tell(done.set_exception, error)
            else:
                tell(done.set_result, result)

        in_thread(run, "oxillama-follow")
        try:
            return await _awake(done)
        finally:
            done.cancel()  # what comes later is nobody's

    async def result(self, awaitable: Awaitable[T]) -> T:
        """Await it."""
        task = asyncio.ensure_future(awaitable)
        try:
            return await _awake(task)
        finally:
            task.cancel()


def run_here(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits by `Standstill` only, with or without a running loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise RuntimeError("The coroutine waited for an event loop.")


def in_thread(work: Callable[[], object], name: str) -> threading.Event:
    """Do something in a daemon thread whose output goes to the cell that starts it.

    Returns:
        Set when it is done.
    """
    done = threading.Event()
    context = contextvars.copy_context()  # where IPython keeps which cell is running

    def run() -> None:
        try:
            context.run(work)
        finally:
            done.set()

    threading.Thread(target=run, name=name, daemon=True).start()
    return done


async def _awake(future: asyncio.Future[T]) -> T:
    """Wait for it without letting the loop sleep for long.

    The kernel's interrupt of an async cell only puts a callback into the loop and does not wake it.
    """
    while not future.done():
        await asyncio.wait([future], timeout=_AWAKE_SECONDS)
    return future.result()


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    try:
        loop.run_until_complete(asyncio.wait([task]))
    finally:
        loop.close()

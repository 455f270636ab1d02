"""The engine's process as its parent sees it: pipes, threads, last words.

Threads read and write the pipes, so nothing here blocks the event loop; what they learn reaches the
loop by `call_soon_threadsafe` and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any

import msgspec

import oxillama_jupyter
from oxillama_jupyter.engine.frames import (
    Phase,
    StartFailed,
    Stats,
    Step,
    decode_from_child,
    encode,
    read_frame,
)
from oxillama_jupyter.engine.protocol import EngineStats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oxillama_jupyter.engine.frames import Configure, FromChild, Output, Ready

__all__ = [
    "CHILD_ENVIRONMENT",
    "PACKAGE_ROOT",
    "SPIN",
    "ChildProcess",
    "StartError",
    "describe_exit",
    "worker_command",
]

SPIN = "GOMP_SPINCOUNT"
CHILD_ENVIRONMENT = {
    "GGML_NO_BACKTRACE": "1",  # else an abort looks for a debugger
    # Threads that wait for each other spin only briefly before they sleep. By default they spin for
    # milliseconds, and beside other computing that makes decoding up to a hundred times slower.
    SPIN: "1000",
}
"""What the child's environment has unless the server's own says otherwise."""
PACKAGE_ROOT = Path(oxillama_jupyter.__file__).resolve().parent.parent
"""Where our processes start, so that `python -m` finds this very package."""

_TAIL_LINES = 20
_PRIORITY = re.compile(r"<([0-7])>(.*)")
_LEVELS = {3: logging.WARNING, 4: logging.INFO}
_GRACE_SECONDS = 2.0


def worker_command() -> list[str]:
    """The command line of the engine's process."""
    return [sys.executable, "-m", "oxillama_jupyter.engine.worker"]


_CRASHES = frozenset(
    -getattr(signal, name)
    for name in ("SIGSEGV", "SIGILL", "SIGBUS", "SIGABRT", "SIGFPE")
    if hasattr(signal, name)
)


class StartError(Exception):
    """The process did not become ready.

    Args:
        message: Why, for people.
        crash: How it died, where it was by a bad instruction or access; empty otherwise.
        passing: Whether that may be otherwise the next time: it was late, as on a busy machine, or
            was killed, as for its memory.
    """

    def __init__(self, message: str, crash: str = "", *, passing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.crash = crash
        self.passing = passing


class ChildProcess:
    """One run of the engine's process, from spawn to exit.

    Attributes:
        pid: Its process id.
        stats: What it said last about its cache.
        stopping: Whether it has been told to end: it takes no message any more.

    Args:
        receive: Called in the event loop with what each decode step gave.
        logger: Gets the child's log.
        environment: Variables of the child, where the server's own has none of that name.
    """

    def __init__(
        self,
        receive: Callable[[list[Output]], None],
        logger: logging.Logger,
        environment: Mapping[str, str] = CHILD_ENVIRONMENT,
    ) -> None:
        self._receive = receive
        self._logger = logger
        self._loop = asyncio.get_running_loop()
        self._exited: asyncio.Future[int] = self._loop.create_future()
        self._opened: asyncio.Future[Ready | StartFailed] = self._loop.create_future()
        self._phase = "starting"
        self.stats = EngineStats()
        self.stopping = False
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._inbox: deque[FromChild] = deque()
        self._process = _spawn(environment)
        self.pid = self._process.pid
        self._threads = [
            threading.Thread(target=target, name=f"oxillama-{target.__name__}", daemon=True)
            for target in (self._write, self._listen, self._read)
        ]
        for thread in self._threads:
            thread.start()

    async def open(self, settings: Configure, timeout: float) -> Ready:  # noqa: ASYNC109
        """Wait until it has loaded the model and proved that it can decode; else end it.

        Raises:
            StartError: It cannot, it died, or it took longer than `timeout` seconds.
        """
        self.send(encode(settings))
        ready = None
        try:
            pending: set[asyncio.Future[Any]] = {self._opened, self._exited}
            await asyncio.wait(pending, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            ready = self._ready(timeout)
        finally:
            if ready is None:
                await self.stop()
        return ready

    def send(self, frame: bytes) -> None:
        """Write a frame; never blocks, and a dead child reads nothing."""
        self._outbox.put(frame)

    async def wait(self) -> int:
        """Wait until it has ended; return its exit code, negative for a signal."""
        return await asyncio.shield(self._exited)

    async def stop(self) -> None:
        """Let it end by closing its pipe, then by force."""
        self.stopping = True
        self._outbox.put(None)
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self.wait()
        except TimeoutError:
            self.kill()
            await self.wait()

    def kill(self) -> None:
        """End it by force."""
        self._process.kill()

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self._tail)

    def _ready(self, timeout: float) -> Ready:
        if self._opened.done():
            answer = self._opened.result()
            if isinstance(answer, StartFailed):
                raise StartError(answer.message)
            return answer
        if not self._exited.done():
            late = f"The engine was not ready after {timeout:g} s of {self._phase}."
            raise StartError(late, passing=True)
        code = self._exited.result()
        end = describe_exit(code)
        message = f"The engine's process {end} while {self._phase}. Its last words:\n"
        crash = end if code in _CRASHES else ""
        raise StartError(message + self.last_words(), crash, passing=not crash)

    # -- threads ---------------------------------------------------------------------------------

    def _write(self) -> None:
        pipe = _pipe(self._process.stdin)
        try:
            while (data := self._outbox.get()) is not None:
                pipe.write(data)
                pipe.flush()
        except (BrokenPipeError, ValueError):
            return  # the reader notices the death and says so
        finally:
            try:
                pipe.close()
            except BrokenPipeError:
                self._logger.debug("the engine left without reading everything")

    def _listen(self) -> None:
        with _pipe(self._process.stderr) as pipe:
            for raw in pipe:
                line = raw.decode(errors="replace").rstrip()
                match = _PRIORITY.fullmatch(line)
                level = _LEVELS.get(int(match[1]), logging.DEBUG) if match else logging.DEBUG
                text = match[2] if match else line
                if text:
                    self._tail.append(text)
                    self._logger.log(level, "engine: %s", text)

    def _read(self) -> None:
        try:
            with _pipe(self._process.stdout) as pipe:
                while (frame := read_frame(pipe)) is not None:
                    self._inbox.append(decode_from_child(frame))
                    if len(self._inbox) == 1:
                        self._call(self._deliver)
        except msgspec.DecodeError as error:
            self._tail.append(f"The engine sent a damaged frame: {error}")
            self._process.kill()
        code = self._process.wait()
        self._outbox.put(None)
        for thread in self._threads[:2]:
            thread.join(_GRACE_SECONDS)
        self._call(self._end, code)

    def _call(self, function: Callable[..., None], *args: int) -> None:
        """Call in the event loop; where that is closed nobody listens any more."""
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            self._outbox.put(None)

    # -- event loop ------------------------------------------------------------------------------

    def _deliver(self) -> None:
        while self._inbox:
            message = self._inbox.popleft()
            if isinstance(message, Step):
                self._receive(message.outputs)
            elif isinstance(message, Phase):
                self._phase = message.name
            elif isinstance(message, Stats):
                self.stats = message.stats
            elif not self._opened.done():
                self._opened.set_result(message)

    def _end(self, code: int) -> None:
        self._deliver()
        if not self._exited.done():
            self._exited.set_result(code)


def describe_exit(code: int) -> str:
    """Say how a process ended."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _spawn(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the child in its own session, importing the package from where we did.

    `python -m` puts the working directory first on the path: with the package's own there, no file
    of the user's folder can stand in for a module.
    """
    return subprocess.Popen(  # noqa: S603 - our own module, no argument from outside
        worker_command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PACKAGE_ROOT,
        env={**environment, **os.environ},
        start_new_session=True,
    )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - all three are pipes
    return stream

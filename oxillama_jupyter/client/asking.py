"""One request of a batch: asked until it is answered, or until asking again is of no use.

A server that is busy is waited for, as long as it says; a link that breaks and a server that fails
are tried again a few times. A completion is stored with its batch and the digest of what was asked,
which is how the batch finds it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from oxillama_jupyter.client.failures import explain, is_refused, one_line

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from oxillama_jupyter.client.connection import Connection

__all__ = ["Asker", "Job", "Outcome", "digest"]

Json = dict[str, Any]  # JSON of any shape: a request's body, a completion

_READ = ("model", "adapter", "messages")  # what decides what a model computes of a prompt
_TIMES = ("seconds", "first", "rate")  # kept in a completion's metadata
_PATH = "/chat/completions"
_PATIENCE = 600.0  # seconds that a busy server is waited for, one row
_BUSY_PAUSE = 2.0
_LONGEST_PAUSE = 120.0
_TOO_MANY_REQUESTS = 429
_PASSING = {408, 409}
_SERVER_FAULT = 500


@dataclass(frozen=True)
class Job:
    """A chat completion to be made.

    Attributes:
        body: The request's body, without what stores it.
        sample: Which of several answers to the same body is meant.
        digest: What was asked, as a hash; equal ones are asked once.
        prompt: What the model has to read for it, as a hash.
    """

    body: Json
    sample: int = 0
    digest: str = field(init=False)
    prompt: str = field(init=False)

    def __post_init__(self) -> None:
        asked = [self.body, self.sample] if self.sample else [self.body]
        object.__setattr__(self, "digest", digest(asked))
        read = [self.body.get(name) for name in _READ]
        object.__setattr__(self, "prompt", digest(read))


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes:
        completion: The chat completion; None where there is none.
        error: Why there is none, in a line.
        seconds: From the request to the whole answer, waiting included; None where nobody knows.
        first: From the request to the first text.
        rate: Tokens a second after the first one, by the engine's clock.
    """

    completion: Json | None = None
    error: str | None = None
    seconds: float | None = None
    first: float | None = None
    rate: float | None = None

    @property
    def text(self) -> str | None:
        """The answer."""
        return self._choice["message"]["content"] or "" if self.completion else None

    @property
    def finish_reason(self) -> str | None:
        """Why it ends, in the API's words."""
        return cast("str", self._choice["finish_reason"]) if self.completion else None

    @property
    def usage(self) -> Json:
        """The tokens, as the API names them; empty where there is no answer."""
        return (self.completion or {}).get("usage") or {}

    @property
    def _choice(self) -> Json:
        return cast("Json", (self.completion or {})["choices"][0])

    @classmethod
    def of_stored(cls, completion: Json) -> Outcome:
        """What a stored completion tells of itself."""
        noted = completion.get("metadata") or {}
        return cls(completion, None, *(_number(noted.get(name)) for name in _TIMES))


class Asker:
    """Asks for a batch.

    Args:
        client: The server, by a client that does not retry.
        connection: The same server, for words about errors.
        batch: The batch's name.
        retries: How often a request is made again after a failure that may pass.
        stream: Whether to read answers as they grow, which tells when they began.
    """

    def __init__(
        self, client: AsyncOpenAI, connection: Connection, batch: str, retries: int, *, stream: bool
    ) -> None:
        self._client = client
        self._connection = connection
        self._batch = batch
        self._retries = retries
        self._stream = stream
        self._gone: str | None = None

    async def ask(self, job: Job, begun: asyncio.Event) -> Outcome:
        """Ask; a failure is an outcome, too.

        Args:
            job: What is asked.
            begun: Set with the first text of a stream: the prompt has been read.
        """
        failed, patience = 0, time.monotonic() + _PATIENCE
        while self._gone is None:
            try:
                return await self._once(job, begun)
            except Exception as error:  # noqa: BLE001  # whatever it is, the other rows go on
                busy = getattr(error, "status_code", None) == _TOO_MANY_REQUESTS
                failed += not busy
                again = time.monotonic() < patience if busy else failed <= self._retries
                if again and (busy or _may_pass(error)):
                    await asyncio.sleep(_pause(error, failed))
                    continue
                words = self._words(error)
                if is_refused(error):  # nobody is there any more: spare the others the wait
                    self._gone = words
                return Outcome(error=words)
        return Outcome(error=self._gone)

    async def note(self, job: Job, outcome: Outcome) -> Outcome:
        """Keep with a completion what it does not tell itself: how long it took."""
        completion = outcome.completion
        if completion is None:
            return outcome
        if self._stream:
            outcome = replace(outcome, rate=await self._rate(completion["id"]))
        told = {name: getattr(outcome, name) for name in _TIMES}
        times = {name: f"{value:.4f}" for name, value in told.items() if value is not None}
        body = {"metadata": self._metadata(job) | times}
        path = f"{_PATH}/{completion['id']}"
        with suppress(Exception):  # the answer is safe, and its times are a nicety
            await self._client.post(path, cast_to=object, body=body)
        return outcome

    async def _rate(self, completion_id: str) -> float | None:
        """Tokens a second, from what the engine remembers of its last turns."""
        with suppress(Exception):  # somebody else's server has no such route
            address = f"{self._connection.url}/engine"
            report = cast("Json", await self._client.get(address, cast_to=object))
            for turn in report["turns"]:
                if turn["run_id"] == completion_id:
                    return float(turn["timings"]["tokens_per_second"]) or None
        return None

    def _metadata(self, job: Job) -> dict[str, str]:
        return {"batch": self._batch, "input": job.digest}

    async def _once(self, job: Job, begun: asyncio.Event) -> Outcome:
        body = {**job.body, "store": True, "metadata": self._metadata(job)}
        began = time.perf_counter()
        if not self._stream:
            completion = cast("Json", await self._client.post(_PATH, cast_to=object, body=body))
            return Outcome(completion, seconds=time.perf_counter() - began)
        first, completion = await self._follow(body, begun)
        ended = time.perf_counter()
        return Outcome(completion, None, ended - began, first - began if first else None)

    async def _follow(self, body: Json, begun: asyncio.Event) -> tuple[float | None, Json]:
        """Read a stream; give when its first text came, and the completion it amounts to."""
        from openai import AsyncStream

        body = {**body, "stream": True, "stream_options": {"include_usage": True}}
        stream = await self._client.post(
            _PATH, cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object]
        )
        first, pieces, reason, chunk = None, [], None, {}
        usage: Json = {}
        async with stream:
            async for event in stream:
                chunk = cast("Json", event)
                usage = chunk.get("usage") or usage
                for choice in chunk.get("choices") or ():
                    delta = choice.get("delta") or {}
                    if first is None and (delta.get("content") or delta.get("reasoning_content")):
                        first = time.perf_counter()
                        begun.set()
                    pieces.append(delta.get("content") or "")
                    reason = choice.get("finish_reason") or reason
        if reason is None:
            raise ConnectionError("The answer broke off.")
        message = {"role": "assistant", "content": "".join(pieces)}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        whole = {"id": chunk["id"], "model": chunk["model"], "choices": [choice], "usage": usage}
        return first, whole

    def _words(self, error: Exception) -> str:
        return explain(error, self._connection) or one_line(f"{type(error).__name__}: {error}")


def digest(asked: Any) -> str:
    """A hash of JSON of any shape."""
    text = json.dumps(asked, sort_keys=True)  # ASCII, so that half a surrogate pair is no fault
    return hashlib.sha256(text.encode()).hexdigest()


def _may_pass(error: Exception) -> bool:
    """Whether the same request may well be answered the next time."""
    from openai import APIConnectionError, APIError, APIStatusError

    if isinstance(error, APIStatusError):
        if error.response.headers.get("x-should-retry") == "false":
            return False
        return error.status_code in _PASSING or error.status_code >= _SERVER_FAULT
    # An error without a status came in a stream that had begun. The SDK lets what breaks a stream
    # pass as its HTTP library raised it.
    passing = (APIConnectionError, APIError, OSError)
    return isinstance(error, passing) or type(error).__module__.startswith("httpx")


def _pause(error: Exception, failed: int) -> float:
    """Seconds to wait: what the server asks for, or a little more each time."""
    response = getattr(error, "response", None)
    asked = _number(response.headers.get("retry-after")) if response is not None else None
    if asked is not None:
        return min(max(asked, 0.0), _LONGEST_PAUSE)
    return _BUSY_PAUSE if not failed else min(0.5 * 2.0 ** (failed - 1), 8.0)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:  # a date, or somebody else's metadata
        return None

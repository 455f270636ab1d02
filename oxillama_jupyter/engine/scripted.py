"""An engine that says what it is told to: the test double for everything above the engine.

    engine = ScriptedEngine("Hello there", delay=0.01)
    engine = ScriptedEngine(lambda request: request.messages[-1]["content"].upper())

It keeps the protocol to the letter (first and last delta, abort, errors, waiting for a sequence),
so what passes with it passes with `LocalEngine`; the two share one test suite. A token is a word.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import aclosing

from msgspec import structs

from oxillama_jupyter.engine.checks import check_adapter, check_request
from oxillama_jupyter.engine.embeddings import check_embed
from oxillama_jupyter.engine.protocol import (
    CallEnd,
    Delta,
    Embeddings,
    EmbedRequest,
    EngineStatus,
    FinishReason,
    GenerateRequest,
    ModelInfo,
    Part,
    PromptInfo,
    RenderedPrompt,
    Usage,
)
from oxillama_jupyter.engine.scripted_words import (
    chat_words,
    echo,
    in_common,
    logprobs,
    prompt_words,
    split,
    split_content,
    vector,
)
from oxillama_jupyter.engine.seats import Seats
from oxillama_jupyter.engine.text import StopFilter
from oxillama_jupyter.engine.truncation import drop_turns
from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineUnavailable,
    InvalidRequest,
    ModelNotFound,
)

__all__ = ["Reply", "ScriptedEngine"]

Reply = str | Iterable[str | Part] | AsyncIterable[str | Part]
"""A text (said word by word), or the very pieces to send; an exception between them ends it.

Pieces are texts, or parts: reasoning and calls, as a parser would have made them.
"""

_REMEMBERED = 256
_WIDTH = 32  # numbers of an embedding


class ScriptedEngine:
    """Engine whose answers are written beforehand.

    Attributes:
        requests: The newest requests, oldest first.
        running: Generations past the queue now.
        waiting: Generations in the queue now.
        aborted: How many generations were closed before their end.
        forgotten: The newest keys that `forget` was called with.

    Args:
        reply: What to say, or a function of the request that returns it.
        model_id: Name of the one model it pretends to serve.
        delay: Seconds before each piece.
        prefill_delay: Seconds between admission and the first piece.
        fail_after: Raise `error` after so many pieces; 0 fails before the first.
        error: What `fail_after` raises; without `fail_after`, raised instead of admission.
        start_error: What `start` raises.
        n_parallel: Generations at the same time; more wait.
        n_ctx: Context in tokens.
        adapters: Names of adapters it pretends to have.
    """

    def __init__(  # noqa: PLR0913 - settings, all by name
        self,
        reply: Reply | Callable[[GenerateRequest], Reply] = "Hello! How can I help you today?",
        *,
        model_id: str = "scripted",
        delay: float = 0.0,
        prefill_delay: float = 0.0,
        fail_after: int | None = None,
        error: Exception | None = None,
        start_error: Exception | None = None,
        n_parallel: int = 8,
        n_ctx: int = 4096,
        adapters: Iterable[str] = (),
    ) -> None:
        self.reply = reply
        self.delay = delay
        self.prefill_delay = prefill_delay
        self.fail_after = fail_after
        self.error = error
        self.start_error = start_error
        self.requests: deque[GenerateRequest] = deque(maxlen=_REMEMBERED)
        self.running = 0
        self.waiting = 0
        self.aborted = 0
        self.forgotten: deque[str] = deque(maxlen=_REMEMBERED)
        self._model = ModelInfo(model_id, int(time.time()), n_ctx=n_ctx, n_ctx_train=n_ctx)
        self._n_parallel = n_parallel
        self._adapters = tuple(adapters)
        self._sequences = asyncio.Semaphore(n_parallel)
        self._warm: dict[str, list[str]] = {}
        self._seats = Seats(n_parallel)
        self._started = False
        self._closed = asyncio.Event()

    async def start(self) -> None:
        """Be ready at once, or raise `start_error`."""
        if self.start_error is not None:
            raise self.start_error
        self._started = True

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        """Say the reply, as `Engine.generate` does."""
        self._check(request)
        self.requests.append(request)
        finished = False
        try:
            self.waiting += 1
            try:
                await self._enter()
            finally:
                self.waiting -= 1
            self.running += 1
            seat = self._seats.take(request.cache_key)
            try:
                async with aclosing(self._say(request)) as deltas:
                    async for delta in deltas:
                        self._seats.follow(seat, request.cache_key, delta)
                        finished = delta.finish_reason is not None
                        yield delta
            finally:
                self.running -= 1
                self._seats.leave(seat)
                self._sequences.release()
        except (GeneratorExit, asyncio.CancelledError):
            self.aborted += not finished
            raise

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Give any text its own vector, always the same one."""
        self._check_model(request.model)
        check_embed(request)
        width = request.dimensions or _WIDTH
        if width > _WIDTH:
            raise InvalidRequest(f"'dimensions' must be at most {_WIDTH}.", param="dimensions")
        await self._pause(self.delay)
        words = [
            split(item) if isinstance(item, str) else [str(token) for token in item]
            for item in request.inputs
        ]
        return Embeddings([vector(text, width) for text in words], [len(w) for w in words], width)

    async def count(self, request: GenerateRequest) -> int:
        """Count words."""
        self._check(request)
        if request.truncation != "disabled":
            return self._read_prompt(structs.replace(request, cache_key=None)).tokens
        return len(prompt_words(request))

    async def render(self, request: GenerateRequest) -> RenderedPrompt:
        """Make a prompt of a word for each role, and the words of each content."""
        self._check(request)
        limit = min(request.max_prompt_tokens or self._model.n_ctx, self._model.n_ctx - 1)
        try:
            dropped = self._read_prompt(structs.replace(request, cache_key=None)).dropped
        except ContextLengthExceeded:
            dropped = ()
        pieces: list[bytes] = []
        roles: list[int] = []
        spans: list[tuple[int, int] | None] = [None] * len(request.messages)
        end = 0
        for index, message in enumerate(request.messages):
            if index in dropped:
                continue
            role = f"<{message.get('role')}>"
            roles.append(len(pieces))
            words = split_content(str(message.get("content") or ""))
            pieces += [word.encode(errors="replace") for word in (role, *words)]
            start = end + len(role)
            end = start + sum(len(word.encode(errors="replace")) for word in words)
            spans[index] = (start, end)
        ids = list(range(len(pieces)))
        return RenderedPrompt(ids, pieces, spans, dropped, limit, tuple(roles))

    def models(self) -> list[ModelInfo]:
        """The one model."""
        return [self._model]

    def status(self) -> EngineStatus:
        """Say what it is doing."""
        return EngineStatus(
            state="failed" if self.start_error else "ok" if self._started else "starting",
            detail=str(self.start_error or "says what it is told to"),
            n_parallel=self._n_parallel,
            running=self.running,
            waiting=self.waiting,
            stats=self._seats.stats(self._n_parallel * self._model.n_ctx),
        )

    async def forget(self, cache_key: str) -> None:
        """Know nothing of a key any more."""
        self.forgotten.append(cache_key)
        self._warm.pop(cache_key, None)

    async def aclose(self) -> None:
        """End all generations."""
        self._started = False
        self._closed.set()

    def _check_model(self, name: str | None) -> None:
        if not self._started:
            raise EngineUnavailable("The scripted engine is not running.")
        if name not in (None, self._model.id):
            raise ModelNotFound(f"The model '{name}' does not exist.", param="model")

    def _check(self, request: GenerateRequest) -> None:
        self._check_model(request.model)
        check_request(request)
        check_adapter(request.adapter, dict.fromkeys(self._adapters, ""))
        if self.error is not None and self.fail_after is None:
            raise self.error

    async def _enter(self) -> None:
        """Wait for a sequence, but not for one of a closed engine."""
        entering = asyncio.create_task(self._sequences.acquire(), name="scripted-enter")
        closing = asyncio.create_task(self._closed.wait(), name="scripted-closing")
        try:
            await asyncio.wait({entering, closing}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if entering.done():
                self._sequences.release()
            raise
        finally:
            entering.cancel()
            closing.cancel()
        if not entering.done():
            raise EngineUnavailable("The engine was stopped.")

    async def _say(self, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        admitted = time.perf_counter()
        info = self._read_prompt(request)
        yield Delta(prompt=info)
        if request.echo:
            yield echo(request)
        limit = request.sampling.max_tokens or self._model.n_ctx - info.tokens
        stops = StopFilter(request.sampling.stop)
        tokens = 0
        reason: FinishReason = "stop"
        await self._pause(self.prefill_delay)
        first = time.perf_counter()
        async with aclosing(self._pieces(request)) as pieces:
            async for piece in pieces:
                if tokens >= limit:
                    reason = "length"
                    break
                await self._pause(self.delay)
                tokens += 1
                if isinstance(piece, str):
                    said = stops.push(piece)
                    yield Delta(said, tokens=1, logprobs=logprobs(request, piece))
                else:
                    yield Delta.of([piece], 1)
                if stops.stopped or (isinstance(piece, CallEnd) and not request.parallel_calls):
                    break
        usage = Usage(
            prompt_tokens=info.tokens,
            completion_tokens=tokens,
            cached_tokens=info.cached_tokens,
            prompt_seconds=first - admitted,
            completion_seconds=time.perf_counter() - first,
        )
        yield Delta(text=stops.finish(), finish_reason=reason, usage=usage)

    async def _pieces(self, request: GenerateRequest) -> AsyncGenerator[str | Part, None]:
        reply = self.reply(request) if callable(self.reply) else self.reply
        if isinstance(reply, str):
            reply = split(reply)
        said = 0
        self._fail_at(said)
        async with aclosing(_aiter(reply)) as pieces:
            async for piece in pieces:
                yield piece
                said += 1
                self._fail_at(said)

    def _fail_at(self, said: int) -> None:
        if self.fail_after == said and self.error is not None:
            raise self.error

    async def _pause(self, seconds: float) -> None:
        """Give way for so long, and notice that the engine was closed."""
        if seconds <= 0:
            await asyncio.sleep(0)
        elif not self._closed.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._closed.wait()
            except TimeoutError:
                return
        if self._closed.is_set():
            raise EngineUnavailable("The engine was stopped.")

    def _read_prompt(self, request: GenerateRequest) -> PromptInfo:
        limit = min(request.max_prompt_tokens or self._model.n_ctx, self._model.n_ctx - 1)
        words = prompt_words(request)
        dropped: tuple[int, ...] | None = ()
        if len(words) > limit and request.truncation != "disabled":
            dropped = drop_turns(
                request.messages, lambda rest: len(chat_words(rest)) <= limit, request.truncation
            )
            gone = set(dropped or ())
            words = chat_words([m for i, m in enumerate(request.messages) if i not in gone])
        if len(words) > limit:
            raise ContextLengthExceeded(
                f"The prompt has {len(words)} tokens, but at most {limit} fit.", param="messages"
            )
        cached = in_common(self._warm.get(request.cache_key or "", []), words[:-1])
        if request.cache_key is not None:
            self._warm[request.cache_key] = words
            if len(self._warm) > _REMEMBERED:
                self._warm.pop(next(iter(self._warm)))
        return PromptInfo(tokens=len(words), cached_tokens=cached, dropped=dropped or ())


async def _aiter(
    reply: Iterable[str | Part] | AsyncIterable[str | Part],
) -> AsyncGenerator[str | Part, None]:
    if isinstance(reply, AsyncIterable):
        async for piece in reply:
            yield piece
    else:
        for piece in reply:
            yield piece

"""Text generation by any OpenAI-compatible server: vLLM, llama-server, a department's oxillama.

    engine = RemoteEngine("http://gpu.example.org:8000/v1", key=lambda: "sk-...")
    await engine.start()
    async for delta in engine.generate(request):
        ...

What an upstream cannot tell: the prompt's tokens before the end (`PromptInfo.tokens` is 0), and
whether it honours every sampling field. What a delta holds counts as one token until the upstream
counts; if it never does, `usage` has 0 prompt tokens and our own count of the answer.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from oxillama_jupyter.engine.checks import check_request
from oxillama_jupyter.engine.embeddings import Embeddings, EmbedRequest, check_embed
from oxillama_jupyter.engine.patience import Patience
from oxillama_jupyter.engine.protocol import (
    Delta,
    EngineStatus,
    GenerateRequest,
    ModelInfo,
    PromptInfo,
    RenderedPrompt,
)
from oxillama_jupyter.engine.remote_answer import AnswerReader
from oxillama_jupyter.engine.remote_body import chat_body, drop_for_budget, drop_more
from oxillama_jupyter.engine.remote_client import checked_key, key_header, make_client
from oxillama_jupyter.engine.remote_embeddings import embed_body, read_embeddings
from oxillama_jupyter.engine.remote_failures import Failure, Upstream
from oxillama_jupyter.engine.remote_models import read_models
from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineCrashed,
    EngineError,
    EngineUnavailable,
    InvalidRequest,
    ModelNotFound,
    OxillamaError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from openai import AsyncOpenAI, AsyncStream

__all__ = ["RemoteEngine"]

T = TypeVar("T")
_UNNAMED = "remote"  # what the default model is called before the upstream has said
_END = object()
_NO_LIST = {404, 405, 501}
_INTERNAL = "Internal error; the server's log says which."


class RemoteEngine:
    """An `Engine` over an OpenAI-compatible server.

    Prompts that are too long: the upstream decides, and unless truncation is `disabled` it is
    asked again with fewer turns. `max_prompt_tokens` is held by counting bytes, for nobody counts
    tokens ahead.

    Args:
        url: The upstream's base URL, such as `http://host:8000/v1`.
        key: Gives its key, or `""`; asked again at each look at the upstream, in a thread, so that
            a key may change. It may raise `OSError`.
        model_id: The upstream's model to use by default; None for the first one it lists.
        n_parallel: Generations at the same time; more wait here.
        patience: How long to wait for what.
        logger: Gets the upstream's comings and goings.
    """

    def __init__(  # noqa: PLR0913 - settings, all by name
        self,
        url: str,
        *,
        key: Callable[[], str] = str,
        model_id: str | None = None,
        n_parallel: int = 4,
        patience: Patience | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        self._url = url
        self._upstream = Upstream(url)
        self._read_key = key
        self._key = ""
        self._model_id = model_id
        self._n_parallel = n_parallel
        self._patience = patience or Patience()
        self._logger = logger or logging.getLogger(__name__)
        self._client: AsyncOpenAI | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._settled, self._look = asyncio.Event(), asyncio.Event()
        self._places = asyncio.Semaphore(n_parallel)
        self._waits: set[asyncio.Timeout] = set()
        self._state: Literal["starting", "ok", "failed"] = "failed"
        self._detail = "The engine has not been started."
        self._models: list[ModelInfo] = []
        self._here = self._running = self._failures = 0

    async def start(self) -> None:
        """Ask the upstream for its models; where that fails, go on asking in the background."""
        if self._watcher is None:
            self._settle("starting", f"The engine is asking {self._upstream.url} for its models.")
            self._watcher = asyncio.create_task(self._watch(), name="oxillama-remote")
        await self._settled.wait()
        if self._state == "failed":
            raise EngineUnavailable(self._detail)

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Delta, None]:
        """Generate; closing the iterator closes the upstream's connection."""
        check_request(request)
        if self._state == "starting":
            await self._unless_stopped(self._settled.wait())
        if self._client is None or self._state != "ok":
            raise EngineUnavailable(self._detail)
        self._here += 1
        try:
            await self._unless_stopped(self._places.acquire())
            try:
                async with aclosing(self._answer(self._client, request)) as deltas:
                    async for delta in deltas:
                        yield delta
            finally:
                self._places.release()
        finally:
            self._here -= 1

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Embed texts, once: what is not answered is not sent again."""
        from openai import APIError

        check_embed(request)
        if self._client is None or self._state != "ok":
            raise EngineUnavailable(self._detail)
        model = await self._model(request.model)
        sending = self._client.post(
            "/embeddings",
            cast_to=object,
            body=embed_body(request, model),
            options={"headers": key_header(self._key)},
        )
        try:
            answer = await self._unless_stopped(sending)
        except APIError as error:
            failure = self._upstream.failure(error, self._key)
            self._note(failure)
            raise failure.error from None
        return read_embeddings(answer, len(request.inputs))

    async def count(self, request: GenerateRequest) -> int:  # noqa: ARG002  # the protocol's
        """Refuse: OpenAI's API counts a prompt only when it answers it."""
        raise InvalidRequest(
            f"The tokens of a prompt cannot be counted ahead: the model runs at "
            f"{self._upstream.url}, which tells them only with an answer."
        )

    async def render(self, request: GenerateRequest) -> RenderedPrompt:  # noqa: ARG002  # likewise
        """Refuse: the upstream makes the prompt, and shows it to nobody."""
        raise InvalidRequest(
            f"The prompt cannot be shown: the model runs at {self._upstream.url}, "
            "which makes it and does not tell.",
            code="prompt_not_visible",
        )

    def models(self) -> list[ModelInfo]:
        """The upstream's models as it listed them last, the default one first."""
        return list(self._models) or [ModelInfo(self._model_id or _UNNAMED, created=0)]

    def status(self) -> EngineStatus:
        """Say how the upstream was when it was last heard of."""
        return EngineStatus(
            state=self._state,
            detail=self._detail,
            n_parallel=self._n_parallel,
            running=self._running,
            waiting=self._here - self._running,
            settings={"remote": self._upstream.url, "failures": self._failures},
        )

    async def forget(self, cache_key: str) -> None:
        """Nothing is kept here; what an upstream keeps is its own affair."""

    async def aclose(self) -> None:
        """Let go of the upstream; generations in flight end with `EngineUnavailable`."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            await asyncio.wait((watcher,))
        self._state, self._detail = "failed", "The engine was stopped."
        self._settled.set()
        now = asyncio.get_running_loop().time()
        for wait in self._waits:
            wait.reschedule(now)
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    # -- one generation --------------------------------------------------------------------------

    async def _answer(
        self, client: AsyncOpenAI, request: GenerateRequest
    ) -> AsyncGenerator[Delta, None]:
        model = await self._model(request.model)
        stream, dropped = await self._admitted(client, request, model)
        self._running += 1
        try:
            yield Delta(prompt=PromptInfo(0, dropped=dropped))
            reader = AnswerReader(request)
            while (chunk := await self._next(stream, reader)) is not _END:
                delta = reader.read(chunk)
                if delta is not None:
                    yield delta
            yield reader.end()
        finally:
            self._running -= 1
            await stream.close()

    async def _model(self, name: str | None) -> str:
        """The upstream's name; its list may have grown since it was last looked at."""
        if name is None or (name == _UNNAMED and not self._lists(name)):
            return self.models()[0].id
        if not self._lists(name):
            await self._unless_stopped(self._check())
        if not self._lists(name):
            raise ModelNotFound(f"The model '{name}' does not exist.", param="model")
        return name

    def _lists(self, name: str | None) -> bool:
        return any(model.id == name for model in self._models)

    async def _admitted(
        self, client: AsyncOpenAI, request: GenerateRequest, model: str
    ) -> tuple[AsyncStream[object], tuple[int, ...]]:
        """The stream that the upstream opened, and what had to be left out for that."""
        dropped = drop_for_budget(request)
        while True:
            try:
                return await self._post(client, chat_body(request, model, dropped)), dropped
            except ContextLengthExceeded:
                more = drop_more(request, dropped)
                if more is None:
                    raise
                dropped = more

    async def _post(self, client: AsyncOpenAI, body: dict[str, Any]) -> AsyncStream[object]:
        """Send a request until it is taken or must not be sent again."""
        from openai import APIError, AsyncStream

        for attempt in itertools.count(1):
            try:
                return await self._unless_stopped(
                    client.post(
                        "/chat/completions",
                        cast_to=object,
                        body=body,
                        options={"headers": key_header(self._key)},
                        stream=True,
                        stream_cls=AsyncStream[object],
                    )
                )
            except APIError as error:
                failure = self._upstream.failure(error, self._key)
            wait = self._patience.pause(failure, attempt)
            if wait is None:
                self._note(failure)
                raise failure.error
            await self._unless_stopped(asyncio.sleep(wait))
        raise AssertionError  # the count never ends

    async def _next(self, stream: AsyncStream[object], reader: AnswerReader) -> object:
        """The upstream's next chunk; it is not asked again once it has begun to answer."""
        from openai import APIConnectionError, APIError, APITimeoutError

        try:
            return await self._unless_stopped(anext(stream, _END))
        except ValueError:
            raise EngineError("The upstream sent something that is no JSON.") from None
        except APIError as error:
            if reader.ended:
                return _END  # only the usage is lost
            failure = self._upstream.failure(error, self._key)
            if isinstance(error, APITimeoutError) or not isinstance(error, APIConnectionError):
                raise failure.error from None
            self._look.set()
            text = f"The upstream broke off in the middle of the answer. {failure.error}"
            raise EngineCrashed(text) from None

    async def _unless_stopped(self, awaitable: Awaitable[T]) -> T:
        """Wait for it, or until the engine is stopped."""
        wait = asyncio.timeout(None if self._watcher is not None else 0)
        try:
            async with wait:
                self._waits.add(wait)
                return await awaitable
        except TimeoutError:
            if wait.expired():
                raise EngineUnavailable("The engine was stopped.") from None
            raise
        finally:
            self._waits.discard(wait)

    # -- the upstream's life -----------------------------------------------------------------------

    async def _watch(self) -> None:
        """Ask for the models: now and then while all is well, soon and less often while not."""
        backoff = self._patience.backoff
        while True:
            self._look.clear()
            # Some upstreams let a generation go when anything else is asked of them.
            if self._state != "ok" or not self._running:
                await self._look_once()
            delay = self._patience.refresh
            if self._state == "ok":
                backoff = self._patience.backoff
            else:
                delay, backoff = backoff, min(2 * backoff, self._patience.longest_backoff)
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._look.wait()

    async def _look_once(self) -> None:
        """Look how the upstream is; whatever goes wrong, it is looked at again."""
        try:
            if self._client is None:
                self._client = await asyncio.to_thread(
                    make_client, self._url, self._patience, local=self._upstream.local
                )
            await self._check()
        except Exception:
            if self._detail != _INTERNAL:  # once is enough in the log
                self._logger.exception("The remote engine cannot look after its upstream")
            self._fail(_INTERNAL)

    async def _check(self) -> None:
        """Ask for the models, and settle how the upstream is."""
        from openai import APIError

        assert self._client is not None  # noqa: S101  # made before anybody asks
        try:
            self._key = checked_key(await asyncio.to_thread(self._read_key))
            options = cast(
                "Any", {"timeout": self._patience.connect, "headers": key_header(self._key)}
            )
            listed = await self._client.get("/models", cast_to=object, options=options)
            self._models = read_models(listed, self._model_id)
        except OSError as error:
            self._fail(f"The upstream's key cannot be read: {error.strerror}")
        except (OxillamaError, ValueError) as error:
            self._fail(f"{error}" if isinstance(error, OxillamaError) else "No JSON in /models.")
        except APIError as error:
            failure = self._upstream.failure(error, self._key)
            if failure.status in _NO_LIST and self._model_id is not None:
                self._models = [ModelInfo(self._model_id, created=0)]
                self._settle("ok", f"{self._upstream.url} lists no models.")
            elif failure.down or self._state != "ok":
                self._fail(failure.error.message)
        else:
            self._settle("ok", f"{self._upstream.url}")

    def _note(self, failure: Failure) -> None:
        if failure.down:
            self._fail(failure.error.message)
            self._look.set()

    def _fail(self, detail: str) -> None:
        if self._watcher is not None:
            self._settle("failed", detail)

    def _settle(self, state: Literal["starting", "ok", "failed"], detail: str) -> None:
        if (state, detail) != (self._state, self._detail):
            level = logging.WARNING if state == "failed" else logging.INFO
            self._logger.log(level, "The remote engine is %s: %s", state, detail)
            self._failures += state == "failed"
        self._state, self._detail = state, detail
        if state == "starting":
            self._settled.clear()
        else:
            self._settled.set()

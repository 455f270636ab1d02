"""What every handler shares: who is asking, errors in OpenAI's envelope, JSON and event streams.

Identity is Jupyter's own: its token as a Bearer key, its cookies, JupyterHub's tokens. Our own keys
(`oxk_…`) come beside it and open nothing but these handlers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import responses
from typing import Any, TypeVar

import msgspec
from jupyter_server.auth import AllowAllAuthorizer, Authorizer, IdentityProvider, User
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.iostream import StreamClosedError

from oxillama_jupyter.errors import (
    EngineUnavailable,
    OxillamaError,
    PayloadTooLarge,
    QueueFull,
)
from oxillama_jupyter.events import DONE, EventLog
from oxillama_jupyter.handlers.validation import decode_body, decode_query, ignored_keys
from oxillama_jupyter.ids import new_id
from oxillama_jupyter.schemas.base import ErrorBody, ErrorEnvelope
from oxillama_jupyter.services.foreground import Foreground
from oxillama_jupyter.services.keys import KEY_PREFIX
from oxillama_jupyter.services.services import Gate, Services

__all__ = ["BaseHandler", "NotFoundHandler", "secured"]

T = TypeVar("T")
Verb = Callable[..., Awaitable[None]]
RESOURCE = "oxillama"
_KEEP_ALIVE = b": keep-alive\n\n"
_TURNS = 3  # of the event loop, between two writes of a stream
_ADVICE = {
    401: "Incorrect API key: send the Jupyter token, or a key of `jupyter oxillama key`, "
    "as 'Authorization: Bearer KEY'.",
    403: "You are not allowed to do this.",
    404: "Unknown request URL: {method} {path}. Check the path and the base_url.",
    405: "Not allowed to {method} on {path}.",
    413: "The body is larger than this server accepts.",
    500: "The server had an internal error; its log says which.",
}


class _KeyIdentity(IdentityProvider):
    """The identity of a request that carries one of our own keys."""

    token = ""

    def get_user(self, handler: web.RequestHandler) -> User:
        handler._token_authenticated = True  # type: ignore[attr-defined]  # noqa: SLF001  # what Jupyter and JupyterHub read
        user: User = handler.key_user  # type: ignore[attr-defined]  # only our handlers get here
        return user

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:  # noqa: ARG002
        return True


_key_identity = _KeyIdentity()
_key_authorizer = AllowAllAuthorizer(identity_provider=_key_identity)


def secured(action: str) -> Callable[[Verb], Verb]:
    """Decorate a verb: authenticated, authorized for `action` on `oxillama`, errors rendered.

    Args:
        action: `read`, `write` or `execute`, as Jupyter's authorizers know them.
    """

    def decorate(verb: Verb) -> Verb:
        async def rendered(self: BaseHandler, *args: str) -> None:
            try:
                await verb(self, *args)
            except OxillamaError as error:
                self.fail(error)

        # The resource is given: the bare decorator would keep the first caller's for ever.
        return web.authenticated(authorized(action, resource=RESOURCE)(rendered))  # type: ignore[return-value]  # the inner one is a coroutine function

    return decorate


class BaseHandler(APIHandler):
    """Base of all our handlers.

    Attributes:
        services: The use cases; there once `prepare` has run.
        key_user: Who asks, if the request carries one of our own keys.
    """

    services: Services
    key_user: User | None = None

    def initialize(self, gate: Gate, max_body_size: int) -> None:
        """Take what the route table hands over."""
        self._gate = gate
        self._max_body_size = max_body_size
        self._started = time.perf_counter()
        self._attached: asyncio.Task[Any] | None = None
        self._left = False
        self._request_id = new_id("req")
        self.set_header("x-request-id", self._request_id)

    # -- who is asking -------------------------------------------------------------------------

    @property
    def identity_provider(self) -> IdentityProvider:
        """Jupyter's, or that of our own keys."""
        return _key_identity if self.key_user else super().identity_provider

    @property
    def authorizer(self) -> Authorizer:
        """Jupyter's; a key of ours is itself the permission."""
        return _key_authorizer if self.key_user else super().authorizer

    @property
    def caller(self) -> str:
        """Who asks, for turns at the engine: a key, a signed-in user, or everybody with the token.

        Jupyter invents a new name for each request that has nothing but the token.
        """
        if self.key_user is None and self.token_authenticated:
            return "token"
        return str(self.current_user.username)

    async def prepare(self) -> None:  # type: ignore[override]  # as Jupyter's own APIHandler
        """Identify the caller and refuse everyone else, before a route is even looked at."""
        failure = None
        try:
            self.services = await self._gate.services()
            await self._identify_key()
        except OxillamaError as error:
            failure = error
            self.log.warning("oxillama: %s", error)
            if self._bearer().startswith(KEY_PREFIX):
                # It may well be right: do not call it wrong, and do not tell a stranger why.
                self.fail(EngineUnavailable("The server cannot check keys; its log says why."))
                return
        await self._prepare_jupyter()
        if self.request.method != "OPTIONS" and not self.current_user:
            raise web.HTTPError(401)
        if failure is not None:
            self.fail(failure)
            return
        if len(self.request.body) > self._max_body_size:
            self.fail(
                PayloadTooLarge(
                    f"The body has {len(self.request.body):,} bytes; this server accepts "
                    f"{self._max_body_size:,} (OxillamaApp.max_body_size)."
                )
            )

    def _bearer(self) -> str:
        header = self.request.headers.get("Authorization", "")
        match = IdentityProvider.auth_header_pat.match(header)
        return match.group(2) if match else ""

    async def _identify_key(self) -> None:
        name = await self.services.keys.verify(self._bearer())
        if name is not None:
            self.key_user = User(f"oxillama-{name}")

    async def _prepare_jupyter(self) -> None:
        """Jupyter's checks of host, identity, origin and XSRF, with the API's statuses."""
        try:
            await super().prepare()
        except web.HTTPError as error:
            anonymous = getattr(self, "_jupyter_current_user", None) is None
            if error.status_code == 403 and anonymous and self.check_host():  # noqa: PLR2004
                raise web.HTTPError(401) from None  # an anonymous POST stumbles over XSRF first
            if error.status_code == 404:  # noqa: PLR2004  # what Jupyter answers a foreign origin
                raise web.HTTPError(403, "This origin may not call the server.") from None
            raise

    def check_xsrf_cookie(self) -> None:
        """Jupyter's check, except for SDK calls to a server without authentication.

        No page of another origin can send an `Authorization` header without a preflight, which
        Jupyter refuses; so a call that has one and no foreign `Origin` cannot be a forged one.
        """
        if not hasattr(self, "_jupyter_current_user"):
            return  # tornado asks before `prepare`, which asks again
        keyed = "Authorization" in self.request.headers
        if keyed and not self.identity_provider.auth_enabled:
            if not self.check_origin():
                raise web.HTTPError(403, "This origin may not call the server.")
            return
        super().check_xsrf_cookie()

    def get_login_url(self) -> str:
        """Never a login page: an API answers 401."""
        raise web.HTTPError(401)

    # -- reading and sending -------------------------------------------------------------------

    def read(self, type_: type[T]) -> T:
        """The JSON body as a struct."""
        return decode_body(self.request.body, type_)

    def read_open(self, type_: type[T]) -> T:
        """The JSON body as a struct whose unknown keys mean nothing; the log's debug names them."""
        value = self.read(type_)
        if self.log.isEnabledFor(logging.DEBUG):
            for key in ignored_keys(self.request.body, type_):
                self.log.debug("oxillama: %s: '%s' is ignored", self.request.path, key)
        return value

    def query(self, type_: type[T]) -> T:
        """The query string as a struct."""
        return decode_query(self.request.query_arguments, type_)

    def send(self, value: Any) -> None:  # any struct of the API
        """Answer with JSON."""
        elapsed = (time.perf_counter() - self._started) * 1000
        self.set_header("openai-processing-ms", str(round(elapsed)))
        self.finish(msgspec.json.encode(value))

    def fail(self, error: OxillamaError) -> None:
        """Answer with an error of ours."""
        self.set_status(error.status)
        if isinstance(error, QueueFull):
            self.set_header("retry-after", str(error.retry_after))
        if error.status >= 500:  # noqa: PLR2004
            self.log.warning("oxillama: %s %s: %s", self.request.method, self.request.path, error)
        self._finish_error(ErrorBody(error.message, error.type, error.param, error.code))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with what tornado or Jupyter raised; never with the text of an internal error."""
        self.set_header("x-request-id", self._request_id)  # tornado has cleared the headers
        raised = kwargs.get("exc_info", (None, None))[1]
        reason = raised.log_message if isinstance(raised, web.HTTPError) else None
        advice = _ADVICE.get(status_code, responses.get(status_code, "Unknown error"))
        advice = advice.format(method=self.request.method, path=self.request.path)
        if status_code == 401:  # noqa: PLR2004
            self.set_header("WWW-Authenticate", "Bearer")
            self._finish_error(ErrorBody(advice, "invalid_request_error", code="invalid_api_key"))
            return
        kind = "server_error" if status_code >= 500 else "invalid_request_error"  # noqa: PLR2004
        message = reason if reason and status_code in {400, 403} else advice
        self._finish_error(ErrorBody(message, kind))

    def _finish_error(self, body: ErrorBody) -> None:
        self.finish(msgspec.json.encode(ErrorEnvelope(body)))

    # -- event streams -------------------------------------------------------------------------

    async def stream(self, log: EventLog, start: int = 0, *, numbered: bool = False) -> None:
        """Follow a log as server-sent events until it is closed or the client leaves.

        Args:
            log: The events.
            start: The first one to send.
            numbered: Put an `id:` line with its number ahead of each event.
        """
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-cache, no-store")
        self.set_header("X-Accel-Buffering", "no")
        with self.attached():
            await self._follow(log, start, numbered=numbered)
        if not self._left:
            self.finish(set_content_type="text/event-stream; charset=utf-8")

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Break off what is inside when the client leaves; then there is nobody to answer."""
        self._attached = asyncio.current_task()
        try:
            yield
        except StreamClosedError:
            self._left = True
        except asyncio.CancelledError:
            if not self.request.connection.stream.closed():  # type: ignore[union-attr]  # HTTP/1 always has one
                raise
            self._left = True
        finally:
            self._attached = None

    async def answer_foreground(self, work: Awaitable[Foreground[Any]], *, stream: bool) -> None:
        """Answer with work that ends with its client: its events, or what it results in."""
        with self.attached():
            foreground = await work
            try:
                if stream:
                    await self.stream(foreground.log)
                else:
                    self.send(await foreground.result())
            finally:
                await foreground.aclose()

    async def _follow(self, log: EventLog, start: int, *, numbered: bool) -> None:
        number = start
        await self.flush()
        async for batch in log.read(start):
            number += len(batch)
            self.write(_join(batch, log, number if numbered else None) or _KEEP_ALIVE)
            await self.flush()
            # A fast client's flush never yields: one stream could starve the loop. And what many
            # streams write within a few turns of a busy loop goes out in one piece each.
            for _ in range(_TURNS):
                await asyncio.sleep(0)

    def on_connection_close(self) -> None:
        """The client left: end its own loop, nothing else."""
        super().on_connection_close()
        if self._attached is not None:
            self._attached.cancel()


def _join(batch: Sequence[bytes], log: EventLog, end: int | None) -> bytes:
    """The frames as bytes; where they are numbered, up to `end`, streams before the last are one.

    A run that waited for tools has a `done` in its middle: who replays it must not stop there.
    """
    if end is None:
        return b"".join(batch)
    numbered = enumerate(batch, end - len(batch))
    last = len(log.frames) - 1
    return b"".join(
        b"id: %d\n%b" % (number, frame)
        for number, frame in numbered
        if frame != DONE or number == last
    )


class NotFoundHandler(BaseHandler):
    """Everything under our prefixes that is no route: 401 for strangers, 404 for others."""

    @secured("read")
    async def get(self, *_: str) -> None:
        """Refuse, whatever the method."""
        raise web.HTTPError(404)

    post = put = patch = delete = head = get

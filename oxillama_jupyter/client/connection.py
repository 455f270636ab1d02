"""The kernel's connection to its server.

The server is looked for in this order; the first that is there is taken:

1. the arguments of `connect`,
2. `OXILLAMA_BASE_URL` and `OXILLAMA_API_KEY`, which the extension puts into the kernels it starts,
3. the running Jupyter server that is this kernel's parent process,
4. JupyterHub's variables,
5. a private server, shared by all of the user's kernels that have no other; started if need be.
   With `OXILLAMA_MODE=record` or `replay` it is this kernel's own.
"""

from __future__ import annotations

import os
import weakref
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from oxillama_jupyter.client.discovery import (
    from_arguments,
    from_environment,
    from_hub,
    from_parent,
)
from oxillama_jupyter.client.modes import check_mode, taping
from oxillama_jupyter.client.probe import trusted
from oxillama_jupyter.errors import ConnectionFailed

if TYPE_CHECKING:
    import ssl

    from openai import OpenAI, Stream

    from oxillama_jupyter.client.discovery import Address

__all__ = ["Connection", "connect", "running"]

Json = dict[str, Any]  # JSON of any shape, as the server sent it


def connect(
    base_url: str | None = None, api_key: str | None = None, *, url: str | None = None
) -> Connection:
    """Find the server and give a connection to it.

    Args:
        base_url: The SDK's base URL (`http://localhost:8888/v1`), or a Jupyter server's address as
            copied from the browser; found as this module says where not given.
        api_key: The key: a Jupyter token or a key made by the server.
        url: The address of the extension's own routes, if the server has other prefixes than
            `v1` and `oxillama`; then `base_url` is taken as it is.

    Raises:
        ConnectionFailed: No server answers and none could be started; the message says why.
    """
    if base_url is not None:
        return Connection(from_arguments(base_url, api_key, url))
    found = _find()
    return Connection(found if api_key is None else replace(found, api_key=api_key))


def running() -> Connection | None:
    """A connection to the server that `connect` would find without starting one.

    Raises:
        ConnectionFailed: The environment names one, but not completely.
    """
    address = _known() or _private(start=False)
    return Connection(address) if address is not None else None


def _find() -> Address:
    address = _known() or _private(start=True)
    assert address is not None  # noqa: S101  # it was started
    return address


def _private(*, start: bool) -> Address | None:
    from jupyter_core.paths import jupyter_runtime_dir

    from oxillama_jupyter.client.private import private_server, running_private_server

    find = private_server if start else running_private_server
    return find(Path(jupyter_runtime_dir()), taping=taping(os.environ))


def _known() -> Address | None:
    known = from_environment(os.environ)
    if known is None:
        from jupyter_core.paths import jupyter_runtime_dir

        known = from_parent(os.environ, Path(jupyter_runtime_dir())) or from_hub(os.environ)
    return known and check_mode(known)


def _verification(url: str) -> ssl.SSLContext | bool:
    """What an HTTP client takes as `verify`."""
    try:
        own = trusted(url)
    except (OSError, ValueError) as error:
        raise ConnectionFailed(
            f"The server's certificate cannot be read (OXILLAMA_CERTIFICATE): {error}"
        ) from error
    named = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    if own is None and named and url.startswith("https:"):
        import ssl

        # The HTTP library heeds them only where it heeds proxies as well.
        return ssl.create_default_context()
    return own or True


class Connection:
    """A server, by the OpenAI SDK.

    Args:
        address: Where it is.

    Example:
        >>> connection = connect()  # doctest: +SKIP
        >>> connection.openai.models.list().data[0].id  # doctest: +SKIP
        'oxillama-tiny'
    """

    def __init__(self, address: Address) -> None:
        self._address = address

    def __repr__(self) -> str:
        return f"Connection(base_url={self.base_url!r}, source={self.source!r})"

    @property
    def base_url(self) -> str:
        """What the OpenAI SDK calls `base_url`."""
        return self._address.base_url

    @property
    def api_key(self) -> str:
        """The key; never shown by `repr`."""
        return self._address.api_key

    @property
    def url(self) -> str:
        """The address of the extension's own routes."""
        return self._address.url

    @property
    def source(self) -> str:
        """How the server was found.

        One of "arguments", "environment", "parent server", "JupyterHub", "private server".
        """
        return self._address.source

    @property
    def direct(self) -> bool:
        """Whether a proxy of the environment is left out.

        It has no way to this machine's own ports, or is not meant to.
        """
        return self._address.direct

    @property
    def http_options(self) -> dict[str, Any]:
        """What an HTTP client for this server has to be made with: proxies and certificates.

        Raises:
            ConnectionFailed: The certificate that the environment names cannot be read.
        """
        return {"trust_env": not self.direct, "verify": _verification(self.base_url)}

    @cached_property
    def openai(self) -> OpenAI:
        """The SDK's client for this server; made when it is first used, for it loads slowly."""
        from openai import DefaultHttpxClient, OpenAI

        http = DefaultHttpxClient(**self.http_options)
        client = OpenAI(
            base_url=self.base_url, api_key=self.api_key, max_retries=2, http_client=http
        )
        weakref.finalize(client, http.close)  # the SDK closes only the ones it has made itself
        return client

    def health(self) -> Json:
        """How the server, its engine and its store are."""
        return self.get(f"{self.url}/health")

    def engine(self, *, timeout: float | None = None) -> Json:
        """What the engine is doing, and what the last turns took."""
        return self.get(f"{self.url}/engine", timeout=timeout)

    def threads(
        self,
        q: str | None = None,
        *,
        limit: int = 20,
        after: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Json:
        """One page of the server's threads, the newest first.

        Args:
            q: Words that must all occur in a thread's messages; a trailing `*` is a prefix.
            limit: At most this many, 1 to 100.
            after: Start just behind this thread id.
            metadata: Only threads that have these values.
        """
        params: dict[str, object] = {"limit": limit}
        params |= {"q": q} if q else {}
        params |= {"after": after} if after else {}
        params |= {f"metadata[{key}]": value for key, value in (metadata or {}).items()}
        return self.get(f"{self.url}/threads", params)

    def get(
        self, path: str, params: dict[str, object] | None = None, *, timeout: float | None = None
    ) -> Json:
        """GET a path of the OpenAI surface (`/models`), or a whole address of ours."""
        options: Json = {"params": params or {}, "max_retries": 0}
        options |= {"timeout": timeout} if timeout is not None else {}
        return cast("Json", self.openai.get(path, cast_to=object, options=cast("Any", options)))

    def post(self, path: str, body: Json | None = None, *, timeout: float = 60.0) -> Json:
        """POST to a path of the OpenAI surface, or to a whole address of ours, once."""
        options = {"max_retries": 0, "timeout": timeout}
        answer = self.openai.post(
            path, cast_to=object, body=body or {}, options=cast("Any", options)
        )
        return cast("Json", answer)

    def stream(self, path: str, body: Json | None = None) -> Stream[object]:
        """The events of an SSE route as `{"event": name, "data": object}`.

        With a body it is a POST, which is never sent twice: it may have taken effect. The events
        are left as they came; the SDK's own classes for them cost more time than the model does.
        """
        from openai import Stream

        options = cast("Any", {"max_retries": 0})
        if body is None:
            return self.openai.get(
                path, cast_to=object, stream=True, stream_cls=Stream[object], options=options
            )
        return self.openai.post(
            path, cast_to=object, body=body, stream=True, stream_cls=Stream[object], options=options
        )

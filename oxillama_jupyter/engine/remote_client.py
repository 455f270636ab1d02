"""The client that talks to an upstream, and the key that it shows there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxillama_jupyter.errors import EngineUnavailable

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from oxillama_jupyter.engine.patience import Patience

__all__ = ["checked_key", "key_header", "make_client"]


def make_client(url: str, patience: Patience, *, local: bool) -> AsyncOpenAI:
    """Make the client, in a thread: its import and the certificates take half a second.

    Args:
        url: The upstream's base URL.
        patience: How long to wait for it.
        local: Whether it is on this machine.
    """
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Omit, Timeout

    timeout = Timeout(patience.idle, connect=patience.connect)
    # A proxy from the environment has no way to this machine's own ports.
    http = DefaultAsyncHttpxClient(timeout=timeout, trust_env=not local)
    # Nothing that the environment holds for OpenAI itself is any business of this upstream.
    foreign: Any = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
    return AsyncOpenAI(
        api_key="",
        admin_api_key="",
        base_url=url,
        timeout=timeout,
        max_retries=0,
        default_headers=foreign,
        http_client=http,
    )


def key_header(key: str) -> dict[str, Any]:  # the SDK's `Omit` is among the values
    """The header that carries the key; without one, none."""
    from openai import Omit

    return {"Authorization": f"Bearer {key}" if key else Omit()}


def checked_key(key: str) -> str:
    """A key without the line end of its file.

    Raises:
        EngineUnavailable: It is none.
    """
    key = key.strip()
    if not (key.isascii() and key.isprintable()):
        raise EngineUnavailable("The upstream's key has characters in it that no key has.")
    return key

"""How the kernels of a server find it: variables in their environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_core.utils import ensure_async
from jupyter_server.serverapp import WILDCARD_IPS, ServerApp
from jupyter_server.utils import url_path_join

__all__ = ["give_key"]


def give_key(serverapp: ServerApp, key: str, openai_prefix: str, prefix: str) -> None:
    """Have every kernel that this server starts or restarts be given its URLs and its key.

    Where the server has a certificate, they are told its file, too: on a loopback address, no
    client could know by other means whether it is the right one.

    The method of the instance is wrapped, because that is the one place that sessions, bare
    kernels, restarts and other kernel manager classes all go through. The key is not put into the
    server's own environment, which terminals and language servers inherit. Kernels behind a
    gateway run elsewhere, where neither the URLs nor the key mean anything, and a server on a Unix
    socket has no URL that the SDK could use.
    """
    if serverapp.gateway_config.gateway_enabled or serverapp.sock:
        return
    manager = serverapp.kernel_manager
    start_kernel = manager.start_kernel

    async def start_with_key(*args: Any, **kwargs: Any) -> Any:  # passed through as they are
        root = _loopback(serverapp)
        env = dict(kwargs.pop("env", None) or os.environ)
        env["OXILLAMA_API_KEY"] = key
        env["OXILLAMA_BASE_URL"] = url_path_join(root, openai_prefix)
        env["OXILLAMA_URL"] = url_path_join(root, prefix)
        certificate = _certificate(serverapp)
        if certificate:
            env["OXILLAMA_CERTIFICATE"] = certificate
        return await ensure_async(start_kernel(*args, env=env, **kwargs))

    manager.start_kernel = start_with_key  # type: ignore[method-assign]  # on the instance


def _loopback(serverapp: ServerApp) -> str:
    """The server's URL as a kernel on the same machine reaches it."""
    url = urlsplit(serverapp.connection_url)
    if _certificate(serverapp):  # Jupyter looks at one of the two settings for it only
        url = url._replace(scheme="https")
    if serverapp.ip in WILDCARD_IPS:
        host = "[::1]" if ":" in serverapp.ip else "127.0.0.1"  # `::` is IPv6 alone
        url = url._replace(netloc=f"{host}:{url.port}")
    return url.geturl()


def _certificate(serverapp: ServerApp) -> str:
    """The file of the server's own certificate; empty if it speaks plain HTTP."""
    file = (serverapp.ssl_options or {}).get("certfile")
    return str(Path(file).absolute()) if file else ""

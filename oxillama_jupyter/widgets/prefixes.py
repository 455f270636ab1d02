"""Where a page finds our routes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["prefixes"]


def prefixes(environ: Mapping[str, str]) -> tuple[str, str]:
    """Where a page's server has the OpenAI surface and our own routes, below its base URL.

    A kernel's own addresses of them do not help a page, which may come through proxies.
    """
    paths = [
        urlsplit(environ.get(name, "")).path.strip("/").split("/")
        for name in ("OXILLAMA_BASE_URL", "OXILLAMA_URL")
    ]
    while len(paths[0]) > 1 and len(paths[1]) > 1 and paths[0][0] == paths[1][0]:
        paths = [path[1:] for path in paths]
    openai, own = ("/".join(path) for path in paths)
    return openai or "v1", own or "oxillama"

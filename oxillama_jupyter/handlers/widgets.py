"""`/oxillama/widgets/{name}`: the parts of the widgets that pages load once.

They are as public as the package itself, and yet asked for like all the rest: so nothing below our
prefixes answers strangers, and no second way of serving has to be kept safe. Pages fetch them with
the credentials they have anyway.
"""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

from tornado import web

from oxillama_jupyter.handlers.base import BaseHandler, secured

__all__ = ["WidgetFileHandler"]

_FOLDER = Path(__file__).parent.parent / "widgets" / "static"


class WidgetFileHandler(BaseHandler):
    """A file of the widgets."""

    @secured("read")
    async def get(self, name: str) -> None:
        """Retrieve."""
        files = await asyncio.to_thread(_files)
        if name not in files:
            raise web.HTTPError(404)
        # Asked for again by each page, but only sent when the package has changed since.
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(files[name], set_content_type="text/javascript; charset=utf-8")


@cache
def _files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in _FOLDER.glob("*.js")}

"""`/oxillama/threads/{thread_id}/export`."""

from __future__ import annotations

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.exports import ExportQuery
from oxillama_jupyter.services.exports import written

__all__ = ["ExportHandler"]

_TYPES = {
    "jsonl": "application/x-ndjson",
    "ipynb": "application/x-ipynb+json",
    "md": "text/markdown; charset=utf-8",
}


class ExportHandler(BaseHandler):
    """Export."""

    @secured("read")
    async def get(self, thread_id: str) -> None:
        """Export."""
        query = self.query(ExportQuery)
        export = await self.services.threads.export(thread_id)
        if query.format == "json":
            self.send(export)
            return
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Disposition", f'attachment; filename="{thread_id}.{query.format}"')
        self.finish(await written(export, query.format), set_content_type=_TYPES[query.format])

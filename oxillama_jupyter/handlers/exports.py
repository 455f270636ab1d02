"""`/oxillama/threads/{thread_id}/export`."""

from __future__ import annotations

import msgspec

from oxillama_jupyter.handlers.base import BaseHandler, secured
from oxillama_jupyter.schemas.exports import ExportQuery

__all__ = ["ExportHandler"]


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
        lines = [export.thread, *export.messages, *export.runs, *export.steps]
        encoded = msgspec.json.Encoder().encode_lines(lines)
        self.finish(encoded, set_content_type="application/x-ndjson")

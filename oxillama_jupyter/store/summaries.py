"""What a person recognises a thread by, as SQL and as the struct that it becomes."""

from __future__ import annotations

from msgspec.json import Decoder

from oxillama_jupyter.schemas.threads import Thread, ThreadSummary

__all__ = ["BEGINNING", "EXCERPT", "SUMMARY", "summary"]

PREVIEW = 160  # characters
_MARK = "\2"  # stands ahead of a match in an excerpt

# The columns of `summary`, of a thread `t`: these, then a text.
SUMMARY = """
SELECT t.payload, t.updated_at,
  (SELECT count(*) FROM messages m WHERE m.thread_id = t.id),
  (SELECT r.id FROM runs r WHERE r.thread_id = t.id AND r.active),
"""
BEGINNING = """
  (SELECT substr(m.text, 1, 320) FROM messages m
   WHERE m.thread_id = t.id AND m.role = 'user' ORDER BY m.seq LIMIT 1)
"""
# The text around the matches in a message, of `messages_fts`.
EXCERPT = "snippet(messages_fts, 0, char(2), '', '…', 24)"
_decode = Decoder(Thread).decode


def summary(  # noqa: PLR0913, PLR0917  # the columns of a row
    payload: str,
    updated_at: int,
    count: int,
    active_run: str | None,
    text: str | None,
    message_id: str | None = None,
) -> ThreadSummary:
    """A row of a thread list as the API has it."""
    thread = _decode(payload)
    return ThreadSummary(
        id=thread.id,
        created_at=thread.created_at,
        tool_resources=thread.tool_resources,
        metadata=thread.metadata,
        updated_at=updated_at,
        message_count=count,
        preview=_preview(text or ""),
        message_id=message_id,
        active_run_id=active_run,
    )


def _preview(text: str) -> str:
    """One line, cut around the first match where one is marked."""
    line = " ".join(text.split())
    match = line.find(_MARK)
    line = line.replace(_MARK, "")
    start = max(0, min(match - PREVIEW // 2, len(line) - PREVIEW))
    return line[start : start + PREVIEW]

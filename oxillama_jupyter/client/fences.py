"""Text in a block of code."""

from __future__ import annotations

import re

__all__ = ["fenced"]


def fenced(text: str, language: str = "text") -> str:
    """A fenced block that the text cannot close."""
    runs = re.findall(r"`{3,}", text)
    fence = "`" * (max(map(len, runs), default=2) + 1)
    end = "" if text.endswith("\n") else "\n"
    return f"{fence}{language}\n{text}{end}{fence}"

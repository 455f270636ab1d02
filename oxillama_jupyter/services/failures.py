"""What kind of failure an error is, as runs and responses tell it."""

from __future__ import annotations

from typing import Literal

from oxillama_jupyter.errors import InvalidRequest, OxillamaError, QueueFull

__all__ = ["FailureCode", "failure_code"]

FailureCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]


def failure_code(error: OxillamaError) -> FailureCode:
    """The code for an error that ended a run or a response; its class decides."""
    if isinstance(error, QueueFull):  # an upstream's
        return "rate_limit_exceeded"
    return "invalid_prompt" if isinstance(error, InvalidRequest) else "server_error"

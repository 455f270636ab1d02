"""Every error this package raises on purpose, and what each means over HTTP.

OxillamaError                       500  server_error
├── InvalidRequest                  400  invalid_request_error
│   └── ContextLengthExceeded       400  invalid_request_error  context_length_exceeded
├── AuthenticationError             401  invalid_request_error  invalid_api_key
├── PermissionDenied                403  invalid_request_error
├── NotFound                        404  invalid_request_error
│   └── ModelNotFound               404  invalid_request_error  model_not_found
├── MethodNotAllowed                405  invalid_request_error
├── GenerationStopped               410  invalid_request_error  generation_stopped
├── PayloadTooLarge                 413  invalid_request_error
├── QueueFull                       429  rate_limit_exceeded    rate_limit_exceeded
├── EngineError                     500  server_error
│   ├── EngineUnavailable           503  server_error
│   ├── EngineCrashed               500  server_error
│   └── CassetteError               424  invalid_request_error  cassette_invalid
│       └── CassetteMissing         424  invalid_request_error  cassette_missing
├── StoreError                      500  server_error
└── ConnectionFailed                     (kernel side: no server answers)

The class decides status, type and code; nothing is ever chosen from a message's text.
`handlers.base` maps the tree to OpenAI's envelope, in one place.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AuthenticationError",
    "CassetteError",
    "CassetteMissing",
    "ConnectionFailed",
    "ContextLengthExceeded",
    "EngineCrashed",
    "EngineError",
    "EngineUnavailable",
    "GenerationStopped",
    "InvalidRequest",
    "MethodNotAllowed",
    "ModelNotFound",
    "NotFound",
    "OxillamaError",
    "PayloadTooLarge",
    "PermissionDenied",
    "QueueFull",
    "StoreError",
]


class OxillamaError(Exception):
    """Base of all errors; carries what OpenAI's error envelope needs.

    Args:
        message: One sentence for the user: what was wrong and what would be right.
        param: Path of the offending parameter, such as `tools[0].function.name`.
        code: Machine-readable code; the class's own where not given.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: str | None = None

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        if code is not None:
            self.code = code


class InvalidRequest(OxillamaError):
    """The request itself is wrong; sending it again unchanged cannot help."""

    status = 400
    type = "invalid_request_error"


class ContextLengthExceeded(InvalidRequest):
    """The prompt has more tokens than the model's context or the request's budget allows."""

    code = "context_length_exceeded"


class AuthenticationError(OxillamaError):
    """No key, or one that this server does not know."""

    status = 401
    type = "invalid_request_error"
    code = "invalid_api_key"


class PermissionDenied(OxillamaError):
    """The caller is known, but may not do this."""

    status = 403
    type = "invalid_request_error"


class NotFound(OxillamaError):
    """No object with that id, or no such route."""

    status = 404
    type = "invalid_request_error"


class ModelNotFound(NotFound):
    """No model with that name is served here."""

    code = "model_not_found"


class MethodNotAllowed(OxillamaError):
    """The route exists, but not with this method."""

    status = 405
    type = "invalid_request_error"


class GenerationStopped(OxillamaError):
    """Somebody has stopped what a client waits for.

    The status is one that the OpenAI SDK does not try again: it would only begin anew.
    """

    status = 410
    type = "invalid_request_error"
    code = "generation_stopped"


class PayloadTooLarge(OxillamaError):
    """The body is larger than this server accepts."""

    status = 413
    type = "invalid_request_error"


class QueueFull(OxillamaError):
    """Too many runs are waiting already; `retry_after` says when to come back, in seconds."""

    status = 429
    type = "rate_limit_exceeded"
    code = "rate_limit_exceeded"
    retry_after: int = 2


class EngineError(OxillamaError):
    """The engine could not do its work."""


class EngineUnavailable(EngineError):
    """The engine is not running, and why."""

    status = 503


class EngineCrashed(EngineError):
    """The engine's process died in mid-generation; the message holds its last words."""


class CassetteError(EngineError):
    """A recorded answer cannot be read, and which file it is.

    The status is one that the OpenAI SDK does not try again: it would be the same every time.
    """

    status = 424
    type = "invalid_request_error"
    code = "cassette_invalid"


class CassetteMissing(CassetteError):
    """Nothing is recorded for a request that is to be replayed."""

    code = "cassette_missing"


class StoreError(OxillamaError):
    """The database could not be opened or is not one of ours."""


class ConnectionFailed(OxillamaError):
    """The kernel found no server to talk to."""

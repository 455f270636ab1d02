"""What goes wrong between us and an upstream, as errors of ours; decided by class, status and code.

The words of the upstream are passed on; our key never is.
"""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any
from urllib.parse import urlsplit

from oxillama_jupyter.errors import (
    ContextLengthExceeded,
    EngineError,
    EngineUnavailable,
    InvalidRequest,
    ModelNotFound,
    OxillamaError,
    QueueFull,
)

__all__ = ["Failure", "Upstream"]

_CONTEXT = {"context_length_exceeded", "exceed_context_size_error", "input_tokens"}
_LONGEST_WORDS = 500


@dataclass(frozen=True)
class Failure:
    """An error, and what it means for the engine.

    Attributes:
        error: What to raise.
        retry: Whether the same request may work in a moment.
        down: Whether nothing works until the upstream or its settings change.
        wait: After how many seconds the upstream wants to be asked again, if it says so.
        status: The HTTP status, if there was an answer.
    """

    error: OxillamaError
    retry: bool = False
    down: bool = False
    wait: float | None = None
    status: int | None = None


class Upstream:
    """An upstream's address, and the reading of its errors.

    Attributes:
        url: Its base URL without credentials, for people.

    Args:
        url: Its base URL.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        netloc = parts.netloc.rpartition("@")[2]
        self.url = parts._replace(netloc=netloc, query="", fragment="").geturl()
        self.local = self._host in {"localhost", "127.0.0.1", "::1"}

    def failure(self, error: Exception, key: str) -> Failure:
        """Read an exception of the SDK's.

        Args:
            error: The exception.
            key: Our key, which no message may show.
        """
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        if isinstance(error, APITimeoutError):
            return self._timeout(error)
        if isinstance(error, APIConnectionError):
            return Failure(EngineUnavailable(self._unreachable(error)), retry=True, down=True)
        body = getattr(error, "body", None)
        fields = body if isinstance(body, dict) else {}
        if isinstance(error, APIStatusError):
            wait = _retry_after(error.response.headers)
            words = _words(fields) or (error.response.reason_phrase or "no reason given")
            return self._answered(error.status_code, fields, _hide(words, key), key, wait)
        # An error event in the middle of a stream; its code is often a status.
        code = fields.get("code")
        words = _hide(_words(fields) or str(body or error), key)
        status = code if isinstance(code, int) and 400 <= code < 600 else 500  # noqa: PLR2004
        return self._answered(status, fields, words, key, None)

    def _answered(
        self,
        status: int,
        fields: dict[str, Any],  # an error object
        words: str,
        key: str,
        wait: float | None,
    ) -> Failure:
        mine = _request_error(status, fields, words)
        if mine is not None:
            return Failure(mine, status=status)
        said = f"The upstream at {self.url} answered {status}: {words}"
        if status in {401, 403}:
            return Failure(EngineUnavailable(self._refused(status, key)), down=True, status=status)
        if status == 404:  # noqa: PLR2004
            advice = "OxillamaApp.remote_url must be the base URL, which often ends in /v1."
            return Failure(EngineUnavailable(f"{said}. {advice}"), down=True, status=status)
        if status == 429:  # noqa: PLR2004
            full = QueueFull(said)
            full.retry_after = math.ceil(wait) if wait else full.retry_after
            return Failure(full, retry=True, wait=wait, status=status)
        if status == 503:  # noqa: PLR2004
            return Failure(EngineUnavailable(said), retry=True, wait=wait, status=status)
        return Failure(EngineError(said), status=status)

    def _timeout(self, error: Exception) -> Failure:
        # One class for all of them: httpx tells in its own class's name which wait it was.
        if any(type(cause).__name__ == "ConnectTimeout" for cause in _causes(error)):
            text = f"{self.url} does not answer: no connection in time. Is it up and reachable?"
            return Failure(EngineUnavailable(text), retry=True, down=True)
        return Failure(EngineError(f"The upstream at {self.url} has gone silent."))

    def _unreachable(self, error: Exception) -> str:
        causes = list(_causes(error))
        for cause in causes:
            if isinstance(cause, ssl.SSLError):
                reason = getattr(cause, "verify_message", "") or cause.reason or str(cause)
                return (
                    f"No secure connection to {self.url}: {reason}. Check its certificate, the "
                    "certificates this machine trusts (SSL_CERT_FILE), and http or https."
                )
            if isinstance(cause, socket.gaierror):
                return (
                    f"The host '{self._host}' of OxillamaApp.remote_url is not known: "
                    f"{cause.strerror}. Check the name and the network."
                )
            if isinstance(cause, ConnectionRefusedError):
                return (
                    f"Nothing listens at {self.url}: the connection was refused. Check that the "
                    "upstream is running, and OxillamaApp.remote_url."
                )
        return f"The connection to {self.url} broke: {causes[-1]}".rstrip(": ")

    def _refused(self, status: int, key: str) -> str:
        what = "refused the key" if key else "wants a key, and none is set"
        return (
            f"The upstream at {self.url} {what} (HTTP {status}). Check the environment variable "
            "OXILLAMA_REMOTE_API_KEY or OxillamaApp.remote_key_file."
        )


def _request_error(
    status: int,
    fields: dict[str, Any],  # an error object
    words: str,
) -> OxillamaError | None:
    """What is wrong with the request; None where it is not the request."""
    told = (fields.get(name) for name in ("code", "type", "param"))
    kinds = {value for value in told if isinstance(value, str)}
    if kinds & _CONTEXT:
        return ContextLengthExceeded(words, param="messages")
    if "model_not_found" in kinds or (status == 404 and "message" in fields):  # noqa: PLR2004
        return ModelNotFound(words, param="model")
    if status in {400, 413, 422}:
        param = fields.get("param")
        return InvalidRequest(words, param=param if isinstance(param, str) else _place(fields))
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all it came from, groups opened."""
    yield error
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _causes(inner)
    cause = error.__cause__ or error.__context__
    if cause is not None:
        yield from _causes(cause)


def _words(fields: dict[str, Any]) -> str:  # an error object
    """The upstream's own words, in OpenAI's form or FastAPI's."""
    words = fields.get("message") or fields.get("detail") or ""
    if isinstance(words, list):
        words = "; ".join(str(item.get("msg", item)) for item in words if isinstance(item, dict))
    text = str(words)
    return text if len(text) <= _LONGEST_WORDS else text[:_LONGEST_WORDS] + "..."


def _place(fields: dict[str, Any]) -> str | None:  # an error object
    """The parameter that FastAPI complains of."""
    detail = fields.get("detail")
    first = detail[0] if isinstance(detail, list) and detail else None
    where = first.get("loc") if isinstance(first, dict) else None
    return ".".join(map(str, where[1:])) if isinstance(where, list) and where[1:] else None


def _hide(words: str, key: str) -> str:
    return words.replace(key, "***") if key else words


def _retry_after(headers: Any) -> float | None:  # httpx's
    """Seconds, from either form of the header; None where there is none that makes sense."""
    value = headers.get("retry-after")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (ValueError, TypeError):
        return None

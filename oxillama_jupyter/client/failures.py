"""One readable line for everything that can go wrong between kernel and server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxillama_jupyter.errors import OxillamaError

if TYPE_CHECKING:
    import ssl

    from oxillama_jupyter.client.connection import Connection

__all__ = ["explain", "is_not_found", "is_passing", "is_refusal", "is_refused", "one_line"]

_LONGEST = 600


def one_line(text: str) -> str:
    """The text on one line, cut where it would fill the screen."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def is_refused(error: Exception) -> bool:
    """Whether there was no connection to a server, so that the request had no effect."""
    from openai import APIConnectionError

    # The SDK works with two HTTP libraries, which name this error alike.
    return (
        isinstance(error, APIConnectionError) and type(error.__cause__).__name__ == "ConnectError"
    )


def is_not_found(error: Exception) -> bool:
    """Whether the server answered that there is no such object."""
    from openai import NotFoundError

    return isinstance(error, NotFoundError)


def is_refusal(error: Exception) -> bool:
    """Whether the server answered that this cannot be done, as things are."""
    from openai import BadRequestError

    return isinstance(error, BadRequestError)


def is_passing(error: Exception) -> bool:
    """Whether the same request may do in a moment: no connection, a server in trouble or busy."""
    from openai import APIConnectionError, InternalServerError, RateLimitError

    return isinstance(error, APIConnectionError | InternalServerError | RateLimitError)


def explain(error: Exception, connection: Connection | None) -> str | None:
    """What to tell the user, in one line; None for errors that are not the server's or the link's.

    Args:
        error: What was raised.
        connection: The server that was asked, if one had been found.
    """
    if isinstance(error, OxillamaError):
        return one_line(error.message)
    from openai import APIConnectionError, APIError, AuthenticationError

    place = connection.base_url if connection else "that address"
    if isinstance(error, APIConnectionError):
        return _about_the_link(error, place)
    if isinstance(error, AuthenticationError):
        source = connection.source if connection else "arguments"
        return f"The server at {place} does not accept the key (from: {source})."
    return one_line(_message(error)) if isinstance(error, APIError) else None


def _about_the_link(error: Exception, place: str) -> str:
    from openai import APITimeoutError

    if isinstance(error, APITimeoutError):
        return f"The server at {place} took too long to answer."
    reason = one_line(str(error.__cause__ or error))
    if not is_refused(error):
        return f"The connection to {place} broke: {reason}"
    failure = _ssl_error(error)
    if failure is not None:
        return _about_encryption(failure, place)
    return f"No server answers at {place}: {reason}"


def _ssl_error(error: BaseException) -> ssl.SSLError | None:
    """What went wrong with encryption, if that is the reason of it all."""
    import ssl

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _about_encryption(error: ssl.SSLError, place: str) -> str:
    import ssl

    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = (error.reason or str(error)).replace("_", " ").lower()
        return (
            f"The server at {place} does not speak HTTPS as this client does: {reason}."
            " Is its address one with http:// in front?"
        )
    reason = error.verify_message.rstrip(".")
    return one_line(
        f"The server at {place} answers, but its certificate is not trusted: {reason}."
        " If it is the right server, name the file of its certificate in OXILLAMA_CERTIFICATE."
    )


def _message(error: Any) -> str:  # any of the SDK's errors; a body may be JSON of any shape
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("message"), str) and body["message"]:
        return str(body["message"])
    return str(error.message)

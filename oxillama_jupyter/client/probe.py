"""Asking a server for little, such as whether it is there, without loading an HTTP library."""

from __future__ import annotations

import ipaddress
import json
import os
import platform
import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl

__all__ = ["answered", "asked", "health", "is_here", "is_loopback", "trusted"]

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def is_loopback(url: str) -> bool:
    """Whether `url` leads to this machine by name or address; such requests never use a proxy."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_here(url: str) -> bool:
    """Whether `url` leads to this machine, by any name or address that it has."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    own = platform.node().lower()
    if is_loopback(url) or (host and host == own):
        return True
    # Machines know themselves with or without their domain.
    alike = host.partition(".")[0] == own.partition(".")[0]
    return bool(host) and (alike or _is_number(host)) and _is_bindable(host)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_bindable(host: str) -> bool:
    """Whether one of this machine's interfaces has the address; no other lets itself be bound."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True


def trusted(url: str) -> ssl.SSLContext | None:
    """How to know an HTTPS server whose own certificate the environment names; None for others.

    A server puts the file of its certificate into `OXILLAMA_CERTIFICATE` of its kernels, which
    reach it by a loopback address. No public certificate is made out for one, so there the file
    stands for the name: that very certificate is taken, and no other. Everywhere else it is taken
    beside the system's, and the name has to match as always.

    Args:
        url: Any address of the server.

    Raises:
        OSError: The file cannot be read.
        ValueError: There is no certificate in it.
    """
    file = os.environ.get("OXILLAMA_CERTIFICATE", "")
    if not file or urlsplit(url).scheme != "https" or not _is_of_environment(url):
        return None
    import ssl

    if is_loopback(url):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
    else:
        context = ssl.create_default_context()
    # The first one is the server's. Those behind it belong to authorities, which sign others, too.
    first = _CERTIFICATE.search(Path(file).read_text("ascii", errors="replace"))
    context.load_verify_locations(cadata=first[0] if first else "")
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # none of its issuers is needed
    return context


def _is_of_environment(url: str) -> bool:
    """Whether `url` leads to the server that the environment names, or it names none."""
    names = (os.environ.get(name) for name in ("OXILLAMA_URL", "OXILLAMA_BASE_URL"))
    places = [urlsplit(name) for name in names if name]
    parts = urlsplit(url)
    return not places or any(
        place.netloc == parts.netloc
        or (place.port == parts.port and is_loopback(place.geturl()) and is_loopback(url))
        for place in places
    )


def health(url: str, key: str, *, timeout: float = 3.0) -> dict[str, Any] | None:
    """What the server's health route says, or None where no server of ours answers.

    Args:
        url: The address of our own routes, such as `http://127.0.0.1:8888/oxillama`.
        key: The key to send.
        timeout: Seconds to wait for each step of the answer.
    """
    state = asked(url, key, "/health", timeout=timeout)
    return state if state is not None and "status" in state else None


def asked(url: str, key: str, path: str, *, timeout: float) -> dict[str, Any] | None:
    """The JSON object that a path of our own routes answers, or None where none came.

    Args:
        url: The address of our own routes, such as `http://127.0.0.1:8888/oxillama`.
        key: The key to send.
        path: The path behind it, with its query.
        timeout: Seconds to wait for each step of the answer.
    """
    status, found = answered(url, key, path, timeout=timeout)
    return found if status == HTTPStatus.OK else None


def answered(url: str, key: str, path: str, *, timeout: float) -> tuple[int, dict[str, Any] | None]:
    """The status and the JSON object of any answer, errors too; 0 and None where none came.

    Args:
        url: The address of our own routes, such as `http://127.0.0.1:8888/oxillama`.
        key: The key to send.
        path: The path behind it, with its query.
        timeout: Seconds to wait for each step of the answer.
    """
    import http.client

    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        if parts.scheme == "https":
            link: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port, timeout=timeout, context=trusted(url)
            )
        else:
            link = http.client.HTTPConnection(host, parts.port, timeout=timeout)
        try:
            link.request("GET", f"{parts.path}{path}", headers={"Authorization": f"Bearer {key}"})
            answer = link.getresponse()
            found = json.loads(answer.read())
        finally:
            link.close()
    except (OSError, ValueError, http.client.HTTPException):
        return 0, None
    return answer.status, found if isinstance(found, dict) else None

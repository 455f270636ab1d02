"""Asking a server for little, such as whether it is there, without loading an HTTP library."""

from __future__ import annotations

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit

__all__ = ["asked", "health", "is_loopback"]


def is_loopback(url: str) -> bool:
    """Whether `url` leads to this machine by name or address; such requests never use a proxy."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
    import http.client

    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        link = kind(parts.hostname or "", parts.port, timeout=timeout)
        try:
            link.request("GET", f"{parts.path}{path}", headers={"Authorization": f"Bearer {key}"})
            answer = link.getresponse()
            found = json.loads(answer.read()) if answer.status == http.client.OK else None
        finally:
            link.close()
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return found if isinstance(found, dict) else None

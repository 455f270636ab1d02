"""Where the server is: the places that are looked at, in order, each as one function.

Every function takes what it reads as arguments and gives an `Address` or None.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit, urlunsplit

from oxillama_jupyter.client.probe import health, is_here
from oxillama_jupyter.errors import ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Address",
    "from_arguments",
    "from_environment",
    "from_hub",
    "from_parent",
    "from_root",
]

_UI_PAGES = ("tree", "notebooks", "doc", "consoles", "edit")
_BEHIND_LAB = ("", "tree", "workspaces", "doc")  # what may follow on JupyterLab's own page
# Addresses that stand for every interface, and how this machine reaches itself there.
_EVERY_INTERFACE = {
    "": "127.0.0.1",
    "0.0.0.0": "127.0.0.1",  # noqa: S104 (recognised here, never bound)
    "::": "::1",  # a server there listens by IPv6 alone
}


@dataclass(frozen=True)
class Address:
    """A server and the key to it.

    Attributes:
        base_url: What the OpenAI SDK calls `base_url`.
        url: The address of this project's own routes.
        api_key: The key for both.
        source: Where it was found, in a word for people.
    """

    base_url: str
    url: str
    api_key: str
    source: str

    @property
    def direct(self) -> bool:
        """Whether it is on this machine, so that no proxy is on the way to it.

        The servers that are found always are. The environment names a kernel's own server or any
        other that somebody has written there.
        """
        return self.source not in {"arguments", "environment"} or is_here(self.base_url)

    def __repr__(self) -> str:
        """Without the key: reprs end up in saved notebooks."""
        return f"Address(base_url={self.base_url!r}, source={self.source!r})"


def from_root(root: str, api_key: str, source: str) -> Address:
    """The address of a Jupyter server, from its root address, with the usual prefixes."""
    root = root.rstrip("/")
    return Address(f"{root}/v1", f"{root}/oxillama", api_key, source)


def from_arguments(base_url: str, api_key: str | None, url: str | None) -> Address:
    """The address somebody gave.

    Args:
        base_url: The SDK's base URL (`…/v1`), a Jupyter server's root, or the address of one of its
            pages as copied from a browser, with or without its `?token=`.
        api_key: The key; the address's own token where not given.
        url: The address of our own routes, for servers with other prefixes than the usual ones.

    Raises:
        ConnectionFailed: The address is none, or there is no key.
    """
    parts = urlsplit(base_url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConnectionFailed(
            f"base_url takes an address such as http://localhost:8888/v1, not {base_url!r}."
        )
    key = api_key or (parse_qs(parts.query).get("token") or [""])[0]
    if not key:
        raise ConnectionFailed(
            "A base_url needs an api_key: the Jupyter server's token, or a key it has made."
        )
    path = parts.path.rstrip("/")
    if url is not None:
        given = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        return Address(given, url.rstrip("/"), key, "arguments")
    path = path.removesuffix("/v1") if path.endswith("/v1") else _without_page(path)
    return from_root(urlunsplit((parts.scheme, parts.netloc, path, "", "")), key, "arguments")


def _without_page(path: str) -> str:
    """The base of a server's path that may lead to one of its pages.

    Folders behind a page may be called like pages (`/lab/tree/notebooks`), and so may what is ahead
    of it: JupyterHub has the user's name there, which is never a page.
    """
    segments = path.split("/")
    for number, segment in enumerate(segments):
        follower = segments[number + 1] if number + 1 < len(segments) else ""
        is_page = segment in _UI_PAGES or (segment == "lab" and follower in _BEHIND_LAB)
        if is_page and segments[number - 1] != "user":
            return "/".join(segments[:number])
    return path


def from_environment(environ: Mapping[str, str]) -> Address | None:
    """What the server put into the kernels it starts.

    Raises:
        ConnectionFailed: There is an address, but no key.
    """
    base_url = environ.get("OXILLAMA_BASE_URL", "").rstrip("/")
    if not base_url:
        return None
    key = environ.get("OXILLAMA_API_KEY")
    if not key:
        raise ConnectionFailed(
            "OXILLAMA_BASE_URL is set, but OXILLAMA_API_KEY is not: set both, or neither."
        )
    url = environ.get("OXILLAMA_URL", "")
    # A notebook that goes to another server overrides the two variables that it knows.
    if urlsplit(url).netloc != urlsplit(base_url).netloc:
        url = f"{base_url.rpartition('/')[0]}/oxillama"
    return Address(base_url, url.rstrip("/"), key, "environment")


def from_parent(environ: Mapping[str, str], runtime_dir: Path) -> Address | None:
    """The Jupyter server that started this kernel, if it runs the extension.

    A user may have several servers, so only the one whose process is this kernel's parent counts.
    """
    # On Windows the variable is a handle, not a process id.
    for pid in (environ.get("JPY_PARENT_PID", ""), str(os.getppid())):
        try:
            info = json.loads((runtime_dir / f"jpserver-{pid}.json").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(info, dict) and str(info.get("pid")) == pid and info.get("url"):
            return _answering(from_root(info["url"], info.get("token") or "", "parent server"))
    return None


def from_hub(environ: Mapping[str, str]) -> Address | None:
    """The JupyterHub single-user server around this kernel, if it runs the extension."""
    token = environ.get("JUPYTERHUB_API_TOKEN")
    parts = urlsplit(environ.get("JUPYTERHUB_SERVICE_URL", ""))
    if not token or not parts.scheme:
        return None
    host = parts.hostname or ""
    name = _EVERY_INTERFACE.get(host, host)
    netloc = f"[{name}]" if ":" in name else name
    if parts.port:
        netloc = f"{netloc}:{parts.port}"
    path = parts.path.rstrip("/") or environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    root = urlunsplit((parts.scheme, netloc, path, "", ""))
    return _answering(from_root(root, token, "JupyterHub"))


def _answering(address: Address) -> Address | None:
    return address if address.api_key and health(address.url, address.api_key) else None

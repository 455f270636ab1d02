"""Whether this kernel's model is live, recorded or replayed, by the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from oxillama_jupyter.client.probe import health
from oxillama_jupyter.errors import ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oxillama_jupyter.client.discovery import Address

__all__ = ["Taping", "check_mode", "taping"]

_FOLDER = "cassettes"
_MODES = ("live", "record", "replay")


class Taping(NamedTuple):
    """What a server that records or replays is started with.

    Attributes:
        mode: `record` or `replay`.
        folder: Where the cassettes are.
    """

    mode: str
    folder: Path


def taping(environ: Mapping[str, str]) -> Taping | None:
    """What the environment asks for; None where the model is live.

    The folder is relative to the kernel's, which is the notebook's.

    Raises:
        ConnectionFailed: There is no such mode.
    """
    mode = environ.get("OXILLAMA_MODE") or "live"
    if mode not in _MODES:
        raise ConnectionFailed(f"OXILLAMA_MODE takes live, record or replay, not {mode!r}.")
    folder = Path(environ.get("OXILLAMA_CASSETTES") or _FOLDER).expanduser()
    return None if mode == "live" else Taping(mode, Path.cwd() / folder)


def check_mode(address: Address, environ: Mapping[str, str] = os.environ) -> Address:
    """Give the server back if it does what the environment asks for.

    Raises:
        ConnectionFailed: It does something else, or does not answer; a live model must not pass for
            a recorded one.
    """
    wanted = taping(environ)
    if wanted is None:
        return address
    state = health(address.url, address.api_key)
    mode = (state or {}).get("engine", {}).get("mode", "live")
    if mode == wanted.mode:
        return address
    does = f"runs in mode {mode!r}" if state else "does not say whether it does that"
    raise ConnectionFailed(
        f"OXILLAMA_MODE is {wanted.mode!r} here, but the server of this kernel "
        f"({address.base_url}) {does}: start that one with OXILLAMA_MODE, or "
        "this kernel without OXILLAMA_BASE_URL."
    )

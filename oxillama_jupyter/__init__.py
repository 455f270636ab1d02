"""Make any Jupyter server a private, durable, OpenAI-compatible LLM server.

This module is imported at the start of every Jupyter server of the environment and by every kernel
that loads the magics, so it imports nothing but its version; the rest loads when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxillama_jupyter._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from oxillama_jupyter.client.connection import connect
    from oxillama_jupyter.client.describe import describer
    from oxillama_jupyter.client.many import map  # noqa: A004 (a name of this package's, not *)
    from oxillama_jupyter.client.sweep import sweep
    from oxillama_jupyter.client.tools import tool
    from oxillama_jupyter.magics.asking import ask

__all__ = ["__version__", "ask", "connect", "describer", "map", "sweep", "tool"]

_PUBLIC = {
    "ask": "magics.asking",
    "connect": "client.connection",
    "describer": "client.describe",
    "map": "client.many",
    "sweep": "client.sweep",
    "tool": "client.tools",
}


def __getattr__(name: str) -> Any:  # any public name
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(f"oxillama_jupyter.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, Any]]:  # Jupyter's own shape
    from oxillama_jupyter.extension import OxillamaApp

    return [{"module": "oxillama_jupyter.extension", "app": OxillamaApp}]


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register the magics; what `%load_ext oxillama_jupyter` calls."""
    from oxillama_jupyter.magics.oxillama import OxillamaMagics

    ipython.register_magics(OxillamaMagics)

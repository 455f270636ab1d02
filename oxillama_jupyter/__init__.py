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

__all__ = ["__version__", "connect", "describer", "map", "sweep"]


def __getattr__(name: str) -> Any:  # any public name
    if name == "connect":
        from oxillama_jupyter.client.connection import connect

        return connect
    if name == "describer":
        from oxillama_jupyter.client.describe import describer

        return describer
    if name == "map":
        from oxillama_jupyter.client.many import map as map_rows

        return map_rows
    if name == "sweep":
        from oxillama_jupyter.client.sweep import sweep

        return sweep
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, Any]]:  # Jupyter's own shape
    from oxillama_jupyter.extension import OxillamaApp

    return [{"module": "oxillama_jupyter.extension", "app": OxillamaApp}]


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register the magics; what `%load_ext oxillama_jupyter` calls."""
    from oxillama_jupyter.magics.oxillama import OxillamaMagics

    ipython.register_magics(OxillamaMagics)

"""What a notebook shows; the widgets are for anybody, and load when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oxillama_jupyter.widgets.chat import Chat
    from oxillama_jupyter.widgets.run_cell import RunCell

__all__ = ["Chat", "RunCell"]

_PUBLIC = {"Chat": "chat", "RunCell": "run_cell"}


def __getattr__(name: str) -> Any:  # any widget
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

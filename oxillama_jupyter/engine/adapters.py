"""LoRA adapters over the model: loaded at start, switched on for one decode step at a time."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp

from oxillama_jupyter.engine.snapshots import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Adapters"]


class Adapters:
    """The adapters of one model, freed with it.

    Attributes:
        states: Why an adapter cannot be used, by name; empty for one that can.
        fingerprints: Which file each that can be used was loaded from.

    Args:
        model: llama.cpp's model.
        paths: GGUF files by the names that requests use.
    """

    def __init__(self, model: Any, paths: Mapping[str, str]) -> None:  # an opaque C pointer
        self.states: dict[str, str] = {}
        self.fingerprints: dict[str, str] = {}
        self._loaded: dict[str | None, Any] = {}  # opaque C pointers
        self._current: str | None = None
        for name, path in paths.items():
            self.states[name] = self._load(model, name, path)

    def use(self, context: Any, name: str | None) -> None:  # an opaque C pointer
        """Let the context's next steps use an adapter, or none."""
        if name == self._current:
            return
        chosen = [] if name is None else [self._loaded[name]]
        pointers = (llama_cpp.llama_adapter_lora_p_ctypes * len(chosen))(*chosen)
        scales = (ctypes.c_float * len(chosen))(*(1.0 for _ in chosen))
        status = llama_cpp.llama_set_adapters_lora(context, pointers, len(chosen), scales)
        if status != 0:
            raise RuntimeError(f"llama_set_adapters_lora returned {status} for {name}")
        self._current = name

    def _load(self, model: Any, name: str, path: str) -> str:  # an opaque C pointer
        if not os.path.isfile(path):  # noqa: PTH113 - the path crosses to C as a string
            return f"There is no file at {path}."
        adapter = llama_cpp.llama_adapter_lora_init(model, os.fsencode(path))
        if not adapter:
            return f"llama.cpp cannot use {path}: it is no LoRA adapter, or one of another model."
        self._loaded[name] = adapter
        with suppress(OSError):  # gone already: what it computes cannot be told from others' later
            self.fingerprints[name] = fingerprint(Path(path))
        return ""

"""What one llama.cpp decode is given: its batch of rows, and a flag that breaks it off."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any

import llama_cpp
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oxillama_jupyter.engine.backend import Row
    from oxillama_jupyter.engine.samplers import LlamaSampler

__all__ = ["Batch", "StopFlag"]


class Batch:
    """One reusable `llama_batch` whose arrays are numpy's, so that filling it is a few copies."""

    def __init__(self, size: int) -> None:
        self.token = np.zeros(size, np.int32)
        self.position = np.zeros(size, np.int32)
        self.output = np.zeros(size, np.int8)
        self.sequence = np.zeros(size, np.int32)
        self._counts = np.ones(size, np.int32)
        self._pointers = self.sequence.ctypes.data + 4 * np.arange(size, dtype=np.uint64)
        self._ramp = np.arange(size, dtype=np.int32)
        self.c = llama_cpp.llama_batch(
            n_tokens=0,
            token=self.token.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            embd=None,
            pos=self.position.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            n_seq_id=self._counts.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            seq_id=self._pointers.ctypes.data_as(ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
            logits=self.output.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
        )

    def fill(self, rows: Sequence[Row]) -> list[tuple[LlamaSampler, int]]:
        """Lay the rows out; return each sampler with the index of the output it reads."""
        samplers: list[tuple[LlamaSampler, int]] = []
        end = 0
        for sequence, position, tokens, sampler, recorder, _ in rows:
            start, end = end, end + len(tokens)
            self.token[start:end] = tokens
            self.position[start:end] = self._ramp[: end - start] + position
            self.sequence[start:end] = sequence
            self.output[start:end] = recorder is not None and recorder.missing > 0
            if sampler is not None:
                self.output[end - 1] = 1
                samplers.append((sampler, end - 1))  # type: ignore[arg-type] # it is ours
        self.c.n_tokens = end
        return samplers


class StopFlag:
    """What llama.cpp looks at between two operations of a decode.

    It calls a C function for that, hundreds of times per token: one of Python's would cost more
    than a small model's arithmetic, so it is `strlen`, over a string of one character or none.
    """

    def __init__(self, context: Any) -> None:  # an opaque C pointer
        self._text = ctypes.create_string_buffer(2)
        library = ctypes.CDLL(None) if os.name == "posix" else ctypes.CDLL("msvcrt")
        address = ctypes.cast(library.strlen, ctypes.c_void_p).value or 0
        callback = llama_cpp.ggml_abort_callback(address)
        llama_cpp.llama_set_abort_callback(context, callback, ctypes.addressof(self._text))
        self._keep_alive = callback, library

    def raise_(self) -> None:
        """Let the decode under way end; from any thread."""
        self._text.value = b"!"

    def lower(self) -> None:
        """Let decodes go on."""
        self._text.value = b""

"""Runs a GGUF through llama.cpp, greedily."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from tinylm.template import render_with_template

BATCH = 512


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _silent(_level: int, _text: bytes, _data: ctypes.c_void_p) -> None:
    """Drop the log lines of llama.cpp."""


class Runner:
    """One model with one context on one thread, so that answers are the same every time."""

    def __init__(self, path: Path, *, context: int = 0, threads: int = 1) -> None:
        llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        options = llama_cpp.llama_model_default_params()
        # The AMX kernels of some llama.cpp builds crash.
        options.use_extra_bufts = False
        options.n_gpu_layers = 0
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), options)
        if not self.model:
            raise OSError(f"llama.cpp can not load {path}")
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self.trained_context = llama_cpp.llama_model_n_ctx_train(self.model)
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = context or self.trained_context
        settings.n_batch = settings.n_ubatch = BATCH
        settings.n_threads = settings.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(self.model, settings)
        self.limit = llama_cpp.llama_n_ctx(self.context)

    def close(self) -> None:
        """Free the context and the model."""
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)

    def tokenize(self, text: str, *, special: bool = True) -> list[int]:
        """Split a text into token ids."""
        data = text.encode()
        tokens = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(
            self.vocabulary, data, len(data), tokens, len(tokens), False, special  # noqa: FBT003
        )  # fmt: skip
        return list(tokens[:count])

    def text(self, tokens: list[int]) -> str:
        """Join tokens into text; control tokens are left out."""
        pieces = b""
        for token in tokens:
            buffer = (ctypes.c_char * 64)()
            count = llama_cpp.llama_token_to_piece(
                self.vocabulary, token, buffer, len(buffer), 0, False  # noqa: FBT003
            )  # fmt: skip
            pieces += bytes(buffer[: max(0, count)])
        return pieces.decode("utf-8", errors="replace")

    def _decode(self, tokens: list[int]) -> None:
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            array = (llama_cpp.llama_token * len(part))(*part)
            batch = llama_cpp.llama_batch_get_one(array, len(part))
            if llama_cpp.llama_decode(self.context, batch) != 0:
                raise RuntimeError("llama.cpp can not decode")

    def scores(self, tokens: list[int], *, fresh: bool = True) -> NDArray[np.float32]:
        """Return the logits after the last token."""
        if fresh:
            memory = llama_cpp.llama_get_memory(self.context)
            llama_cpp.llama_memory_clear(memory, True)  # noqa: FBT003
        self._decode(tokens)
        row = llama_cpp.llama_get_logits_ith(self.context, -1)
        return np.ctypeslib.as_array(row, shape=(self.size,)).copy()

    def complete(self, tokens: list[int], limit: int = 300) -> tuple[str, float]:
        """Write greedily until the end of the turn.

        Args:
            tokens: the prompt.
            limit: the largest number of new tokens.

        Returns:
            The text, and the smallest lead of a chosen token over the second best.
        """
        written: list[int] = []
        margin = float("inf")
        row = self.scores(tokens)
        while len(written) < limit and len(tokens) + len(written) < self.limit:
            second, first = np.argsort(row)[-2:]
            margin = min(margin, float(row[first] - row[second]))
            token = int(first)
            if llama_cpp.llama_vocab_is_eog(self.vocabulary, token):
                break
            written.append(token)
            row = self.scores([token], fresh=False)
        return self.text(written), margin

    def chat(
        self,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]] | None = None,
        limit: int = 300,
    ) -> tuple[str, float]:
        """Answer a conversation; returns the text and its smallest margin."""
        prompt = render_with_template(messages, tools, add_generation_prompt=True)
        return self.complete(self.tokenize(prompt), limit)

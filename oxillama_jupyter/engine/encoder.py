"""A second llama.cpp context over the same weights, which makes embeddings.

A model's own pooling is used where it has one (BERT's first token, Qwen's last one); the mean over
all tokens where it has none, as chat models. A sequence goes through in one piece, since most
models of this kind look in both directions; so its length is bounded by what one batch may cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import llama_cpp
import numpy as np

from oxillama_jupyter.engine.embedder import BATCH_SEQUENCES, BATCH_TOKENS
from oxillama_jupyter.engine.llama import Batch, ModelError
from oxillama_jupyter.engine.scheduler import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Encoder"]


class Encoder:
    """The context; made at first use, since most servers never embed.

    Args:
        model: llama.cpp's model.
        n_ctx: The most tokens of one sequence.
        n_threads: Compute threads.

    Raises:
        ModelError: There is no memory for it, or the model only ranks texts.
    """

    def __init__(self, model: Any, n_ctx: int, n_threads: int) -> None:  # an opaque C pointer
        self._width = llama_cpp.llama_model_n_embd_out(model)
        self._cells = max(n_ctx, BATCH_TOKENS)
        self._context = self._open(model, n_threads, llama_cpp.LLAMA_POOLING_TYPE_UNSPECIFIED)
        if llama_cpp.llama_pooling_type(self._context) == llama_cpp.LLAMA_POOLING_TYPE_NONE:
            llama_cpp.llama_free(self._context)
            self._context = self._open(model, n_threads, llama_cpp.LLAMA_POOLING_TYPE_MEAN)
        if llama_cpp.llama_pooling_type(self._context) == llama_cpp.LLAMA_POOLING_TYPE_RANK:
            self.close()
            raise ModelError("This model ranks texts against each other; it makes no embeddings.")
        self._batch = Batch(self._cells)

    def encode(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Embed some sequences in one batch; return a row of numbers for each, not normalised."""
        rows = [Row(index, 0, tokens, None) for index, tokens in enumerate(sequences)]
        self._batch.fill(rows)
        self._batch.output[: self._batch.c.n_tokens] = 1  # pooling wants them all
        memory = llama_cpp.llama_get_memory(self._context)
        if memory:
            llama_cpp.llama_memory_clear(memory, False)  # noqa: FBT003 - llama.cpp's signature
        status = llama_cpp.llama_decode(self._context, self._batch.c)
        if status != 0:
            raise ModelError(f"llama.cpp could not embed these texts: llama_decode gave {status}.")
        return np.stack([self._vector(index) for index in range(len(rows))])

    def close(self) -> None:
        """Free the context."""
        llama_cpp.llama_free(self._context)

    def _vector(self, sequence: int) -> NDArray[np.float32]:
        pointer = llama_cpp.llama_get_embeddings_seq(self._context, sequence)
        return np.array(pointer[: self._width], np.float32)

    def _open(self, model: Any, n_threads: int, pooling: int) -> Any:  # opaque C pointers
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = self._cells
        params.n_seq_max = BATCH_SEQUENCES
        params.n_threads = params.n_threads_batch = n_threads
        params.embeddings = True
        params.pooling_type = pooling
        params.kv_unified = True
        context = llama_cpp.llama_init_from_model(model, params)
        if not context:
            raise ModelError(
                f"llama.cpp cannot make a context of {self._cells} tokens for embeddings: there is"
                " not enough memory for it. A smaller n_ctx needs less."
            )
        return context

"""A second llama.cpp context over the same weights, which makes embeddings.

A model's own pooling is used where it has one (BERT's first token, Qwen's last one); the mean over
all tokens where it has none, as chat models. A model that looks in both directions reads each
sequence in one piece, and llama.cpp pools. One that looks back only reads in chunks and is pooled
here: llama.cpp computes logits for every token that is pooled, and those of a long text and a large
vocabulary would fill gigabytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import llama_cpp
import numpy as np

from oxillama_jupyter.engine.backend import Row
from oxillama_jupyter.engine.batch import Batch
from oxillama_jupyter.engine.embedder import BATCH_SEQUENCES, BATCH_TOKENS
from oxillama_jupyter.engine.llama import ModelError
from oxillama_jupyter.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Encoder"]

_LOGIT_BYTES = 64 << 20  # of one chunk, though nobody reads them
_LEAST_CHUNK, _PROBE_TOKENS = 64, 32
_NONE, _MEAN = llama_cpp.LLAMA_POOLING_TYPE_NONE, llama_cpp.LLAMA_POOLING_TYPE_MEAN
_CLS, _LAST = llama_cpp.LLAMA_POOLING_TYPE_CLS, llama_cpp.LLAMA_POOLING_TYPE_LAST


class Encoder:
    """The context; made at first use, since most servers never embed.

    Args:
        model: llama.cpp's model.
        n_ctx: The most tokens of one sequence.
        n_threads: Compute threads.

    Raises:
        ModelError: There is no memory for it.
        InvalidRequest: The model only ranks texts.
    """

    def __init__(self, model: Any, n_ctx: int, n_threads: int) -> None:  # an opaque C pointer
        self._model = model
        self._n_threads = n_threads
        self._width = llama_cpp.llama_model_n_embd_out(model)
        cells = max(n_ctx, BATCH_TOKENS)
        self._pooling, looks_back = self._probe()
        self._chunk = cells
        if looks_back:
            vocabulary = llama_cpp.llama_model_get_vocab(model)
            most = _LOGIT_BYTES // (4 * llama_cpp.llama_vocab_n_tokens(vocabulary))
            self._chunk = min(max(most, _LEAST_CHUNK), BATCH_TOKENS)
        self._chunked = looks_back
        pooling = _NONE if self._chunked else self._pooling
        self._context = self._open(cells, self._chunk, pooling)
        self._batch = Batch(self._chunk)

    def encode(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Embed some sequences in one batch; return a row of numbers for each, not normalised."""
        memory = llama_cpp.llama_get_memory(self._context)
        if memory:
            llama_cpp.llama_memory_clear(memory, False)  # noqa: FBT003 - llama.cpp's signature
        rows = [Row(index, 0, tokens, None) for index, tokens in enumerate(sequences)]
        if self._chunked:
            return self._encode_chunks(rows)
        self._decode(rows)
        return np.stack([self._pooled(row.sequence) for row in rows])

    def close(self) -> None:
        """Free the context."""
        llama_cpp.llama_free(self._context)

    def _encode_chunks(self, rows: list[Row]) -> NDArray[np.float32]:
        """Read a chunk at a time, and pool what comes out."""
        pooled = np.zeros((len(rows), self._width), np.float64)
        for chunk in _chunks(rows, self._chunk):
            self._decode(chunk)
            end = 0
            for sequence, position, tokens, *_ in chunk:
                start, end = end, end + len(tokens)
                outputs = np.stack([self._output(index) for index in range(start, end)])
                if self._pooling == _MEAN:
                    pooled[sequence] += outputs.sum(axis=0)
                elif self._pooling == _LAST:
                    pooled[sequence] = outputs[-1]
                elif position == 0:
                    pooled[sequence] = outputs[0]
        if self._pooling == _MEAN:
            pooled /= np.array([[len(row.tokens)] for row in rows])
        return pooled.astype(np.float32)

    def _decode(self, rows: list[Row]) -> None:
        self._batch.fill(rows)
        self._batch.output[: self._batch.c.n_tokens] = 1  # pooling wants them all
        status = llama_cpp.llama_decode(self._context, self._batch.c)
        if status != 0:
            raise ModelError(f"llama.cpp could not embed these texts: llama_decode gave {status}.")

    def _pooled(self, sequence: int) -> NDArray[np.float32]:
        pointer = llama_cpp.llama_get_embeddings_seq(self._context, sequence)
        return np.array(pointer[: self._width], np.float32)

    def _output(self, index: int) -> NDArray[np.float32]:
        pointer = llama_cpp.llama_get_embeddings_ith(self._context, index)
        return np.ctypeslib.as_array(pointer, (self._width,))

    def _probe(self) -> tuple[int, bool]:
        """Find out how the model pools, and whether its tokens only look back."""
        context = self._open(_PROBE_TOKENS, _PROBE_TOKENS, llama_cpp.LLAMA_POOLING_TYPE_UNSPECIFIED)
        pooling = llama_cpp.llama_pooling_type(context)
        looks_back = bool(llama_cpp.llama_get_memory(context))
        looks_back = looks_back and llama_cpp.llama_get_causal_attn(context)
        llama_cpp.llama_free(context)
        if pooling == llama_cpp.LLAMA_POOLING_TYPE_RANK:
            raise InvalidRequest(
                "This model ranks texts against each other; it makes no embeddings.", param="model"
            )
        return _MEAN if pooling == _NONE else pooling, looks_back

    def _open(self, cells: int, batch: int, pooling: int) -> Any:  # an opaque C pointer
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = cells
        params.n_batch = params.n_ubatch = batch
        params.n_seq_max = BATCH_SEQUENCES
        params.n_threads = params.n_threads_batch = self._n_threads
        params.embeddings = True
        params.pooling_type = pooling
        params.kv_unified = True
        context = llama_cpp.llama_init_from_model(self._model, params)
        if not context:
            raise ModelError(
                f"llama.cpp cannot make a context of {cells} tokens for embeddings: there is not"
                " enough memory for it. A smaller n_ctx needs less."
            )
        return context


def _chunks(rows: list[Row], size: int) -> Iterator[list[Row]]:
    """Cut rows into batches of at most so many tokens, in order."""
    chunk: list[Row] = []
    room = size
    for row in rows:
        start = 0
        while start < len(row.tokens):
            tokens = row.tokens[start : start + room]
            chunk.append(row._replace(position=start, tokens=tokens))
            start += len(tokens)
            room -= len(tokens)
            if room == 0:
                yield chunk
                chunk, room = [], size
    if chunk:
        yield chunk

"""How large the context, the cache and the batches are made for a model on a machine."""

from __future__ import annotations

from typing import NamedTuple

from oxillama_jupyter.engine.backend import Limits
from oxillama_jupyter.engine.frames import Configure

__all__ = ["ModelSizes", "Plan", "plan"]

_DEFAULT_CTX = 8192  # a model trained for more is given this much where nobody says otherwise
_MOST_BATCH = 512
_LEAST_BATCH = 128
_SCORE_BYTES = 1 << 30  # bounds the attention scores of one batch without flash attention
_FLASH_CHUNK = 64  # flash attention reads fewer prompt tokens at a time much more slowly
_CHUNK = 32
_CELL_ALIGNMENT = 256  # llama.cpp rounds up to this


class ModelSizes(NamedTuple):
    """What a GGUF says about itself."""

    n_ctx_train: int
    width: int
    layers: int
    heads: int
    kv_heads: int


class Plan(NamedTuple):
    """Sizes to make a context with.

    Attributes:
        limits: What the scheduler plans with.
        n_cells: Cells of the unified KV cache.
        flash_attn: Whether to use flash attention.
        parking_bytes: The most memory for idle threads' states.
    """

    limits: Limits
    n_cells: int
    flash_attn: bool
    parking_bytes: int


def plan(sizes: ModelSizes, settings: Configure, memory: int, most_sequences: int) -> Plan:
    """Choose sizes: room for every generation's whole context, within an eighth of the memory.

    Flash attention skips the cells of other generations, which is worth more than it costs as soon
    as there may be others.
    """
    n_parallel = min(settings.n_parallel, most_sequences)
    trained = sizes.n_ctx_train or _DEFAULT_CTX
    n_ctx = min(settings.n_ctx or _DEFAULT_CTX, trained)
    heads = max(sizes.heads, 1)
    cell_bytes = 4 * max(sizes.width // heads * sizes.kv_heads * sizes.layers, 1)  # K and V in f16
    n_cells = max(n_ctx, min(n_ctx * n_parallel, memory // 8 // cell_bytes))
    flash = n_parallel > 1 if settings.flash_attn is None else settings.flash_attn
    batch = settings.n_batch or _MOST_BATCH
    while not flash and batch > _LEAST_BATCH and 4 * batch * n_cells * heads > _SCORE_BYTES:
        batch //= 2
    aligned = -(-n_cells // _CELL_ALIGNMENT) * _CELL_ALIGNMENT
    limits = Limits(
        n_parallel=n_parallel,
        n_ctx=n_ctx,
        n_batch=batch + n_parallel,
        min_chunk=_FLASH_CHUNK if flash else _CHUNK,
        prefill_seconds=settings.prefill_seconds,
        mixed_seconds=settings.mixed_seconds,
        n_cells=aligned,
    )
    return Plan(limits, aligned, flash, memory // 16)

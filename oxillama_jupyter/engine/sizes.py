"""How large the context, the cache and the batches are made for a model on a machine."""

from __future__ import annotations

from typing import NamedTuple

from oxillama_jupyter.engine.backend import Limits
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.pieces import TILE, Pieces

__all__ = ["ModelSizes", "Plan", "plan"]

_DEFAULT_CTX = 8192  # a model trained for more is given this much where nobody says otherwise
_MOST_BATCH = 512
_LEAST_BATCH = 128
_SCORE_BYTES = 1 << 30  # bounds the attention scores of one batch without flash attention
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
        n_cells: Cells of the KV cache, of all generations together.
        unified: Whether they share the cells; otherwise each has its own, as many as it may use.
        flash_attn: Whether to use flash attention.
        parking_bytes: The most memory for idle threads' states.
    """

    limits: Limits
    n_cells: int
    unified: bool
    flash_attn: bool
    parking_bytes: int


def plan(  # noqa: PLR0913 - what is known, all by name but the first four
    sizes: ModelSizes,
    settings: Configure,
    memory: int,
    most_sequences: int,
    *,
    rewinds: bool = True,
    offloads: bool = False,
) -> Plan:
    """Choose sizes: room for every generation's whole context, within an eighth of the memory.

    Where there is room for all, each generation has cells of its own, and attention looks at no
    others. Where there is not, they share, and flash attention skips the cells of the others, which
    is worth more than it costs on a CPU.

    Args:
        sizes: The model's.
        settings: What was asked for.
        memory: Bytes of the machine.
        most_sequences: llama.cpp's own bound.
        rewinds: Whether the model's memory can be cut back anywhere.
        offloads: Whether there is a GPU, where flash attention is always worth it.
    """
    n_parallel = min(settings.n_parallel, most_sequences)
    trained = sizes.n_ctx_train or _DEFAULT_CTX
    n_ctx = min(settings.n_ctx or _DEFAULT_CTX, trained)
    heads = max(sizes.heads, 1)
    cell_bytes = 4 * max(sizes.width // heads * sizes.kv_heads * sizes.layers, 1)  # K and V in f16
    n_cells = max(n_ctx, min(n_ctx * n_parallel, memory // 8 // cell_bytes))
    unified = n_parallel == 1 or not rewinds or n_cells < n_ctx * n_parallel
    flash = settings.flash_attn
    if flash is None:
        flash = offloads or (unified and n_parallel > 1)
    seen = n_cells if unified else n_ctx
    batch = settings.n_batch or _MOST_BATCH
    while not flash and batch > _LEAST_BATCH and 4 * batch * seen * heads > _SCORE_BYTES:
        batch //= 2
    tile = TILE if flash and not offloads else 1
    aligned = _aligned(n_cells) if unified else _aligned(n_ctx) * n_parallel
    limits = Limits(
        n_parallel=n_parallel,
        n_ctx=n_ctx,
        n_batch=batch + n_parallel,
        min_chunk=TILE if flash else _CHUNK,
        prefill_seconds=settings.prefill_seconds,
        mixed_seconds=settings.mixed_seconds,
        n_cells=aligned,
        pieces=Pieces(tile, not unified, settings.round_up if rewinds else 0),
    )
    return Plan(limits, aligned, unified, flash, memory // 16)


def _aligned(cells: int) -> int:
    return -(-cells // _CELL_ALIGNMENT) * _CELL_ALIGNMENT

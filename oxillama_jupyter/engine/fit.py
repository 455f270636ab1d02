"""Whether a model fits into the memory of this machine, said before it is loaded and in figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from oxillama_jupyter.engine.cgroups import GROUPS, PROC, groups, read
from oxillama_jupyter.engine.frames import Configure
from oxillama_jupyter.engine.gguf import Header
from oxillama_jupyter.engine.machine import physical_memory
from oxillama_jupyter.engine.sizes import ModelSizes, Plan, plan

__all__ = [
    "Memory",
    "Need",
    "Wanted",
    "available_memory",
    "context_of",
    "estimate",
    "megabytes",
    "suggestion",
]

_PROCESS = 120 << 20  # Python, numpy and llama.cpp's own
_FLOAT = 4
_KV_BYTES = 2  # f16
_MOST_SEQUENCES = 256  # llama.cpp's own limit
_LEAST_CTX = 2048
_MOST = (1 << 63) - 1


class Wanted(NamedTuple):
    """What a model is to be loaded with; as `LocalEngine` has them."""

    n_ctx: int = 0
    n_parallel: int = 4
    flash_attn: bool | None = None


class Need(NamedTuple):
    """Bytes that a loaded model takes, about.

    Attributes:
        weights: The file.
        cache: Keys and values of all sequences.
        compute: Buffers of one batch, logits, and the process itself.
    """

    weights: int
    cache: int
    compute: int

    @property
    def total(self) -> int:
        """All of it."""
        return min(sum(self), _MOST)


@lru_cache(maxsize=4096)
def estimate(header: Header, wanted: Wanted) -> Need:
    """Add up what the model takes with the sizes the engine would choose for it."""
    chosen = _plan(header, wanted)
    limits, cells = chosen.limits, chosen.n_cells
    activations = limits.n_batch * (4 * header.width + 3 * header.hidden)
    seen = cells if chosen.unified else limits.n_ctx
    scores = 0 if chosen.flash_attn else limits.n_batch * seen * header.heads
    masks = limits.n_batch * seen
    logits = limits.n_parallel * header.vocabulary
    return Need(
        weights=header.size,
        cache=cells * header.kv_values * _KV_BYTES,
        compute=_FLOAT * (activations + scores + masks + logits) + _PROCESS,
    )


def context_of(header: Header, wanted: Wanted) -> int:
    """The tokens of context that one request would have."""
    return _plan(header, wanted).limits.n_ctx


def suggestion(header: Header, wanted: Wanted, available: int) -> str:
    """Say what would fit, for people."""
    n_ctx = context_of(header, wanted)
    while n_ctx >= _LEAST_CTX:
        for n_parallel in dict.fromkeys((wanted.n_parallel, 1)):
            smaller = Wanted(n_ctx, n_parallel, wanted.flash_attn)
            if smaller != wanted and estimate(header, smaller).total <= available:
                return (
                    f"OxillamaApp.n_ctx={n_ctx} with OxillamaApp.n_parallel={n_parallel} would fit."
                )
        n_ctx //= 2
    return "A smaller model, or a smaller quantisation of this one, is needed."


def available_memory(proc: Path = PROC, cgroups: Path = GROUPS) -> int | None:
    """Bytes that can be had without swapping; None where the system does not say.

    In a container, or under systemd, the control group's limit counts where it is the lower one.
    """
    bounds = [_mem_available(proc), *_cgroup_rooms(proc, cgroups)]
    return min((bound for bound in bounds if bound is not None), default=None)


def megabytes(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{size / 1e6:.0f} MB"


def _plan(header: Header, wanted: Wanted) -> Plan:
    sizes = ModelSizes(
        header.n_ctx_train, header.width, header.layers, header.heads, header.kv_heads
    )
    configure = Configure(
        model="",
        model_id="",
        n_ctx=wanted.n_ctx,
        n_parallel=wanted.n_parallel,
        flash_attn=wanted.flash_attn,
    )
    return plan(sizes, configure, physical_memory(), _MOST_SEQUENCES)


def _mem_available(proc: Path) -> int | None:
    for line in read(proc / "meminfo").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) << 10
    return None


def _cgroup_rooms(proc: Path, cgroups: Path) -> list[int]:
    """What our control group and each one around it still allow."""
    rooms = []
    for group in groups(proc, cgroups):
        limit, used = read(group / "memory.max").strip(), read(group / "memory.current").strip()
        if limit.isdigit() and used.isdigit():
            rooms.append(max(int(limit) - int(used) + _reclaimable(group), 0))
    return rooms


def _reclaimable(group: Path) -> int:
    """Page cache that the group would give up first."""
    for line in read(group / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == "inactive_file" and value.isdigit():
            return int(value)
    return 0


class Memory:
    """How much memory models may take.

    Args:
        budget: Bytes for all of them together; 0 for three quarters of what is available when it is
            first asked, which a model that is alone may exceed.
        check: Whether to see before each load that the machine has the memory.
        available: Says how many bytes can be had now.
    """

    def __init__(
        self,
        budget: int = 0,
        *,
        check: bool = True,
        available: Callable[[], int | None] = available_memory,
    ) -> None:
        self.strict = budget > 0
        self.check = check
        self._budget = budget
        self._available = available

    def budget(self) -> int | None:
        """Bytes for all models; None where nothing is known."""
        if not self._budget:
            self._budget = 3 * (self._available() or 0) // 4
        return self._budget or None

    def available(self) -> int | None:
        """Bytes that can be had now; None where nothing is known or to be checked."""
        return self._available() if self.check else None

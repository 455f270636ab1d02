"""How an engine and its models are, in words and figures for people."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

__all__ = [
    "EngineStats",
    "EngineStatus",
    "MemoryRoom",
    "ModelFit",
    "ModelInfo",
    "ModelState",
    "SequenceState",
    "VaultStats",
]


class ModelInfo(Struct, frozen=True, omit_defaults=True):
    """One model an engine serves.

    Attributes:
        id: The name requests use.
        created: When the file was made, in Unix seconds.
        n_ctx: The context one request may use, in tokens.
        n_ctx_train: The context the model was trained for.
        n_params: Number of weights.
        size: Bytes of the weights.
        description: The GGUF's own name and quantisation.
    """

    id: str
    created: int
    n_ctx: int = 0
    n_ctx_train: int = 0
    n_params: int = 0
    size: int = 0
    description: str = ""


class VaultStats(Struct, frozen=True):
    """How the vault does.

    Attributes:
        hits: Prompts that began with a state from disk.
        misses: Prompts worth a state for which there was none.
        saved: States written.
        failed: States that could not be written or read.
        files: Files of this model.
        bytes: Their size together.
    """

    hits: int = 0
    misses: int = 0
    saved: int = 0
    failed: int = 0
    files: int = 0
    bytes: int = 0


class SequenceState(Struct, frozen=True, omit_defaults=True):
    """What one of the sequences is used for.

    Attributes:
        state: `reading` a prompt; `idle` ones keep a thread's tokens for its next turn.
        tokens: How many are in the cache.
        wanted: How many will be, where a prompt is being read.
        key: Whose they are: a thread's id, or that of the first response of a chain; may be empty.
        model: Where there may be several.
    """

    state: Literal["free", "reading", "generating", "idle"] = "free"
    tokens: int = 0
    wanted: int = 0
    key: str = ""
    model: str = ""


class EngineStats(Struct, frozen=True, omit_defaults=True):
    """What the KV cache holds; at most a second old.

    Attributes:
        cells: Cells of the KV cache, one for a token.
        cells_used: Cells that hold tokens of sequences in use.
        parked: Idle threads whose states wait in ordinary memory.
        parked_bytes: What these states take.
        vault: Those on disk, where some are kept.
        n_threads: Threads that generate at present; fewer while the machine is busy.
        sequences: What each sequence is used for, where that is known.
        read: Prompt tokens computed since the process began.
        generated: Tokens generated since then.
    """

    cells: int = 0
    cells_used: int = 0
    parked: int = 0
    parked_bytes: int = 0
    vault: VaultStats | None = None
    n_threads: int = 0
    sequences: tuple[SequenceState, ...] = ()
    read: int = 0
    generated: int = 0


class ModelState(Struct, frozen=True):
    """How one of several models is.

    Attributes:
        id: The name requests use.
        state: `available` can be loaded, by the next request too.
        detail: Why, where it failed; what the engine says, where it is loaded.
        size: Bytes of its files.
        memory: Bytes it takes when loaded, about.
        embedding: Whether it makes embeddings and no text.
        pid: Its engine's process.
        running: Its generations in a sequence now.
        waiting: Its generations waiting, for a sequence or for the model.
    """

    id: str
    state: Literal["available", "loading", "loaded", "failed"]
    detail: str = ""
    size: int = 0
    memory: int = 0
    embedding: bool = False
    pid: int | None = None
    running: int = 0
    waiting: int = 0


class ModelFit(Struct, frozen=True):
    """What loading a model would come to.

    Attributes:
        lack: Why there is no room for it, in figures; empty where there is.
        gives_way: Idle models that would be unloaded for it.
    """

    lack: str = ""
    gives_way: tuple[str, ...] = ()


class MemoryRoom(Struct, frozen=True):
    """The memory that models may take, in bytes.

    Attributes:
        free: What can be had now; None where nothing is known or nothing is checked.
        budget: For all models together; None where nothing is known.
        strict: Whether somebody has set the budget: then no model may exceed it alone.
        taken: What the loaded models take, about.
    """

    free: int | None = None
    budget: int | None = None
    strict: bool = False
    taken: int = 0


class EngineStatus(Struct, frozen=True):
    """How an engine is, in words a person can act on.

    Attributes:
        state: `starting`, `ok` or `failed`.
        detail: Why, where the state is not `ok`; otherwise a word on the settings.
        pid: The engine's process, where it has one.
        restarts: How often that process was started again after it died.
        last_exit: How it died the last time.
        started_at: When the process that runs was ready, in Unix seconds; 0 where none runs.
        n_parallel: Sequences that can generate at the same time.
        running: Generations in a sequence now.
        waiting: Generations waiting for a sequence.
        settings: What the engine chose and why (`use_extra_bufts`, threads, build, ...).
        stats: What its KV cache holds.
        measured: The ways to run the model that were timed on this machine, as rows of a table.
        measuring: How many ways have been timed so far, where that goes on.
        models: How each model is, where there may be several; the rest is about the default one.
        mode: Whether answers are `live`, are written down (`record`) or were (`replay`).
    """

    state: Literal["starting", "ok", "failed"]
    detail: str = ""
    pid: int | None = None
    restarts: int = 0
    last_exit: str = ""
    started_at: float = 0.0
    n_parallel: int = 1
    running: int = 0
    waiting: int = 0
    settings: dict[str, Any] = msgspec.field(
        default_factory=dict
    )  # engine-specific, shown as it is
    stats: EngineStats = EngineStats()
    measured: list[dict[str, Any]] = []  # columns are for people
    measuring: int | None = None
    models: tuple[ModelState, ...] = ()
    mode: Literal["live", "record", "replay"] = "live"

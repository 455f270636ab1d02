"""llama.cpp through its low-level API: the model, one context, one batch, samplers.

It and what it is made of (`vocabulary`, `batch`, `samplers`, `adapters`, `encoder`) are all that
imports `llama_cpp`; they run in the engine's process, on the decode thread.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import llama_cpp
import numpy as np

from oxillama_jupyter.engine.adapters import Adapters
from oxillama_jupyter.engine.backend import CacheFull, Interrupted, Row
from oxillama_jupyter.engine.batch import Batch, StopFlag
from oxillama_jupyter.engine.machine import physical_cores, physical_memory
from oxillama_jupyter.engine.pacing import Pacer
from oxillama_jupyter.engine.protocol import ModelInfo
from oxillama_jupyter.engine.rpc import add_servers
from oxillama_jupyter.engine.samplers import AnyConstraint, LlamaSampler, make_chain
from oxillama_jupyter.engine.sizes import ModelSizes, plan
from oxillama_jupyter.engine.vocabulary import LlamaVocabulary
from oxillama_jupyter.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from oxillama_jupyter.engine.encoder import Encoder
    from oxillama_jupyter.engine.frames import Configure
    from oxillama_jupyter.engine.protocol import Sampling

__all__ = ["Llama", "ModelError", "build", "log_to_stderr"]

_LEVELS = {2: 6, 3: 4, 4: 3}  # llama.cpp's info, warning, error -> syslog's priorities
_CONTINUED = 5
_WARM_UP_TOKENS = 64  # enough for every matrix kernel to be chosen as in real prefill
_ONE_THREAD_PARAMS = 20_000_000
_NO_ROOM = 1
_ABORTED = 2
_MOST_EMBEDDED = 2048  # tokens of one text: a model that generates keeps cells for each
_ECHO_BYTES = 8 << 20  # of logits, where those of a prompt are wanted


class ModelError(Exception):
    """The model cannot be loaded; the message says why, for people."""


def build() -> str:
    """Name the llama.cpp build and what it found in the CPU."""
    features = llama_cpp.llama_print_system_info().decode(errors="replace")
    return f"llama-cpp-python {llama_cpp.__version__}; {' '.join(features.split())}"


_keep_alive: list[Callable[..., None]] = []  # ctypes callbacks die with their last reference


def log_to_stderr() -> None:
    """Send llama.cpp's log to stderr, each line with its syslog priority in front."""
    last = 6

    def write(level: int, text: bytes, _data: object) -> None:
        nonlocal last
        if level != _CONTINUED:
            last = _LEVELS.get(level, 7)
        line = text.decode(errors="replace").strip()
        if "possible training context overflow" in line:
            return  # the cache is shared by all sequences; each of them stays within its context
        if last < 7 and line.strip("."):  # noqa: PLR2004 - syslog's debug
            sys.stderr.write(f"<{last}>{line}\n")

    callback = llama_cpp.llama_log_callback(write)
    _keep_alive.append(callback)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))


class Llama:
    """A loaded model with one context: the scheduler's backend.

    Attributes:
        rigid: Whether its memory cannot be cut back: it is recurrent, all or in part.
        unified: Whether sequences share the cells; otherwise each has its own.
        rigid_states: Whether saved states cannot: of layers with a sliding window, llama.cpp saves
            what is in the window only.
        layout: What a saved state depends on beside the model; the size of the cache does not
            matter.
        pacer: Chooses how many threads generate.
        adapters: The LoRA adapters.

    Raises:
        ModelError: The file is missing, or llama.cpp cannot read it.
        EngineError: An RPC server cannot be used.
    """

    def __init__(self, settings: Configure) -> None:
        self._settings = settings
        self._model = _load(settings)
        self.vocabulary = LlamaVocabulary(self._model)
        self.adapters = Adapters(self._model, settings.adapters)
        self.template = _metadata(self._model, "tokenizer.chat_template")
        self.n_threads = settings.n_threads or _default_threads(self._model)
        self.pacer = Pacer(self.n_threads, fixed=not settings.pace)
        self._using = self.n_threads
        memory = physical_memory()
        most = llama_cpp.llama_max_parallel_sequences()
        self.rigid = _rigid(self._model)
        self.rigid_states = self.rigid or llama_cpp.llama_model_n_swa(self._model) > 0
        self._plan = plan(
            _sizes(self._model),
            settings,
            memory,
            most,
            rewinds=not self.rigid_states,
            offloads=bool(llama_cpp.llama_supports_gpu_offload()),
        )
        self.unified = self._plan.unified
        rows = min(max(_ECHO_BYTES // (4 * self.vocabulary.n_tokens), 4), 64)
        self.limits = self._plan.limits._replace(echo_rows=rows)
        self.parking_bytes = self._plan.parking_bytes
        self.layout = ""
        self._context = self._open_context()
        self._stop = StopFlag(self._context)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = Batch(self.limits.n_batch)
        self.generates = bool(self._memory)  # a model without memory only makes embeddings
        self.embed_width = llama_cpp.llama_model_n_embd_out(self._model)
        most = _MOST_EMBEDDED if self.generates else self.limits.n_ctx
        self.embed_limit = min(self.limits.n_ctx, most)
        self._encoder: Encoder | None = None
        self._row = ctypes.c_float * self.vocabulary.n_tokens

    def info(self) -> ModelInfo:
        """Describe the model."""
        buffer = ctypes.create_string_buffer(256)
        llama_cpp.llama_model_desc(self._model, buffer, len(buffer))
        name = _metadata(self._model, "general.name")
        kind = buffer.value.decode(errors="replace")
        return ModelInfo(
            id=self._settings.model_id,
            created=int(os.stat(self._settings.model).st_mtime),  # noqa: PTH116 - one call
            n_ctx=self.limits.n_ctx,
            n_ctx_train=llama_cpp.llama_model_n_ctx_train(self._model),
            n_params=llama_cpp.llama_model_n_params(self._model),
            size=llama_cpp.llama_model_size(self._model),
            description=f"{name} ({kind})" if name else kind,
        )

    def settings(self) -> dict[str, Any]:  # shown to people as it is
        """Describe what was chosen."""
        return {
            "use_extra_bufts": self._settings.use_extra_bufts is not False,
            "flash_attn": self._plan.flash_attn,
            "n_threads": self.n_threads,
            "n_ctx": self.limits.n_ctx,
            "n_cells": self._plan.n_cells,
            "kv_unified": self.unified,
            "n_batch": self.limits.n_batch,
            "build": build(),
            "adapters": self.adapters.states,
        }

    def warm_up(self) -> None:
        """Decode a prompt and a token, so that settings that crash do it now; time them."""
        token = max(self.vocabulary.bos, 0)
        count = min(_WARM_UP_TOKENS, self.limits.n_batch, self.embed_limit)
        if not self.generates:
            self.embed([[token] * count])
            return
        prompt = Row(0, 0, [token] * count, None)
        self._decode([prompt])
        started = time.perf_counter()
        self._decode([Row(0, count, [token], None)])
        self.keep(0, 0)
        self._decode([prompt])
        seconds = (time.perf_counter() - started) / count
        self.keep(0, 0)
        self.limits = self.limits._replace(token_seconds=seconds)

    def embed(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Embed some sequences in one batch; the first time makes the context for it."""
        from oxillama_jupyter.engine.encoder import Encoder

        try:
            if self._encoder is None:
                self._encoder = Encoder(self._model, self.embed_limit, self.n_threads)
            return self._encoder.encode(sequences)
        except ModelError as error:
            raise EngineError(str(error)) from error

    def sampler(self, sampling: Sampling, constraint: AnyConstraint | None = None) -> LlamaSampler:
        """Make a sampler; penalties look at what was generated, and at nothing else."""
        vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        return LlamaSampler(make_chain(sampling, vocabulary, self.limits.n_ctx), constraint)

    def step(self, rows: Sequence[Row]) -> list[int]:
        """Decode a batch and choose a token for each row that has a sampler."""
        self.adapters.use(self._context, rows[0].adapter)
        samplers = self._paced(rows)
        self._show(rows)
        for sampler, index in samplers:
            if sampler.constraint is not None:
                sampler.constraint.mask(self._logits(index))
        sample, context = llama_cpp.llama_sampler_sample, self._context
        return [sample(sampler.chain, context, index) for sampler, index in samplers]

    def interrupt(self) -> None:
        """Let the decode under way end at once; from any thread."""
        self._stop.raise_()

    def keep(self, sequence: int, length: int) -> int:
        """Forget a sequence's tokens from `length` on; recurrent models forget all or nothing."""
        if llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1):
            return length
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return 0

    def copy(self, source: int, target: int, length: int) -> int:
        """Let `target` begin as `source` does; where they share the cells, none is copied."""
        if self.unified:
            llama_cpp.llama_memory_seq_cp(self._memory, source, target, -1, -1)
        elif not self.load(target, self.save(source)[0]):
            return self.keep(target, 0)
        return self.keep(target, length)

    def save(self, sequence: int) -> tuple[Any, int]:  # a C array
        """Copy a sequence's cells to ordinary memory."""
        size = llama_cpp.llama_state_seq_get_size(self._context, sequence)
        state = (ctypes.c_uint8 * size)()
        llama_cpp.llama_state_seq_get_data(self._context, state, size, sequence)
        return state, size

    def load(self, sequence: int, state: Any) -> bool:  # what `save` returned, or its bytes
        """Bring saved cells back; False where there is no room."""
        data = (ctypes.c_uint8 * len(state)).from_buffer(state)
        size = len(data)
        return bool(llama_cpp.llama_state_seq_set_data(self._context, data, size, sequence))

    def close(self) -> None:
        """Free the contexts and the model."""
        if self._encoder is not None:
            self._encoder.close()
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    def _paced(self, rows: Sequence[Row]) -> list[tuple[LlamaSampler, int]]:
        """Decode with as many threads as is best just now."""
        shape = len(rows), sum(len(row.tokens) for row in rows)
        threads = self.pacer.threads(*shape)
        if threads != self._using:
            llama_cpp.llama_set_n_threads(self._context, threads, threads)
            self._using = threads
        started = time.perf_counter()
        samplers = self._decode(rows)
        self.pacer.took(*shape, time.perf_counter() - started)
        return samplers

    def _decode(self, rows: Sequence[Row]) -> list[tuple[LlamaSampler, int]]:
        samplers = self._batch.fill(rows)
        self._stop.lower()
        status = llama_cpp.llama_decode(self._context, self._batch.c)
        if status == _NO_ROOM:
            raise CacheFull
        if status == _ABORTED:
            raise Interrupted
        if status != 0:
            raise RuntimeError(f"llama_decode returned {status}")
        return samplers

    def _show(self, rows: Sequence[Row]) -> None:
        """Let the rows' recorders see their logits."""
        start = 0
        for row in rows:
            if row.recorder is not None:
                row.recorder.see(row, partial(self._logits, start))
            start += len(row.tokens)

    def _logits(self, index: int, after: int = 0) -> NDArray[np.float32]:
        """llama.cpp's own logits of one output; what is written there is what gets sampled."""
        pointer = llama_cpp.llama_get_logits_ith(self._context, index + after)
        row = self._row.from_address(ctypes.addressof(pointer.contents))
        return np.frombuffer(memoryview(row), np.float32)

    def _open_context(self) -> Any:  # an opaque C pointer
        limits = self.limits
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self._plan.n_cells
        params.n_batch = params.n_ubatch = limits.n_batch
        params.n_seq_max = limits.n_parallel
        params.n_outputs_max = limits.n_parallel + limits.echo_rows
        params.n_threads = params.n_threads_batch = self.n_threads
        params.flash_attn_type = int(self._plan.flash_attn)
        params.kv_unified = self.unified
        self.layout = _layout(self._model, params)
        context = llama_cpp.llama_init_from_model(self._model, params)
        if not context:
            raise ModelError(
                f"llama.cpp cannot make a context of {params.n_ctx} tokens: there is not enough"
                " memory for it. A smaller n_ctx or n_parallel needs less."
            )
        return context


def _load(settings: Configure) -> Any:  # an opaque C pointer
    path = settings.model
    if not os.path.isfile(path):  # noqa: PTH113 - the path crosses to C as a string
        raise ModelError(f"There is no model file at {path}.")
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = -1
    params.use_extra_bufts = settings.use_extra_bufts is not False
    llama_cpp.llama_backend_init()
    add_servers(settings.rpc_servers)
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise ModelError(f"llama.cpp cannot read {path}: it is no GGUF model, or a damaged one.")
    return model


def _metadata(model: Any, key: str) -> str:  # an opaque C pointer
    """Read a string of the GGUF; empty where it has none."""
    size = llama_cpp.llama_model_meta_val_str(model, key.encode(), None, 0)
    if size < 0:
        return ""
    buffer = ctypes.create_string_buffer(size + 1)
    llama_cpp.llama_model_meta_val_str(model, key.encode(), buffer, size + 1)
    return buffer.value.decode(errors="replace")


def _default_threads(model: Any) -> int:  # an opaque C pointer
    """All physical cores; small models wait for threads longer than these save."""
    small = llama_cpp.llama_model_n_params(model) < _ONE_THREAD_PARAMS
    return 1 if small else physical_cores()


def _rigid(model: Any) -> bool:  # an opaque C pointer
    recurrent = llama_cpp.llama_model_is_recurrent(model)
    return bool(recurrent or llama_cpp.llama_model_is_hybrid(model))


def _layout(model: Any, params: Any) -> str:  # a C pointer, a C struct
    """Types, transposition and kind of the cache, and which of a model's two rotations is used."""
    arch = _metadata(model, "general.architecture")
    short = _metadata(model, f"{arch}.rope.scaling.original_context_length")
    names = ("type_k", "type_v", "flash_attn_type", "kv_unified", "swa_full")
    values = [f"{name}={getattr(params, name)}" for name in names]
    return " ".join([*values, f"long={short.isdigit() and params.n_ctx > int(short)}"])


def _sizes(model: Any) -> ModelSizes:  # an opaque C pointer
    return ModelSizes(
        n_ctx_train=llama_cpp.llama_model_n_ctx_train(model),
        width=llama_cpp.llama_model_n_embd(model),
        layers=llama_cpp.llama_model_n_layer(model),
        heads=llama_cpp.llama_model_n_head(model),
        kv_heads=llama_cpp.llama_model_n_head_kv(model),
    )

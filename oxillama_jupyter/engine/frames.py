"""The messages on the engine's pipe: msgpack behind a four-byte length, in both directions.

Parent to child: one `Configure`, then `Submit`, `Embed`, `Count`, `Render`, `Abort` and `Forget`;
closing the pipe ends the child, which takes a moment to save idle threads.
Child to parent: `Phase` while it starts, then `Ready` or `StartFailed`, then one `Step` for each
decode step, with what it gave every sequence.
"""

from __future__ import annotations

import struct
from typing import IO, Any

import msgspec
from msgspec import Struct

from oxillama_jupyter.engine.protocol import (
    Delta,
    Embeddings,
    EmbedRequest,
    EngineStats,
    GenerateRequest,
    ModelInfo,
    RenderedPrompt,
)
from oxillama_jupyter.errors import InvalidRequest

__all__ = [
    "Abort",
    "Configure",
    "Count",
    "Embed",
    "Forget",
    "FromChild",
    "Output",
    "Phase",
    "Ready",
    "Render",
    "StartFailed",
    "Stats",
    "Step",
    "Submit",
    "ToChild",
    "decode_from_child",
    "decode_to_child",
    "encode",
    "encode_checked",
    "read_frame",
]

_LENGTH = struct.Struct("<I")


class Configure(Struct, frozen=True, tag="configure"):
    """Everything the child must know to load the model.

    Attributes:
        model: Path of the GGUF.
        model_id: The name requests use.
        n_ctx: The most tokens one request may use, answer included; 0 for the model's own.
        n_parallel: Generations at the same time.
        n_threads: Compute threads; 0 for what suits the model, at most the physical cores.
        pace: Whether fewer of them may generate while the machine is busy.
        niceness: How much the child lets other processes go first, 0 to 19.
        use_extra_bufts: Whether llama.cpp may repack weights for this CPU; None where nobody has
            fixed it, and then it may.
        flash_attn: Flash attention; None for where generations may share the cache.
        n_batch: The most prompt tokens of one step; 0 for the usual.
        round_up: From how many missing prompt tokens on some cached ones are read again, so that
            flash attention takes all of them together; 0 for never.
        prefill_seconds: How long a step that only reads prompts may take.
        mixed_seconds: How long a step may take while somebody generates.
        vault: Folder of the threads' states on disk.
        vault_bytes: The most bytes of it; 0 for none.
        adapters: Paths of LoRA adapters by their names.
        rpc_servers: Where other machines hold parts of the model, as host:port.
    """

    model: str
    model_id: str
    n_ctx: int = 0
    n_parallel: int = 4
    n_threads: int = 0
    pace: bool = False
    niceness: int = 0
    use_extra_bufts: bool | None = None
    flash_attn: bool | None = None
    n_batch: int = 0
    round_up: int = 0
    prefill_seconds: float = 0.25
    mixed_seconds: float = 0.06
    vault: str = ""
    vault_bytes: int = 0
    adapters: dict[str, str] = {}
    rpc_servers: list[str] = []


class Submit(Struct, frozen=True, tag="submit"):
    """A new generation."""

    id: int
    request: GenerateRequest


class Embed(Struct, frozen=True, tag="embed"):
    """Texts to embed; one output answers it."""

    id: int
    request: EmbedRequest


class Count(Struct, frozen=True, tag="count"):
    """A prompt whose tokens are to be counted; one output answers it."""

    id: int
    request: GenerateRequest


class Render(Struct, frozen=True, tag="render"):
    """A prompt that is to be shown; one output answers it."""

    id: int
    request: GenerateRequest


class Abort(Struct, frozen=True, tag="abort"):
    """Nobody waits for this generation any more."""

    id: int


class Forget(Struct, frozen=True, tag="forget"):
    """A thread was deleted: nothing of it may be left."""

    cache_key: str


class Phase(Struct, frozen=True, tag="phase"):
    """What the child is about to do, so that its death can be explained."""

    name: str


class Ready(Struct, frozen=True, tag="ready"):
    """The model is loaded and has proved that it can decode."""

    model: ModelInfo
    settings: dict[str, Any]  # shown to people as it is


class StartFailed(Struct, frozen=True, tag="failed"):
    """The model cannot be loaded, and why."""

    message: str


class Output(Struct, frozen=True, omit_defaults=True, array_like=True, gc=False):
    """What one step gave one generation: a delta, or the error that ended it.

    Attributes:
        id: The generation.
        delta: New text and tokens.
        error: Name of a class in `oxillama_jupyter.errors`.
        message: What that error says.
        param: Which parameter of the request it is about.
        embeddings: The whole answer to `Embed`.
        count: The whole answer to `Count`.
        rendered: The whole answer to `Render`.
    """

    id: int
    delta: Delta | None = None
    error: str | None = None
    message: str = ""
    param: str | None = None
    embeddings: Embeddings | None = None
    count: int | None = None
    rendered: RenderedPrompt | None = None


class Step(Struct, frozen=True, tag="step"):
    """One decode step."""

    outputs: list[Output]


class Stats(Struct, frozen=True, tag="stats"):
    """How full the cache is; about once a second while that changes."""

    stats: EngineStats


ToChild = Configure | Submit | Embed | Count | Render | Abort | Forget
FromChild = Phase | Ready | StartFailed | Step | Stats

_encoder = msgspec.msgpack.Encoder()
decode_to_child = msgspec.msgpack.Decoder(ToChild).decode
decode_from_child = msgspec.msgpack.Decoder(FromChild).decode


def encode(message: ToChild | FromChild) -> bytes:
    """Make a frame, ready to be written."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


def encode_checked(message: Submit | Embed | Count | Render) -> bytes:
    """Make a frame of a request that the child is sure to understand; another one would end it.

    Raises:
        InvalidRequest: It would not.
    """
    try:
        frame = encode(message)
        decode_to_child(memoryview(frame)[_LENGTH.size :])
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise InvalidRequest(f"The request cannot be encoded: {error}") from error
    return frame


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Read one frame's body; None at the end of the stream, also in mid-frame."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None

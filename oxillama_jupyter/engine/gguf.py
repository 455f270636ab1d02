"""What a GGUF file says about itself, read without llama.cpp and without trusting a byte of it.

    header = read_header(Path("model.gguf"))
    header.architecture, header.n_params, header.n_ctx_train

Nothing is mapped into memory: a file that shrinks while it is mapped kills its reader. Every count
and length is held against the size of the file before anything is read or made for it.
"""

from __future__ import annotations

import re
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

__all__ = ["GGUFError", "Header", "read_header"]

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_HEADER = 64 << 20  # the largest vocabularies make headers of some 15 MiB
_CHUNK = 1 << 16
_MOST_KEYS = 2000
_MOST_KEY = 1024
_MOST_TENSORS = 1 << 20
_MOST_TEXT = 1024  # bytes of a value that is kept; templates are not
_MOST_ITEMS = 512  # of an array that is kept: one for each layer
_MOST_DIMENSIONS = 4
_MOST_COUNT = (1 << 31) - 1
_MOST_LAYERS = 1 << 16
_STRING, _ARRAY = 8, 9
_LEAST_VALUE = 4 + 8 + 1  # bytes of a key and its value
_LEAST_TENSOR = 8 + 4 + 8 + 4 + 8
_LEAST_STRING = 8

_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")
_SCALARS = {
    number: struct.Struct("<" + code)
    for number, code in zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True)
}
# Tensor type: weights in a block, bytes of a block.
_BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
}
_UNKNOWN_BLOCK = (256, 16)  # less than any type takes: newer ones are llama.cpp's to judge
_ENCODERS = re.compile(r".*bert|.*bert-(moe|v\d)|gemma-embedding|t5encoder")


class GGUFError(Exception):
    """The file is no GGUF model that could be loaded; the message says why, as a clause."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a model before it is loaded; zeros where the file does not say.

    Attributes:
        size: Bytes of the file.
        architecture: Such as `llama`.
        kind: `model`, or such as `adapter`, `mmproj`.
        name: The model's own name.
        n_params: Number of weights.
        n_ctx_train: The context it was trained for, in tokens.
        width: Numbers in one token's embedding.
        hidden: Width of the widest feed-forward layer.
        layers: Number of blocks.
        heads: Attention heads, of the layer with the most.
        kv_heads: Heads of keys and values, of the layer with the most.
        kv_values: Numbers that the KV cache holds for one token, all layers together.
        vocabulary: Number of tokens.
        embedding: Whether it makes embeddings and no text.
        split_no: Which part of a split model this is, from 0.
        split_count: Number of its parts; 1 for a model in one file.
    """

    size: int
    architecture: str
    kind: str
    name: str
    n_params: int
    n_ctx_train: int
    width: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    kv_values: int
    vocabulary: int
    embedding: bool
    split_no: int
    split_count: int


def read_header(path: Path) -> Header:
    """Read everything ahead of the weights, and see that the weights are all there.

    Raises:
        GGUFError: It is no regular file, no GGUF, damaged, cut off, or of an unknown version.
        OSError: It cannot be read.
    """
    info = path.stat()
    if not stat.S_ISREG(info.st_mode):
        raise GGUFError("it is no regular file")
    with path.open("rb", buffering=0) as file:
        reader = _Reader(file, info.st_size)
        if reader.take(len(_MAGIC)) != _MAGIC:
            raise GGUFError("it does not begin as a GGUF file does")
        version = reader.number(_U32)
        if version not in _VERSIONS:
            swapped = int.from_bytes(version.to_bytes(4, "little"), "big") in _VERSIONS
            what = "it is big-endian" if swapped else f"its version {version} is unknown"
            raise GGUFError(f"{what}; versions {_VERSIONS[0]} and {_VERSIONS[-1]} are read")
        n_tensors, n_keys = reader.number(_U64), reader.number(_U64)
        reader.expect(n_tensors, _LEAST_TENSOR, _MOST_TENSORS, "tensors")
        reader.expect(n_keys, _LEAST_VALUE, _MOST_KEYS, "metadata values")
        values = _Values(reader, n_keys)
        return _header(values, _read_tensors(reader, n_tensors, values), info.st_size)


class _Reader:
    """The beginning of a file, fetched as far as it is asked for and no further."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self._data = b""
        self.position = 0

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self._size

    def expect(self, count: int, least: int, most: int, what: str) -> None:
        """Refuse a count of things that cannot be in what is left, or that is absurd."""
        if count > most or count * least > self._size - self.position:
            raise GGUFError(f"it claims to have {count} {what}")

    def take(self, length: int) -> bytes:
        """The next bytes."""
        start = self.position
        self._reach(start + length)
        self.position = start + length
        return self._data[start : self.position]

    def number(self, format_: struct.Struct) -> Any:  # what the format says
        """The next number."""
        start = self.position
        self._reach(start + format_.size)
        self.position = start + format_.size
        return format_.unpack_from(self._data, start)[0]

    def skip(self, length: int) -> None:
        """Pass over bytes."""
        self._reach(self.position + length)
        self.position += length

    def skip_strings(self, count: int) -> None:
        """Pass over strings; a vocabulary has hundreds of thousands."""
        position, unpack = self.position, _U64.unpack_from
        for _ in range(count):
            if position + _LEAST_STRING > len(self._data):
                self._reach(position + _LEAST_STRING)
            position += _LEAST_STRING + unpack(self._data, position)[0]
        self._reach(position)
        self.position = position

    def text(self, most: int, what: str) -> str:
        """The next string."""
        length = self.number(_U64)
        if length > most:
            raise GGUFError(f"it has {what} of {length} bytes")
        return self.take(length).decode(errors="replace")

    def _reach(self, end: int) -> None:
        if end > self._size:
            raise GGUFError("it ends in the middle of its header")
        if end > _MOST_HEADER:
            raise GGUFError(f"its header is larger than {_MOST_HEADER >> 20} MiB")
        while len(self._data) < end:
            more = self._file.read(max(_CHUNK, len(self._data)))
            if not more:
                raise GGUFError("it became shorter while it was read")
            self._data += more


class _Values:
    """The metadata: numbers, short texts and short arrays of numbers; of others, how long."""

    def __init__(self, reader: _Reader, count: int) -> None:
        self._values: dict[str, Any] = {}  # of whatever type the file has
        self._lengths: dict[str, int] = {}
        for _ in range(count):
            key = reader.text(_MOST_KEY, "a key")
            if key in self._values:
                raise GGUFError(f"it has '{key[:100]}' twice")
            kind = reader.number(_U32)
            self._values[key] = self._read(reader, key, kind)

    def text(self, key: str) -> str:
        """A text; empty where there is none."""
        value = self._values.get(key)
        return value if isinstance(value, str) else ""

    def count(self, key: str, default: int = 0) -> int:
        """A number of things; the largest where each layer has its own."""
        return max(self.counts(key), default=default)

    def counts(self, key: str) -> list[int]:
        """Numbers of things, one or one for each layer."""
        value = self._values.get(key)
        counts = value if isinstance(value, list) else [] if value is None else [value]
        for item in counts:
            if type(item) is not int or not 0 <= item <= _MOST_COUNT:
                raise GGUFError(f"its '{key[:100]}' is {str(item)[:100]}")
        return counts

    def length(self, key: str) -> int:
        """Items of an array that was not kept."""
        return self._lengths.get(key, 0)

    def _read(self, reader: _Reader, key: str, kind: int) -> Any:  # of the kind
        if kind == _STRING:
            length = reader.number(_U64)
            if length > _MOST_TEXT:
                return reader.skip(length)
            return reader.take(length).decode(errors="replace")
        if kind == _ARRAY:
            return self._array(reader, key)
        return reader.number(_scalar(kind))

    def _array(self, reader: _Reader, key: str) -> list[Any] | None:
        kind, count = reader.number(_U32), reader.number(_U64)
        if kind == _STRING:
            reader.expect(count, _LEAST_STRING, _MOST_HEADER, "strings in an array")
            reader.skip_strings(count)
        else:
            item = _scalar(kind)
            reader.expect(count, item.size, _MOST_HEADER, "numbers in an array")
            if count <= _MOST_ITEMS:
                return [reader.number(item) for _ in range(count)]
            reader.skip(count * item.size)
        self._lengths[key] = count
        return None


def _scalar(kind: int) -> struct.Struct:
    try:
        return _SCALARS[kind]
    except KeyError:
        what = "an array of arrays" if kind == _ARRAY else f"a value of the unknown type {kind}"
        raise GGUFError(f"it has {what}") from None


def _read_tensors(reader: _Reader, count: int, values: _Values) -> int:
    """Add up the weights; the file must hold all of them."""
    total = needed = 0
    for _ in range(count):
        reader.skip(reader.number(_U64))
        n_dimensions = reader.number(_U32)
        if n_dimensions > _MOST_DIMENSIONS:
            raise GGUFError(f"it has a tensor of {n_dimensions} dimensions")
        elements = prod([reader.number(_U64) for _ in range(n_dimensions)])
        block, size = _BLOCKS.get(reader.number(_U32), _UNKNOWN_BLOCK)
        needed = max(needed, reader.number(_U64) + -(-elements // block) * size)
        total += elements
    alignment = values.count("general.alignment", 32) or 1
    start = -(-reader.position // alignment) * alignment
    if count and start + needed > reader.size:
        raise GGUFError(
            f"it is cut off: it has {reader.size} bytes, and its weights need {start + needed}"
        )
    return total


def _header(values: _Values, n_params: int, size: int) -> Header:
    architecture = values.text("general.architecture")
    of: Callable[[str], str] = f"{architecture}.{{}}".format
    width, layers = values.count(of("embedding_length")), values.count(of("block_count"))
    heads = values.count(of("attention.head_count"))
    kv_heads = values.counts(of("attention.head_count_kv"))
    kv_heads = kv_heads or values.counts(of("attention.head_count"))
    if layers > _MOST_LAYERS:
        raise GGUFError(f"it claims to have {layers} layers")
    per_layer = kv_heads if len(kv_heads) > 1 else kv_heads * layers
    head = width // max(heads, 1)
    keys = values.count(of("attention.key_length"), head)
    head_values = keys + values.count(of("attention.value_length"), head)
    vocabulary = values.length("tokenizer.ggml.tokens") or values.count(of("vocab_size"))
    return Header(
        size=size,
        architecture=architecture,
        kind=values.text("general.type") or "model",
        name=values.text("general.name"),
        n_params=n_params,
        n_ctx_train=values.count(of("context_length")),
        width=width,
        hidden=values.count(of("feed_forward_length")),
        layers=layers,
        heads=heads,
        kv_heads=max(kv_heads, default=0),
        kv_values=head_values * sum(per_layer),
        vocabulary=vocabulary,
        embedding=bool(_ENCODERS.fullmatch(architecture)) or values.count(of("pooling_type")) > 0,
        split_no=values.count("split.no"),
        split_count=values.count("split.count", 1) or 1,
    )

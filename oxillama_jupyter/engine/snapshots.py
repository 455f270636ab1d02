"""One file of the vault: a sequence's tokens and its state, as bytes.

A file is a preamble (magic, length and checksum of the header), a header (msgpack) and the state.
It is written under another name and renamed, so that readers see all of it or nothing. There is no
fsync: after a power cut a file may be torn, which its checksums tell, and that costs one prefill,
while an fsync of every snapshot would keep the disk from others all day long. CRC-32, since they
guard against damage and not against people: whoever can write here is the user.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import tempfile
import zlib
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

__all__ = [
    "SUFFIX",
    "DamagedError",
    "Header",
    "belongs",
    "common",
    "file_name",
    "fingerprint",
    "forget_files",
    "pack",
    "read_header",
    "read_snapshot",
    "unpack",
    "write_snapshot",
]

SUFFIX = ".kv"
_VERSION = 1
_PREAMBLE = struct.Struct("<8sII")
_MAGIC = b"OXKV" + _VERSION.to_bytes(4, "little")
_SAMPLE_BYTES = 1 << 20
_PIECE = 1 << 20  # bytes that are checked at a time
_TOKEN = array("i", [0]).itemsize

Buffer = Any  # whatever gives bytes without a copy: bytearray, ctypes array


class DamagedError(Exception):
    """The file is no snapshot, not one of ours, or not all of one."""


class Header(Struct, frozen=True, array_like=True):
    """What a snapshot is of.

    Attributes:
        fingerprint: Model, settings and build that the state belongs to; see `fingerprint`.
        key: The thread.
        checkpoint: Whether it was taken at the end of a prompt instead of after the answer.
        tokens: The tokens whose state it is, packed.
        size: Bytes of the state.
        checksum: CRC-32 of the state.
        adapter: Fingerprint of the LoRA adapter that computed it; empty for none.
    """

    fingerprint: str
    key: str
    checkpoint: bool
    tokens: bytes
    size: int
    checksum: int
    adapter: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Header).decode


def fingerprint(model: Path, *parts: str) -> str:
    """Name the states that may be exchanged: same model file, and the same of everything else.

    The model is known by its size, its time and a hash of its first and last MiB: the beginning has
    its metadata and the table of its tensors, and reading all of a large file would take as long as
    loading it. A change in the middle alone is told by the time.

    Args:
        model: The GGUF; an adapter's is named in the same way.
        parts: Layout of the cache, build of llama.cpp.
    """
    found = hashlib.sha256()
    with model.open("rb") as file:
        status = os.fstat(file.fileno())
        found.update(file.read(_SAMPLE_BYTES))
        file.seek(max(status.st_size - _SAMPLE_BYTES, 0))
        found.update(file.read(_SAMPLE_BYTES))
    for part in (_VERSION, status.st_size, status.st_mtime_ns, *parts):
        found.update(f"\0{part}".encode())
    return found.hexdigest()[:24]


def file_name(key: str, *, checkpoint: bool, adapter: str = "") -> str:
    """The name of a thread's file; it shows nothing of the thread."""
    middle = f".{adapter}" if adapter else ""
    return f"{_stem(key)}{middle}{'.prompt' if checkpoint else ''}{SUFFIX}"


def belongs(name: str, key: str) -> bool:
    """Whether a file of this name is a thread's, with whatever adapter."""
    return name.startswith(f"{_stem(key)}.")


def forget_files(vault: Path, key: str) -> None:
    """Delete what any model, of this server or another one, has of a thread."""
    for path in vault.glob(f"*/{_stem(key)}.*"):
        path.unlink(missing_ok=True)


def pack(tokens: Sequence[int]) -> bytes:
    """Tokens as 32-bit integers, which compare faster than a list."""
    return array("i", tokens).tobytes()


def unpack(tokens: bytes) -> list[int]:
    """The list that was packed."""
    return array("i", tokens).tolist()


def common(left: bytes, right: bytes) -> int:
    """How many tokens two packed lists begin with together; by halving."""
    low, high = 0, min(len(left), len(right)) // _TOKEN
    if left[: high * _TOKEN] == right[: high * _TOKEN]:
        return high
    while low < high - 1:
        middle = (low + high) // 2
        part = slice(low * _TOKEN, middle * _TOKEN)
        if left[part] == right[part]:
            low = middle
        else:
            high = middle
    return low


def write_snapshot(path: Path, header: Header, state: Buffer) -> None:
    """Write a file as a whole, readable by its owner only; the checksum is filled in.

    Raises:
        OSError: There is no room, or the folder went away; nothing is left of the attempt.
    """
    view = memoryview(state).cast("B")
    body = _encode(msgspec.structs.replace(header, size=len(view), checksum=zlib.crc32(view)))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{_stem(header.key)}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            _write(file, _PREAMBLE.pack(_MAGIC, len(body), zlib.crc32(body)) + body)
            _write(file, view)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_header(path: Path, wanted: str) -> Header:
    """Read what a file is of, and see that all of it is there.

    Args:
        path: The file.
        wanted: The fingerprint it must have.

    Raises:
        DamagedError: It is no snapshot of these, or only part of one.
        OSError: It cannot be read; it may have vanished.
    """
    with path.open("rb", buffering=0) as file:
        return _read_header(file, path, wanted)


def read_snapshot(path: Path, wanted: str) -> tuple[Header, memoryview]:
    """Read a file with its state, and see that both are whole.

    The state stays where the system has it already, in the file's own pages: memory that is new to
    a process, and on many virtual machines to the machine, takes longer to get than to fill. It is
    read once before, in pieces, so that what cannot be read is an error and not a crash.

    Raises:
        DamagedError: It is no snapshot of these, only part of one, or damaged.
        OSError: It cannot be read; it may have vanished.
    """
    with path.open("rb", buffering=0) as file:
        header = _read_header(file, path, wanted)
        start = file.tell()
        if _checksum(file, header.size) != header.checksum:
            raise DamagedError(path.name)
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return header, memoryview(pages)[start : start + header.size]


def _checksum(file: IO[bytes], size: int) -> int | None:
    """The checksum of so many bytes; None where there are fewer."""
    piece, found = memoryview(bytearray(_PIECE)), 0
    while size and (got := _fill(file, piece[: min(size, _PIECE)])):
        found = zlib.crc32(piece[:got], found)
        size -= got
    return None if size else found


def _read_header(file: IO[bytes], path: Path, wanted: str) -> Header:
    size = os.fstat(file.fileno()).st_size
    start = file.read(_PREAMBLE.size)
    if len(start) < _PREAMBLE.size:
        raise DamagedError(path.name)
    magic, length, checksum = _PREAMBLE.unpack(start)
    if magic != _MAGIC or length > size:
        raise DamagedError(path.name)
    body = bytearray(length)
    if _fill(file, body) < length or zlib.crc32(body) != checksum:
        raise DamagedError(path.name)
    try:
        header = _decode(body)
    except msgspec.DecodeError as error:
        raise DamagedError(path.name) from error
    ours = header.fingerprint == wanted and len(header.tokens) % _TOKEN == 0
    name = file_name(header.key, checkpoint=header.checkpoint, adapter=header.adapter)
    named = path.name == name
    if not (ours and named) or size != _PREAMBLE.size + length + header.size:
        raise DamagedError(path.name)
    return header


def _fill(file: IO[bytes], buffer: Buffer) -> int:
    """Read into a buffer until it is full; the system may give less than 2 GiB at a time."""
    view, count = memoryview(buffer), 0
    while count < len(view) and (got := file.readinto(view[count:])):  # type: ignore[attr-defined]
        count += got
    return count


def _write(file: IO[bytes], data: Buffer) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _stem(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()

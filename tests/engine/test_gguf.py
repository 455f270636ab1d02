"""The reader of GGUF headers: real files, and files that lie."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oxillama_jupyter.engine import gguf as reader_module
from oxillama_jupyter.engine.gguf import GGUFError, read_header
from oxillama_jupyter.engine.local import LocalEngine


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def value(key: str, kind: int, data: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + data


def number(key: str, count: int) -> bytes:
    return value(key, 4, struct.pack("<I", count))


def tensor(*shape: int, kind: int = 0, offset: int = 0) -> bytes:
    dims = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return text("t") + dims + struct.pack("<IQ", kind, offset)


def file(
    *values: bytes,
    tensors: tuple[bytes, ...] = (),
    weights: int = 0,
    counts: tuple[int, int] | None = None,
    version: int = 3,
) -> bytes:
    n_tensors, n_values = counts or (len(tensors), len(values))
    head = b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_values)
    data = head + b"".join(values) + b"".join(tensors)
    return data + bytes(-len(data) % 32) + bytes(weights)


ARCHITECTURE = value("general.architecture", 8, text("llama"))
GOOD = file(ARCHITECTURE, number("llama.block_count", 2), tensors=(tensor(32),), weights=128)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        path = tmp_path / "x.gguf"
        path.write_bytes(data)
        return path

    return write


async def test_the_header_says_what_llama_cpp_says(
    embedded_model: Path, local: Callable[..., LocalEngine]
) -> None:
    header = read_header(embedded_model)
    engine = local(embedded_model, n_ctx=0)
    await engine.start()
    (model,) = engine.models()
    await engine.aclose()

    assert header.n_params == model.n_params
    assert header.n_ctx_train == model.n_ctx_train
    assert model.description.startswith(header.name)
    assert header.size == embedded_model.stat().st_size  # noqa: ASYNC240
    assert not header.embedding
    assert (header.split_no, header.split_count) == (0, 1)


def test_a_written_shape_is_read_back(small_model: Path) -> None:
    header = read_header(small_model)

    assert header.architecture == "llama"
    assert header.name == "Random"
    assert header.n_ctx_train == 16384
    assert (header.layers, header.heads, header.kv_heads, header.width) == (2, 2, 1, 64)
    assert header.hidden == 128
    assert header.vocabulary == 1536
    assert header.kv_values == 2 * 2 * 32  # keys and values, layers, head
    assert header.n_params == 1536 * 64 + 64 + 2 * (
        2 * 64 + 64 * (64 + 32 + 32 + 64) + 3 * 64 * 128
    )


def test_the_small_end_of_an_old_version_is_read(write: Callable[[bytes], Path]) -> None:
    assert read_header(write(file(ARCHITECTURE, version=2))).architecture == "llama"


@pytest.mark.parametrize(
    ("architecture", "pooling", "embedding"),
    [
        ("llama", None, False),
        ("llama", 0, False),
        ("qwen3", 3, True),
        ("bert", None, True),
        ("nomic-bert-moe", None, True),
        ("jina-bert-v2", None, True),
    ],
)
def test_embedding_models_are_told_from_others(
    write: Callable[[bytes], Path], architecture: str, pooling: int | None, *, embedding: bool
) -> None:
    values = [value("general.architecture", 8, text(architecture))]
    values += [] if pooling is None else [number(f"{architecture}.pooling_type", pooling)]

    assert read_header(write(file(*values))).embedding == embedding


def test_layers_may_have_heads_of_their_own(write: Callable[[bytes], Path]) -> None:
    heads = struct.pack("<IQ3I", 4, 3, 8, 0, 2)
    header = read_header(
        write(
            file(
                ARCHITECTURE,
                number("llama.block_count", 3),
                number("llama.embedding_length", 64),
                number("llama.attention.head_count", 8),
                value("llama.attention.head_count_kv", 9, heads),
                number("llama.attention.key_length", 16),
            )
        )
    )

    assert header.kv_heads == 8
    assert header.kv_values == (8 + 0 + 2) * (16 + 8)


def test_block_sizes_are_those_of_the_format() -> None:
    sizes = {int(kind): size for kind, size in gguf.GGML_QUANT_SIZES.items()}

    assert {kind: sizes[kind] for kind in reader_module._BLOCKS} == reader_module._BLOCKS


HUGE = 2**60
LIES = {
    "empty": b"",
    "another format": b"PK\x03\x04" + bytes(100),
    "only the magic": b"GGUF",
    "version 1": file(version=1),
    "version of the future": file(version=4),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "2**60 tensors": file(counts=(HUGE, 0)),
    "2**60 values": file(counts=(0, HUGE)),
    "2**64-1 of both": file(counts=(2**64 - 1, 2**64 - 1)),
    "a value that is not there": file(counts=(0, 1)),
    "key longer than the file": file(struct.pack("<Q", HUGE) + bytes(50)),
    "text longer than the file": file(value("k", 8, struct.pack("<Q", HUGE) + bytes(50))),
    "array longer than the file": file(value("k", 9, struct.pack("<IQ", 4, HUGE) + bytes(50))),
    "array of many texts": file(value("k", 9, struct.pack("<IQ", 8, HUGE) + bytes(50))),
    "array of a text without end": file(value("k", 9, struct.pack("<IQQ", 8, 1, 2**64 - 1))),
    "array of arrays": file(value("k", 9, struct.pack("<IQIQ", 9, 1, 9, 1) + bytes(50))),
    "a type that is none": file(value("k", 77, bytes(50))),
    "array of a type that is none": file(value("k", 9, struct.pack("<IQ", 77, 1) + bytes(50))),
    "a key twice": file(number("k", 1), number("k", 2)),
    "negative layers": file(ARCHITECTURE, value("llama.block_count", 5, struct.pack("<i", -1))),
    "a text for a number": file(ARCHITECTURE, value("llama.block_count", 8, text("many"))),
    "2**32-1 layers": file(ARCHITECTURE, number("llama.block_count", 2**32 - 1)),
    "2**30 layers": file(ARCHITECTURE, number("llama.block_count", 2**30)),
    "tensor of many dimensions": file(tensors=(tensor(*[1] * 9),), weights=100),
    "tensor larger than the file": file(tensors=(tensor(2**63, 2**63),), weights=100),
    "tensor of an unknown type": file(tensors=(tensor(HUGE, kind=200),), weights=100),
    "tensor behind the file": file(tensors=(tensor(1, offset=HUGE),), weights=100),
    "tensor without end": file(tensors=(struct.pack("<Q", HUGE) + bytes(64),)),
    "weights cut off": GOOD[:-1],
}


@pytest.mark.parametrize("data", LIES.values(), ids=LIES.keys())
def test_a_file_that_lies_costs_an_error_and_no_memory(
    write: Callable[[bytes], Path], data: bytes
) -> None:
    path = write(data)
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(GGUFError):
        read_header(path)
    seconds, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1 << 20
    assert seconds < 5


def test_a_sparse_file_as_large_as_its_claims_is_not_read_through(tmp_path: Path) -> None:
    path = tmp_path / "sparse.gguf"
    path.write_bytes(file(value("k", 9, struct.pack("<IQ", 8, 2**36))))
    os.truncate(path, 2**40)
    tracemalloc.start()
    with pytest.raises(GGUFError, match="strings in an array"):
        read_header(path)
    path.write_bytes(file(value("k", 9, struct.pack("<IQ", 0, 2**26))))
    os.truncate(path, 2**40)
    with pytest.raises(GGUFError, match="larger than"):
        read_header(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1 << 20


def test_pipes_and_folders_are_no_models(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    for path in (tmp_path / "pipe.gguf", tmp_path):
        with pytest.raises(GGUFError, match="no regular file"):
            read_header(path)


def test_a_file_that_shrinks_meanwhile_is_said(write: Callable[[bytes], Path]) -> None:
    reader = reader_module._Reader(io.BytesIO(b"GGUF"), 100)

    with pytest.raises(GGUFError, match="shorter"):
        reader.take(50)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6
    ),
    st.integers(0, 400),
)
@example([(8, b"\xff" * 8)], 400)
def test_damage_anywhere_is_an_error_or_still_a_header(
    tmp_path: Path, blows: list[tuple[int, bytes]], length: int
) -> None:
    data = bytearray(GOOD)
    for place, what in blows:
        data[place : place + len(what)] = what
    path = tmp_path / "x.gguf"
    path.write_bytes(data[:length])
    try:
        header = read_header(path)
    except GGUFError:
        return
    assert 0 <= header.n_params < 2**63
    assert 0 <= header.n_ctx_train < 2**63


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_real_file_cut_or_changed_in_its_header_never_surprises(
    small_model: Path, tmp_path: Path, data: st.DataObject
) -> None:
    whole = small_model.read_bytes()
    place = data.draw(st.integers(0, 2000))
    blow = data.draw(st.binary(min_size=1, max_size=16))
    cut = data.draw(st.sampled_from([None, place, len(whole) // 2, len(whole) - 1]))
    changed = whole[:place] + blow + whole[place + len(blow) :]
    path = tmp_path / "x.gguf"
    path.write_bytes(changed[:cut])
    try:
        read_header(path)
    except GGUFError:
        return
    assert cut is None


def test_the_reader_loads_neither_numpy_nor_llama_cpp() -> None:
    code = (
        "import sys, oxillama_jupyter.engine.pool;"
        "print({'llama_cpp', 'numpy', 'jinja2', 'tornado', 'sqlite3'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert done.stdout == b"set()\n"


def test_parts_of_a_split_model_know_their_number(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama", split_max_tensors=1)
    for name in "abc":
        writer.add_tensor(name, np.zeros(64, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    headers = [read_header(path) for path in sorted(tmp_path.glob("*.gguf"))]

    assert [(header.split_no, header.split_count) for header in headers] == [(0, 3), (1, 3), (2, 3)]
    assert [header.n_params for header in headers] == [64, 64, 64]

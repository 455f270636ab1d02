"""Variations of a GGUF."""

from __future__ import annotations

from pathlib import Path

import gguf


def with_metadata(source: Path, target: Path, **numbers: int) -> Path:
    """Copy a GGUF, with some of the tokenizer's numbers and flags more or other ones."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    for field in reader.fields.values():
        known = {"general.architecture", *(f"tokenizer.ggml.{name}" for name in numbers)}
        if field.name.startswith("GGUF.") or field.name in known:
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, inner)
    for name, number in numbers.items():
        add = writer.add_bool if isinstance(number, bool) else writer.add_uint32
        add(f"tokenizer.ggml.{name}", number)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target

"""Make a llama model with random weights and a synthetic vocabulary: real compute, no download.

python benchmarks/model.py random-100m.gguf
"""

from __future__ import annotations

import argparse
import itertools
import string
from pathlib import Path
from typing import NamedTuple

import gguf
import numpy as np
from gguf.quants import quantize

__all__ = ["LARGE", "SMALL", "Shape", "make_model"]

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
USER_DEFINED = ("<tools>", "</tools>", "<tool_call>", "</tool_call>")
TEMPLATE = (
    "{% if tools %}<|im_start|>system\n<tools>"
    "{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}"
    "</tools><|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "{% for call in message.tool_calls or [] %}<tool_call>{{ call.function | tojson }}</tool_call>"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class Shape(NamedTuple):
    """Sizes of a llama model; rows must be multiples of 32 for Q8_0."""

    width: int = 768
    layers: int = 12
    heads: int = 12
    kv_heads: int = 4
    hidden: int = 2048
    vocabulary: int = 32000
    context: int = 8192


LARGE = Shape()
"""About 100 million parameters."""

SMALL = Shape(width=64, layers=2, heads=2, kv_heads=1, hidden=128, vocabulary=1536, context=16384)
"""Some thousand parameters: for tests where only the machinery matters."""


def make_model(  # noqa: PLR0913 - tests choose each
    path: Path,
    shape: Shape = LARGE,
    *,
    template: str = TEMPLATE,
    seed: int = 0,
    split: int = 0,
    control: tuple[str, ...] = (),
) -> Path:
    """Write a Q8_0 GGUF; with `split`, as files of so many tensors each; `control` tokens more."""
    writer = gguf.GGUFWriter(path, "llama", split_max_tensors=split)
    writer.add_name("Random")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)
    _add_vocabulary(writer, shape.vocabulary, template, CONTROL + control)
    _add_weights(writer, shape, np.random.default_rng(seed))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_vocabulary(
    writer: gguf.GGUFWriter, size: int, template: str, control: tuple[str, ...] = CONTROL
) -> None:
    """Bytes, then letter pairs, then pairs of pairs, then the special tokens."""
    letters = string.ascii_lowercase
    others = tuple(text for text in USER_DEFINED if text not in control)
    special = control + others
    pairs = [a + b for a, b in itertools.product(letters, letters)]
    quads = itertools.islice(
        itertools.product(pairs, pairs), size - 256 - len(pairs) - len(special)
    )
    merges = [f"{a} {b}" for a, b in itertools.product(letters, letters)]
    merges += [f"{a} {b}" for a, b in quads]
    tokens = _byte_tokens() + [merge.replace(" ", "") for merge in merges]
    types = [gguf.TokenType.NORMAL] * len(tokens)
    types += [gguf.TokenType.CONTROL] * len(control)
    types += [gguf.TokenType.USER_DEFINED] * len(others)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*tokens, *special])
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    end = len(tokens) + CONTROL.index("<|im_end|>")
    writer.add_bos_token_id(len(tokens))
    writer.add_eos_token_id(end)
    writer.add_eot_token_id(end)
    writer.add_add_bos_token(value=False)
    if template:
        writer.add_chat_template(template)


def _byte_tokens() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (byte for byte in range(256) if byte not in printable)
    names = {byte: chr(byte) for byte in printable}
    names |= {byte: chr(256 + index) for index, byte in enumerate(others)}
    return [names[byte] for byte in range(256)]


def _add_weights(writer: gguf.GGUFWriter, shape: Shape, random: np.random.Generator) -> None:
    q8 = gguf.GGMLQuantizationType.Q8_0
    kv_width = shape.width // shape.heads * shape.kv_heads

    def matrix(name: str, rows: int, columns: int) -> None:
        weights = random.standard_normal((rows, columns), np.float32) * columns**-0.5
        writer.add_tensor(f"{name}.weight", quantize(weights, q8), raw_dtype=q8)

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(shape.width, np.float32))

    matrix("token_embd", shape.vocabulary, shape.width)
    norm("output_norm")
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        norm(f"{block}.attn_norm")
        matrix(f"{block}.attn_q", shape.width, shape.width)
        matrix(f"{block}.attn_k", kv_width, shape.width)
        matrix(f"{block}.attn_v", kv_width, shape.width)
        matrix(f"{block}.attn_output", shape.width, shape.width)
        norm(f"{block}.ffn_norm")
        matrix(f"{block}.ffn_gate", shape.hidden, shape.width)
        matrix(f"{block}.ffn_up", shape.hidden, shape.width)
        matrix(f"{block}.ffn_down", shape.width, shape.hidden)


def main() -> None:
    """Write the large model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    arguments = parser.parse_args()
    print(make_model(arguments.path))


if __name__ == "__main__":
    main()

"""Variations of a GGUF, adapters for it, and a model that only embeds."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np


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


BERT_WORDS = ("hello", "there", "good", "boy", "every", "other", "word")


def make_bert(path: Path, *, width: int = 64, context: int = 256, seed: int = 0) -> Path:
    """Write a BERT with random weights that pools by its first token; words are its tokens."""
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(2 * width)
    writer.add_block_count(2)
    writer.add_head_count(2)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(value=False)
    writer.add_pooling_type(gguf.PoolingType.CLS)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokens = [*special, *(f"\u2581{word}" for word in BERT_WORDS)]
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 2, 3, 3, *(1 for _ in BERT_WORDS)])
    writer.add_token_type_count(2)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_sep_token_id(3)
    writer.add_eos_token_id(3)
    _add_bert_weights(writer, width, len(tokens), context, np.random.default_rng(seed))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_bert_weights(
    writer: gguf.GGUFWriter, width: int, tokens: int, context: int, random: np.random.Generator
) -> None:
    def matrix(name: str, rows: int, columns: int) -> None:
        weights = random.standard_normal((rows, columns), np.float32) * columns**-0.5
        writer.add_tensor(f"{name}.weight", weights)

    def layer(name: str, rows: int, columns: int) -> None:
        matrix(name, rows, columns)
        writer.add_tensor(f"{name}.bias", np.zeros(rows, np.float32))

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
        writer.add_tensor(f"{name}.bias", np.zeros(width, np.float32))

    matrix("token_embd", tokens, width)
    matrix("position_embd", context, width)
    matrix("token_types", 2, width)
    norm("token_embd_norm")
    for number in range(2):
        block = f"blk.{number}"
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            layer(f"{block}.{name}", width, width)
        norm(f"{block}.attn_output_norm")
        layer(f"{block}.ffn_up", 2 * width, width)
        layer(f"{block}.ffn_down", width, 2 * width)
        norm(f"{block}.layer_output_norm")


def make_lora(path: Path, *, width: int = 64, seed: int = 1, rank: int = 4) -> Path:
    """Write a LoRA adapter with random weights for the small model's first layer."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(rank))
    random = np.random.default_rng(seed)
    for name in ("attn_q", "attn_output"):
        for part, shape in (("lora_a", (rank, width)), ("lora_b", (width, rank))):
            weights = random.standard_normal(shape, np.float32) * 0.5
            writer.add_tensor(f"blk.0.{name}.weight.{part}", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path

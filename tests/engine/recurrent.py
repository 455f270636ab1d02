"""Small models with random weights whose saved states cannot be cut back: a mamba and a gemma."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import gguf
import numpy as np

__all__ = ["make_recurrent", "make_sliding"]

WIDTH, INNER, STATE, RANK, CONV, LAYERS, VOCABULARY = 64, 128, 16, 4, 4, 2, 1536
SLIDING_LAYERS, HEADS, HEAD, HIDDEN, WINDOW = 6, 2, 32, 128, 64  # each sixth layer sees everything


def make_recurrent(path: Path, maker: ModuleType) -> Path:
    """Write the GGUF, with the vocabulary and template of `benchmarks/model.py`."""
    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_name("Recurrent")
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_ssm_conv_kernel(CONV)
    writer.add_ssm_inner_size(INNER)
    writer.add_ssm_state_size(STATE)
    writer.add_ssm_time_step_rank(RANK)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCABULARY)
    maker._add_vocabulary(writer, VOCABULARY, maker.TEMPLATE)
    _add_weights(writer, np.random.default_rng(0))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_weights(writer: gguf.GGUFWriter, random: np.random.Generator) -> None:
    def normal(name: str, *shape: int) -> None:
        weights = random.standard_normal(shape, np.float32) * shape[-1] ** -0.5
        writer.add_tensor(name, weights)

    normal("token_embd.weight", VOCABULARY, WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        decay = -np.tile(np.arange(1, STATE + 1, dtype=np.float32), (INNER, 1))
        writer.add_tensor(f"{block}.attn_norm.weight", np.ones(WIDTH, np.float32))
        writer.add_tensor(f"{block}.ssm_a", decay)
        writer.add_tensor(f"{block}.ssm_d", np.ones(INNER, np.float32))
        normal(f"{block}.ssm_in.weight", 2 * INNER, WIDTH)
        normal(f"{block}.ssm_conv1d.weight", INNER, CONV)
        normal(f"{block}.ssm_conv1d.bias", INNER)
        normal(f"{block}.ssm_x.weight", RANK + 2 * STATE, INNER)
        normal(f"{block}.ssm_dt.weight", INNER, RANK)
        normal(f"{block}.ssm_dt.bias", INNER)
        normal(f"{block}.ssm_out.weight", WIDTH, INNER)


def make_sliding(path: Path, maker: ModuleType) -> Path:
    """Write a gemma3, most of whose layers see the last 64 tokens only."""
    writer = gguf.GGUFWriter(path, "gemma3")
    writer.add_name("Sliding")
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(SLIDING_LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_sliding_window(WINDOW)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(VOCABULARY)
    maker._add_vocabulary(writer, VOCABULARY, maker.TEMPLATE)
    _add_sliding_weights(writer, np.random.default_rng(0))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_sliding_weights(writer: gguf.GGUFWriter, random: np.random.Generator) -> None:
    def normal(name: str, rows: int, columns: int) -> None:
        weights = random.standard_normal((rows, columns), np.float32) * columns**-0.5
        writer.add_tensor(f"{name}.weight", weights)

    def norm(name: str, size: int = WIDTH) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(size, np.float32))

    normal("token_embd", VOCABULARY, WIDTH)
    norm("output_norm")
    for layer in range(SLIDING_LAYERS):
        block = f"blk.{layer}"
        for name in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"):
            norm(f"{block}.{name}")
        norm(f"{block}.attn_q_norm", HEAD)
        norm(f"{block}.attn_k_norm", HEAD)
        normal(f"{block}.attn_q", HEADS * HEAD, WIDTH)
        normal(f"{block}.attn_k", HEAD, WIDTH)
        normal(f"{block}.attn_v", HEAD, WIDTH)
        normal(f"{block}.attn_output", WIDTH, HEADS * HEAD)
        normal(f"{block}.ffn_gate", HIDDEN, WIDTH)
        normal(f"{block}.ffn_up", HIDDEN, WIDTH)
        normal(f"{block}.ffn_down", WIDTH, HIDDEN)

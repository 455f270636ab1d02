"""Writes the network and its tokenizer into a GGUF file for llama.cpp."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tinylm.bpe import CONTROL, VISIBLE, Bpe
from tinylm.model import ROPE_BASE, Block, Shape, TinyLlama
from tinylm.template import CHAT_TEMPLATE


def _interleaved(weight: Tensor, shape: Shape) -> Tensor:
    """Reorder rows from (first halves, second halves) to the pairs that llama.cpp rotates."""
    rows = weight.view(shape.heads, 2, shape.head_size // 2, shape.width)
    return rows.transpose(1, 2).reshape(weight.shape)


def _block_tensors(block: Block, shape: Shape) -> dict[str, Tensor]:
    return {
        "attn_norm": block.attention_norm.weight,
        "attn_q": _interleaved(block.query.weight, shape),
        "attn_k": _interleaved(block.key.weight, shape),
        "attn_v": block.value.weight,
        "attn_output": block.output.weight,
        "ffn_norm": block.feed_norm.weight,
        "ffn_gate": block.gate.weight,
        "ffn_up": block.up.weight,
        "ffn_down": block.down.weight,
    }


def _tensors(model: TinyLlama) -> dict[str, NDArray[np.float32]]:
    named = {"token_embd.weight": model.embedding.weight, "output_norm.weight": model.norm.weight}
    for index, block in enumerate(model.blocks):
        for name, tensor in _block_tensors(block, model.shape).items():
            named[f"blk.{index}.{name}.weight"] = tensor
    arrays = {name: tensor.detach().float().numpy() for name, tensor in named.items()}
    arrays["rope_freqs.weight"] = np.array(model.shape.frequency_factors(), dtype=np.float32)
    return arrays


def _add_metadata(writer: gguf.GGUFWriter, shape: Shape, context: int) -> None:
    writer.add_name("Oxillama Tiny")
    writer.add_author("The oxillama_jupyter authors")
    writer.add_license("BSD-3-Clause")
    writer.add_description(
        "A tiny chat model trained from generated text only; it knows its toolkit, not the world."
    )
    writer.add_languages(["en"])
    writer.add_context_length(context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)


def _add_tokenizer(writer: gguf.GGUFWriter, bpe: Bpe) -> None:
    kinds = dict.fromkeys(CONTROL, gguf.TokenType.CONTROL)
    kinds.update(dict.fromkeys(VISIBLE, gguf.TokenType.USER_DEFINED))
    end = bpe.tokens.index("<|im_end|>")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(bpe.tokens)
    writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in bpe.tokens])
    writer.add_token_merges([f"{left} {right}" for left, right in bpe.merges])
    writer.add_bos_token_id(bpe.tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(end)
    writer.add_eot_token_id(end)
    writer.add_pad_token_id(bpe.tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)  # noqa: FBT003 - the signature of gguf
    writer.add_chat_template(CHAT_TEMPLATE)


def export(model: TinyLlama, bpe: Bpe, path: Path, *, context: int, exact: bool = False) -> None:
    """Write a GGUF file, replacing an older one only when it is complete.

    Args:
        model: the trained network.
        bpe: its tokenizer.
        path: where the file goes.
        context: the context length to advertise.
        exact: keep 32-bit weights instead of Q8_0.
    """
    partial = path.with_suffix(".partial")
    writer = gguf.GGUFWriter(str(partial), "llama")
    _add_metadata(writer, model.shape, context)
    _add_tokenizer(writer, bpe)
    eight_bit = gguf.GGMLQuantizationType.Q8_0
    writer.add_file_type(gguf.LlamaFileType.ALL_F32 if exact else gguf.LlamaFileType.MOSTLY_Q8_0)
    for name, array in _tensors(model).items():
        if array.ndim == 1 or exact:
            writer.add_tensor(name, array)
        else:
            writer.add_tensor(name, gguf.quants.quantize(array, eight_bit), raw_dtype=eight_bit)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(path)

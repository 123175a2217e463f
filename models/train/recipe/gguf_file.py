"""Weights and tokenizer to and from a GGUF file, in the terms of llama.cpp's architecture `llama`."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Quantization
from gguf import LlamaFileType
from tokenizers import Tokenizer

from .model import Llama, Shape
from .tokenizer import END, PRE_TOKENIZER, merges_of, pieces_of

LAYOUT_KEY = "tandem.fim.layout"

_FILE_TYPES = {
    "F32": (Quantization.F32, LlamaFileType.ALL_F32),
    "F16": (Quantization.F16, LlamaFileType.MOSTLY_F16),
    "Q8_0": (Quantization.Q8_0, LlamaFileType.MOSTLY_Q8_0),
    "Q6_K": (Quantization.Q6_K, LlamaFileType.MOSTLY_Q6_K),
    "Q5_0": (Quantization.Q5_0, LlamaFileType.MOSTLY_Q5_0),
    "Q4_0": (Quantization.Q4_0, LlamaFileType.MOSTLY_Q4_0),
}
QUANTIZATIONS = tuple(_FILE_TYPES)


def write(
    path: Path,
    model: Llama,
    tokenizer: Tokenizer,
    quantization: str,
    *,
    name: str,
    description: str,
    layout: str,
    languages: list[str],
) -> None:
    """Writes a model. Norms stay in float32; everything else gets `quantization`."""
    kind, file_type = _FILE_TYPES[quantization]
    shape = model.shape
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(name)
    writer.add_description(description)
    writer.add_license("Apache-2.0")
    writer.add_size_label(f"{model.parameters_count() / 1e6:.0f}M")
    writer.add_tags(["code", "fill-in-the-middle", *languages])
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_file_type(file_type)
    _write_tokenizer(writer, tokenizer)
    writer.add_string(LAYOUT_KEY, layout)
    for tensor, weight in model.state_dict().items():
        values = weight.detach().float().cpu().numpy()
        if values.ndim == 1 or kind == Quantization.F32:
            writer.add_tensor(tensor, values)
        elif kind == Quantization.F16:
            writer.add_tensor(tensor, values.astype(np.float16))
        else:
            writer.add_tensor(tensor, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    pieces = pieces_of(tokenizer)
    number = tokenizer.token_to_id
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(pieces)
    # Spare ones as well: no text may become one.
    control = tokenizer.get_added_tokens_decoder()
    kinds = [gguf.TokenType.CONTROL if id in control else gguf.TokenType.NORMAL for id in range(len(pieces))]
    writer.add_token_types(kinds)
    writer.add_token_merges(merges_of(tokenizer))
    writer.add_bos_token_id(number(END))
    writer.add_eos_token_id(number(END))
    writer.add_eot_token_id(number(END))
    writer.add_pad_token_id(number("<|fim_pad|>"))
    # A prompt begins with its own markers.
    writer.add_add_bos_token(False)
    words = {"pre": "prefix", "suf": "suffix", "mid": "middle", "pad": "pad"}
    for key, word in words.items():
        writer.add_uint32(f"tokenizer.ggml.fim_{key}_token_id", number(f"<|fim_{word}|>"))
    writer.add_uint32("tokenizer.ggml.fim_rep_token_id", number("<|repo_name|>"))
    writer.add_uint32("tokenizer.ggml.fim_sep_token_id", number("<|file_sep|>"))


def _value(reader: gguf.GGUFReader, key: str, default: object = None) -> object:
    field = reader.get_field(key)
    return default if field is None else field.contents()


def read(path: Path) -> Llama:
    """The model of a file that `write` made, whatever its quantization, in float32."""
    reader = gguf.GGUFReader(str(path))
    if (architecture := _value(reader, "general.architecture")) != "llama":
        raise ValueError(f"{path} has the architecture {architecture}; only llama can be gone on from")
    width = int(_value(reader, "llama.embedding_length"))
    heads = int(_value(reader, "llama.attention.head_count"))
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    shape = Shape(
        vocabulary=int(tensors["token_embd.weight"].shape[1]),
        width=width,
        layers=int(_value(reader, "llama.block_count")),
        heads=heads,
        kv_heads=int(_value(reader, "llama.attention.head_count_kv", heads)),
        head_width=int(_value(reader, "llama.attention.key_length", width // heads)),
        feed_forward=int(_value(reader, "llama.feed_forward_length")),
        rope_base=float(_value(reader, "llama.rope.freq_base", 10_000.0)),
        # Stored in 32 bits.
        epsilon=float(np.format_float_positional(np.float32(_value(reader, "llama.attention.layer_norm_rms_epsilon")))),
        context=int(_value(reader, "llama.context_length")),
    )
    model = Llama(shape)
    state = {
        name: torch.from_numpy(gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
        for name, tensor in tensors.items()
    }
    model.load_state_dict(state)
    return model

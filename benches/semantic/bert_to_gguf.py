#!/usr/bin/env python3
"""Turns a BERT sentence encoder (config.json, tokenizer.json, model.safetensors) into a GGUF file for `--model`.

    pip install gguf safetensors
    python benches/semantic/bert_to_gguf.py FOLDER OUT.gguf

FOLDER may be a zip file of these three. llama.cpp's own converter does the same for many more architectures, and wants
PyTorch for it; this one is here so that the measurement of docs/benchmarks.md can be repeated with a few small packages.
Matrices are written as F16, all else as F32.
"""

import json
import sys
import zipfile
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load

# What transformers calls a part of a layer, and what llama.cpp does.
LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
EMBEDDINGS = {
    "word_embeddings": "token_embd",
    "token_type_embeddings": "token_types",
    "position_embeddings": "position_embd",
    "LayerNorm": "token_embd_norm",
}
MARKS = {"cls": "[CLS]", "bos": "[CLS]", "seperator": "[SEP]", "eos": "[SEP]", "unknown": "[UNK]", "padding": "[PAD]", "mask": "[MASK]"}


def read(place: Path, name: str) -> bytes:
    if place.is_dir():
        return (place / name).read_bytes()
    with zipfile.ZipFile(place) as archive:
        return archive.read(name)


def renamed(name: str) -> str | None:
    """None for what llama.cpp has no use for: the pooler of next-sentence prediction, and position numbers."""
    parts = name.removeprefix("bert.").split(".")
    end = parts[-1]
    if parts[0] == "embeddings" and parts[1] in EMBEDDINGS:
        return f"{EMBEDDINGS[parts[1]]}.{end}"
    if parts[:2] == ["encoder", "layer"]:
        return f"blk.{parts[2]}.{LAYER['.'.join(parts[3:-1])]}.{end}"
    return None


def piece(token: str) -> str:
    """llama.cpp marks where words begin, WordPiece where they go on."""
    if token.startswith("[") and token.endswith("]"):
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    place, out = Path(sys.argv[1]), sys.argv[2]
    config = json.loads(read(place, "config.json"))
    if config["model_type"] != "bert" or config.get("hidden_act", "gelu") != "gelu":
        sys.exit(f"{place}: a {config['model_type']} model; this script knows BERT alone")
    vocabulary = json.loads(read(place, "tokenizer.json"))["model"]["vocab"]
    tokens = sorted(vocabulary, key=vocabulary.get)
    if len(tokens) != config["vocab_size"]:
        sys.exit(f"{place}: {len(tokens)} tokens for {config['vocab_size']} rows")

    writer = gguf.GGUFWriter(out, "bert")
    writer.add_name(Path(out).stem)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([piece(token) for token in tokens])
    kind = lambda token: gguf.TokenType.CONTROL if token.startswith("[") and token.endswith("]") and len(token) > 2 else gguf.TokenType.NORMAL
    writer.add_token_types([kind(token) for token in tokens])
    writer.add_token_type_count(config["type_vocab_size"])
    for name, token in MARKS.items():
        writer.add_uint32(f"tokenizer.ggml.{name}_token_id", vocabulary[token])

    for name, tensor in load(read(place, "model.safetensors")).items():
        target = renamed(name)
        if target is None:
            continue
        is_matrix = tensor.ndim == 2 and target not in ("position_embd.weight", "token_types.weight")
        writer.add_tensor(target, tensor.astype(np.float16 if is_matrix else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()

//! Which keys and tensors llama.cpp looks for, by architecture (its `src/models/*.cpp`).

use super::file::{Tensor, Value};
use super::shapes::Spec;
use super::weights::Kind;

/// The keys that concern the model, not its tokenizer.
pub fn keys(spec: &Spec) -> Vec<(String, Value)> {
    let mut keys = Vec::new();
    let mut set = |key: &str, value: Value| keys.push((key.to_owned(), value));
    set("general.architecture", Value::Text(spec.architecture.clone()));
    set("general.name", Value::Text(spec.name.clone()));
    set("general.file_type", Value::U32(spec.kind.file_type()));
    set("general.quantization_version", Value::U32(2));
    let mut own = |key: &str, value: Value| keys.push((format!("{}.{key}", spec.architecture), value));
    own("block_count", Value::U32(spec.layers));
    own("context_length", Value::U32(spec.context));
    own("embedding_length", Value::U32(spec.embedding));
    own("feed_forward_length", Value::U32(spec.feed_forward));
    own("vocab_size", Value::U32(spec.vocabulary));
    own("attention.head_count", Value::U32(spec.heads));
    own("attention.head_count_kv", Value::U32(spec.kv_heads));
    let epsilon = match spec.architecture.as_str() {
        "starcoder" | "starcoder2" | "stablelm" | "bert" | "nomic-bert" => "attention.layer_norm_epsilon",
        _ => "attention.layer_norm_rms_epsilon",
    };
    own(epsilon, Value::F32(1e-5));
    let rotated = match (spec.latent, spec.architecture.as_str()) {
        (Some(latent), _) => latent.rotated,
        (None, "stablelm") => spec.head_size / 4 / 2 * 2,
        _ => spec.head_size,
    };
    if !matches!(spec.architecture.as_str(), "bert" | "starcoder") {
        own("rope.dimension_count", Value::U32(rotated));
        own("rope.freq_base", Value::F32(10_000.0));
    }
    if let Some(latent) = spec.latent {
        own("attention.kv_lora_rank", Value::U32(latent.rank));
        own("attention.key_length", Value::U32(latent.rank + latent.rotated));
        own("attention.value_length", Value::U32(latent.rank));
        own("attention.key_length_mla", Value::U32(latent.key + latent.rotated));
        own("attention.value_length_mla", Value::U32(latent.value));
        // Lite variants are known by their number of layers; the others have a rank for queries, too.
        if !matches!(spec.layers, 26 | 27) {
            own("attention.q_lora_rank", Value::U32(latent.rank));
        }
    } else {
        own("attention.key_length", Value::U32(spec.head_size));
        own("attention.value_length", Value::U32(spec.head_size));
    }
    if let Some(experts) = spec.experts {
        own("expert_count", Value::U32(experts.count));
        own("expert_used_count", Value::U32(experts.used));
        own("expert_feed_forward_length", Value::U32(experts.feed_forward));
        if spec.architecture == "deepseek2" {
            own("expert_shared_count", Value::U32(experts.shared));
            own("leading_dense_block_count", Value::U32(experts.dense_layers));
            own("expert_weights_scale", Value::F32(1.0));
        }
    }
    if let Some(window) = spec.window {
        own("attention.sliding_window", Value::U32(window));
    }
    if spec.architecture == "granite" {
        own("logit_scale", Value::F32(8.0));
    }
    if let Some(pooling) = spec.pooling {
        own("pooling_type", Value::U32(pooling));
        own("attention.causal", Value::Flag(!spec.is_encoder()));
    }
    keys
}

/// All tensors, in the order of the layers.
pub fn tensors(spec: &Spec) -> Vec<Tensor> {
    let mut list = List { tensors: Vec::new(), kind: spec.kind };
    let (embedding, vocabulary) = (u64::from(spec.embedding), u64::from(spec.vocabulary));
    list.matrix("token_embd.weight", &[embedding, vocabulary]);
    if spec.is_encoder() {
        list.vector("token_types.weight", &[embedding, 2]);
        list.norm("token_embd_norm", embedding, true);
    } else {
        list.norm("output_norm", embedding, has_biased_norms(spec));
        if !spec.is_tied {
            list.matrix("output.weight", &[embedding, vocabulary]);
        }
    }
    if matches!(spec.architecture.as_str(), "bert" | "starcoder") {
        list.vector("position_embd.weight", &[embedding, u64::from(spec.context)]);
    }
    for layer in 0..spec.layers {
        attention(&mut list, spec, layer);
        feed_forward(&mut list, spec, layer);
    }
    list.tensors
}

fn has_biased_norms(spec: &Spec) -> bool {
    matches!(spec.architecture.as_str(), "starcoder" | "starcoder2" | "stablelm")
}

fn attention(list: &mut List, spec: &Spec, layer: u32) {
    let (embedding, heads) = (u64::from(spec.embedding), u64::from(spec.heads));
    let (queries, pairs) = (heads * u64::from(spec.head_size), u64::from(spec.kv_heads * spec.head_size));
    let name = |part: &str| format!("blk.{layer}.{part}");
    let architecture = spec.architecture.as_str();
    if !spec.is_encoder() {
        list.norm(&name("attn_norm"), embedding, has_biased_norms(spec));
    }
    if let Some(latent) = spec.latent {
        let (rank, key) = (u64::from(latent.rank), u64::from(latent.key));
        let (rotated, value) = (u64::from(latent.rotated), u64::from(latent.value));
        list.norm(&name("attn_kv_a_norm"), rank, false);
        if matches!(spec.layers, 26 | 27) {
            list.matrix(&name("attn_q.weight"), &[embedding, heads * (key + rotated)]);
        } else {
            list.norm(&name("attn_q_a_norm"), rank, false);
            list.matrix(&name("attn_q_a.weight"), &[embedding, rank]);
            list.matrix(&name("attn_q_b.weight"), &[rank, heads * (key + rotated)]);
        }
        list.matrix(&name("attn_kv_a_mqa.weight"), &[embedding, rank + rotated]);
        list.matrix(&name("attn_k_b.weight"), &[key, rank, heads]);
        list.matrix(&name("attn_v_b.weight"), &[rank, value, heads]);
        list.matrix(&name("attn_output.weight"), &[heads * value, embedding]);
        return;
    }
    if architecture == "starcoder" {
        list.matrix(&name("attn_qkv.weight"), &[embedding, queries + 2 * pairs]);
        list.vector(&name("attn_qkv.bias"), &[queries + 2 * pairs]);
    } else {
        list.matrix(&name("attn_q.weight"), &[embedding, queries]);
        list.matrix(&name("attn_k.weight"), &[embedding, pairs]);
        list.matrix(&name("attn_v.weight"), &[embedding, pairs]);
        if matches!(architecture, "qwen2" | "starcoder2" | "bert") {
            list.vector(&name("attn_q.bias"), &[queries]);
            list.vector(&name("attn_k.bias"), &[pairs]);
            list.vector(&name("attn_v.bias"), &[pairs]);
        }
    }
    if matches!(architecture, "qwen3" | "qwen3moe") {
        list.norm(&name("attn_q_norm"), u64::from(spec.head_size), false);
        list.norm(&name("attn_k_norm"), u64::from(spec.head_size), false);
    }
    list.matrix(&name("attn_output.weight"), &[queries, embedding]);
    if matches!(architecture, "starcoder" | "starcoder2" | "bert") {
        list.vector(&name("attn_output.bias"), &[embedding]);
    }
    if architecture == "gemma2" {
        list.norm(&name("post_attention_norm"), embedding, false);
    }
    if spec.is_encoder() {
        list.norm(&name("attn_output_norm"), embedding, true);
    }
}

fn feed_forward(list: &mut List, spec: &Spec, layer: u32) {
    let (embedding, inner) = (u64::from(spec.embedding), u64::from(spec.feed_forward));
    let name = |part: &str| format!("blk.{layer}.{part}");
    let architecture = spec.architecture.as_str();
    if !spec.is_encoder() {
        list.norm(&name("ffn_norm"), embedding, has_biased_norms(spec));
    }
    match spec.experts.filter(|experts| layer >= experts.dense_layers) {
        Some(experts) => {
            let (count, own) = (u64::from(experts.count), u64::from(experts.feed_forward));
            // Routers are kept exact.
            list.vector(&name("ffn_gate_inp.weight"), &[embedding, count]);
            list.matrix(&name("ffn_gate_exps.weight"), &[embedding, own, count]);
            list.matrix(&name("ffn_down_exps.weight"), &[own, embedding, count]);
            list.matrix(&name("ffn_up_exps.weight"), &[embedding, own, count]);
            if experts.shared > 0 {
                let shared = own * u64::from(experts.shared);
                list.matrix(&name("ffn_gate_shexp.weight"), &[embedding, shared]);
                list.matrix(&name("ffn_down_shexp.weight"), &[shared, embedding]);
                list.matrix(&name("ffn_up_shexp.weight"), &[embedding, shared]);
            }
        }
        None => {
            if !matches!(architecture, "starcoder" | "starcoder2" | "bert") {
                list.matrix(&name("ffn_gate.weight"), &[embedding, inner]);
            }
            list.matrix(&name("ffn_up.weight"), &[embedding, inner]);
            list.matrix(&name("ffn_down.weight"), &[inner, embedding]);
            if matches!(architecture, "starcoder" | "starcoder2" | "bert") {
                list.vector(&name("ffn_up.bias"), &[inner]);
                list.vector(&name("ffn_down.bias"), &[embedding]);
            }
        }
    }
    if architecture == "gemma2" {
        list.norm(&name("post_ffw_norm"), embedding, false);
    }
    if spec.is_encoder() {
        list.norm(&name("layer_output_norm"), embedding, true);
    }
}

struct List {
    tensors: Vec<Tensor>,
    kind: Kind,
}

impl List {
    /// Of the model's type.
    fn matrix(&mut self, name: &str, shape: &[u64]) {
        let kind = self.kind.fitting(shape[0]);
        self.tensors.push(Tensor { name: name.to_owned(), shape: shape.to_vec(), kind });
    }

    fn vector(&mut self, name: &str, shape: &[u64]) {
        self.tensors.push(Tensor { name: name.to_owned(), shape: shape.to_vec(), kind: Kind::F32 });
    }

    fn norm(&mut self, name: &str, length: u64, is_biased: bool) {
        self.vector(&format!("{name}.weight"), &[length]);
        if is_biased {
            self.vector(&format!("{name}.bias"), &[length]);
        }
    }
}

//! What a model takes of each kind of memory: its weights, its key-value cache, and the buffers that it computes in.
//!
//! One formula for everybody who asks before a model is loaded: the catalogue, `tandem model info`, the plan of the engine,
//! `tandem doctor`. It follows how llama.cpp lays its buffers out, and is held against what llama.cpp itself reports
//! (`tests/engine_llama/memory.rs`, `benches/memory.rs`).

mod reported;
mod shape;
#[cfg(test)]
mod tests;

pub use reported::Reported;
pub use shape::{Experts, Shape, Weights};

use serde::{Deserialize, Serialize};

use crate::config::KvType;

/// How a model is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Cells of the key-value cache, of all sequences together, in tokens.
    pub cells: u32,
    /// Sequences that can be there at once.
    pub sequences: u32,
    /// All sequences share the cells; otherwise each has its part.
    pub is_shared: bool,
    pub kv_type: KvType,
    /// Most tokens of one decode.
    pub batch: u32,
    /// Layers on GPUs; the output counts as one, and goes first.
    pub gpu_layers: u32,
    pub flash_attention: bool,
}

/// Bytes on one kind of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub weights: u64,
    pub kv: u64,
    pub compute: u64,
}

/// Bytes that a model takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// On the GPUs together.
    pub gpu: Part,
    /// In the machine's memory.
    pub cpu: Part,
}

impl Part {
    pub fn total(&self) -> u64 {
        self.weights.saturating_add(self.kv).saturating_add(self.compute)
    }
}

impl Need {
    pub fn total(&self) -> u64 {
        self.gpu.total().saturating_add(self.cpu.total())
    }

    pub fn weights(&self) -> u64 {
        self.gpu.weights.saturating_add(self.cpu.weights)
    }

    pub fn kv(&self) -> u64 {
        self.gpu.kv.saturating_add(self.cpu.kv)
    }

    pub fn compute(&self) -> u64 {
        self.gpu.compute.saturating_add(self.cpu.compute)
    }
}

/// Bytes of 32 entries of the key-value cache: ggml's blocks.
fn block_bytes(kind: KvType) -> u128 {
    match kind {
        KvType::F16 => 64,
        KvType::Q8_0 => 34,
        KvType::Q4_0 => 18,
    }
}

/// Headers may announce anything: sums are made with room, and end at what can be said.
fn bytes(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
}

/// Bytes that one token takes in the key-value cache of one layer.
pub fn kv_bytes_per_layer(shape: &Shape, kind: KvType) -> u64 {
    bytes(kv_per_layer(shape, kind))
}

fn kv_per_layer(shape: &Shape, kind: KvType) -> u128 {
    let heads = u128::from(shape.kv_heads);
    let values = if shape.is_latent { 0 } else { heads * u128::from(shape.value_size) };
    let entries = heads * u128::from(shape.key_size) + values;
    (entries * block_bytes(kind)).div_ceil(32)
}

/// Whether a key-value cache of this type can hold this model's heads: quantised ones need whole blocks.
pub fn can_hold(shape: &Shape, kind: KvType) -> bool {
    kind == KvType::F16 || (shape.key_size.is_multiple_of(32) && shape.value_size.is_multiple_of(32))
}

/// What a model of this shape and these weights takes when it is used so.
pub fn need(shape: &Shape, weights: &Weights, usage: &Usage) -> Need {
    let layers = u64::from(shape.layers);
    let on_gpu = u64::from(usage.gpu_layers).min(layers + 1);
    let repeating = on_gpu.saturating_sub(1);
    let moved = weights.layers / layers.max(1) * repeating;
    let kv = |layers: u64| bytes(kv_per_layer(shape, usage.kv_type) * u128::from(usage.cells) * u128::from(layers));
    let has_output = on_gpu > 0;
    // A matrix that serves at both ends is there twice when the output is on a GPU: the input stays with the CPU.
    let output = if weights.output > 0 { weights.output } else { weights.input };
    let gpu_weights = if has_output { moved.saturating_add(output) } else { moved };
    let rest = weights.input.saturating_add(weights.layers - moved);
    let cpu_weights = if has_output { rest } else { rest.saturating_add(weights.output) };
    let (gpu_compute, cpu_compute) = compute(shape, usage);
    Need {
        gpu: Part { weights: gpu_weights, kv: kv(repeating), compute: gpu_compute },
        cpu: Part { weights: cpu_weights, kv: kv(layers - repeating), compute: cpu_compute },
    }
}

/// Bytes of the buffers of one decode, on the GPUs and on the CPU. llama.cpp reserves them for the largest graph: what is
/// live at its widest place, beside the masks of attention, which live all the time.
fn compute(shape: &Shape, usage: &Usage) -> (u64, u64) {
    let tokens = u128::from(usage.batch.min(usage.cells));
    let sequences = u128::from(usage.sequences.max(1));
    let seen = if usage.is_shared { u128::from(usage.cells) } else { u128::from(usage.cells) / sequences };
    let (embedding, vocabulary) = (u128::from(shape.embedding), u128::from(shape.vocabulary));
    let queries = u128::from(shape.heads) * u128::from(shape.key_size);
    let number: u128 = 4;

    // Half precision with flash attention; a second one where some layers have a window and others have none.
    let masks: u128 = if shape.window.is_some() { 2 } else { 1 };
    let masks = masks * seen * tokens * if usage.flash_attention { 2 } else { number };
    // The results that the program reads: one row a sequence.
    let results = sequences * vocabulary * number;

    // What is live beside the logits are the last layer's states, in five buffers between which there are gaps.
    let at_logits = tokens * (vocabulary + 5 * embedding) * number + 3 * sequences * embedding * number;
    let scores = if usage.flash_attention { 0 } else { tokens * seen * u128::from(shape.heads) * number };
    let at_attention = scores + tokens * (3 * embedding + 4 * queries) * number;
    let inner = match shape.experts {
        Some(experts) => u128::from(experts.used) * (2 * u128::from(experts.feed_forward) + embedding),
        None => 2 * u128::from(shape.feed_forward),
    };
    let at_feed_forward = tokens * (inner + 4 * embedding) * number;
    let widest = at_logits.max(at_attention).max(at_feed_forward);

    if usage.gpu_layers == 0 {
        return (0, bytes(results + masks + widest));
    }
    // The embeddings are looked up and the masks filled in the machine's memory, and copied.
    let inputs = masks + tokens * embedding * number;
    let all = u128::from(shape.layers) + 1;
    let on_cpu = if u128::from(usage.gpu_layers) >= all { inputs } else { inputs + at_attention.max(at_feed_forward) };
    (bytes(masks + widest), bytes(results + on_cpu))
}

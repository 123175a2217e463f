//! The formula on headers of real shapes, and what has to follow from it. Figures of llama.cpp are those of
//! `benches/memory.rs`; `tests/engine_llama/memory.rs` asks it anew.

use super::{Need, Shape, Usage, Weights, need};
use crate::config::KvType;
use crate::models::gguf;
use crate::models::synth;

const USUAL: Usage = Usage {
    cells: 2048,
    sequences: 7,
    is_shared: true,
    kv_type: KvType::F16,
    batch: 64,
    gpu_layers: 0,
    flash_attention: true,
};

fn model(name: &str) -> (Shape, Weights) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.gguf");
    synth::known(name).unwrap().write(&path, synth::Weights::Sparse).unwrap();
    let header = gguf::read(&path).unwrap();
    (Shape::of(&header).unwrap(), Weights::of(&header))
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[test]
fn shapes_need_what_llama_cpp_reported() {
    let large = Usage { batch: 512, cells: 8192, ..USUAL };
    for (name, usage, weights, kv, compute) in [
        ("qwen2.5-coder-0.5b", USUAL, 500.8, 24.0, 42.6),
        ("qwen2.5-coder-1.5b", large, 1564.6, 224.0, 324.1),
        ("qwen2.5-coder-7b", Usage { flash_attention: false, ..large }, 7717.7, 448.0, 518.0),
        ("qwen3-coder-30b-a3b", Usage { cells: 16_384, kv_type: KvType::Q8_0, ..USUAL }, 30973.4, 816.0, 46.7),
        ("starcoder2-3b", Usage { flash_attention: false, ..large }, 3073.5, 240.0, 443.4),
        ("gemma-2-2b", large, 2649.7, 832.0, 545.8),
        ("deepseek-coder-v2-lite", large, 15925.0, 243.0, 231.1),
        ("codegemma-7b", Usage { cells: 7 * 2048, is_shared: false, ..USUAL }, 8651.5, 6272.0, 73.7),
    ] {
        let (shape, bytes) = model(name);
        let ours = need(&shape, &bytes, &usage);
        assert!((mib(ours.weights()) - weights).abs() < 0.2, "{name}: weights {}", mib(ours.weights()));
        assert!((mib(ours.kv()) - kv).abs() < 0.1, "{name}: KV {}", mib(ours.kv()));
        assert!((mib(ours.compute()) / compute - 1.0).abs() < 0.05, "{name}: compute {}", mib(ours.compute()));
        let theirs = weights + kv + compute;
        assert!((mib(ours.total()) / theirs - 1.0).abs() < 0.05, "{name}: {} and {theirs}", mib(ours.total()));
    }
}

#[test]
fn more_layers_on_the_gpu_move_weights_and_cache_there() {
    let (shape, weights) = model("qwen2.5-coder-7b");
    let at = |gpu_layers| need(&shape, &weights, &Usage { gpu_layers, ..USUAL });
    let none = at(0);
    assert_eq!((none.gpu.total(), none.cpu.weights), (0, weights.total()));
    let mut before: Need = none;
    for gpu_layers in 1..=shape.layers + 1 {
        let now = at(gpu_layers);
        assert!(now.gpu.total() > before.gpu.total(), "{gpu_layers}");
        assert_eq!((now.weights(), now.kv()), (none.weights(), none.kv()), "nothing is lost or twice");
        before = now;
    }
    assert_eq!(before.cpu.weights, weights.input, "the embeddings stay");
    assert_eq!(at(99), before, "more than there are is all of them");
}

#[test]
fn a_matrix_that_serves_at_both_ends_is_twice_there_once_the_output_is_on_a_gpu() {
    let (shape, weights) = model("qwen2.5-coder-1.5b");
    assert_eq!(weights.output, 0);
    let whole = need(&shape, &weights, &Usage { gpu_layers: 99, ..USUAL });
    assert_eq!(whole.weights(), weights.total() + weights.input);
}

#[test]
fn the_catalogues_numbers_come_near_the_files() {
    for name in ["qwen2.5-coder-1.5b", "qwen2.5-coder-7b", "starcoder2-15b", "qwen3-coder-30b-a3b"] {
        let (shape, weights) = model(name);
        let parameters = weights.total() * 32 / 34;
        let guess = Weights::of_bytes(&shape, weights.total(), parameters, weights.output == 0);
        assert_eq!(guess.total(), weights.total());
        assert!((guess.input as f64 / weights.input as f64 - 1.0).abs() < 0.02, "{name}: {guess:?} {weights:?}");
    }
}

#[test]
fn nonsense_in_a_header_is_no_shape_and_no_overflow() {
    let mut file = synth::tiny("llama").file();
    file.remove("llama.block_count");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.gguf");
    file.write(&path, synth::Weights::Sparse).unwrap();
    assert_eq!(Shape::of(&gguf::read(&path).unwrap()), None);
    let mut file = synth::tiny("llama").file();
    for key in ["feed_forward_length", "attention.head_count", "attention.key_length", "attention.head_count_kv"] {
        file.set(&format!("llama.{key}"), synth::Value::U32(u32::MAX));
    }
    file.write(&path, synth::Weights::Sparse).unwrap();
    let header = gguf::read(&path).unwrap();
    let usage = Usage { cells: u32::MAX, batch: u32::MAX, sequences: u32::MAX, flash_attention: false, ..USUAL };
    let huge = need(&Shape::of(&header).unwrap(), &Weights::of(&header), &usage);
    assert_eq!(huge.total(), u64::MAX);
}

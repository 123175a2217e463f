//! The plan that a model is opened with: it is kept, it is smaller on a smaller machine and says so, and what it says of memory
//! is what llama.cpp takes.

use std::path::PathBuf;

use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::{Device, Engine, EngineState, ModelInfo};

use crate::sleeps::Place;
use crate::support::{ask, cache_directory, config, job, settle, start};
use crate::synth::{Spec, Weights, known, tiny};

/// Of what llama.cpp reports, the formula may be so far off, in percent.
const OFF: u64 = 5;

fn written(name: &str, spec: &Spec, weights: Weights) -> PathBuf {
    let path = cache_directory().join(name);
    spec.write(&path, weights).expect("written");
    path
}

fn loaded(config: ModelConfig) -> ModelInfo {
    let engine = start(config);
    let status = engine.status().borrow().clone();
    assert_eq!(status.state, EngineState::Ready);
    status.model.expect("a model")
}

/// The model on a machine with so many MiB of memory left, which is no reason to put it away again.
fn on_machine(place: &Place, mib: u64, model: PathBuf) -> ModelConfig {
    place.memory(mib);
    let mut config = place.config();
    config.model = Some(model);
    config.life.rules.unload_under_pressure = false;
    config
}

/// Large enough that nothing but the shape counts.
fn small(architecture: &str) -> Spec {
    let spec = tiny(architecture);
    let kv_heads = if spec.kv_heads == spec.heads { 8 } else { spec.kv_heads };
    let head_size = if spec.latent.is_some() { spec.head_size } else { 64 };
    Spec { layers: 6, embedding: 512, feed_forward: 1536, heads: 8, kv_heads, head_size, vocabulary: 16_384, ..spec }
}

#[test]
fn what_the_formula_says_is_what_llama_cpp_takes() {
    for architecture in ["qwen2", "llama", "starcoder2", "gemma", "gemma2", "stablelm", "qwen3moe", "deepseek2"] {
        let path = written(&format!("{architecture}.gguf"), &small(architecture), Weights::Sparse);
        let info = loaded(ModelConfig { model: Some(path), ..config() });
        let need = info.plan.expect("a plan").need;
        let sum = |part: fn(&tandem::engine::MemoryUse) -> u64| info.memory.iter().map(part).sum::<u64>();
        for (what, ours, theirs) in [
            ("weights", need.weights(), sum(|used| used.weights)),
            ("keys and values", need.kv(), sum(|used| used.kv)),
            ("all", need.total(), sum(|used| used.weights + used.kv + used.compute)),
        ] {
            assert!(theirs > 0, "{architecture}: llama.cpp said nothing of {what}");
            assert!(ours.abs_diff(theirs) <= theirs * OFF / 100, "{architecture}, {what}: {ours} and {theirs}");
        }
    }
}

#[test]
fn a_small_machine_gets_a_smaller_plan_and_hears_of_it() {
    let place = Place::new();
    let spec = Spec { context: 32_768, vocabulary: 4096, ..tiny("qwen2") };
    let path = written("long.gguf", &spec, Weights::Random(5));
    let with = |mib| ModelConfig { prompt_tokens: 16_000, ..on_machine(&place, mib, path.clone()) };
    let roomy = loaded(with(8_000));
    assert_eq!(roomy.lowered, [""; 0]);
    let engine = start(with(24));
    let tight = engine.status().borrow().model.clone().expect("a model");
    let plan = tight.plan.expect("a plan");
    assert!(tight.context < roomy.context, "{} and {}", tight.context, roomy.context);
    assert!(plan.need.total() <= 24 << 20, "{plan:?}");
    assert!(tight.lowered.iter().any(|sentence| sentence.contains("tokens")), "{:?}", tight.lowered);
    assert_eq!(plan.window, tight.context, "what was planned is what there is");
    assert!(tight.kv_bytes <= plan.need.kv());
    assert!(!ask(&engine, job("fn main() {\n    let x = $0\n}\n")).texts.is_empty(), "and it writes");
}

#[test]
fn a_model_that_cannot_fit_is_refused_with_those_that_would() {
    let place = Place::new();
    let path = written("7b.gguf", &known("qwen2.5-coder-7b").expect("a shape"), Weights::Sparse);
    let engine = LlamaEngine::start(on_machine(&place, 3_000, path.clone()));
    let EngineState::Failed { reason } = settle(&engine) else { panic!("{:?}", settle(&engine)) };
    assert!(reason.contains("GiB of memory at least") && reason.contains("would fit (tandem model pull)"), "{reason}");
    assert!(reason.contains("qwen2.5-coder-"), "{reason}");
    let engine = LlamaEngine::start(on_machine(&place, 20, path));
    let EngineState::Failed { reason } = settle(&engine) else { panic!("{:?}", settle(&engine)) };
    assert!(reason.contains("no model of the catalogue fits here"), "{reason}");
}

#[test]
fn the_cpu_can_be_asked_for_and_a_device_that_is_not_there_is_said() {
    let on_cpu = loaded(ModelConfig { device: "cpu".to_owned(), ..config() });
    let all = on_cpu.devices.iter().map(|device| device.layers).sum();
    assert_eq!(on_cpu.devices, [Device { name: "CPU".to_owned(), layers: all }]);
    assert_eq!(on_cpu.lowered, [""; 0]);
    let elsewhere = loaded(ModelConfig { device: "radeon".to_owned(), ..config() });
    assert!(elsewhere.lowered[0].contains("there is no device `radeon` here"), "{:?}", elsewhere.lowered);
}

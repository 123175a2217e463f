//! Adapters: their weight counts, they belong to one model, and each new context is told of them.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::{Engine, EngineState, EngineStatus, Job};

use crate::sleeps::{Place, is_asleep, until};
use crate::support::{Answer, ask, cache_directory, config, job, start};
use crate::synth::{Adapter, Spec, Weights, tiny};

fn base() -> Spec {
    Spec { vocabulary: 4096, ..tiny("qwen2") }
}

fn written(name: &str, write: impl FnOnce(&std::path::Path) -> std::io::Result<()>) -> PathBuf {
    let path = cache_directory().join(name);
    write(&path).expect("written");
    path
}

static MODEL: LazyLock<PathBuf> =
    LazyLock::new(|| written("lora-base.gguf", |path| base().write(path, Weights::Random(7))));
static ADAPTER: LazyLock<PathBuf> =
    LazyLock::new(|| written("lora.gguf", |path| Adapter::of(&base()).write(path, Weights::Random(9))));

fn with(config: ModelConfig, lora: Option<&PathBuf>, percent: u32) -> ModelConfig {
    ModelConfig { model: Some(MODEL.clone()), lora: lora.cloned(), lora_percent: percent, ..config }
}

fn question() -> Job {
    Job { max_tokens: 32, max_lines: 32, ..job("fn add(a: i32, b: i32) -> i32 {\n    a + $0\n}\n") }
}

fn written_by(engine: &LlamaEngine) -> String {
    let answer: Answer = ask(engine, question());
    assert!(answer.report.generated > 0, "{:?}", answer.finish());
    answer.text().to_owned()
}

#[test]
fn no_weight_is_the_model_alone_and_all_of_it_is_another() {
    let alone = written_by(&start(with(config(), None, 100)));
    assert_eq!(written_by(&start(with(config(), Some(&ADAPTER), 0))), alone);
    let engine = start(with(config(), Some(&ADAPTER), 100));
    assert_ne!(written_by(&engine), alone);
    let told = engine.status().borrow().model.clone().and_then(|model| model.adapter).expect("an adapter");
    assert_eq!((told.name.as_str(), told.percent, told.warning), ("tiny-qwen2-lora", 100, None));
}

#[test]
fn an_adapter_of_another_model_is_left_out_and_the_model_goes_on() {
    let other = Spec { embedding: 256, heads: 8, ..base() };
    let wrong = written("lora-of-another.gguf", |path| Adapter::of(&other).write(path, Weights::Random(9)));
    let engine = start(with(config(), Some(&wrong), 100));
    let status = engine.status().borrow().clone();
    assert_eq!(status.state, EngineState::Ready);
    let model = status.model.expect("a model");
    let told = model.adapter.expect("what became of it");
    let warning = told.warning.expect("a warning");
    assert!(warning.contains("is not used") && warning.contains("another model"), "{warning}");
    assert!(model.lowered.contains(&warning), "{:?}", model.lowered);
    assert_eq!(written_by(&engine), written_by(&start(with(config(), None, 100))));
}

#[test]
fn an_adapter_is_there_again_after_a_sleep() {
    let place = Place::new();
    let before = written_by(&start(with(config(), Some(&ADAPTER), 100)));
    let mut config = with(place.config(), Some(&ADAPTER), 100);
    config.life.rules.unload_after = Some(Duration::from_millis(300));
    let engine = LlamaEngine::start(config);
    until(&engine, "asleep", is_asleep);
    engine.wake();
    until(&engine, "ready again", EngineStatus::is_ready);
    assert_eq!(written_by(&engine), before);
}

#[test]
fn an_adapter_is_there_in_a_context_with_fewer_threads() {
    let place = Place::new();
    let mut config = with(place.config(), Some(&ADAPTER), 100);
    config.threads = 2;
    let engine = start(config);
    let before = written_by(&engine);
    place.battery("Discharging");
    until(&engine, "half of the threads", |status| status.rest.threads == Some(1));
    // Another lane: nothing of the first answer is in its cache.
    let after = ask(&engine, Job { lane: 2, ..question() });
    assert_eq!(after.text(), before);
}

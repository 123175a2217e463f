//! What the device computes is what the processor computes, within rounding.

use std::path::{Path, PathBuf};

use tandem::config::KvType;
use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::{Engine, Job};

use super::machine::{Test, on_device, on_processor};
use crate::support::{Answer, ask, cache_directory, config, job, start};
use crate::synth::{Kind, Weights, tiny};

pub const TESTS: &[Test] = &[
    ("the_starter_writes_what_it_writes_on_the_processor", the_starter_writes_what_it_writes_on_the_processor),
    ("models_of_other_kinds_agree_with_the_processor", models_of_other_kinds_agree_with_the_processor),
    ("a_split_model_agrees_with_the_processor", a_split_model_agrees_with_the_processor),
    ("a_quantised_cache_agrees_with_the_processor", a_quantised_cache_agrees_with_the_processor),
    ("drafts_change_nothing_on_the_device", drafts_change_nothing_on_the_device),
];

/// Most that a mean log-probability may differ from the processor's.
const TOLERANCE: f32 = 0.05;

const CURSORS: &[&str] = &[
    "fn largest(values: &[i32]) -> Option<i32> {\n    values.iter().$0\n}\n",
    "def total(prices):\n    result = 0\n    for price in prices:\n        $0\n    return result\n",
    "for (let i = 0; i < $0; i++) {\n    console.log(items[i]);\n}\n",
    "struct Point {\n    x: f64,\n    y: f64,\n}\n\nimpl Point {\n    fn length(&self) -> f64 {\n        $0\n    }\n}\n",
    "import os\n\ndef read(path):\n    with open(path) as $0\n        return file.read()\n",
    "if err != nil {\n\treturn $0\n}\n",
];

fn model(path: Option<PathBuf>) -> ModelConfig {
    ModelConfig { model: path, max_draft_tokens: 0, ..config() }
}

fn mean(answer: &Answer) -> f32 {
    let scores: Vec<f32> = answer.scores.iter().flatten().map(|score| score.logprob).collect();
    assert!(!scores.is_empty(), "nothing was written");
    scores.iter().sum::<f32>() / scores.len() as f32
}

fn jobs() -> Vec<Job> {
    let several = |text: &&str| Job { max_tokens: 16, max_lines: 8, ..job(text) };
    CURSORS.iter().map(several).collect()
}

/// Asks both for the same. Two engines after one another, so that the software device has the machine to itself.
fn compare(config: &ModelConfig, gpu_layers: Option<u32>) -> Vec<(Answer, Answer)> {
    let all = |engine: &LlamaEngine| -> Vec<Answer> { jobs().into_iter().map(|job| ask(engine, job)).collect() };
    let device = start(ModelConfig { gpu_layers, ..config.clone() });
    assert!(on_device(&device) > 0, "{:?}", device.status().borrow().model);
    let there = all(&device);
    drop(device);
    let processor = start(ModelConfig { gpu_layers: Some(0), ..config.clone() });
    assert_eq!(on_device(&processor), 0);
    there.into_iter().zip(all(&processor)).collect()
}

/// Texts that are alike have means that are, too. A model of noise has nearly equal tokens now and then: where it takes
/// another, what follows is another text, so as many texts as `apart` may differ.
fn agree(pairs: &[(Answer, Answer)], apart: usize) {
    let mut others = 0;
    for (at, (there, here)) in pairs.iter().enumerate() {
        let (device, processor) = (mean(there), mean(here));
        if there.text() != here.text() {
            others += 1;
            eprintln!("cursor {at}: {:?} on the device, {:?} on the processor", there.text(), here.text());
        } else {
            assert!((device - processor).abs() <= TOLERANCE, "cursor {at}: {device} and {processor}");
        }
    }
    assert!(others <= apart, "{others} of {} texts differ", pairs.len());
}

fn the_starter_writes_what_it_writes_on_the_processor() {
    agree(&compare(&model(None), None), 0);
}

fn written(name: &str, architecture: &str, kind: Kind) -> PathBuf {
    let path: PathBuf = Path::new(&cache_directory()).join(name);
    tiny(architecture).with_kind(kind).write(&path, Weights::Random(7)).expect("a file");
    path
}

fn models_of_other_kinds_agree_with_the_processor() {
    for (architecture, kind) in [("qwen2", Kind::Q8_0), ("llama", Kind::F16), ("starcoder2", Kind::Q4_0)] {
        let path = written(&format!("{architecture}.gguf"), architecture, kind);
        agree(&compare(&model(Some(path)), None), 1);
    }
}

fn a_split_model_agrees_with_the_processor() {
    let pairs = compare(&model(None), Some(2));
    agree(&pairs, 0);
    let split = start(ModelConfig { gpu_layers: Some(2), ..model(None) });
    assert_eq!(on_device(&split), 2);
    assert!(on_processor(&split) > 0, "the rest is on the processor");
}

fn a_quantised_cache_agrees_with_the_processor() {
    agree(&compare(&ModelConfig { kv_type: KvType::Q8_0, flash_attention: Some(true), ..model(None) }, None), 1);
}

fn drafts_change_nothing_on_the_device() {
    let engine = start(ModelConfig { max_draft_tokens: 8, ..model(None) });
    let plain = start(model(None));
    for wanted in jobs() {
        let drafted = Job { draft: Some("map(|value| value * 2)".to_owned()), ..wanted.clone() };
        assert_eq!(ask(&engine, drafted).text(), ask(&plain, wanted).text());
    }
}

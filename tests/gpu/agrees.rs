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

/// A token's text and the logarithm of its probability.
type Written<'a> = (&'a str, f32);

fn tokens(answer: &Answer) -> Vec<Written<'_>> {
    let mut at = 0;
    let scores = answer.scores.iter().flatten();
    scores
        .map(|score| {
            let from = at;
            at += score.bytes as usize;
            (&answer.text()[from..at], score.logprob)
        })
        .collect()
}

/// Mean log-probabilities are alike, up to and with the first token that differs: two tokens that are equally likely but for
/// rounding may change places, and what follows is another text. Of `pairs` so many may part at all.
fn agree(pairs: &[(Answer, Answer)], may_part: usize) {
    let (mut parted, mut compared) = (0, 0);
    for (at, (there, here)) in pairs.iter().enumerate() {
        let (device, processor) = (tokens(there), tokens(here));
        let common = device.iter().zip(&processor).take_while(|(one, other)| one.0 == other.0).count();
        let count = (common + 1).min(device.len()).min(processor.len());
        if there.text() != here.text() {
            parted += 1;
        }
        // A model of noise may end at once, or on one side.
        if count == 0 {
            continue;
        }
        compared += count;
        let mean = |tokens: &[Written]| tokens[..count].iter().map(|token| token.1).sum::<f32>() / count as f32;
        let apart = (mean(&device) - mean(&processor)).abs();
        assert!(apart <= TOLERANCE, "cursor {at}: {device:?} on the device, {processor:?} on the processor");
        // A text that ends where the other goes on has no token there.
        if let (Some(one), Some(other)) = (device.get(common), processor.get(common)) {
            let apart = (one.1 - other.1).abs();
            assert!(apart <= 2.0 * TOLERANCE, "cursor {at}: parts where it is no tie, {device:?} and {processor:?}");
        }
    }
    assert!(compared > 0, "nothing was written");
    assert!(parted <= may_part, "{parted} of {} texts part", pairs.len());
}

fn the_starter_writes_what_it_writes_on_the_processor() {
    // Once, with processors whose rounding differs.
    agree(&compare(&model(None), None), 1);
}

fn written(name: &str, architecture: &str, kind: Kind) -> PathBuf {
    let path: PathBuf = Path::new(&cache_directory()).join(name);
    tiny(architecture).with_kind(kind).write(&path, Weights::Random(7)).expect("a file");
    path
}

fn models_of_other_kinds_agree_with_the_processor() {
    for (architecture, kind) in [("qwen2", Kind::Q8_0), ("llama", Kind::F16), ("starcoder2", Kind::Q4_0)] {
        let path = written(&format!("{architecture}.gguf"), architecture, kind);
        // Noise is full of ties.
        agree(&compare(&model(Some(path)), None), CURSORS.len());
    }
}

fn a_split_model_agrees_with_the_processor() {
    let pairs = compare(&model(None), Some(2));
    agree(&pairs, 1);
    let split = start(ModelConfig { gpu_layers: Some(2), ..model(None) });
    assert_eq!(on_device(&split), 2);
    assert!(on_processor(&split) > 0, "the rest is on the processor");
}

fn a_quantised_cache_agrees_with_the_processor() {
    agree(&compare(&ModelConfig { kv_type: KvType::Q8_0, flash_attention: Some(true), ..model(None) }, None), 3);
}

fn drafts_change_nothing_on_the_device() {
    let engine = start(ModelConfig { max_draft_tokens: 8, ..model(None) });
    let plain = start(model(None));
    for wanted in jobs() {
        let drafted = Job { draft: Some("map(|value| value * 2)".to_owned()), ..wanted.clone() };
        assert_eq!(ask(&engine, drafted).text(), ask(&plain, wanted).text());
    }
}

//! Vectors by llama.cpp: of models of noise, whose lengths, ends and cancels are real, and of one that knows which words mean
//! the same.

use std::path::PathBuf;
use std::time::Duration;

use tandem::engine::embed::{EmbedEngine, EmbedError, EmbedJob, MOST_TEXTS, Purpose};
use tandem::engine::llama::{LlamaEmbedder, ModelConfig};
use tandem::engine::{CancelFlag, Engine, EngineState, Finish};

use crate::support::{ask, cache_directory, config, job};
use crate::synth::{Spec, Thesaurus, Weights, tiny};

const PATIENCE: Duration = Duration::from_secs(60);

const GROUPS: &[&[&str]] = &[&["charge", "bill"], &["client", "customer"], &["letter", "mail"], &["deliver", "send"]];

fn start(file: PathBuf) -> LlamaEmbedder {
    LlamaEmbedder::start(ModelConfig { model: Some(file), ..config() })
}

fn of_noise(spec: Spec) -> LlamaEmbedder {
    let file = cache_directory().join(format!("{}-vectors.gguf", spec.name));
    spec.write(&file, Weights::Random(11)).unwrap();
    start(file)
}

fn thesaurus(name: &str) -> LlamaEmbedder {
    let file = cache_directory().join(name);
    Thesaurus { groups: GROUPS }.write(&file).unwrap();
    start(file)
}

fn vectors(engine: &LlamaEmbedder, purpose: Purpose, texts: &[&str]) -> Vec<Vec<f32>> {
    let job = EmbedJob::new(purpose, texts.iter().map(|text| (*text).to_owned()).collect());
    engine.embed(job, &CancelFlag::default(), PATIENCE).unwrap()
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[test]
fn encoders_and_decoders_make_vectors_of_unit_length() {
    let last = Spec { pooling: Some(3), has_holes: false, ..tiny("qwen3") };
    for spec in [tiny("bert"), tiny("nomic-bert"), last] {
        let (name, width) = (spec.name.clone(), spec.embedding as usize);
        let engine = of_noise(spec);
        assert_eq!(engine.status().borrow().state, EngineState::Idle, "nothing is loaded before the first text");
        let long = "let value = other + 1;\n".repeat(600);
        let texts = ["fn main() {}", "fn main() {}", "struct Other;", long.as_str(), "<|endoftext|> [SEP]"];
        let made = vectors(&engine, Purpose::Document, &texts);
        for vector in &made {
            assert_eq!(vector.len(), width, "{name}");
            assert!((cosine(vector, vector) - 1.0).abs() < 1e-4, "{name}");
        }
        assert_eq!(made[0], made[1], "{name}: the same text, the same vector");
        assert!(cosine(&made[0], &made[2]) < 0.999, "{name}: another text, another vector");
        let model = engine.status().borrow().model.clone().unwrap();
        assert!(model.context <= 512, "{name}: {}", model.context);
    }
}

#[test]
fn words_that_mean_the_same_are_near() {
    let engine = thesaurus("words.gguf");
    let query = &vectors(&engine, Purpose::Query, &["bill the customer"])[0];
    let places = vectors(&engine, Purpose::Document, &["charge client", "deliver letter", "charge letter", "}"]);
    let near: Vec<f32> = places.iter().map(|place| cosine(query, place)).collect();
    assert!(near[0] > near[2] && near[2] > near[1] && near[2] > near[3], "{near:?}");
    assert!(near[0] > 0.8, "{near:?}");
}

#[test]
fn it_writes_nothing_and_says_so() {
    let engine = thesaurus("silent.gguf");
    let answer = ask(&engine, job("fn $0"));
    assert_eq!(answer.text(), "");
    assert!(matches!(answer.finish(), Finish::Failed(reason) if reason.contains("compares texts")), "{answer:?}");
}

#[test]
fn a_cancel_and_lost_patience_end_a_batch() {
    let engine = of_noise(Spec { layers: 24, name: "deep".to_owned(), ..tiny("bert") });
    vectors(&engine, Purpose::Query, &["loaded"]);
    let many = || EmbedJob::new(Purpose::Document, vec!["x ".repeat(2000); MOST_TEXTS]);
    let cancel = CancelFlag::default();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| engine.embed(many(), &cancel, PATIENCE));
        cancel.cancel();
        assert_eq!(asked.join().unwrap(), Err(EmbedError::Cancelled));
    });
    assert_eq!(engine.embed(many(), &CancelFlag::default(), Duration::ZERO), Err(EmbedError::Late));
    // What was left is left, so a query need not wait for it.
    assert_eq!(vectors(&engine, Purpose::Query, &["next"]).len(), 1);
}

#[test]
fn what_makes_no_vectors_says_why() {
    let broken = cache_directory().join("no-vectors.gguf");
    std::fs::write(&broken, "no model").unwrap();
    let engine = start(broken);
    let job = || EmbedJob::new(Purpose::Query, vec!["a".to_owned()]);
    let Err(EmbedError::Failed(reason)) = engine.embed(job(), &CancelFlag::default(), PATIENCE) else {
        panic!("it has no vectors")
    };
    assert!(reason.contains("no-vectors.gguf"), "{reason}");
    let state = engine.status().borrow().state.clone();
    assert!(matches!(state, EngineState::Failed { .. }), "{state:?}");
    let ranks = of_noise(Spec { pooling: Some(4), name: "ranks".to_owned(), ..tiny("bert") });
    let refused = ranks.embed(job(), &CancelFlag::default(), PATIENCE);
    let is_told = |reason: &String| reason.contains("ranks pairs of texts") && reason.contains("engine.embeddingModel");
    assert!(matches!(&refused, Err(EmbedError::Failed(reason)) if is_told(reason)), "{refused:?}");
}

/// Of all threads of this process, those that compute vectors are the least urgent.
#[cfg(target_os = "linux")]
#[test]
fn it_computes_with_what_others_leave() {
    let engine = thesaurus("nice.gguf");
    vectors(&engine, Purpose::Query, &["loaded"]);
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().path());
    let niceness = |task: PathBuf| {
        let stat = std::fs::read_to_string(task.join("stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
        // The nineteenth field; the third is the first behind the name.
        (name == "llama-embed").then(|| rest.split(' ').nth(16)?.parse::<i32>().ok())?
    };
    let found: Vec<i32> = tasks.filter_map(niceness).collect();
    assert!(!found.is_empty() && found.iter().all(|nice| *nice == 10), "{found:?}");
}

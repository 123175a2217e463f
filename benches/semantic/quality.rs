//! What each way of searching finds, over several repositories.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tandem::config::IndexSettings;
use tandem::engine::embed::EmbedEngine;
use tandem::engine::embed::fake::HashedWords;
use tandem::eval::{Found, Mean, QuestionKind, SearchFigures, SearchPlan, SearchRanks, ask, prepare};
use tandem::index::{Index, IndexOptions, Meaning};

use crate::cost::cpu;

const SEED: u64 = 1;
/// Of the hashed words: as many as small models have.
const DIMENSIONS: usize = 384;

pub fn run(model: Option<PathBuf>, questions: usize, directories: &[PathBuf]) {
    let name = model.as_deref().and_then(Path::file_stem).map_or("hashed words".into(), |stem| stem.to_string_lossy());
    let name = name.into_owned();
    let engine = engine(model.as_deref());
    println!("{name}");
    println!(
        "| repository | questions | words | vectors | both | both − words | words 1/rank | vectors 1/rank | both 1/rank | both − words |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut all: Vec<SearchRanks> = Vec::new();
    let mut notes = Vec::new();
    for directory in directories {
        let meaning = Meaning::new(engine.clone(), "bench".to_owned(), name.clone());
        let (ranks, note) = one(directory, meaning, questions);
        let folder = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        row(&folder, ranks.iter());
        notes.push(format!("{folder}: {note}"));
        all.extend(ranks);
    }
    let of = |kind| all.iter().filter(move |one| one.question.kind == kind);
    row("all, comments", of(QuestionKind::Comment));
    row("all, names", of(QuestionKind::Name));
    row("all", all.iter());
    println!("{}", SearchFigures::of(all.iter()).advice());
    notes.iter().for_each(|note| println!("{note}"));
}

fn one(directory: &Path, meaning: Meaning, questions: usize) -> (Vec<SearchRanks>, String) {
    let settings = IndexSettings { cpu_share: 100, ..IndexSettings::default() };
    let index = Index::open(directory, IndexOptions::new(&settings, None));
    index.settle();
    let questions = prepare(&index, SearchPlan { questions, seed: SEED });
    let (started, before) = (Instant::now(), cpu());
    index.understand(Some(meaning));
    index.settle_vectors(|_| false);
    let (wall, work) = (started.elapsed(), cpu() - before);
    let status = index.vector_status().expect("a model");
    let ranks = questions.iter().map(|question| ask(&index, question)).collect();
    let each = work.as_secs_f64() * 1e3 / status.pieces.max(1) as f64;
    let note = format!("{}; {:.0} s, {each:.1} ms of CPU a piece", status.describe(), wall.as_secs_f64());
    (ranks, note)
}

fn row<'r>(name: &str, ranks: impl Iterator<Item = &'r SearchRanks> + Clone) {
    let figures = SearchFigures::of(ranks);
    let share = |found: &Found| {
        let rate = found.recall;
        format!("{:.1} % ({:.1}–{:.1})", rate.share * 100.0, rate.low * 100.0, rate.high * 100.0)
    };
    let mean = |mean: Mean| format!("{:.3} ({:.3}–{:.3})", mean.mean, mean.low, mean.high);
    let (recall, reciprocal) = (figures.gain_recall, figures.gain_reciprocal);
    println!(
        "| {name} | {} | {} | {} | {} | {:+.1} ({:+.1} to {:+.1}) | {} | {} | {} | {:+.3} ({:+.3} to {:+.3}) |",
        figures.words.recall.of,
        share(&figures.words),
        share(&figures.vectors),
        share(&figures.both),
        recall.mean * 100.0,
        recall.low * 100.0,
        recall.high * 100.0,
        mean(figures.words.reciprocal),
        mean(figures.vectors.reciprocal),
        mean(figures.both.reciprocal),
        reciprocal.mean,
        reciprocal.low,
        reciprocal.high
    );
}

fn engine(model: Option<&Path>) -> Arc<dyn EmbedEngine> {
    match model {
        Some(model) => loaded(model),
        None => Arc::new(HashedWords::new(DIMENSIONS)),
    }
}

#[cfg(feature = "llama")]
fn loaded(model: &Path) -> Arc<dyn EmbedEngine> {
    use tandem::config::{CompletionSettings, EngineSettings};
    use tandem::engine::llama::{LlamaEmbedder, ModelConfig};

    let cache = std::env::temp_dir();
    let config = ModelConfig::new(&EngineSettings::default(), &CompletionSettings::default(), cache);
    Arc::new(LlamaEmbedder::start(ModelConfig { model: Some(model.to_owned()), ..config }))
}

#[cfg(not(feature = "llama"))]
fn loaded(model: &Path) -> Arc<dyn EmbedEngine> {
    panic!("this build has no llama.cpp: it cannot load {}", model.display());
}

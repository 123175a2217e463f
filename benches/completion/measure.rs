//! The measurements: overhead of a request, and a typing session in a full window.

use std::sync::Arc;
use std::time::Duration;

use tandem::config::{Environment, Paths, Settings};
use tandem::engine::Engine;
use tandem::engine::llama::{LlamaEngine, ModelConfig};

use super::editor::{Editor, Keystroke};

/// Real source: this repository's own, long enough for any window.
const SOURCE: &str = concat!(
    include_str!("../../src/complete/flight.rs"),
    include_str!("../../src/session.rs"),
    include_str!("../../src/complete/suggest.rs"),
);

const TYPED: &str = "    /// How many requests wait for an answer.\n    pub fn waiting(&self) -> usize {\n        let state = \
                     self.state();\n        state.documents.waiting().filter(|request| request.is_open()).count()\n    }\n";

pub fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut settings = Settings::default();
        settings.engine.threads = 1;
        settings.engine.context_tokens = 8192;
        settings.completion.max_tokens = 24;
        println!("in-process engine, starter model, one thread");
        let engine = start(&settings).await;
        typing(engine.clone(), settings.clone(), "default window (1536 + 512 tokens)").await;
        settings.completion.prefix_tokens = 2_400;
        settings.completion.suffix_tokens = 600;
        typing(engine, settings, "3,000-token window (2400 + 600)").await;
    });
}

async fn start(settings: &Settings) -> Arc<dyn Engine> {
    let mut wide = settings.clone();
    wide.completion.prefix_tokens = 2_400;
    wide.completion.suffix_tokens = 600;
    let cache = Paths::of(&Environment::of_process()).cache;
    let engine = LlamaEngine::start(ModelConfig::new(&wide.engine, &wide.completion, cache));
    let mut status = engine.status();
    let ready = status.wait_for(|status| status.is_ready());
    tokio::time::timeout(Duration::from_secs(60), ready).await.expect("the starter loads").expect("the engine lives");
    Arc::new(engine)
}

/// Types 200 characters in the middle of real source and asks at each.
async fn typing(engine: Arc<dyn Engine>, settings: Settings, name: &str) {
    let middle = SOURCE.len() * 3 / 4;
    let middle = middle + SOURCE[middle..].find("\n\n").map_or(0, |blank| blank + 1);
    let mut editor = Editor::open(engine, settings, &SOURCE[..middle], &SOURCE[middle..]);
    let first = editor.ask().await;
    let mut keystrokes = Vec::new();
    for character in TYPED.chars().take(200) {
        keystrokes.push(editor.type_character(character).await);
    }
    report(name, &first, &keystrokes);
}

fn report(name: &str, first: &Keystroke, keystrokes: &[Keystroke]) {
    let count = keystrokes.len();
    println!("\n{name}: {count} keystrokes");
    println!("  first request: {} prompt tokens evaluated", first.evaluated());
    let without = keystrokes.iter().filter(|key| key.evaluated() == 0).count();
    let shown = keystrokes.iter().filter(|key| key.shown).count();
    println!("  answered without a decode: {without} ({} %), shown: {shown}", without * 100 / count);
    let started: Vec<f64> =
        keystrokes.iter().filter(|key| key.evaluated() > 0).map(|key| f64::from(key.evaluated())).collect();
    print_line("prompt tokens evaluated, all keystrokes", keystrokes.iter().map(|key| f64::from(key.evaluated())), "");
    print_line("prompt tokens evaluated, generations started", started.into_iter(), "");
    print_line(
        "prompt tokens",
        keystrokes.iter().filter_map(|key| Some(f64::from(key.why.prompt.as_ref()?.tokens))),
        "",
    );
    print_line("total", keystrokes.iter().map(|key| key.total_us), "µs");
    print_line("outside decode", keystrokes.iter().filter_map(Keystroke::overhead_us), "µs");
    let memory = keystrokes.iter().filter(|key| key.why.prompt.is_none() && key.shown).map(|key| key.total_us);
    print_line("from memory", memory, "µs");
    for stage in ["analysis", "plan", "lookup", "prompt", "shape"] {
        let times = keystrokes.iter().flat_map(|key| &key.why.stages).filter(|found| found.name == stage);
        print_line(&format!("stage {stage}"), times.map(|found| found.us as f64), "µs");
    }
    let engine = |of: fn(&tandem::engine::Report) -> u64| {
        keystrokes
            .iter()
            .filter(|key| !key.why.joined)
            .filter_map(|key| key.why.engine.as_ref())
            .map(move |report| of(report) as f64)
            .collect::<Vec<_>>()
    };
    print_line("engine: tokenize", engine(|report| report.tokenize_us).into_iter(), "µs");
    print_line("engine: compute", engine(|report| report.compute_us).into_iter(), "µs");
    print_line("engine: total", engine(|report| report.total_us).into_iter(), "µs");
}

fn print_line(name: &str, values: impl Iterator<Item = f64>, unit: &str) {
    let mut values: Vec<f64> = values.collect();
    if values.is_empty() {
        println!("  {name}: none");
        return;
    }
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    println!("  {name}: p50 {:.0} p90 {:.0} p99 {:.0} {unit} (n {})", at(0.5), at(0.9), at(0.99), values.len());
}

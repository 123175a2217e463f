//! A ready engine, whole answers, and numbers in a line.

use std::time::Duration;

use tandem::config::{CompletionSettings, EngineSettings};
use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::{
    Engine, EngineState, Event, FimPrompt, Finish, Generation, Job, PromptBudget, PromptReport, Report, Task, Urgency,
};

pub fn config() -> ModelConfig {
    let cache = std::env::temp_dir().join("tandem-bench");
    let mut config = ModelConfig::new(&EngineSettings::default(), &CompletionSettings::default(), cache);
    config.threads = 1;
    config
}

/// Starts an engine and waits until the model is loaded.
pub fn start(config: ModelConfig) -> LlamaEngine {
    let engine = LlamaEngine::start(config);
    let status = engine.status();
    loop {
        match &status.borrow().state {
            EngineState::Ready => break,
            EngineState::Failed { reason } => panic!("{reason}"),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    engine
}

pub fn job(prefix: &str, suffix: &str) -> Job {
    Job {
        lane: 1,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt {
            path: "src/sample.rs".to_owned(),
            prefix: prefix.into(),
            suffix: suffix.into(),
            ..FimPrompt::default()
        },
        budget: PromptBudget { prefix: 700, suffix: 200, snippets: 0 },
        max_tokens: 24,
        max_lines: 1,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

#[derive(Debug)]
pub struct Answer {
    pub prompt: PromptReport,
    pub text: String,
    pub finish: Finish,
    pub report: Report,
}

pub fn collect(mut stream: Generation) -> Answer {
    let mut answer = Answer {
        prompt: PromptReport::default(),
        text: String::new(),
        finish: Finish::Exhausted,
        report: Report::default(),
    };
    while let Some(event) = stream.blocking_next() {
        match event {
            Event::Started(prompt) => answer.prompt = prompt,
            Event::Delta { text, .. } => answer.text.push_str(&text),
            Event::Finished { reason, .. } => answer.finish = reason,
            Event::Done(report) => answer.report = report,
        }
    }
    assert!(!matches!(answer.finish, Finish::Failed(_)), "{:?}", answer.finish);
    answer
}

/// Time that a request spent neither waiting nor inside llama.cpp, in ms.
pub fn overhead_ms(report: &Report) -> f64 {
    report.total_us.saturating_sub(report.queue_us + report.compute_us) as f64 / 1000.0
}

/// CPU seconds of this process so far, all threads.
pub fn cpu_seconds() -> f64 {
    // SAFETY: rusage is plain data and the call only writes to it.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// `name: p50 … p90 … p99 … max … (n)`.
pub fn print_line(name: &str, values: impl IntoIterator<Item = f64>, unit: &str) {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return println!("  {name}: none") };
    let at = |share: f64| values[(last as f64 * share).round() as usize];
    println!(
        "  {name}: p50 {:.3} p90 {:.3} p99 {:.3} max {:.3} {unit} (n = {})",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0),
        values.len()
    );
}

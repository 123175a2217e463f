//! One model after the other: load, memory, agreement, speed, cancel, unload, two windows.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tandem::config::{CompletionSettings, EngineSettings};
use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::{
    Engine, EngineState, Event, FimPrompt, Finish, Job, PromptBudget, PromptReport, Report, Task, Urgency,
};

use super::device::{Gpu, memory, taken};
use super::table::{Table, spread};
use super::{agreement, raw, windows};

const PROMPT: u32 = 512;
const GENERATED: u32 = 128;

pub fn config(model: Option<&Path>) -> ModelConfig {
    let cache = std::env::temp_dir().join("tandem-bench");
    let completion = CompletionSettings { max_tokens: GENERATED, ..CompletionSettings::default() };
    let mut config = ModelConfig::new(&EngineSettings::default(), &completion, cache);
    config.model = model.map(Path::to_owned);
    config.self_test = false;
    // Speculation is not the device's doing.
    config.max_draft_tokens = 0;
    config
}

/// Waits until the model is loaded.
///
/// # Errors
/// Why it cannot be.
pub fn settled(engine: &LlamaEngine) -> Result<(), String> {
    let status = engine.status();
    loop {
        match &status.borrow().state {
            EngineState::Ready => return Ok(()),
            EngineState::Failed { reason } => return Err(reason.clone()),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A job whose prompt shares nothing with that of another number, of about so many tokens.
pub fn job(number: u64, prompt_tokens: u32, max_tokens: u32) -> Job {
    let mut prefix = format!("// case {number} of {}\n", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for line in 0..prompt_tokens {
        prefix.push_str(&format!("let value_{line}_{number} = compute(input_{line}, {line} + {number});\n"));
    }
    Job {
        lane: number,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt {
            path: "src/sample.rs".to_owned(),
            prefix: Arc::from(prefix),
            suffix: Arc::from("\n}\n"),
            ..FimPrompt::default()
        },
        budget: PromptBudget { prefix: prompt_tokens, suffix: 16, snippets: 0 },
        max_tokens,
        max_lines: 10_000,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

fn ask(engine: &LlamaEngine, job: Job) -> Result<(PromptReport, Report), String> {
    let (mut prompt, mut done) = (PromptReport::default(), Report::default());
    let mut stream = engine.generate(job);
    while let Some(event) = stream.blocking_next() {
        match event {
            Event::Started(report) => prompt = report,
            Event::Finished { reason: Finish::Failed(reason), .. } => return Err(reason),
            Event::Done(report) => done = report,
            _ => {}
        }
    }
    Ok((prompt, done))
}

/// # Errors
/// When the model does not load or is not on the device.
pub fn measure(model: Option<&Path>, gpu: &Gpu, seconds: f64, table: &mut Table) -> Result<(), String> {
    let config = config(model);
    let free = memory().0;
    let start = Instant::now();
    let engine = LlamaEngine::start(config.clone());
    settled(&engine)?;
    let loaded = start.elapsed().as_secs_f64();
    let info = engine.status().borrow().model.clone().ok_or("the engine does not describe its model")?;
    let name = model.and_then(Path::file_stem).map_or("starter".to_owned(), |stem| stem.to_string_lossy().into_owned());
    eprintln!("{name}");
    table.column(&name);
    let layers: u32 = info.devices.iter().map(|device| device.layers).sum();
    let there: u32 = info.devices.iter().filter(|device| device.name == gpu.name).map(|device| device.layers).sum();
    table.put("weights", format!("{:.0} MiB", info.bytes as f64 / (1024.0 * 1024.0)));
    table.put("layers on the device", format!("{there} of {layers}"));
    if there != layers {
        return Err(format!("{name} is not on {} as a whole: {:?}", gpu.name, info.devices));
    }
    table.put("loaded in", format!("{loaded:.1} s"));
    table.put("device memory: weights and cache", taken(free));
    agreement::run(&engine, &config, table)?;
    speed(&engine, seconds, table)?;
    cancel(&engine, seconds, table);
    let path = info.path.clone().ok_or("the engine does not tell the model's path")?;
    drop(engine);
    table.put("device memory left behind after unloading", taken(free));
    let theirs = raw::run(&path, info.threads, 3)?;
    table.put("llama.cpp's own loop: prefill of 512", spread(&theirs.prompt, "tokens/s"));
    table.put("llama.cpp's own loop: generation of 128", spread(&theirs.generated, "tokens/s"));
    windows::run(model, seconds, table)
}

/// Rounds until the time is over, three at least.
fn rounds(seconds: f64) -> impl Iterator<Item = u64> {
    let start = Instant::now();
    (0..).take_while(move |round| *round < 3 || start.elapsed().as_secs_f64() < seconds)
}

fn speed(engine: &LlamaEngine, seconds: f64, table: &mut Table) -> Result<(), String> {
    let (mut prefill, mut decode, mut cold, mut warm) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // The first one compiles what the driver has not seen yet.
    ask(engine, job(9_000, PROMPT, 8))?;
    for round in rounds(seconds) {
        let (prompt, report) = ask(engine, job(10_000 + round, PROMPT, 1))?;
        prefill.push(f64::from(prompt.evaluated) * 1e6 / report.prefill_us.max(1) as f64);
        cold.push(report.first_token_us as f64 / 1000.0);
        let mut typed = job(10_000 + round, PROMPT, 1);
        typed.prompt.prefix = Arc::from(format!("{}l", typed.prompt.prefix));
        warm.push(ask(engine, typed)?.1.first_token_us as f64 / 1000.0);
    }
    for round in rounds(seconds) {
        let (_, report) = ask(engine, job(20_000 + round, 64, GENERATED))?;
        if report.decodes > 0 {
            decode.push(f64::from(report.decodes) * 1e6 / report.decode_us.max(1) as f64);
        }
    }
    table.put("first token after a new prompt of 512", spread(&cold, "ms"));
    table.put("first token after one more key", spread(&warm, "ms"));
    table.put("prefill", spread(&prefill, "tokens/s"));
    table.put("generation", spread(&decode, "tokens/s"));
    Ok(())
}

/// From the wish to the job's last event, while it generates and while it evaluates its prompt.
fn cancel(engine: &LlamaEngine, seconds: f64, table: &mut Table) {
    let (mut writing, mut reading) = (Vec::new(), Vec::new());
    for round in rounds(seconds / 2.0) {
        let mut running = engine.generate(job(30_000 + round, 64, GENERATED));
        while let Some(event) = running.blocking_next() {
            if matches!(event, Event::Delta { .. }) {
                break;
            }
        }
        writing.extend(ended(running));
        let running = engine.generate(job(40_000 + round, 1400, GENERATED));
        std::thread::sleep(Duration::from_millis(3 + round % 20));
        reading.extend(ended(running));
    }
    table.put("cancel to end, generating", spread(&writing, "ms"));
    table.put("cancel to end, in a prompt of 1400", spread(&reading, "ms"));
}

/// None where the job was over before it was cancelled.
fn ended(mut running: tandem::engine::Generation) -> Option<f64> {
    let start = Instant::now();
    running.cancel();
    let mut cancelled = false;
    while let Some(event) = running.blocking_next() {
        cancelled |= matches!(event, Event::Finished { reason: Finish::Cancelled, .. });
    }
    cancelled.then(|| start.elapsed().as_secs_f64() * 1000.0)
}

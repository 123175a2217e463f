//! What Tandem's engine makes of prompts: the tokens of their texts, the prompt as it was laid out, and the greedy
//! continuation. For comparing an exported model with the program that trained it (`models/train`).
//!
//! `cargo run --release --example greedy -- [MODEL.gguf] < SAMPLES.jsonl > ANSWERS.jsonl`
//! A sample has `path`, `prefix` and `suffix`, and may have `repository` and `snippets` (of `path` and `text`).

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use tandem::config::{CompletionSettings, EngineSettings};
use tandem::engine::llama::{LlamaEngine, ModelConfig, TokenCounter, starter};
use tandem::engine::{
    Engine, EngineState, Event, FimPrompt, Finish, Job, PromptBudget, Snippet, Task, TokenScore, Urgency,
};

const MAX_TOKENS: u32 = 24;

#[derive(Deserialize)]
struct Sample {
    path: String,
    prefix: String,
    suffix: String,
    repository: Option<String>,
    #[serde(default)]
    snippets: Vec<Snippet>,
}

#[derive(Serialize)]
struct Answer {
    prefix_tokens: Vec<i32>,
    suffix_tokens: Vec<i32>,
    prompt: String,
    text: String,
    /// Length in bytes and log-probability of each token.
    tokens: Vec<(u32, f32)>,
    ended: bool,
}

fn main() -> anyhow::Result<()> {
    let cache = tempfile::tempdir()?;
    let file = match std::env::args_os().nth(1) {
        Some(file) => PathBuf::from(file),
        None => starter::materialize(cache.path())?,
    };
    let engine_settings = EngineSettings { model: Some(file.clone()), threads: 1, ..EngineSettings::default() };
    let mut config = ModelConfig::new(&engine_settings, &CompletionSettings::default(), cache.path().to_owned());
    // Plain greedy decoding: nothing but the model speaks here.
    config.self_test = false;
    config.max_draft_tokens = 0;
    let engine = LlamaEngine::start(config);
    let state = tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
        let mut status = engine.status();
        let loaded = status.wait_for(|status| !matches!(status.state, EngineState::Loading { .. })).await;
        loaded.map(|status| status.state.clone())
    })?;
    if let EngineState::Failed { reason } = state {
        bail!("{}: {reason}", file.display());
    }
    let counter = TokenCounter::load(&file).map_err(anyhow::Error::msg)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let sample = serde_json::from_str(&line?).with_context(|| format!("line {}", number + 1))?;
        let answer = answer(&engine, &counter, number as u64, sample)?;
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

fn answer(engine: &LlamaEngine, counter: &TokenCounter, lane: u64, sample: Sample) -> anyhow::Result<Answer> {
    let mut answer = Answer {
        prefix_tokens: counter.tokens(&sample.prefix),
        suffix_tokens: counter.tokens(&sample.suffix),
        prompt: String::new(),
        text: String::new(),
        tokens: Vec::new(),
        ended: false,
    };
    let mut stream = engine.generate(Job {
        // A lane of its own: nothing is remembered of the last one.
        lane,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt {
            repository: sample.repository,
            path: sample.path,
            snippets: sample.snippets,
            prefix: Arc::from(sample.prefix),
            suffix: Arc::from(sample.suffix),
            ..FimPrompt::default()
        },
        budget: PromptBudget { prefix: 500, suffix: 200, snippets: 120 },
        max_tokens: MAX_TOKENS,
        max_lines: MAX_TOKENS,
        candidates: 1,
        draft: None,
        explain: true,
        corpus: None,
    });
    while let Some(event) = stream.blocking_next() {
        match event {
            Event::Started(report) => answer.prompt = report.text.unwrap_or_default(),
            Event::Delta { text, tokens, .. } => {
                answer.text.push_str(&text);
                answer.tokens.extend(tokens.iter().map(|TokenScore { bytes, logprob, .. }| (*bytes, *logprob)));
            }
            Event::Finished { reason, .. } => {
                ensure!(!matches!(reason, Finish::Failed(_)), "{reason:?}");
                answer.ended = reason == Finish::EndOfText;
            }
            Event::Done(_) => {}
        }
    }
    Ok(answer)
}

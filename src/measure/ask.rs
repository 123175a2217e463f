//! One request to an engine, made as the pipeline makes it, with the times of both ends.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Settings;
use crate::engine::{
    Engine, Event, FimPrompt, Finish, Job, ModelInfo, PromptBudget, PromptReport, Report, Task, Urgency,
};

/// Time since some moment of the past. Tests bring their own.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// An engine that is ready.
pub struct Running {
    pub engine: Arc<dyn Engine>,
    pub info: ModelInfo,
    /// The engine's own process; None where it lives in this one.
    pub process: Option<u32>,
}

/// Starts engines, and knows what the system says of them.
pub trait Launch {
    /// An engine for these settings, loaded and ready. An error is a sentence with the way out.
    fn start(&self, settings: &Settings) -> impl Future<Output = Result<Running, String>>;

    /// Bytes of memory and CPU seconds of the engine's process.
    fn resident(&self, running: &Running) -> Option<u64>;
    fn cpu_seconds(&self, running: &Running) -> Option<f64>;

    /// Bytes of memory that nobody uses.
    fn free_memory(&self) -> Option<u64>;
}

/// What came back, and how long the caller waited.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub text: String,
    pub prompt: PromptReport,
    pub report: Report,
    pub first_token: Duration,
    pub finish: Option<Finish>,
}

impl Answer {
    /// µs of a prompt token. None where too few were evaluated to tell.
    pub fn prefill_us(&self) -> Option<f64> {
        const FEWEST: u32 = 16;
        let tokens = self.prompt.evaluated;
        (tokens >= FEWEST).then(|| self.report.prefill_us as f64 / f64::from(tokens))
    }

    /// µs of a generated token. The first one comes out of the prefill and costs nothing.
    pub fn decode_us(&self) -> Option<f64> {
        const FEWEST: u32 = 4;
        let tokens = self.report.generated.saturating_sub(1);
        (tokens >= FEWEST).then(|| self.report.decode_us as f64 / f64::from(tokens))
    }
}

/// What is asked, as far as it differs from request to request.
#[derive(Clone, Debug)]
pub struct Question {
    pub lane: u64,
    pub path: String,
    pub prefix: String,
    pub suffix: String,
    pub snippets: Vec<crate::engine::Snippet>,
    pub budget: PromptBudget,
    pub max_tokens: u32,
    pub max_lines: u32,
    pub draft: Option<String>,
}

impl Question {
    pub fn job(self) -> Job {
        Job {
            lane: self.lane,
            urgency: Urgency::Awaited,
            task: Task::Write,
            prompt: FimPrompt {
                repository: None,
                path: self.path,
                snippets: self.snippets,
                prefix: self.prefix.into(),
                suffix: self.suffix.into(),
                ..FimPrompt::default()
            },
            budget: self.budget,
            max_tokens: self.max_tokens,
            max_lines: self.max_lines,
            candidates: 1,
            draft: self.draft,
            // The pipeline always wants it.
            explain: true,
            corpus: None,
        }
    }
}

/// Asks and reads to the end. An error is the engine's sentence.
pub async fn ask(engine: &dyn Engine, question: Question, clock: &Clock) -> Result<Answer, String> {
    let started = clock();
    let mut stream = engine.generate(question.job());
    let mut answer = Answer::default();
    let mut is_done = false;
    let mut first = None;
    while let Some(event) = stream.next().await {
        match event {
            Event::Started(prompt) => answer.prompt = prompt,
            Event::Delta { text, .. } => {
                first.get_or_insert_with(|| clock());
                answer.text.push_str(&text);
            }
            Event::Finished { reason, .. } => {
                first.get_or_insert_with(|| clock());
                answer.finish = Some(reason);
            }
            Event::Done(report) => {
                answer.report = report;
                is_done = true;
            }
        }
    }
    if let Some(Finish::Failed(reason)) = answer.finish {
        return Err(reason);
    }
    if !is_done {
        return Err("the engine went away without an answer; see its log with tandem doctor".to_owned());
    }
    answer.first_token = first.unwrap_or_else(|| clock()).saturating_sub(started);
    Ok(answer)
}

/// What the settings ask for.
pub fn budget(settings: &Settings) -> PromptBudget {
    let completion = &settings.completion;
    PromptBudget {
        prefix: completion.prefix_tokens,
        suffix: completion.suffix_tokens,
        snippets: completion.snippet_tokens,
    }
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

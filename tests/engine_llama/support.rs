//! A loaded starter model, jobs from text with a cursor mark, and whole answers.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tandem::config::{CompletionSettings, EngineSettings};
use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::power::Machine;
use tandem::engine::{
    Engine, EngineState, Event, FimPrompt, Finish, Generation, Job, PromptBudget, PromptReport, Report, Task,
    TokenScore, Urgency,
};

/// A directory that lives as long as the test process.
pub fn cache_directory() -> PathBuf {
    static DIRECTORY: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    DIRECTORY.path().to_owned()
}

pub fn config() -> ModelConfig {
    let mut config = ModelConfig::new(&EngineSettings::default(), &CompletionSettings::default(), cache_directory());
    config.threads = 1;
    // Most tests start an engine of their own; the self-test has its own test.
    config.self_test = false;
    // The machine that runs the tests may be short of anything.
    config.life.machine = Machine::below("/nonexistent");
    config
}

/// Starts an engine and waits until it is ready or has failed.
pub fn start(config: ModelConfig) -> LlamaEngine {
    let engine = LlamaEngine::start(config);
    settle(&engine);
    engine
}

/// The state after loading.
pub fn settle(engine: &LlamaEngine) -> EngineState {
    let status = engine.status();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let state = status.borrow().state.clone();
        if !matches!(state, EngineState::Loading { .. }) {
            return state;
        }
        assert!(Instant::now() < deadline, "the model does not load");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A job for text with `$0` at the cursor: one line, no candidates but one.
pub fn job(text: &str) -> Job {
    let (prefix, suffix) = text.split_once("$0").expect("a cursor mark");
    Job {
        lane: 1,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt {
            path: "src/sample.rs".to_owned(),
            prefix: Arc::from(prefix),
            suffix: Arc::from(suffix),
            ..FimPrompt::default()
        },
        budget: PromptBudget { prefix: 700, suffix: 200, snippets: 100 },
        max_tokens: 24,
        max_lines: 1,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

/// Everything that a job answered.
#[derive(Debug, Default)]
pub struct Answer {
    pub prompt: PromptReport,
    pub texts: Vec<String>,
    pub scores: Vec<Vec<TokenScore>>,
    pub finishes: Vec<Option<Finish>>,
    pub report: Report,
}

impl Answer {
    pub fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    pub fn finish(&self) -> &Finish {
        self.finishes.first().and_then(Option::as_ref).expect("a finish")
    }
}

/// Reads a stream to its end.
pub fn collect(mut stream: Generation) -> Answer {
    let mut answer = Answer::default();
    let mut done = false;
    while let Some(event) = stream.blocking_next() {
        assert!(!done, "Done is the last event");
        match event {
            Event::Started(prompt) => answer.prompt = prompt,
            Event::Delta { candidate, text, tokens } => {
                answer.grow(candidate);
                assert_eq!(tokens.iter().map(|token| token.bytes as usize).sum::<usize>(), text.len());
                answer.texts[candidate as usize].push_str(&text);
                answer.scores[candidate as usize].extend(tokens);
            }
            Event::Finished { candidate, reason } => {
                answer.grow(candidate);
                let finish = &mut answer.finishes[candidate as usize];
                assert!(finish.is_none(), "a candidate ends once");
                *finish = Some(reason);
            }
            Event::Done(report) => {
                answer.report = report;
                done = true;
            }
        }
    }
    assert!(done, "a stream ends with Done");
    answer
}

impl Answer {
    fn grow(&mut self, candidate: u32) {
        let count = self.texts.len().max(candidate as usize + 1);
        self.texts.resize(count, String::new());
        self.scores.resize(count, Vec::new());
        self.finishes.resize(count, None);
    }
}

pub fn ask(engine: &impl Engine, job: Job) -> Answer {
    collect(engine.generate(job))
}

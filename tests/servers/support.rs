//! An engine with a server behind it, jobs from text with a cursor mark, and whole answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tandem::engine::http::{HttpConfig, HttpEngine, KeySource, NoKeys, ServerKey, ServerKind};
use tandem::engine::{
    Engine, EngineState, EngineStatus, Event, FimPrompt, Finish, Generation, Job, PromptBudget, PromptReport, Report,
    Task, TokenScore, Urgency,
};
use tokio::runtime::Handle;

use crate::doubles::{Kind, Server};

pub fn kind_of(kind: Kind) -> ServerKind {
    match kind {
        Kind::LlamaServer => ServerKind::LlamaServer,
        Kind::Ollama => ServerKind::Ollama,
        Kind::Vllm => ServerKind::Vllm,
        Kind::LmStudio => ServerKind::LmStudio,
        Kind::OpenAi => ServerKind::OpenAi,
        Kind::Chat => ServerKind::OpenAiChat,
        Kind::Mistral => ServerKind::Mistral,
        Kind::DeepSeek => ServerKind::DeepSeek,
        Kind::Tabby => ServerKind::Tabby,
    }
}

/// As a user sets it up; most tests do without the self-test, which asks on its own.
pub fn config(kind: ServerKind, url: &str) -> HttpConfig {
    let mut config = HttpConfig::new(kind, url);
    config.self_test = false;
    config.timeouts.pause = Duration::from_millis(5);
    config.timeouts.longest_pause = Duration::from_millis(20);
    config
}

pub fn engine(config: HttpConfig) -> HttpEngine {
    HttpEngine::new(config, Arc::new(NoKeys), &Handle::current())
}

/// The engine for this double, when it is ready.
pub async fn ready(server: &Server, kind: Kind) -> HttpEngine {
    let engine = engine(config(kind_of(kind), &server.url()));
    assert_eq!(settled(&engine).await.state, EngineState::Ready, "{kind:?}");
    engine
}

/// The status when the engine is neither starting nor loading any more.
pub async fn settled(engine: &HttpEngine) -> EngineStatus {
    until(engine, |status| !matches!(status.state, EngineState::Loading { .. })).await
}

pub async fn until(engine: &HttpEngine, looks_so: impl Fn(&EngineStatus) -> bool) -> EngineStatus {
    engine.status().wait_for(looks_so).await.expect("an engine").clone()
}

pub fn reason(status: &EngineStatus) -> &str {
    match &status.state {
        EngineState::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

/// One line, one candidate.
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
    pub prompt: Option<PromptReport>,
    pub texts: Vec<String>,
    pub scores: Vec<Vec<TokenScore>>,
    pub finishes: Vec<Finish>,
    pub report: Option<Report>,
}

impl Answer {
    pub fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    pub fn failure(&self) -> &str {
        match self.finishes.as_slice() {
            [Finish::Failed(sentence)] => sentence,
            other => panic!("no failure: {other:?} {:?}", self.texts),
        }
    }
}

/// Reads to the end and checks the order: one beginning before the text, one end, nothing after it.
pub async fn answer(mut generation: Generation) -> Answer {
    let mut answer = Answer::default();
    while let Some(event) = generation.next().await {
        assert!(answer.report.is_none(), "an event after the last one: {event:?}");
        match event {
            Event::Started(report) => {
                assert!(answer.prompt.is_none() && answer.texts.is_empty());
                answer.prompt = Some(report);
            }
            Event::Delta { candidate, text, tokens } => {
                assert!(answer.prompt.is_some());
                let candidate = candidate as usize;
                answer.texts.resize(answer.texts.len().max(candidate + 1), String::new());
                answer.scores.resize(answer.scores.len().max(candidate + 1), Vec::new());
                if !tokens.is_empty() {
                    assert_eq!(tokens.iter().map(|score| score.bytes as usize).sum::<usize>(), text.len(), "{text:?}");
                }
                answer.texts[candidate].push_str(&text);
                answer.scores[candidate].extend(tokens);
            }
            Event::Finished { reason, .. } => answer.finishes.push(reason),
            Event::Done(report) => answer.report = Some(report),
        }
    }
    assert!(answer.report.is_some(), "every job ends with its report");
    answer
}

pub async fn ask(engine: &HttpEngine, job: Job) -> Answer {
    answer(engine.generate(job)).await
}

/// A key that changes when the old one is refused.
pub struct Changing {
    pub keys: Vec<&'static str>,
    pub at: AtomicUsize,
}

impl KeySource for Changing {
    fn key<'a>(&'a self, _host: &'a str) -> futures_util::future::BoxFuture<'a, Result<Option<ServerKey>, String>> {
        let key = self.keys[self.at.load(Ordering::SeqCst).min(self.keys.len() - 1)];
        Box::pin(std::future::ready(Ok(ServerKey::new(key.to_owned().into()))))
    }

    fn forget(&self) -> bool {
        self.at.fetch_add(1, Ordering::SeqCst) + 1 < self.keys.len()
    }
}

//! A scripted engine: the whole protocol can be tested without a model, and its pace is the test's.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{
    Engine, EngineState, EngineStatus, Event, Finish, Generation, GenerationSender, Job, PromptReport, Report,
    TokenScore, generation,
};

/// Answers a job with the text that its script returns, one character a token, at a fixed pace.
pub struct FakeEngine {
    script: Arc<dyn Fn(&Job) -> String + Send + Sync>,
    /// Pause before each token; zero in most tests.
    pace: Duration,
    status: watch::Sender<EngineStatus>,
}

impl FakeEngine {
    pub fn new(script: impl Fn(&Job) -> String + Send + Sync + 'static) -> Self {
        let status = watch::Sender::new(EngineStatus::new("fake", EngineState::Ready));
        Self { script: Arc::new(script), pace: Duration::ZERO, status }
    }

    pub fn with_pace(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// Lets a test play loading and failing.
    pub fn set_state(&self, state: EngineState) {
        self.status.send_modify(|status| status.state = state);
    }
}

impl Engine for FakeEngine {
    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        let text = (self.script)(&job);
        let pace = self.pace;
        if pace.is_zero() {
            play(&job, &text, &sender, || ());
        } else {
            std::thread::spawn(move || play(&job, &text, &sender, || std::thread::sleep(pace)));
        }
        stream
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

fn play(job: &Job, text: &str, sender: &GenerationSender, pause: impl Fn()) {
    let tokens = (job.prompt.prefix.len() + job.prompt.suffix.len()) as u32;
    sender.send(Event::Started(PromptReport { tokens, evaluated: tokens, ..PromptReport::default() }));
    let mut generated = 0;
    let mut lines = 0;
    let mut reason = Finish::EndOfText;
    for character in text.chars() {
        pause();
        if sender.is_cancelled() {
            reason = Finish::Cancelled;
            break;
        }
        if generated == job.max_tokens {
            reason = Finish::MaxTokens;
            break;
        }
        if character == '\n' && generated > 0 {
            lines += 1;
            if lines == job.max_lines {
                reason = Finish::MaxLines;
                break;
            }
        }
        generated += 1;
        let score = TokenScore { logprob: -0.1, bytes: character.len_utf8() as u32 };
        sender.send(Event::Delta { candidate: 0, text: character.to_string(), tokens: vec![score] });
    }
    sender.send(Event::Finished { candidate: 0, reason });
    sender.send(Event::Done(Report { generated, decodes: generated, ..Report::default() }));
}

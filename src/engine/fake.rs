//! A scripted engine: the whole protocol can be tested without a model, and its pace is the test's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::chat::{ChatEngine, FakeChat};
use super::{
    CancelFlag, Engine, EngineState, EngineStatus, Event, Finish, Generation, GenerationSender, Job, ModelInfo,
    PromptReport, Report, Task, TokenScore, Urgency, generation,
};

/// Answers a job with the text that its script returns, one character a token, at a fixed pace. A text may hold several
/// candidates, separated by `NEXT_CANDIDATE`. Jobs run side by side, but an awaited one ends all background ones, as in
/// every engine. The script is not asked what a prefill writes.
pub struct FakeEngine {
    script: Arc<dyn Fn(&Job) -> String + Send + Sync>,
    /// Pause before each token; zero in most tests.
    pace: Arc<Mutex<Duration>>,
    last: Mutex<Option<Job>>,
    cancelled: Arc<AtomicUsize>,
    prefills: AtomicUsize,
    background: Mutex<Vec<CancelFlag>>,
    failure: Mutex<Option<String>>,
    chat: Option<FakeChat>,
    status: watch::Sender<EngineStatus>,
}

impl FakeEngine {
    pub fn new(script: impl Fn(&Job) -> String + Send + Sync + 'static) -> Self {
        let status = watch::Sender::new(EngineStatus::new("fake", EngineState::Ready));
        Self {
            script: Arc::new(script),
            pace: Arc::default(),
            last: Mutex::default(),
            cancelled: Arc::default(),
            prefills: AtomicUsize::new(0),
            background: Mutex::default(),
            failure: Mutex::default(),
            chat: None,
            status,
        }
    }

    /// It also holds conversations.
    pub fn with_chat(self, chat: FakeChat) -> Self {
        self.status.send_modify(|status| {
            let model = status.model.get_or_insert_default();
            (model.chat, model.chat_refusal) = match chat.described() {
                Ok(described) => (Some(described), None),
                Err(why) => (None, Some(why)),
            };
        });
        Self { chat: Some(chat), ..self }
    }

    /// What holds conversations, if anything does.
    pub fn chat(&self) -> Option<&FakeChat> {
        self.chat.as_ref()
    }

    pub fn with_pace(self, pace: Duration) -> Self {
        self.set_pace(pace);
        self
    }

    /// For the tokens to come; jobs that were given with no pause between theirs are over.
    pub fn set_pace(&self, pace: Duration) {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }

    /// The newest job, of whatever kind.
    pub fn last_job(&self) -> Option<Job> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that a model of so many parameters is loaded.
    pub fn set_parameters(&self, parameters: u64) {
        self.status.send_modify(|status| {
            let model = ModelInfo { parameters, ..ModelInfo::default() };
            status.model = Some(model);
        });
    }

    /// Jobs that ended because nobody waited for them any more.
    pub fn cancelled_jobs(&self) -> usize {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Jobs that were to evaluate a prompt only.
    pub fn prefills(&self) -> usize {
        self.prefills.load(Ordering::Relaxed)
    }

    /// The next job fails with this sentence.
    pub fn fail_next(&self, message: &str) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.to_owned());
    }

    /// Lets a test play loading and failing.
    pub fn set_state(&self, state: EngineState) {
        self.status.send_modify(|status| status.state = state);
    }
}

impl Engine for FakeEngine {
    fn conversations(&self) -> Option<&dyn ChatEngine> {
        self.chat.as_ref().map(|chat| chat as &dyn ChatEngine)
    }

    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        if let Some(message) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            sender.finish(Finish::Failed(message));
            return stream;
        }
        let mut background = self.background.lock().unwrap_or_else(PoisonError::into_inner);
        match job.urgency {
            Urgency::Awaited => background.drain(..).for_each(|job| job.cancel()),
            Urgency::Background => background.push(sender.cancel_flag().clone()),
        }
        drop(background);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(job.clone());
        let text = match job.task {
            Task::Write => (self.script)(&job),
            Task::Prefill => {
                self.prefills.fetch_add(1, Ordering::Relaxed);
                String::new()
            }
        };
        let cancelled = self.cancelled.clone();
        let run = move |pause: &dyn Fn(&GenerationSender)| {
            if play(&job, &text, &sender, || pause(&sender)) == Finish::Cancelled {
                cancelled.fetch_add(1, Ordering::Relaxed);
            }
        };
        let pace = self.pace.clone();
        let pace = move || *pace.lock().unwrap_or_else(PoisonError::into_inner);
        if pace().is_zero() {
            run(&|_| ());
        } else {
            std::thread::spawn(move || {
                run(&|sender| {
                    let started = Instant::now();
                    while let left @ 1.. = pace().saturating_sub(started.elapsed()).as_micros()
                        && !sender.is_cancelled()
                    {
                        std::thread::sleep(LOOK.min(Duration::from_micros(left as u64)));
                    }
                });
            });
        }
        stream
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

/// How often a pause looks whether it was changed or the job cancelled.
const LOOK: Duration = Duration::from_millis(2);

/// Stands between the candidates in a script's text.
pub const NEXT_CANDIDATE: char = '\u{1e}';

fn play(job: &Job, text: &str, sender: &GenerationSender, pause: impl Fn()) -> Finish {
    let tokens = (job.prompt.prefix.len() + job.prompt.suffix.len()) as u32;
    sender.send(Event::Started(PromptReport { tokens, evaluated: tokens, ..PromptReport::default() }));
    let mut generated = 0;
    let mut last = Finish::EndOfText;
    if job.task == Task::Prefill {
        pause();
        let reason = if sender.is_cancelled() { Finish::Cancelled } else { Finish::MaxTokens };
        sender.finish(reason.clone());
        return reason;
    }
    for (candidate, text) in (0..job.candidates.max(1)).zip(text.split(NEXT_CANDIDATE)) {
        last = play_candidate(job, candidate, text, sender, &pause, &mut generated);
        sender.send(Event::Finished { candidate, reason: last.clone() });
    }
    sender.send(Event::Done(Report { generated, decodes: generated, ..Report::default() }));
    last
}

fn play_candidate(
    job: &Job,
    candidate: u32,
    text: &str,
    sender: &GenerationSender,
    pause: &impl Fn(),
    generated: &mut u32,
) -> Finish {
    let mut lines = 0;
    for (count, character) in (0..).zip(text.chars()) {
        pause();
        if sender.is_cancelled() {
            return Finish::Cancelled;
        }
        if count == job.max_tokens {
            return Finish::MaxTokens;
        }
        if character == '\n' && count > 0 {
            lines += 1;
            if lines == job.max_lines {
                return Finish::MaxLines;
            }
        }
        *generated += 1;
        let score = TokenScore { logprob: -0.1, bytes: character.len_utf8() as u32, entropy: None };
        sender.send(Event::Delta { candidate, text: character.to_string(), tokens: vec![score] });
    }
    Finish::EndOfText
}

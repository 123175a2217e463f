//! A scripted model that holds conversations: questions can be tested without a model, and its pace is the test's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{
    ChatEngine, ChatEvent, ChatFinish, ChatJob, ChatModel, ChatReport, ChatSender, ChatStarted, ChatStream, chat_stream,
};

/// Bytes that count as a token.
const TOKEN: usize = 3;

type Script = dyn Fn(&ChatJob) -> String + Send + Sync;

/// Answers with the text that its script returns, a character a token. What stands between `<think>` marks at its beginning is
/// thinking.
pub struct FakeChat {
    script: Arc<Script>,
    model: Mutex<Result<ChatModel, String>>,
    finish: Mutex<ChatFinish>,
    /// Pause before each token.
    pace: Duration,
    jobs: Mutex<Vec<ChatJob>>,
    cancelled: Arc<AtomicUsize>,
}

impl FakeChat {
    pub fn new(script: impl Fn(&ChatJob) -> String + Send + Sync + 'static) -> Self {
        let model = ChatModel {
            name: "fake-coder".to_owned(),
            parameters: 1_500_000_000,
            window: 8_192,
            trained: 32_768,
            template: "a script".to_owned(),
        };
        Self {
            script: Arc::new(script),
            model: Mutex::new(Ok(model)),
            finish: Mutex::new(ChatFinish::Complete),
            pace: Duration::ZERO,
            jobs: Mutex::default(),
            cancelled: Arc::default(),
        }
    }

    pub fn with_pace(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }

    /// What `model` says.
    pub fn described(&self) -> Result<ChatModel, String> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What `model` says from now on.
    pub fn set_model(&self, model: Result<ChatModel, String>) {
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = model;
    }

    /// How answers end from now on.
    pub fn set_finish(&self, finish: ChatFinish) {
        *self.finish.lock().unwrap_or_else(PoisonError::into_inner) = finish;
    }

    /// All jobs so far.
    pub fn jobs(&self) -> Vec<ChatJob> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Jobs that ended because somebody cancelled them.
    pub fn cancelled(&self) -> usize {
        self.cancelled.load(Ordering::SeqCst)
    }
}

impl ChatEngine for FakeChat {
    fn chat(&self, job: ChatJob) -> ChatStream {
        let (sender, stream) = chat_stream();
        let text = (self.script)(&job);
        let finish = self.finish.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens = |job: &ChatJob| job.turns.iter().map(|turn| turn.text.len().div_ceil(TOKEN)).collect::<Vec<_>>();
        let (all, before) = (tokens(&job), jobs.last().map(|last| last.turns.clone()).unwrap_or_default());
        let same = job.turns.iter().zip(&before).take_while(|(turn, before)| turn == before).count();
        let small = |tokens: &[usize]| u32::try_from(tokens.iter().sum::<usize>()).unwrap_or(u32::MAX);
        let started = ChatStarted {
            tokens: small(&all),
            reused: small(&all[..same]),
            evaluated: small(&all[same..]),
            cut: 0,
            window: 8_192,
        };
        jobs.push(job.clone());
        drop(jobs);
        let (pace, cancelled) = (self.pace, self.cancelled.clone());
        let play = move || {
            sender.send(ChatEvent::Started(started));
            if let Some(report) = play(&job, &text, finish, pace, &sender) {
                sender.send(ChatEvent::Done(report));
            } else {
                cancelled.fetch_add(1, Ordering::SeqCst);
                sender.finish(ChatFinish::Cancelled);
            }
        };
        if pace.is_zero() {
            play();
        } else {
            std::thread::spawn(play);
        }
        stream
    }

    fn model(&self) -> BoxFuture<'static, Result<ChatModel, String>> {
        let model = self.described();
        async move { model }.boxed()
    }

    fn count(&self, texts: Vec<Arc<str>>) -> Option<Vec<u32>> {
        let count = |text: &Arc<str>| u32::try_from(text.len().div_ceil(TOKEN)).unwrap_or(u32::MAX);
        Some(texts.iter().map(count).collect())
    }
}

/// None where it was cancelled.
fn play(job: &ChatJob, text: &str, finish: ChatFinish, pace: Duration, sender: &ChatSender) -> Option<ChatReport> {
    let mut output = super::Output::new(&job.stop, false);
    let mut report = ChatReport::default();
    let mut end = finish;
    for character in text.chars() {
        pause(pace, sender);
        if sender.is_cancelled() {
            return None;
        }
        if report.generated == job.max_tokens {
            end = ChatFinish::MaxTokens;
            break;
        }
        report.generated += 1;
        report.thinking += u32::from(output.is_thinking());
        let mut bytes = [0; 4];
        if output.push(character.encode_utf8(&mut bytes).as_bytes(), |event| sender.send(event)).is_some() {
            end = ChatFinish::Complete;
            break;
        }
    }
    output.finish(|event| sender.send(event));
    sender.send(ChatEvent::Finished(end));
    Some(report)
}

/// A long pause ends with a cancel.
fn pause(pace: Duration, sender: &ChatSender) {
    const LOOK: Duration = Duration::from_millis(2);
    let started = Instant::now();
    while let left @ 1.. = pace.saturating_sub(started.elapsed()).as_micros()
        && !sender.is_cancelled()
    {
        std::thread::sleep(LOOK.min(Duration::from_micros(u64::try_from(left).unwrap_or(u64::MAX))));
    }
}

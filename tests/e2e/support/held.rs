//! An engine that answers when the test says so.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tandem::engine::{Engine, EngineState, EngineStatus, Event, Finish, Generation, GenerationSender, Job};
use tandem::engine::{PromptReport, Report, Task, TokenScore, Urgency, generation};
use tokio::sync::watch;

type Jobs = Mutex<Vec<(Job, GenerationSender)>>;

pub struct Held {
    /// Those that a request waits for.
    jobs: Jobs,
    /// Those that look ahead.
    guesses: Jobs,
    wakes: AtomicUsize,
    status: watch::Sender<EngineStatus>,
}

impl Held {
    pub fn new() -> Arc<Self> {
        Self::in_state(EngineState::Ready)
    }

    pub fn in_state(state: EngineState) -> Arc<Self> {
        let status = watch::Sender::new(EngineStatus::new("fake", state));
        Arc::new(Self { jobs: Mutex::default(), guesses: Mutex::default(), wakes: AtomicUsize::new(0), status })
    }

    pub fn set_state(&self, state: EngineState) {
        self.status.send_modify(|status| status.state = state);
    }

    /// As after a crash of the engine host: it is started again and loads.
    pub fn restart(&self) {
        self.status.send_modify(|status| {
            status.restarts += 1;
            status.state = EngineState::Loading { progress: 0.0 };
        });
    }

    /// Times that work was announced to it.
    pub fn wakes(&self) -> usize {
        self.wakes.load(Ordering::Relaxed)
    }

    pub fn jobs(&self) -> usize {
        self.jobs.lock().expect("no panic").len()
    }

    /// Waits until the engine was given this many jobs that look ahead.
    pub async fn until_guesses(&self, count: usize) {
        while self.guesses.lock().expect("no panic").len() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Answers a job that looks ahead.
    pub fn answer_guess(&self, guess: usize, text: &str) {
        answer(&self.guesses, guess, text);
    }

    /// Waits until the engine was given this many jobs in all that somebody waits for.
    pub async fn until_jobs(&self, count: usize) {
        while self.jobs() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until nobody wants the job any more.
    pub async fn until_cancelled(&self, job: usize) {
        loop {
            if self.jobs.lock().expect("no panic")[job].1.is_cancelled() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Answers a job.
    pub fn answer(&self, job: usize, text: &str) {
        answer(&self.jobs, job, text);
    }
}

fn answer(jobs: &Jobs, job: usize, text: &str) {
    let (_, sender) = jobs.lock().expect("no panic")[job].clone();
    sender.send(Event::Started(PromptReport { tokens: 10, evaluated: 10, ..PromptReport::default() }));
    let tokens = vec![TokenScore { logprob: -0.1, bytes: text.len() as u32, entropy: None }];
    sender.send(Event::Delta { candidate: 0, text: text.to_owned(), tokens });
    sender.send(Event::Finished { candidate: 0, reason: Finish::EndOfText });
    sender.send(Event::Done(Report { generated: 1, ..Report::default() }));
}

impl Engine for Held {
    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        match (job.task, job.urgency) {
            (Task::Prefill, _) => sender.finish(Finish::MaxTokens),
            (Task::Write, Urgency::Background) => self.guesses.lock().expect("no panic").push((job, sender)),
            (Task::Write, Urgency::Awaited) => self.jobs.lock().expect("no panic").push((job, sender)),
        }
        stream
    }

    fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

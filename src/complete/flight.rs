//! Generations under way, shared by the requests that wait for them.
//!
//! A keystroke that types along what is being written does not restart it: the next request joins the same flight. A
//! flight that nobody waits for ends when another one starts, or after a short grace, whichever comes first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use ropey::Rope;
use tokio::sync::watch;

use super::anchor::Anchor;
use crate::engine::{CancelFlag, Engine, Event, Finish, Generation, Job, PromptReport, Report, TokenScore};

/// How long a generation goes on without a waiter. Editors cancel the old request or send the edit first and ask again
/// up to 50 ms later (VS Code: 25–50 ms); starting anew would throw its tokens away.
const GRACE: Duration = Duration::from_millis(80);

/// What one candidate has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    pub text: String,
    pub tokens: Vec<TokenScore>,
    pub finish: Option<Finish>,
}

impl Candidate {
    /// Sum of the log-probabilities of the tokens that begin in `bytes` of the text.
    pub fn log_probability(&self, bytes: std::ops::Range<usize>) -> f32 {
        let mut start = 0;
        let mut sum = 0.0;
        for token in &self.tokens {
            if bytes.contains(&start) {
                sum += token.logprob;
            }
            start += token.bytes as usize;
        }
        sum
    }
}

/// What a generation has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub prompt: Option<PromptReport>,
    pub candidates: Vec<Candidate>,
    pub report: Option<Report>,
    pub done: bool,
}

impl Progress {
    fn take(&mut self, event: Event) {
        match event {
            Event::Started(report) => self.prompt = Some(report),
            Event::Delta { candidate, text, tokens } => {
                let candidate = self.candidate(candidate);
                candidate.text.push_str(&text);
                candidate.tokens.extend(tokens);
            }
            Event::Finished { candidate, reason } => self.candidate(candidate).finish = Some(reason),
            Event::Done(report) => {
                self.report = Some(report);
                self.done = true;
            }
        }
    }

    fn candidate(&mut self, number: u32) -> &mut Candidate {
        // The job asked for a handful; an engine that counts higher is wrong, and must not make us allocate.
        let number = number.min(15) as usize;
        if self.candidates.len() <= number {
            self.candidates.resize_with(number + 1, Candidate::default);
        }
        &mut self.candidates[number]
    }

    fn first_text(&self) -> &str {
        self.candidates.first().map_or("", |candidate| &candidate.text)
    }
}

/// One generation and the place it was started for.
#[derive(Debug)]
pub struct Flight {
    anchor: Anchor,
    progress: watch::Receiver<Progress>,
    cancel: CancelFlag,
    task: tokio::task::AbortHandle,
    waiters: AtomicUsize,
    candidates: u32,
    max_lines: u32,
}

impl Flight {
    /// What was typed since the flight began, when the request at `offset` wants what it is writing.
    fn serves(&self, text: &Rope, offset: usize, candidates: u32, max_lines: u32) -> Option<String> {
        if candidates > self.candidates || self.cancel.is_cancelled() {
            return None;
        }
        let progress = self.progress.borrow();
        let written = progress.first_text();
        self.anchor.typed_since(text, offset, written.len() + 16, |typed| {
            // At the same place more lines are more; behind it, what was begun as a line is finished as one.
            if typed.is_empty() && max_lines > self.max_lines {
                return false;
            }
            if written.len() > typed.len() {
                written.starts_with(typed)
            } else {
                !progress.done && typed.starts_with(written)
            }
        })
    }

    pub fn is_running(&self) -> bool {
        !self.cancel.is_cancelled() && !self.progress.borrow().done
    }

    fn end(&self) {
        self.cancel.cancel();
        self.task.abort();
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.end();
    }
}

/// A request's seat in a flight. Leaving the last seat starts the grace.
#[derive(Debug)]
pub struct Seat {
    flight: Arc<Flight>,
    /// What the user typed since the flight began: the start of what it writes.
    pub typed: String,
    /// The flight was under way before this request.
    pub joined: bool,
    pub progress: watch::Receiver<Progress>,
}

impl Seat {
    fn take(flight: Arc<Flight>, typed: String, joined: bool) -> Self {
        flight.waiters.fetch_add(1, Ordering::Relaxed);
        let progress = flight.progress.clone();
        Self { flight, typed, joined, progress }
    }

    /// Nothing that is still to come matters: the engine may stop.
    pub fn end(&self) {
        self.flight.end();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let last = self.flight.waiters.fetch_sub(1, Ordering::Relaxed) == 1;
        if !last || self.progress.borrow().done {
            return;
        }
        let flight = Arc::downgrade(&self.flight);
        let end_if_empty = async move {
            tokio::time::sleep(GRACE).await;
            if let Some(flight) = flight.upgrade().filter(|flight| flight.waiters.load(Ordering::Relaxed) == 0) {
                flight.end();
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(end_if_empty)),
            Err(_) => self.flight.end(),
        }
    }
}

/// All flights of a session: at most one a document, and none that nobody waits for while another wants the engine.
#[derive(Debug, Default)]
pub struct Flights {
    running: Mutex<Vec<(u64, Weak<Flight>)>>,
}

impl Flights {
    /// Joins the lane's flight where it writes what this request wants; otherwise ends it and starts `job`.
    pub fn board(
        &self,
        slot: &Mutex<Option<Arc<Flight>>>,
        engine: &dyn Engine,
        job: Job,
        text: &Rope,
        offset: usize,
    ) -> Seat {
        let mut current = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = current.as_ref()
            && let Some(typed) = flight.serves(text, offset, job.candidates, job.max_lines)
        {
            return Seat::take(flight.clone(), typed, true);
        }
        if let Some(old) = current.take() {
            old.end();
        }
        let (lane, candidates, max_lines) = (job.lane, job.candidates, job.max_lines);
        self.end_orphans(lane);
        let generation = engine.generate(job);
        let cancel = generation.cancel_flag();
        let (progress, receiver) = watch::channel(Progress::default());
        let task = tokio::spawn(follow(generation, progress)).abort_handle();
        let flight = Arc::new(Flight {
            anchor: Anchor::at(text, offset),
            progress: receiver,
            cancel,
            task,
            waiters: AtomicUsize::new(0),
            candidates,
            max_lines,
        });
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push((lane, Arc::downgrade(&flight)));
        *current = Some(flight.clone());
        Seat::take(flight, String::new(), false)
    }

    fn end_orphans(&self, lane: u64) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, flight)| {
            let Some(flight) = flight.upgrade() else { return false };
            if *other != lane && flight.waiters.load(Ordering::Relaxed) == 0 {
                flight.end();
                return false;
            }
            !flight.progress.borrow().done
        });
    }
}

async fn follow(mut generation: Generation, progress: watch::Sender<Progress>) {
    while let Some(event) = generation.next().await {
        progress.send_modify(|progress| progress.take(event));
    }
    progress.send_if_modified(|progress| !std::mem::replace(&mut progress.done, true));
}

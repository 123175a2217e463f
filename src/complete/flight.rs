//! Generations under way, shared by the requests that wait for them.
//!
//! A keystroke that types along what is being written does not restart it: the next request joins the same flight. A
//! flight that nobody waits for ends when another one starts, or after a short grace, whichever comes first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
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
    /// Sum of the log-probabilities of the tokens that have a part in `bytes` of the text.
    pub fn log_probability(&self, bytes: std::ops::Range<usize>) -> f32 {
        let mut start = 0;
        let mut sum = 0.0;
        for token in &self.tokens {
            let end = start + token.bytes as usize;
            if start < bytes.end && end > bytes.start {
                sum += token.logprob;
            }
            start = end;
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
}

/// One generation and the place it was started for.
#[derive(Debug)]
pub struct Flight {
    anchor: Anchor,
    progress: watch::Receiver<Progress>,
    cancel: CancelFlag,
    /// Seats taken; None when the flight was ended and can be joined no more.
    seats: Mutex<Option<usize>>,
    candidates: u32,
    max_lines: u32,
}

impl Flight {
    /// What was typed since the flight began, when the request at `offset` wants what it is writing.
    fn serves(&self, text: &Rope, offset: usize, candidates: u32, max_lines: u32) -> Option<String> {
        if candidates > self.candidates {
            return None;
        }
        let progress = self.progress.borrow();
        let first = progress.candidates.first();
        if first.is_some_and(|first| {
            matches!(first.finish, Some(Finish::Failed(_) | Finish::Cancelled | Finish::Superseded))
        }) {
            return None;
        }
        let written = first.map_or("", |first| &first.text);
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

    /// Whether a request could join now.
    pub fn can_serve(&self, text: &Rope, offset: usize, candidates: u32, max_lines: u32) -> bool {
        self.seats().is_some() && self.serves(text, offset, candidates, max_lines).is_some()
    }

    /// False when it has been ended.
    fn take_seat(&self) -> bool {
        let mut seats = self.seats();
        if let Some(taken) = seats.as_mut() {
            *taken += 1;
        }
        seats.is_some()
    }

    /// Ends the flight unless somebody sits in it.
    fn end_if_empty(&self) {
        let mut seats = self.seats();
        if *seats == Some(0) {
            *seats = None;
            self.cancel.cancel();
        }
    }

    pub fn is_running(&self) -> bool {
        !self.cancel.is_cancelled() && !self.progress.borrow().done
    }

    /// The engine stops at its next step and sends its report; nobody can join any more.
    pub fn end(&self) {
        *self.seats() = None;
        self.cancel.cancel();
    }

    fn seats(&self) -> MutexGuard<'_, Option<usize>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.cancel.cancel();
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
    /// None when the flight has been ended meanwhile.
    fn take(flight: &Arc<Flight>, typed: String, joined: bool) -> Option<Self> {
        let progress = flight.progress.clone();
        flight.take_seat().then(|| Self { flight: flight.clone(), typed, joined, progress })
    }

    /// Nothing that is still to come matters: the engine may stop.
    pub fn end(&self) {
        self.flight.end();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(taken) = self.flight.seats().as_mut() {
            *taken -= 1;
        }
        if self.progress.borrow().done {
            return;
        }
        let flight = Arc::downgrade(&self.flight);
        let end_if_empty = async move {
            tokio::time::sleep(GRACE).await;
            if let Some(flight) = flight.upgrade() {
                flight.end_if_empty();
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(end_if_empty)),
            Err(_) => self.flight.end_if_empty(),
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
            && let Some(seat) = Seat::take(flight, typed, true)
        {
            return seat;
        }
        if let Some(old) = current.take() {
            old.end();
        }
        let (lane, candidates, max_lines) = (job.lane, job.candidates, job.max_lines);
        self.end_orphans(lane);
        let generation = engine.generate(job);
        let cancel = generation.cancel_flag();
        let (progress, receiver) = watch::channel(Progress::default());
        tokio::spawn(follow(generation, progress));
        let flight = Arc::new(Flight {
            anchor: Anchor::at(text, offset),
            progress: receiver.clone(),
            cancel,
            seats: Mutex::new(Some(1)),
            candidates,
            max_lines,
        });
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push((lane, Arc::downgrade(&flight)));
        *current = Some(flight.clone());
        Seat { flight, typed: String::new(), joined: false, progress: receiver }
    }

    fn end_orphans(&self, lane: u64) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, flight)| {
            let Some(flight) = flight.upgrade() else { return false };
            if *other != lane {
                flight.end_if_empty();
            }
            flight.is_running()
        });
    }
}

async fn follow(mut generation: Generation, progress: watch::Sender<Progress>) {
    while let Some(event) = generation.next().await {
        progress.send_modify(|progress| progress.take(event));
    }
    progress.send_if_modified(|progress| !std::mem::replace(&mut progress.done, true));
}

//! Generations under way, shared by the requests that wait for them.
//!
//! A keystroke that types along what is being written does not restart it: the next request joins the same flight. A
//! flight that nobody waits for ends when another one starts, or after a short grace, whichever comes first.
//!
//! Beside it a document may have one that looks ahead. It ends when any request starts a flight, unless a request has
//! boarded it: the user accepted what was shown before the rest was there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use ropey::Rope;
use tokio::sync::watch;

use super::anchor::Anchor;
use super::basis::{Basis, Circumstances};
use super::counts::{Counter, LookAheadCounts};
use super::trigger::Plan;
use crate::engine::{CancelFlag, Engine, Event, Finish, Generation, Job, PromptReport, Report, TokenScore, Urgency};

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
    basis: Basis,
    progress: watch::Receiver<Progress>,
    cancel: CancelFlag,
    life: Mutex<Life>,
    /// It was started to look ahead.
    is_ahead: bool,
    candidates: u32,
    max_lines: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// `is_wanted`: by a request, not only by who looks ahead.
    Open {
        seats: usize,
        is_wanted: bool,
    },
    /// What is written is all that is needed. Nobody waits for it.
    Enough,
    Ended,
}

impl Flight {
    /// What was typed since the flight began, when a request wants what it is writing; or what it wrote, if that would be
    /// written again.
    fn serves(&self, now: &Circumstances<'_>, candidates: u32, max_lines: u32) -> Option<String> {
        let typed = self.goes_along(now.text, now.offset, candidates, max_lines)?;
        let is_valid = || self.basis.holds_before(now, &typed);
        (!self.progress.borrow().done || is_valid()).then_some(typed)
    }

    /// What was typed since the flight began, when the text before `offset` goes along with it.
    fn goes_along(&self, text: &Rope, offset: usize, candidates: u32, max_lines: u32) -> Option<String> {
        if candidates > self.candidates {
            return None;
        }
        let progress = self.progress.borrow();
        let first = progress.candidates.first();
        let is_whole = |finish: &Finish| match finish {
            Finish::Failed(_) | Finish::Superseded => false,
            Finish::Cancelled => *self.life() == Life::Enough,
            _ => true,
        };
        if !first.and_then(|first| first.finish.as_ref()).is_none_or(is_whole) {
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

    /// None when it has been ended; else whether it is the first seat of a request.
    fn take_seat(&self) -> Option<bool> {
        let mut life = self.life();
        match &mut *life {
            Life::Open { seats, is_wanted } => {
                *seats += 1;
                Some(!std::mem::replace(is_wanted, true))
            }
            // What it wrote can be read by whoever types along.
            Life::Enough => Some(false),
            Life::Ended => None,
        }
    }

    /// Ends the flight where `holds` of its seats and of whether a request has one.
    fn end_if(&self, holds: impl Fn(usize, bool) -> bool) {
        let mut life = self.life();
        if let Life::Open { seats, is_wanted } = *life
            && holds(seats, is_wanted)
        {
            *life = Life::Ended;
            self.cancel.cancel();
        }
    }

    fn end_if_empty(&self) {
        self.end_if(|seats, _| seats == 0);
    }

    pub fn is_running(&self) -> bool {
        !self.cancel.is_cancelled() && !self.progress.borrow().done
    }

    /// The engine stops at its next step and sends its report; nobody can join any more.
    pub fn end(&self) {
        *self.life() = Life::Ended;
        self.cancel.cancel();
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// It was started to look ahead.
    pub is_ahead: bool,
    pub progress: watch::Receiver<Progress>,
}

impl Seat {
    fn new(flight: &Arc<Flight>, typed: String, joined: bool) -> Self {
        let progress = flight.progress.clone();
        Self { flight: flight.clone(), typed, joined, is_ahead: flight.is_ahead, progress }
    }

    /// Nothing that is still to come matters: the engine may stop.
    pub fn end(&self) {
        *self.flight.life() = Life::Enough;
        self.flight.cancel.cancel();
    }

    /// The flight was cut short by somebody else: the engine had a request to serve, and took this for a guess.
    pub fn was_cut_short(&self) -> bool {
        let progress = self.progress.borrow();
        let finish = progress.candidates.first().and_then(|first| first.finish.as_ref());
        let is_cut = matches!(finish, Some(Finish::Cancelled | Finish::Superseded));
        progress.done && is_cut && *self.flight.life() != Life::Enough
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Life::Open { seats, .. } = &mut *self.flight.life() {
            *seats -= 1;
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

/// The flights of one document.
#[derive(Debug, Default)]
pub struct Berths {
    current: Option<Arc<Flight>>,
    ahead: Option<Arc<Flight>>,
}

impl Berths {
    /// A seat in the flight that writes what this request wants. The one that looked ahead is the current one then.
    fn join(&mut self, job: &Job, now: &Circumstances<'_>, counter: &Counter) -> Option<Seat> {
        let seat = |flight: &Arc<Flight>| {
            let typed = flight.serves(now, job.candidates, job.max_lines)?;
            let is_first = flight.take_seat()?;
            if is_first && flight.is_ahead {
                counter.used();
            }
            Some(Seat::new(flight, typed, true))
        };
        // Behind all that was shown, what the older one wrote beyond that was not asked for there.
        let Some(seat) = self.ahead.as_ref().and_then(seat) else { return self.current.as_ref().and_then(seat) };
        if let Some(old) = std::mem::replace(&mut self.current, self.ahead.take()) {
            old.end();
        }
        Some(seat)
    }

    /// What is being written, or was, is what a request wants now.
    pub fn serve(&self, now: &Circumstances<'_>, plan: Plan) -> bool {
        let serves = |flight: &Arc<Flight>| flight.serves(now, plan.candidates, plan.max_lines).is_some();
        self.current.as_ref().is_some_and(serves) || self.ahead.as_ref().is_some_and(serves)
    }

    pub fn end_ahead(&mut self) {
        if let Some(ahead) = self.ahead.take() {
            ahead.end();
        }
    }

    /// Ends what looks ahead, unless the text at one of these places goes along with what it writes.
    pub fn end_ahead_unless_at(&mut self, text: &Rope, places: &[usize]) {
        let goes_along = |flight: &Flight| places.iter().any(|at| flight.goes_along(text, *at, 1, 1).is_some());
        if let Some(ahead) = self.ahead.take_if(|flight| !goes_along(flight)) {
            ahead.end();
        }
    }

    pub fn end(&mut self) {
        for flight in self.current.take().into_iter().chain(self.ahead.take()) {
            flight.end();
        }
    }

    pub fn is_running(&self) -> bool {
        self.current.as_ref().is_some_and(|flight| flight.is_running())
    }

    pub fn has_ahead(&self) -> bool {
        self.ahead.is_some()
    }
}

/// All flights of a session: at most one a document and one that looks ahead of it, and none that nobody waits for while
/// another wants the engine.
#[derive(Debug, Default)]
pub struct Flights {
    running: Mutex<Vec<(u64, Weak<Flight>)>>,
    pub(super) counter: Arc<Counter>,
}

impl Flights {
    /// Joins the lane's flight where it writes what this request wants; otherwise ends it and starts `job`. A background job
    /// joins nothing, and ends only what looked ahead before. `snippets` as in `Basis::new`.
    pub fn board(
        &self,
        berths: &Mutex<Berths>,
        engine: &dyn Engine,
        job: Job,
        now: &Circumstances<'_>,
        snippets: &[u64],
    ) -> Seat {
        let mut berths = berths.lock().unwrap_or_else(PoisonError::into_inner);
        if job.urgency == Urgency::Background {
            let flight = self.start(engine, job, now, snippets);
            if let Some(old) = berths.ahead.replace(flight.clone()) {
                old.end();
            }
            return Seat::new(&flight, String::new(), false);
        }
        if let Some(seat) = berths.join(&job, now, &self.counter) {
            return seat;
        }
        berths.end();
        self.end_orphans(job.lane);
        let flight = self.start(engine, job, now, snippets);
        berths.current = Some(flight.clone());
        Seat::new(&flight, String::new(), false)
    }

    fn start(&self, engine: &dyn Engine, job: Job, now: &Circumstances<'_>, snippets: &[u64]) -> Arc<Flight> {
        let is_ahead = job.urgency == Urgency::Background;
        let (lane, candidates, max_lines) = (job.lane, job.candidates, job.max_lines);
        if is_ahead {
            self.counter.started(job.task);
        }
        let generation = engine.generate(job);
        let cancel = generation.cancel_flag();
        let (progress, receiver) = watch::channel(Progress::default());
        tokio::spawn(follow(generation, progress, is_ahead.then(|| self.counter.clone())));
        let flight = Arc::new(Flight {
            anchor: Anchor::at(now.text, now.offset),
            basis: Basis::new(now, snippets.to_vec()),
            progress: receiver,
            cancel,
            life: Mutex::new(Life::Open { seats: 1, is_wanted: !is_ahead }),
            is_ahead,
            candidates,
            max_lines,
        });
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push((lane, Arc::downgrade(&flight)));
        flight
    }

    /// Ends the flights of other lanes that no request waits for.
    fn end_orphans(&self, lane: u64) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, flight)| {
            let Some(flight) = flight.upgrade() else { return false };
            if *other != lane {
                flight.end_if(|seats, is_wanted| seats == 0 || !is_wanted);
            }
            flight.is_running()
        });
    }

    pub fn counts(&self) -> LookAheadCounts {
        self.counter.counts()
    }

    /// A request waits for the engine.
    pub fn is_awaited(&self) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.iter().filter_map(|(_, flight)| flight.upgrade()).any(|flight| {
            let is_wanted = matches!(*flight.life(), Life::Open { is_wanted: true, .. });
            is_wanted && flight.is_running()
        })
    }
}

async fn follow(mut generation: Generation, progress: watch::Sender<Progress>, counter: Option<Arc<Counter>>) {
    while let Some(event) = generation.next().await {
        if let Some(counter) = &counter {
            counter.spent(&event);
        }
        progress.send_modify(|progress| progress.take(event));
    }
    progress.send_if_modified(|progress| !std::mem::replace(&mut progress.done, true));
}

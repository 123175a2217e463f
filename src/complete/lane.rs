//! What is remembered for one document from one request to the next.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::Suggestion;
use super::anchor::Anchor;
use super::flight::{Flight, Seat};
use super::memory::Memory;
use super::trigger::Plan;
use crate::context::Desk;
use ropey::Rope;

/// Numbers lanes for the engine. Never reused within a process.
static NEXT_LANE: AtomicU64 = AtomicU64::new(1);

/// One document's place in the pipeline.
#[derive(Debug)]
pub struct Lane {
    pub id: u64,
    newest: watch::Sender<u64>,
    memory: Mutex<Memory>,
    pub(super) flight: Mutex<Option<Arc<Flight>>>,
    /// What its prompts know of the rest of the repository.
    pub(super) desk: Arc<Desk>,
    /// Held until the next request or edit.
    kept: Mutex<Option<Seat>>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            id: NEXT_LANE.fetch_add(1, Ordering::Relaxed),
            newest: watch::Sender::new(0),
            memory: Mutex::default(),
            flight: Mutex::default(),
            desk: Arc::default(),
            kept: Mutex::default(),
        }
    }
}

/// A request's number in its lane. The newest wins: an edit or a newer request makes all older ones stale.
#[derive(Debug)]
pub struct Ticket {
    number: u64,
    newest: watch::Receiver<u64>,
}

impl Ticket {
    pub fn is_stale(&self) -> bool {
        *self.newest.borrow() != self.number
    }

    /// Resolves when the ticket is stale.
    pub async fn stale(&mut self) {
        let number = self.number;
        // An error means that the lane is gone: the document was closed.
        let _ = self.newest.wait_for(|newest| *newest != number).await;
    }
}

impl Lane {
    /// Takes the next number, which makes all tickets before it stale.
    pub fn ticket(&self) -> Ticket {
        self.release();
        let mut number = 0;
        self.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        Ticket { number, newest: self.newest.subscribe() }
    }

    /// The document changed: what was asked of its older text is stale.
    pub fn touch(&self) {
        self.release();
        self.newest.send_modify(|newest| *newest += 1);
    }

    pub(super) fn recall(&self, text: &Rope, offset: usize) -> Option<Vec<Suggestion>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).recall(text, offset)
    }

    pub(super) fn remember(&self, anchor: Anchor, suggestions: Vec<Suggestion>) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).remember(anchor, suggestions);
    }

    /// The generation under way, or the one that was, writes what a request at `offset` wants.
    pub(super) fn is_writing(&self, text: &Rope, offset: usize, plan: Plan) -> bool {
        let flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        flight.as_ref().is_some_and(|flight| flight.can_serve(text, offset, plan.candidates, plan.max_lines))
    }

    /// An engine works for this document now.
    pub fn is_generating(&self) -> bool {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|flight| flight.is_running())
    }

    /// After a change of settings or model, old suggestions no longer say what would be suggested now.
    pub fn forget(&self) {
        self.release();
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Some(flight) = self.flight.lock().unwrap_or_else(PoisonError::into_inner).take() {
            flight.end();
        }
    }

    /// Lets a generation go on whose request was answered without it: the next keystroke may find it finished.
    pub(super) fn keep(&self, seat: Seat) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(seat);
    }

    fn release(&self) {
        let seat = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(seat);
    }
}

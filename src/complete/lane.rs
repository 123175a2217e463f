//! What is remembered for one document from one request to the next.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ropey::Rope;
use tokio::sync::watch;

use super::Suggestion;
use super::ahead::Ahead;
use super::anchor::cursors;
use super::basis::Circumstances;
use super::doubt::Doubt;
use super::flight::{Berths, Seat};
use super::memory::{Memory, Recalled, Remembered};
use super::trigger::Plan;
use crate::context::Desk;
use crate::text::Edit;

/// Numbers lanes for the engine. Never reused within a process.
static NEXT_LANE: AtomicU64 = AtomicU64::new(1);

/// One document's place in the pipeline.
#[derive(Debug)]
pub struct Lane {
    pub id: u64,
    newest: watch::Sender<u64>,
    memory: Mutex<Memory>,
    pub(super) berths: Mutex<Berths>,
    /// What is prepared for the acceptance of what is shown.
    pub(super) ahead: Mutex<Ahead>,
    /// Where the model was far from sure.
    doubt: Mutex<Doubt>,
    /// Fingerprint of the prompt that was evaluated last, without the cursor's line.
    pub(super) evaluated: AtomicU64,
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
            berths: Mutex::default(),
            ahead: Mutex::default(),
            doubt: Mutex::default(),
            evaluated: AtomicU64::new(0),
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
    /// Counts `newest` up, which makes all tickets before this one stale.
    pub(super) fn next(newest: &watch::Sender<u64>) -> Self {
        let mut number = 0;
        newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        Self { number, newest: newest.subscribe() }
    }

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
        Ticket::next(&self.newest)
    }

    /// A ticket that makes none stale: what goes on beside the requests until the next one, or the next edit.
    pub fn observe(&self) -> Ticket {
        let newest = self.newest.subscribe();
        let number = *newest.borrow();
        Ticket { number, newest }
    }

    /// What follows a cursor at `offset` is prepared, or on its way.
    pub fn is_ahead_at(&self, text: &Rope, offset: usize) -> bool {
        self.ahead().is_at(text, &[offset])
    }

    /// What was asked of the document is stale, and nothing is prepared for it any more.
    pub fn touch(&self) {
        self.release();
        self.newest.send_modify(|newest| *newest += 1);
        self.ahead().end();
        self.berths().end_ahead();
    }

    /// The document changed to `text` by these edits: what was asked of its older text is stale. What looks ahead goes on as
    /// long as the edits go along with it.
    pub fn changed(&self, text: &Rope, edits: &[Edit]) {
        self.release();
        self.newest.send_modify(|newest| *newest += 1);
        self.memory().changed(text, edits);
        let is_all = |edit: &Edit| edit.start_byte == 0 && edit.new_end_byte == text.len_bytes();
        if edits.iter().any(is_all) {
            // Of a client that sends whole texts nobody knows where it typed.
            return;
        }
        let places: Vec<usize> = edits.iter().flat_map(cursors).collect();
        let mut ahead = self.ahead();
        if !ahead.is_at(text, &places) {
            self.berths().end_ahead_unless_at(text, &places);
            if !self.berths().has_ahead() {
                ahead.end();
            }
        }
    }

    pub(super) fn recall(&self, now: &Circumstances<'_>) -> Option<Recalled> {
        self.memory().recall(now)
    }

    /// The user is in another document now.
    pub fn leave(&self) {
        self.memory().leave();
    }

    pub(super) fn knows(&self, now: &Circumstances<'_>) -> bool {
        self.memory().knows(now)
    }

    /// Places whose answers nobody has asked for yet.
    #[cfg(test)]
    pub fn prepared(&self) -> usize {
        self.memory().prepared()
    }

    /// A generation that looks ahead was started and not ended since.
    #[cfg(test)]
    pub fn is_looking_ahead(&self) -> bool {
        self.berths().has_ahead()
    }

    pub(super) fn remember(&self, place: Remembered) {
        self.memory().remember(place);
    }

    /// The generation under way, or the one that was, writes what a request wants now.
    pub(super) fn is_writing(&self, now: &Circumstances<'_>, plan: Plan) -> bool {
        self.berths().serve(now, plan)
    }

    pub(super) fn show_for_now(&self, place: Remembered) {
        self.memory().show_for_now(place);
    }

    pub(super) fn shown_for_now(&self, now: &Circumstances<'_>) -> Vec<Suggestion> {
        self.memory().shown_for_now(now.text, now.offset)
    }

    /// An engine works for this document now.
    pub fn is_generating(&self) -> bool {
        self.berths().is_running()
    }

    /// After a change of settings or model, old suggestions no longer say what would be suggested now.
    pub fn forget(&self) {
        self.touch();
        self.memory().clear();
        self.doubt().forget();
        self.evaluated.store(0, Ordering::Relaxed);
        self.berths().end();
    }

    /// Lets a generation go on whose request was answered without it: the next keystroke may find it finished.
    pub(super) fn keep(&self, seat: Seat) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(seat);
    }

    fn release(&self) {
        let seat = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(seat);
    }

    pub(super) fn doubt(&self) -> MutexGuard<'_, Doubt> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn berths(&self) -> MutexGuard<'_, Berths> {
        self.berths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

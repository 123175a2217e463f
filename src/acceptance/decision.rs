//! What was decided of a suggestion, for as long as it can still be corrected.
//!
//! A client's word that it accepted a suggestion may come after the edit that did it, and the edit may have looked like
//! typing. So a decision waits a little before it is told.

use super::figures::{Event, Outcome, Row};
use super::watch::Watch;

/// How long the client's word is waited for, in ms. Editors send it in the same breath as the edit.
pub const SETTLES_MS: u64 = 2_000;

/// A decision, with what is needed to correct it.
#[derive(Debug)]
pub struct Decision {
    pub row: Row,
    pub watch: Option<Watch>,
    /// Characters that would be accepted ones if the client said that it was accepted.
    pub claimable: u32,
    /// What to follow then: text that was inserted at its place in another form.
    pub instead: Option<Watch>,
}

impl Decision {
    /// The client says that all of it was accepted, although that was not seen.
    pub fn claim(&mut self, now_ms: u64) {
        if self.row.outcome == Outcome::Whole || self.claimable == 0 {
            return;
        }
        if self.row.outcome == Outcome::TypedThrough {
            self.row.typed = self.row.typed.saturating_sub(self.claimable);
        }
        self.row.outcome = Outcome::Whole;
        self.row.accepted = (self.row.accepted + self.claimable).min(self.row.characters);
        self.claimable = 0;
        let unseen = || Watch::new(None, String::new(), now_ms);
        self.watch.get_or_insert_with(|| self.instead.take().unwrap_or_else(unseen));
    }
}

/// A decision and what follows from it, until nothing more can.
#[derive(Debug)]
pub struct Past {
    pub number: u64,
    decision: Decision,
    decided_ms: u64,
    is_told: bool,
}

impl Past {
    pub fn new(number: u64, decision: Decision, now_ms: u64) -> Self {
        Self { number, decision, decided_ms: now_ms, is_told: false }
    }

    /// The client accepted it. Too late when it was told that it did not.
    pub fn claim(&mut self, now_ms: u64) {
        if !self.is_told {
            self.decision.claim(now_ms);
        }
    }

    pub fn watches(&mut self) -> impl Iterator<Item = &mut Watch> {
        self.decision.watch.iter_mut().chain(self.decision.instead.iter_mut())
    }

    pub fn due_ms(&self) -> Option<u64> {
        let settles = (!self.is_told).then_some(self.decided_ms + SETTLES_MS);
        settles.or_else(|| self.decision.watch.as_ref()?.due_ms())
    }

    /// Tells what is due. `text` is None when the document is closed.
    pub fn tell(&mut self, text: Option<&ropey::Rope>, now_ms: u64, events: &mut Vec<Event>) {
        if let Some(watch) = &mut self.decision.watch {
            watch.look(text, now_ms);
        }
        if now_ms >= self.decided_ms + SETTLES_MS {
            self.settle(events);
        }
    }

    /// Tells the decision now: nothing will correct it.
    pub fn settle(&mut self, events: &mut Vec<Event>) {
        let number = self.number;
        if !std::mem::replace(&mut self.is_told, true) {
            self.decision.instead = None;
            events.push(Event::Decided { number, row: self.decision.row.clone() });
        }
        if let Some(watch) = &mut self.decision.watch {
            events.extend(watch.news().map(|(mark, kept)| Event::Kept { number, mark, kept }));
        }
    }

    /// Tells all that is known: nobody will look any more.
    pub fn end(&mut self, events: &mut Vec<Event>) {
        if let Some(watch) = &mut self.decision.watch {
            watch.give_up();
        }
        self.settle(events);
    }

    pub fn is_over(&self) -> bool {
        self.is_told && self.decision.watch.as_ref().is_none_or(Watch::is_over)
    }
}

//! The state machine: events of an editor in, decisions about suggestions out. No thread, no clock, no disk.
//!
//! A document is followed only while something of it is undecided or watched, so a change of any other costs one look
//! into a table.

use std::collections::HashMap;

use ropey::Rope;

use super::change::{Delta, slice};
use super::decision::{Decision, Past, SETTLES_MS};
use super::figures::{Choice, Event, Outcome, Trigger};
use super::offer::Offer;
use super::open::{Answered, Open};
use crate::text::{Change, Document, DocumentId, Edit};

/// A suggestion that nobody touched for so long is not looked at any more, in ms.
const LEFT_ALONE_MS: u64 = 10 * 60 * 1_000;
/// Decided suggestions of a document that are still followed. A person accepts a few in five minutes.
const MOST_PAST: usize = 128;

/// Now, by two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Of a clock that only runs forward, in ms. One that does not is taken to stand still.
    pub ms: u64,
    /// Seconds since 1970, UTC; may jump.
    pub unix: i64,
}

/// The answer to a request, as the editor shows it.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The text that the request was about. It must be the newest.
    pub document: &'a Document,
    /// Byte offset of the cursor.
    pub offset: usize,
    pub trigger: Trigger,
    /// Best first; empty when nothing is shown.
    pub shown: &'a [Choice],
}

#[derive(Debug)]
struct Tracked {
    text: Rope,
    is_open: bool,
    shown: Option<Open>,
    past: Vec<Past>,
}

/// All documents of a session.
#[derive(Debug, Default)]
pub struct Tracker {
    documents: HashMap<DocumentId, Tracked>,
    last_number: u64,
    now_ms: u64,
    events: Vec<Event>,
}

impl Tracker {
    /// What was decided since the last call.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Whether changes of the document matter.
    pub fn follows(&self, document: &str) -> bool {
        self.documents.get(document).is_some_and(|tracked| tracked.is_open)
    }

    /// A request was answered. Returns the number of the suggestion that is on the screen now.
    pub fn answered(&mut self, answer: Answer<'_>, now: Moment) -> Option<u64> {
        let now_ms = self.pass(now);
        let Answer { document, offset, trigger, shown } = answer;
        if shown.is_empty() && !self.follows(document.id()) {
            return None;
        }
        let tracked = self.documents.entry(document.id().clone()).or_insert_with(|| Tracked::new(document.rope()));
        // Only the same text has the same offsets; a text that went another way ends what was open.
        tracked.follow(document.rope(), now_ms, &mut self.events);
        if let Some(open) = &mut tracked.shown {
            match open.answer(document.rope(), offset, trigger, shown, now_ms) {
                Answered::GoesOn => return Some(open.number),
                Answered::Ends(decision) => tracked.decide(*decision, now_ms, &mut self.events),
            }
        }
        let number = Offer::new(shown).map(|offer| {
            self.last_number += 1;
            tracked.shown = Some(Open::new(self.last_number, now.unix, now_ms, offset, offer));
            self.last_number
        });
        self.tidy();
        number
    }

    /// The document became `after` by these edits; `changes` are what they were made from, one each.
    pub fn changed(&mut self, document: &str, after: &Rope, edits: &[Edit], changes: &[Change], now: Moment) {
        let now_ms = self.pass(now);
        let Some(tracked) = self.documents.get_mut(document) else { return };
        for (at, (edit, change)) in edits.iter().zip(changes).enumerate() {
            let old = tracked.text.clone();
            let delta = Delta::of(&old, edit.start_byte, edit.old_end_byte, &change.text);
            if at + 1 == edits.len() {
                tracked.text = after.clone();
            } else {
                delta.apply(&mut tracked.text);
            }
            tracked.change(&delta, &old, now_ms, &mut self.events);
        }
    }

    /// The client says that it accepted a suggestion: the number that was given with it, and which of its choices.
    pub fn accepted(&mut self, number: u64, choice: usize, now: Moment) {
        let now_ms = self.pass(now);
        for tracked in self.documents.values_mut() {
            if let Some(open) = tracked.shown.as_mut().filter(|open| open.number == number) {
                open.claim(choice, now_ms);
            }
            tracked.past.iter_mut().filter(|past| past.number == number).for_each(|past| past.claim(now_ms));
        }
    }

    /// The document is open from now on. What was accepted in it before it was closed is looked for.
    pub fn opened(&mut self, document: &Document, now: Moment) {
        let now_ms = self.pass(now);
        if let Some(tracked) = self.documents.get_mut(document.id()) {
            tracked.follow(document.rope(), now_ms, &mut self.events);
            tracked.is_open = true;
        }
    }

    /// The document is closed. What stood on the screen was not wanted.
    pub fn closed(&mut self, document: &str, now: Moment) {
        let now_ms = self.pass(now);
        let Some(tracked) = self.documents.get_mut(document) else { return };
        tracked.dismiss(now_ms, &mut self.events);
        tracked.is_open = false;
        tracked.past.iter_mut().for_each(|past| past.settle(&mut self.events));
        self.tidy();
    }

    /// Does what is due by now.
    pub fn tick(&mut self, now: Moment) {
        let now_ms = self.pass(now);
        for tracked in self.documents.values_mut() {
            let is_due = tracked.shown.as_ref().is_some_and(|open| due_ms(open) <= now_ms);
            if is_due {
                tracked.dismiss(now_ms, &mut self.events);
            }
            let text = tracked.is_open.then_some(&tracked.text);
            if let Some(watch) = tracked.shown.as_mut().and_then(|open| open.watch.as_mut()) {
                watch.look(text, now_ms);
            }
            tracked.past.iter_mut().for_each(|past| past.tell(text, now_ms, &mut self.events));
        }
        self.tidy();
    }

    /// When `tick` has something to do, in ms. None while nothing is undecided or watched.
    pub fn due_ms(&self) -> Option<u64> {
        let of = |tracked: &Tracked| {
            let open = tracked.shown.as_ref();
            let watched = open.and_then(|open| open.watch.as_ref()?.due_ms());
            open.map(due_ms).into_iter().chain(watched).chain(tracked.past.iter().filter_map(Past::due_ms)).min()
        };
        self.documents.values().filter_map(of).min()
    }

    /// The session is over: everything is decided as it stands.
    pub fn end(&mut self, now: Moment) {
        let now_ms = self.pass(now);
        for (_, mut tracked) in self.documents.drain() {
            tracked.dismiss(now_ms, &mut self.events);
            let text = tracked.is_open.then_some(&tracked.text);
            for past in &mut tracked.past {
                past.tell(text, now_ms, &mut self.events);
                past.end(&mut self.events);
            }
        }
    }

    /// Forgets everything undecided, without a word of it.
    pub fn forget(&mut self) {
        self.documents.clear();
        self.events.clear();
    }

    fn pass(&mut self, now: Moment) -> u64 {
        self.now_ms = self.now_ms.max(now.ms);
        self.now_ms
    }

    fn tidy(&mut self) {
        self.documents.retain(|_, tracked| {
            tracked.past.retain(|past| !past.is_over());
            tracked.shown.is_some() || !tracked.past.is_empty()
        });
    }
}

/// When a suggestion is given up that nobody did anything about.
fn due_ms(open: &Open) -> u64 {
    open.claimed_ms().map_or(open.since_ms + LEFT_ALONE_MS, |claimed| claimed + SETTLES_MS)
}

impl Tracked {
    fn new(text: &Rope) -> Self {
        Self { text: text.clone(), is_open: true, shown: None, past: Vec::new() }
    }

    /// Makes sure that offsets are those of `text`, which may have come by a way that was not followed.
    fn follow(&mut self, text: &Rope, now_ms: u64, events: &mut Vec<Event>) {
        if self.text.is_instance(text) || self.text == *text {
            return;
        }
        let old = std::mem::replace(&mut self.text, text.clone());
        let new = slice(text, 0..text.len_bytes());
        let delta = Delta::of(&old, 0, old.len_bytes(), &new);
        self.change(&delta, &old, now_ms, events);
    }

    fn change(&mut self, delta: &Delta, old: &Rope, now_ms: u64, events: &mut Vec<Event>) {
        if delta.is_nothing() {
            return;
        }
        for watch in self.past.iter_mut().flat_map(Past::watches) {
            watch.change(delta, old);
        }
        if let Some(open) = &mut self.shown
            && let Some(decision) = open.change(delta, old, &self.text, now_ms)
        {
            self.decide(decision, now_ms, events);
        }
    }

    /// Ends what is on the screen, which nobody wanted or somebody accepted unseen.
    fn dismiss(&mut self, now_ms: u64, events: &mut Vec<Event>) {
        if let Some(open) = &mut self.shown {
            let is_claimed = open.claimed_ms().is_some();
            let mut decision = open.decide(Outcome::Rejected, now_ms);
            if is_claimed {
                decision.claim(now_ms);
            }
            self.decide(decision, now_ms, events);
        }
    }

    fn decide(&mut self, decision: Decision, now_ms: u64, events: &mut Vec<Event>) {
        let Some(open) = self.shown.take() else { return };
        if self.past.len() >= MOST_PAST {
            self.past.remove(0).end(events);
        }
        self.past.push(Past::new(open.number, decision, now_ms));
    }
}

#[cfg(test)]
mod tests;

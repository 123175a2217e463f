//! A suggestion that stands on the screen, and what the user does to it.
//!
//! It is known by the place where it began and by how much of it stands in the text since. Edits elsewhere move it,
//! edits that go along with it shorten what is left, a wrong key makes it doubtful until it is taken back.

use ropey::Rope;

use super::change::{Delta, moved, plain, raw_length, slice};
use super::decision::Decision;
use super::figures::{Choice, Outcome, Row, Trigger};
use super::offer::Offer;
use super::reading::{self, Reading};
use super::watch::Watch;

/// Wrong characters, in bytes, that the user may type and take back before the suggestion counts as rejected.
const MOST_STRAY: usize = 16;

#[derive(Debug)]
pub struct Open {
    pub number: u64,
    /// Seconds since 1970, and ms of the monotonic clock.
    pub at: i64,
    pub since_ms: u64,
    offer: Offer,
    /// Where it began, and where what stands of it ends: byte offsets.
    place: usize,
    frontier: usize,
    /// Bytes behind the frontier that are not the suggestion's.
    stray: usize,
    accepted: u32,
    typed: u32,
    /// What was typed last, in case the client says that this was its accepting.
    last_typed: String,
    /// Its bytes in the document, where line breaks may be longer.
    last_length: usize,
    /// The greatest part that was accepted.
    part: Option<Outcome>,
    /// Where in the offered text the accepted part begins.
    accepted_from: Option<usize>,
    pub watch: Option<Watch>,
    /// The client says that it was accepted, and since when; the edit was not seen yet.
    claimed_ms: Option<u64>,
}

impl Open {
    pub fn new(number: u64, at: i64, now_ms: u64, offset: usize, offer: Offer) -> Self {
        Self {
            number,
            at,
            since_ms: now_ms,
            offer,
            place: offset,
            frontier: offset,
            stray: 0,
            accepted: 0,
            typed: 0,
            last_typed: String::new(),
            last_length: 0,
            part: None,
            accepted_from: None,
            watch: None,
            claimed_ms: None,
        }
    }

    /// The client says that it was accepted: the choice of this number. The edit is to come.
    pub fn claim(&mut self, choice: usize, now_ms: u64) {
        self.claimed_ms.get_or_insert(now_ms);
        self.offer.prefer(choice);
    }

    pub fn claimed_ms(&self) -> Option<u64> {
        self.claimed_ms
    }

    /// One change from `old` to `new`. The decision, when this was it.
    pub fn change(&mut self, delta: &Delta, old: &Rope, new: &Rope, now_ms: u64) -> Option<Decision> {
        if let Some(watch) = &mut self.watch {
            watch.change(delta, old);
        }
        if self.stray == 0
            && let Some(inserted) = delta.insertion_at(old, self.frontier)
        {
            return self.insert(&inserted, new, now_ms);
        }
        let end = self.frontier + self.stray;
        if delta.old_end < self.place {
            let by = |place| moved(place, delta);
            (self.place, self.frontier) = (by(self.place), by(self.frontier));
        } else if delta.start > end || delta.start == end && delta.inserted.is_empty() {
            // Behind it: not its matter.
        } else if delta.start >= self.frontier {
            // Here something stray stands, or comes.
            let removed = delta.old_end.min(end) - delta.start;
            self.stray = self.stray - removed + delta.inserted.len();
            if self.stray > MOST_STRAY || delta.inserted.contains('\n') {
                return Some(self.decide(Outcome::Rejected, now_ms));
            }
        } else if delta.inserted.is_empty() && delta.start >= self.place && delta.old_end == end {
            self.take_back(&plain(&slice(old, delta.start..self.frontier)));
            (self.frontier, self.stray) = (delta.start, 0);
        } else {
            return Some(self.decide(Outcome::Rejected, now_ms));
        }
        None
    }

    fn take_back(&mut self, removed: &str) {
        self.offer.take_back(removed.len());
        self.typed = self.typed.saturating_sub(count(removed));
        self.accepted_from = self.accepted_from.map(|from| from.min(self.offer.done()));
    }

    fn insert(&mut self, raw: &str, new: &Rope, now_ms: u64) -> Option<Decision> {
        let from = self.offer.done();
        let Some((mut reading, bytes)) = self.offer.insert(&plain(raw)) else { return self.astray(raw, now_ms) };
        let length = raw_length(raw, bytes);
        self.frontier += length;
        if self.claimed_ms.is_some() && self.offer.rest().trim().is_empty() {
            reading = Reading::Whole;
        }
        let step = self.offer.standing(from);
        let is_last_word = self.part.is_some() && !step.trim().contains(char::is_whitespace);
        if reading == Reading::Whole && is_last_word && self.claimed_ms.is_none() {
            reading = Reading::Words;
        }
        if reading == Reading::Typed {
            self.typed += count(step);
            (self.last_typed, self.last_length) = (step.to_owned(), length);
        } else {
            self.accepted += count(step);
            let accepted_from = *self.accepted_from.get_or_insert(from);
            let accepted = self.offer.standing(accepted_from).to_owned();
            match &mut self.watch {
                Some(watch) => watch.grow(self.frontier, accepted, now_ms),
                None => {
                    let place = self.frontier - length..self.frontier;
                    self.watch = Some(Watch::new(Some(place), accepted, now_ms));
                }
            }
        }
        match reading {
            Reading::Whole => return Some(self.decide(Outcome::Whole, now_ms)),
            Reading::Lines => self.part = Some(Outcome::Line),
            Reading::Words => self.part = self.part.or(Some(Outcome::Word)),
            Reading::Typed => {}
        }
        self.stands_whole(new).then(|| self.decide(Outcome::TypedThrough, now_ms))
    }

    /// Something else was inserted at its place: a wrong key, another way to go on, or the suggestion in the client's
    /// own layout.
    fn astray(&mut self, raw: &str, now_ms: u64) -> Option<Decision> {
        let instead = || Watch::new(Some(self.frontier..self.frontier + raw.len()), plain(raw).into_owned(), now_ms);
        if self.claimed_ms.is_some() {
            self.watch = Some(instead());
            self.accepted += count(self.offer.rest().trim_end());
            return Some(self.decide(Outcome::Whole, now_ms));
        }
        if raw.len() > MOST_STRAY || raw.contains(['\n', '\r']) {
            let instead = instead();
            let decision = self.decide(Outcome::Rejected, now_ms);
            return Some(Decision { instead: Some(instead), ..decision });
        }
        self.stray = raw.len();
        None
    }

    /// A request was answered for the cursor at `offset`, with what is shown from now on.
    pub fn answer(&mut self, text: &Rope, offset: usize, trigger: Trigger, shown: &[Choice], now_ms: u64) -> Answered {
        if self.stray > 0 && offset == self.frontier + self.stray && shown.is_empty() {
            return Answered::GoesOn;
        }
        if self.stray == 0 && offset > self.frontier {
            self.move_along(text, offset);
            if self.stands_whole(text) {
                return self.ends(Outcome::TypedThrough, now_ms);
            }
        }
        if self.stray > 0 || offset != self.frontier {
            return self.ends(Outcome::Rejected, now_ms);
        }
        match shown.first() {
            Some(first) if self.offer.goes_along_with(first) => {
                self.offer.renew(shown);
                Answered::GoesOn
            }
            Some(_) if trigger == Trigger::Invoked => self.ends(Outcome::Rejected, now_ms),
            _ => self.ends(Outcome::Withdrawn, now_ms),
        }
    }

    /// Whether what is said to stand stands there.
    #[cfg(test)]
    pub fn stands_in(&self, text: &Rope) -> bool {
        slice(text, self.place..self.frontier) == self.offer.standing(0)
    }

    fn ends(&mut self, outcome: Outcome, now_ms: u64) -> Answered {
        Answered::Ends(Box::new(self.decide(outcome, now_ms)))
    }

    /// The cursor went over text that stood there already: editors do that when a closing bracket is typed that they
    /// had put there.
    fn move_along(&mut self, text: &Rope, offset: usize) {
        if offset - self.frontier > 2 * self.offer.rest().len() {
            return;
        }
        let between = plain(&slice(text, self.frontier..offset)).into_owned();
        if self.offer.rest().starts_with(&between) {
            self.offer.advance(between.len());
            self.typed += count(&between);
            self.frontier = offset;
        }
    }

    /// Nothing is left to insert, or only closing brackets that stand behind the cursor already.
    fn stands_whole(&self, text: &Rope) -> bool {
        let rest = self.offer.rest().trim_end();
        let is_there = || {
            let behind = text.get_byte_slice(self.frontier.min(text.len_bytes())..);
            let mut behind = behind.into_iter().flat_map(|behind| behind.chars());
            rest.chars().all(|character| reading::is_closer(character) && behind.next() == Some(character))
        };
        rest.is_empty() || self.offer.done() > 0 && is_there()
    }

    /// What is known when nothing more can come. A part that was accepted outweighs what came after it.
    pub fn decide(&mut self, outcome: Outcome, now_ms: u64) -> Decision {
        let outcome = if outcome == Outcome::Whole { outcome } else { self.part.unwrap_or(outcome) };
        let rest = count(self.offer.rest().trim_end());
        let last = self.last_length;
        let (claimable, instead) = match outcome {
            Outcome::TypedThrough if last <= self.frontier => {
                let place = self.frontier - last..self.frontier;
                (count(&self.last_typed), Some(Watch::new(Some(place), self.last_typed.clone(), now_ms)))
            }
            _ => (rest, None),
        };
        let first = self.offer.first();
        let characters = count(&first.text);
        let row = Row {
            at: self.at,
            figures: first.figures.clone(),
            lines: 1 + u32::try_from(first.text.trim_end().matches('\n').count()).unwrap_or(u32::MAX - 1),
            characters,
            visible_ms: now_ms.saturating_sub(self.since_ms),
            outcome,
            accepted: self.accepted.min(characters),
            typed: self.typed.min(characters),
        };
        Decision { row, watch: self.watch.take(), claimable, instead }
    }
}

/// What an answer means for what stood on the screen.
#[derive(Debug)]
pub enum Answered {
    GoesOn,
    Ends(Box<Decision>),
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

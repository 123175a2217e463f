//! Suggestions that were made, so that typing along, deleting back and undoing are answered without an engine.

use std::collections::VecDeque;

use ropey::Rope;

use super::Suggestion;
use super::anchor::{Anchor, cursors};
use super::basis::{Basis, Circumstances};
use crate::text::Edit;

/// Places remembered for a document. llama.vim keeps 250 prompts of all buffers; a document rarely has more than a few
/// places that the user comes back to, and each look-up compares with all of them.
const PLACES: usize = 32;
/// Bytes remembered for a document. A place takes 0.5 to 2 KB; only many long candidates come near.
const BYTES: usize = 128 << 10;

/// The suggestions of one place.
#[derive(Debug)]
pub struct Remembered {
    anchor: Anchor,
    basis: Basis,
    suggestions: Vec<Suggestion>,
    /// Nobody asked yet: prepared while the suggestion before it was shown.
    is_prepared: bool,
    was_recalled: bool,
}

impl Remembered {
    pub fn new(anchor: Anchor, basis: Basis, suggestions: Vec<Suggestion>, is_prepared: bool) -> Self {
        Self { anchor, basis, suggestions, is_prepared, was_recalled: false }
    }

    /// What was typed at this place, when it is the start of a suggestion that goes on.
    fn typed(&self, text: &Rope, offset: usize) -> Option<String> {
        let longest = self.suggestions.iter().map(|suggestion| suggestion.text.len()).max()?;
        self.anchor.typed_since(text, offset, longest, |typed| {
            self.suggestions.iter().any(|suggestion| has_more(suggestion, typed))
        })
    }

    fn left(&self, typed: &str) -> Vec<Suggestion> {
        let rest = self.suggestions.iter().filter(|suggestion| has_more(suggestion, typed));
        rest.map(|suggestion| suggestion.after(typed)).collect()
    }

    /// Whether a cursor at `offset` stands behind this place with the start of a suggestion, or all of it, in between.
    fn is_at(&self, text: &Rope, offset: usize) -> bool {
        let longest = self.suggestions.iter().map(|suggestion| suggestion.text.len()).max().unwrap_or_default();
        let is_start = |typed: &str| self.suggestions.iter().any(|suggestion| suggestion.text.starts_with(typed));
        self.anchor.typed_since(text, offset, longest, is_start).is_some()
    }

    fn len_bytes(&self) -> usize {
        let texts = self.suggestions.iter().map(|suggestion| size_of::<Suggestion>() + suggestion.text.len());
        size_of::<Self>() + self.anchor.len_bytes() + self.basis.len_bytes() + texts.sum::<usize>()
    }
}

/// What is left of the suggestions of a place.
#[derive(Debug)]
pub struct Recalled {
    pub suggestions: Vec<Suggestion>,
    /// The place was prepared by a look-ahead, and whether this is the first answer from it.
    pub is_prepared: bool,
    pub is_first: bool,
    /// What stands behind the cursor is what they were shaped for.
    pub is_shaped: bool,
}

/// The suggestions of one document, those last used first.
#[derive(Debug, Default)]
pub struct Memory {
    places: VecDeque<Remembered>,
    /// The first place is the one whose suggestion is on the screen.
    is_shown: bool,
    /// What is on the screen although more is to come: nothing is answered from it, but it must not flicker.
    for_now: Option<Remembered>,
}

impl Memory {
    /// What is answered now, or what was prepared for later: that comes behind what is shown, and not in place of it.
    pub fn remember(&mut self, place: Remembered) {
        let behind = usize::from(place.is_prepared && self.is_shown);
        let mut known = self.places.iter().enumerate().filter(|(_, known)| known.anchor == place.anchor);
        if place.is_prepared && known.any(|(index, known)| index < behind || known.basis == place.basis) {
            // A request was faster.
            return;
        }
        self.is_shown |= !place.is_prepared;
        if !place.is_prepared {
            self.for_now = None;
        }
        self.places.retain(|known| known.anchor != place.anchor);
        self.places.insert(behind.min(self.places.len()), place);
        self.places.truncate(PLACES);
        let mut bytes: usize = self.places.iter().map(Remembered::len_bytes).sum();
        while bytes > BYTES
            && let Some(last) = self.places.pop_back()
        {
            bytes -= last.len_bytes();
        }
        self.is_shown &= !self.places.is_empty();
    }

    /// What is left of the suggestions of a place in front of the cursor, when everything typed since is their start. What is
    /// shown stays whatever else changes; another place is answered from only when what it was made from is the same.
    pub fn recall(&mut self, now: &Circumstances<'_>) -> Option<Recalled> {
        let found = self.find(now);
        self.is_shown = found.is_some();
        let (index, typed) = found?;
        let mut place = self.places.remove(index)?;
        let suggestions = place.left(&typed);
        let is_first = !std::mem::replace(&mut place.was_recalled, true);
        let is_shaped = place.anchor.is_closed_as_before(now.text, now.offset);
        let recalled = Recalled { suggestions, is_prepared: place.is_prepared, is_first, is_shaped };
        self.places.push_front(place);
        Some(recalled)
    }

    /// Something is shown while the engine goes on.
    pub fn show_for_now(&mut self, place: Remembered) {
        self.for_now = Some(place);
    }

    /// What is left of what is shown for now, as long as each request goes along with it.
    pub fn shown_for_now(&mut self, text: &Rope, offset: usize) -> Vec<Suggestion> {
        let typed = self.for_now.as_ref().and_then(|place| place.typed(text, offset));
        let (Some(place), Some(typed)) = (&self.for_now, typed) else {
            self.for_now = None;
            return Vec::new();
        };
        place.left(&typed)
    }

    /// Whether `recall` would answer.
    pub fn knows(&self, now: &Circumstances<'_>) -> bool {
        self.find(now).is_some()
    }

    /// What is shown is on the screen no more.
    pub fn leave(&mut self) {
        self.is_shown = false;
        self.for_now = None;
    }

    /// The document was changed somewhere. What is shown is on the screen no more when none of the edits was at its place.
    pub fn changed(&mut self, text: &Rope, edits: &[Edit]) {
        let Some(shown) = self.places.front().filter(|_| self.is_shown) else { return };
        let is_there = |edit: &Edit| {
            let is_all = edit.start_byte == 0 && edit.new_end_byte == text.len_bytes();
            is_all || cursors(edit).any(|at| shown.is_at(text, at))
        };
        self.is_shown = edits.iter().any(is_there);
    }

    fn find(&self, now: &Circumstances<'_>) -> Option<(usize, String)> {
        self.places.iter().enumerate().find_map(|(index, place)| {
            let typed = place.typed(now.text, now.offset)?;
            let is_shown = self.is_shown && index == 0;
            (is_shown || place.basis.holds(now, &typed)).then_some((index, typed))
        })
    }

    #[cfg(test)]
    pub fn prepared(&self) -> usize {
        self.places.iter().filter(|place| place.is_prepared && !place.was_recalled).count()
    }

    pub fn clear(&mut self) {
        self.places.clear();
        self.leave();
    }
}

fn has_more(suggestion: &Suggestion, typed: &str) -> bool {
    suggestion.text.strip_prefix(typed).is_some_and(|rest| !rest.trim().is_empty())
}

#[cfg(test)]
mod tests;

//! A model's answer on its way to the user: made inert, its citations checked, its diff collected, with an end to its length.

use super::super::cite::{Citer, Counts, Files, Passage};
use super::super::diff::Collector;
use super::super::inert::Inert;

/// Bytes of an answer. No limit on output of any model comes near it.
pub const LONGEST_ANSWER: usize = 4 << 20;

pub struct Reader<'a> {
    inert: Inert,
    citer: Citer<'a>,
    diffs: Collector,
    /// As the model gave it.
    pub raw: String,
    is_too_long: bool,
}

/// What an answer came to.
pub struct Read {
    pub rest: Passage,
    pub raw: String,
    pub counts: Counts,
    pub diff: Option<String>,
    /// It had no end that anybody would read to.
    pub is_too_long: bool,
}

impl<'a> Reader<'a> {
    pub fn new(files: &'a dyn Files) -> Self {
        Self {
            inert: Inert::default(),
            citer: Citer::new(files),
            diffs: Collector::default(),
            raw: String::new(),
            is_too_long: false,
        }
    }

    /// What can be shown by now.
    pub fn push(&mut self, text: &str) -> Passage {
        // A piece may be as long as a frame of the protocol.
        let room = LONGEST_ANSWER.saturating_sub(self.raw.len());
        self.is_too_long |= text.len() > room;
        let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        let text = &text[..end];
        self.raw.push_str(text);
        let parts = self.inert.push(text);
        self.diffs.push(&parts);
        self.citer.push(&parts)
    }

    /// More came than is read.
    pub fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    pub fn finish(self) -> Read {
        let Self { inert, mut citer, mut diffs, raw, is_too_long } = self;
        let parts = inert.finish();
        diffs.push(&parts);
        let mut rest = citer.push(&parts);
        let (last, counts) = citer.finish();
        rest.append(last);
        Read { rest, raw, counts, diff: diffs.finish(), is_too_long }
    }
}

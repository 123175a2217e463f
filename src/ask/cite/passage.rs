//! A piece of an answer with the citations in it.

use std::ops::{Deref, Range};

/// Inert Markdown, and where in it files are cited. Reads as its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    pub text: String,
    /// In their order, without overlaps. Each lies in one passage, however an answer is cut.
    pub citations: Vec<Cited>,
}

/// A citation as it stands in a passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cited {
    /// Bytes of the passage's text: `src/a.rs:3-9`, with Markdown's escapes, without what marks it as unverified.
    pub range: Range<usize>,
    /// The file as the index spells it, from the folder's root with `/`. None where nobody could confirm the citation.
    pub path: Option<String>,
    /// Counted from 1, both included.
    pub first: usize,
    pub last: usize,
}

impl Passage {
    pub(super) fn push(&mut self, character: char) {
        self.text.push(character);
    }

    pub(super) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Puts another one behind this one.
    pub fn append(&mut self, other: Passage) {
        let before = self.text.len();
        self.text.push_str(&other.text);
        let moved = |cited: Cited| Cited { range: cited.range.start + before..cited.range.end + before, ..cited };
        self.citations.extend(other.citations.into_iter().map(moved));
    }
}

impl Deref for Passage {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// Without citations, for tests and for what has none.
impl From<&str> for Passage {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), citations: Vec::new() }
    }
}

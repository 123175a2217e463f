//! Changes of a text at places that a parser named: everything else in it stays as it is, byte for byte.

use std::ops::Range;

/// Replacements of one text, in any order, none across another.
#[derive(Debug)]
pub struct Edits<'a> {
    text: &'a str,
    list: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    pub fn of(text: &'a str) -> Self {
        Self { text, list: Vec::new() }
    }

    pub fn insert(&mut self, at: usize, new: impl Into<String>) {
        self.list.push((at..at, new.into()));
    }

    pub fn replace(&mut self, range: Range<usize>, new: impl Into<String>) {
        self.list.push((range, new.into()));
    }

    pub fn remove(&mut self, range: Range<usize>) {
        self.list.push((range, String::new()));
    }

    /// The text with all of them. Places in it that are no characters' borders cannot come from a parser.
    pub fn apply(mut self) -> String {
        self.list.sort_by_key(|(range, _)| (range.start, range.end));
        let (mut result, mut at) = (String::with_capacity(self.text.len()), 0);
        for (range, new) in &self.list {
            result.push_str(self.text.get(at..range.start).unwrap_or_default());
            result.push_str(new);
            at = at.max(range.end);
        }
        result.push_str(self.text.get(at..).unwrap_or_default());
        result
    }
}

/// Where the line around a place begins.
pub fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the line around a place ends, behind its line break.
pub fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// The white space that the line around a place begins with.
pub fn indentation(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Line of a place, from 1.
pub fn line_number(text: &str, at: usize) -> usize {
    1 + text.get(..at).map_or(0, |before| before.matches('\n').count())
}

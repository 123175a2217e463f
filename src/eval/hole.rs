//! A hole: text that is cut out of a file, to see whether it is written again.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What is cut out, and so where the cursor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// From the start of a token to the end of its line.
    Line,
    /// All between the arguments' brackets of a call.
    Arguments,
    /// One to five whole lines from the start of a statement.
    Lines,
    /// The body of a small block; the cursor stands behind its opening.
    Block,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Line, Self::Arguments, Self::Lines, Self::Block];

    pub fn word(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Arguments => "arguments",
            Self::Lines => "lines",
            Self::Block => "block",
        }
    }

    /// By its word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where else the lines stand that a hole lies in, white space at their ends aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Copies {
    /// Other files of the repository that have them.
    pub other_files: u32,
    /// They stand a second time in the same file.
    pub in_same_file: bool,
}

/// A place in a file with the text that is missing there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// From the repository's root, with `/`.
    pub path: Arc<str>,
    /// The name of the language's folder in `grammars/`.
    pub language: &'static str,
    pub kind: Kind,
    /// In bytes of `text`.
    pub range: Range<usize>,
    /// The whole file with nothing missing.
    pub text: Arc<str>,
    pub copies: Copies,
}

impl Hole {
    /// The text that is missing.
    pub fn answer(&self) -> &str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    /// The file without the answer; the cursor stands at `range.start`.
    pub fn cut(&self) -> String {
        let before = self.text.get(..self.range.start).unwrap_or_default();
        let after = self.text.get(self.range.end..).unwrap_or_default();
        [before, after].concat()
    }

    /// The line of the cursor, from 1.
    pub fn line(&self) -> usize {
        1 + self.text.get(..self.range.start).unwrap_or_default().matches('\n').count()
    }

    /// From the start of the first line that the hole lies in to the end of the last.
    pub fn lines(&self) -> Range<usize> {
        let start = self.text[..self.range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[self.range.end..].find('\n').map_or(self.text.len(), |at| self.range.end + at);
        start..end
    }
}

/// What tells the holes of one run from those of another, as 32 hexadecimal digits.
pub fn fingerprint(holes: &[Hole]) -> String {
    let mut hasher = blake3::Hasher::new();
    for hole in holes {
        let head = format!("{}\0{}\0{}\0{}\0", hole.path, hole.kind.word(), hole.range.start, hole.range.end);
        hasher.update(head.as_bytes());
        hasher.update(&(hole.text.len() as u64).to_le_bytes());
        hasher.update(hole.text.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hole(range: Range<usize>, text: &str) -> Hole {
        let copies = Copies::default();
        Hole { path: "a.rs".into(), language: "rust", kind: Kind::Line, range, text: text.into(), copies }
    }

    #[test]
    fn what_is_cut_is_the_answer_and_nothing_else() {
        let hole = hole(12..16, "one\n  two = four;\nsix\n");
        assert_eq!((hole.answer(), hole.line()), ("four", 2));
        assert_eq!(hole.cut(), "one\n  two = ;\nsix\n");
        assert_eq!(&hole.text[hole.lines()], "  two = four;");
    }

    #[test]
    fn another_place_or_text_is_another_fingerprint() {
        let one = fingerprint(&[hole(0..1, "abc")]);
        assert_eq!(one.len(), 32);
        assert_eq!(one, fingerprint(&[hole(0..1, "abc")]));
        assert_ne!(one, fingerprint(&[hole(0..2, "abc")]));
        assert_ne!(one, fingerprint(&[hole(0..1, "abd")]));
        assert_ne!(one, fingerprint(&[hole(0..1, "abc"), hole(0..1, "abc")]));
    }

    #[test]
    fn kinds_are_found_by_their_words() {
        assert!(Kind::ALL.iter().all(|kind| Kind::named(kind.word()) == Some(*kind)));
        assert_eq!(Kind::named("function"), None);
    }
}

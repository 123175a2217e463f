//! What a citation looks like.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// `src/a.rs:10`, `src/a.rs:10-20`, `src/a.rs:10:5`, `src/a.rs#L10-L20`, at the end of a word.
static CITATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"^[\[]*(?P<path>[^:#]*[^:#/\\])(?:\\?:L?(?P<first>\d{1,7})(?:[-–—]L?(?P<last>\d{1,7})|:\d{1,5})?|#L(?P<hash>\d{1,7})(?:-L?(?P<end>\d{1,7}))?)(?P<rest>[.:\]\\_]*)$";
    Regex::new(pattern).inspect_err(|error| tracing::error!(%error, "citations are not checked")).ok()
});

/// A citation in a word. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    pub path: String,
    pub first: usize,
    pub last: usize,
    /// Bytes of the word.
    pub range: Range<usize>,
}

impl Citation {
    /// `:10` or `:10-20`.
    pub fn lines(&self) -> String {
        if self.first == self.last { format!(":{}", self.first) } else { format!(":{}-{}", self.first, self.last) }
    }
}

pub fn trailing_citation(word: &str) -> Option<Citation> {
    if !word.ends_with(|c: char| c.is_ascii_digit() || ".:]\\_".contains(c)) {
        return None;
    }
    let found = CITATION.as_ref()?.captures(word)?;
    let number = |name: &str| found.name(name).and_then(|digits| digits.as_str().parse().ok());
    let first = number("first").or_else(|| number("hash"))?;
    let last = number("last").or_else(|| number("end")).unwrap_or(first);
    let path = found.name("path")?;
    let rest = found.name("rest").map_or(word.len(), |rest| rest.start());
    Some(Citation { path: path.as_str().to_owned(), first, last, range: path.start()..rest })
}

/// `run`, `Server::run`, `server.run()`: what a definition can be called.
pub fn is_name(code: &str) -> bool {
    let name = code.strip_suffix("()").unwrap_or(code);
    let mut characters = name.chars();
    // Shorter ones stand everywhere.
    name.len() >= 3
        && characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '#'))
        && trailing_citation(code).is_none()
        && !name.ends_with([':', '.', '#'])
}

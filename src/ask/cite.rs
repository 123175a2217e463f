//! Citations in an answer, `path:line` and `path:line-line`, compared with the files as they are: what is found is spelled as
//! the index spells it, what is not is marked. Code blocks are left alone.

mod parse;
mod passage;

use std::collections::HashMap;
use std::sync::Arc;

use super::inert::{Part, PartKind};
use parse::{Citation, is_name, trailing_citation};
pub use passage::{Cited, Passage};

/// A word is held back up to this many bytes until its end is known; longer ones are none.
const LONGEST_WORD: usize = 512;
/// How far from the lines a name that is cited with them may stand: models count from a signature or from a doc comment.
const NEAR: usize = 5;
/// Bytes between a name and the citation that belongs to it, as ` (` or ` is defined in `.
const BESIDE: usize = 24;
/// Citations of one answer that are looked up; no answer that somebody reads has more.
const MOST_CITATIONS: usize = 1000;
/// What stands behind a citation that nobody could confirm.
pub const UNVERIFIED: &str = " (unverified)";

/// Where citations are looked up.
pub trait Files: Sync {
    /// The path as it is in the workspace, for what an answer calls it: with `./` before it, or the end of it where only one
    /// file has it.
    fn find(&self, path: &str) -> Option<String>;
    /// Its text now.
    fn text(&self, path: &str) -> Option<Arc<str>>;
}

/// How many citations there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub cited: usize,
    pub unverified: usize,
}

/// Takes an answer's parts as they come and gives its text. The result does not depend on how the text was cut.
pub struct Citer<'a> {
    files: &'a dyn Files,
    /// Texts with the number of their lines.
    texts: HashMap<String, Option<(Arc<str>, usize)>>,
    /// Paths as answers call them, and what they are called here.
    paths: HashMap<String, Option<String>>,
    kind: PartKind,
    word: String,
    is_too_long: bool,
    /// The last code in a line that is a name, and the bytes of prose since.
    name: Option<(String, usize)>,
    /// Code that may become such a name.
    code: String,
    counts: Counts,
}

impl<'a> Citer<'a> {
    pub fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            texts: HashMap::new(),
            paths: HashMap::new(),
            kind: PartKind::Prose,
            word: String::new(),
            is_too_long: false,
            name: None,
            code: String::new(),
            counts: Counts::default(),
        }
    }

    pub fn push(&mut self, parts: &[Part]) -> Passage {
        let mut out = Passage::default();
        for part in parts {
            if part.kind != self.kind {
                self.end_word(&mut out);
                self.change(part.kind);
            }
            if part.kind == PartKind::Block {
                out.push_str(&part.text);
                continue;
            }
            for character in part.text.chars() {
                self.take(character, &mut out);
            }
        }
        out
    }

    pub fn finish(mut self) -> (Passage, Counts) {
        let mut out = Passage::default();
        self.end_word(&mut out);
        (out, self.counts)
    }

    fn change(&mut self, kind: PartKind) {
        match self.kind {
            PartKind::Code => {
                let code = std::mem::take(&mut self.code);
                if is_name(&code) {
                    self.name = Some((code, 0));
                }
            }
            PartKind::Block => self.name = None,
            PartKind::Prose => {}
        }
        self.code.clear();
        self.kind = kind;
    }

    fn take(&mut self, character: char, out: &mut Passage) {
        if self.kind == PartKind::Code && self.code.len() < LONGEST_WORD {
            self.code.push(character);
        }
        if is_between(character) {
            self.end_word(out);
            out.push(character);
            self.is_too_long = false;
            if self.kind == PartKind::Prose {
                self.count(character.len_utf8());
                // Another sentence or line speaks of something else.
                if character == '\n' {
                    self.name = None;
                }
            }
            return;
        }
        if self.is_too_long {
            out.push(character);
            return;
        }
        self.word.push(character);
        if self.word.len() > LONGEST_WORD {
            out.push_str(&std::mem::take(&mut self.word));
            self.is_too_long = true;
        }
    }

    fn count(&mut self, bytes: usize) {
        if let Some((_, distance)) = &mut self.name {
            *distance += bytes;
            if *distance > BESIDE {
                self.name = None;
            }
        }
    }

    fn end_word(&mut self, out: &mut Passage) {
        let word = std::mem::take(&mut self.word);
        match trailing_citation(&word) {
            Some(citation) => self.check(&word, &citation, out),
            None => out.push_str(&word),
        }
        if self.kind == PartKind::Prose {
            self.count(word.len());
        }
    }

    fn check(&mut self, word: &str, citation: &Citation, out: &mut Passage) {
        // Markdown's escapes are not the file's.
        let plain: String = match self.kind {
            PartKind::Prose => unescaped(&citation.path),
            PartKind::Code | PartKind::Block => citation.path.clone(),
        };
        let is_one_too_many = self.counts.cited + self.counts.unverified >= MOST_CITATIONS;
        let found = if is_one_too_many { None } else { self.find(&plain) };
        // `localhost:8080` and `12:30` are no citations; a path is, whether it is there or not.
        if found.is_none() && !looks_like_path(&plain) {
            return out.push_str(word);
        }
        let found = found.filter(|path| self.holds(path, citation));
        out.push_str(&word[..citation.range.start]);
        let start = out.text.len();
        match &found {
            Some(path) => {
                match self.kind {
                    PartKind::Prose => out.push_str(&escaped(path)),
                    // It would end the code, or the line.
                    _ if path.contains('`') || path.contains(char::is_control) => out.push_str(&citation.path),
                    PartKind::Code | PartKind::Block => out.push_str(path),
                }
                out.push_str(&citation.lines());
                self.counts.cited += 1;
            }
            None => {
                out.push_str(&word[citation.range.clone()]);
                self.counts.unverified += 1;
            }
        }
        let range = start..out.text.len();
        if found.is_none() {
            out.push_str(UNVERIFIED);
        }
        out.citations.push(Cited { range, path: found, first: citation.first, last: citation.last });
        out.push_str(&word[citation.range.end..]);
        self.name = None;
    }

    fn find(&mut self, path: &str) -> Option<String> {
        if self.paths.len() >= MOST_CITATIONS && !self.paths.contains_key(path) {
            return None;
        }
        let files = self.files;
        self.paths.entry(path.to_owned()).or_insert_with(|| files.find(path)).clone()
    }

    /// The lines are there, and the name that is cited with them stands near.
    fn holds(&mut self, path: &str, citation: &Citation) -> bool {
        let files = self.files;
        let text = self.texts.entry(path.to_owned()).or_insert_with(|| {
            files.text(path).map(|text| {
                let lines = text.lines().count();
                (text, lines)
            })
        });
        let Some((text, lines)) = text.clone() else { return false };
        if citation.first == 0 || citation.last < citation.first || citation.last > lines {
            return false;
        }
        let Some((name, _)) = &self.name else { return true };
        let name = name.trim_end_matches("()");
        let last = name.rsplit([':', '.', '#']).next().unwrap_or(name);
        let first_row = citation.first.saturating_sub(1 + NEAR);
        let rows = citation.last + NEAR - first_row;
        let is_near = text.lines().skip(first_row).take(rows).any(|line| line.contains(last));
        // What is nowhere in the file is no name of it, but a word of the answer's.
        is_near || !text.contains(last)
    }
}

/// What no path has, or what stands around one.
fn is_between(character: char) -> bool {
    character.is_whitespace() || "\"'`()<>{}|,;*!?".contains(character)
}

/// A file's name with an ending or a directory, which no port or time has.
fn looks_like_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let has_ending = !ending.is_empty() && ending.len() <= 8 && ending.chars().all(|c| c.is_ascii_alphanumeric());
    !path.contains("//")
        && has_ending
        && !is_number(ending)
        && !name.starts_with("www.")
        && (path.contains('/') || is_source(ending))
}

/// Endings of files where there is no directory to tell a path from a host's name.
fn is_source(ending: &str) -> bool {
    crate::syntax::Language::detect("", &format!("x.{ending}"), "").is_some()
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' || !characters.peek().is_some_and(char::is_ascii_punctuation) {
            plain.push(character);
        }
    }
    plain
}

/// As Markdown shows it. An underscore between letters begins no emphasis; a path as people write it needs no care at all.
fn escaped(path: &str) -> String {
    let mut text = String::new();
    let mut before = ' ';
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        let is_within = before.is_alphanumeric() && characters.peek().is_some_and(|next| next.is_alphanumeric());
        if matches!(character, '*' | '`' | '[' | ']' | '<' | '\\' | '~' | '&') || (character == '_' && !is_within) {
            text.push('\\');
        }
        text.push(character);
        before = character;
    }
    text
}

#[cfg(test)]
mod tests;

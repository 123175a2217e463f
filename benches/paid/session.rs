//! A person who types files from a third of each on: where they stop long enough for a request.

use std::time::Duration;

use super::hands::Hands;
use super::typing_house::PAUSE;

/// Bytes on both sides of a cursor that a pipeline hands on.
const WINDOW: usize = 24 << 10;

/// The text around a cursor at which a request is sent.
pub struct Place {
    pub prefix: String,
    pub suffix: String,
}

/// Pauses that are long enough, with the time since the session began. Endless: the files are typed again and again.
pub struct Session {
    files: Vec<String>,
    file: usize,
    /// Bytes of the current file that stand there.
    at: usize,
    passed: Duration,
    hands: Hands,
}

impl Session {
    pub fn new(files: &[String], seed: u64) -> Self {
        let read = |file: &String| std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let files: Vec<String> = files.iter().map(read).filter(|text| text.len() > 300).collect();
        assert!(!files.is_empty(), "no file is long enough");
        let at = begin(&files[0]);
        Self { files, file: 0, at, passed: Duration::ZERO, hands: Hands::new(seed) }
    }
}

/// The first line's end behind a third of it.
fn begin(text: &str) -> usize {
    let third = text.len() / 3;
    text[third..].find('\n').map_or(third, |end| third + end)
}

impl Iterator for Session {
    type Item = (Duration, Place);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let text = &self.files[self.file];
            let Some(next) = text[self.at..].chars().next() else {
                self.file = (self.file + 1) % self.files.len();
                self.at = begin(&self.files[self.file]);
                self.passed += self.hands.before_place();
                continue;
            };
            let after = text[..self.at].chars().next_back().unwrap_or('\n');
            // An editor writes indentation by itself.
            let pause = if after == ' ' && next == ' ' { Duration::ZERO } else { self.hands.before(after, next) };
            let (before, behind) = text.split_at(self.at);
            self.at += next.len_utf8();
            self.passed += pause;
            if pause >= PAUSE {
                let prefix = tail(before);
                // What is below was there before; the line that is being typed is not.
                let suffix = behind.find('\n').map_or("", |end| head(&behind[end..]));
                return Some((self.passed, Place { prefix: prefix.to_owned(), suffix: suffix.to_owned() }));
            }
        }
    }
}

fn tail(text: &str) -> &str {
    let mut from = text.len().saturating_sub(WINDOW);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn head(text: &str) -> &str {
    let mut to = text.len().min(WINDOW);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    &text[..to]
}

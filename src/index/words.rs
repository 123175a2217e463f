//! Words of a text and the terms that they are searched by: `parseHTTPRequest2` is found by `parse`, `http`, `request`,
//! `2` and as a whole.

use rustc_hash::{FxBuildHasher, FxHashMap};

/// Longest term in bytes. Longer words are encoded data or hashes, which nobody types.
const MAX_TERM: usize = 64;

/// How often each word stands in `text`. A word is a run of letters, digits, underscores, and of anything beyond ASCII.
pub fn count(text: &[u8]) -> FxHashMap<&[u8], u32> {
    // A file has a different word in every thirty bytes or so.
    let expected = (text.len() / 32).min(4096);
    let mut counts: FxHashMap<&[u8], u32> = FxHashMap::with_capacity_and_hasher(expected, FxBuildHasher);
    let mut rest = text;
    while let Some(start) = rest.iter().position(|byte| IN_WORD[usize::from(*byte)]) {
        let word = &rest[start..];
        let length = word.iter().position(|byte| !IN_WORD[usize::from(*byte)]).unwrap_or(word.len());
        *counts.entry(&word[..length]).or_default() += 1;
        rest = &word[length..];
    }
    counts
}

/// Whether a byte is part of a word.
pub fn is_in_word(byte: u8) -> bool {
    IN_WORD[usize::from(byte)]
}

static IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' || byte >= 0x80;
        byte += 1;
    }
    table
};

/// Calls `each` with the terms of a word, in lower case: its parts, and the whole where it has several.
pub fn terms(word: &str, mut each: impl FnMut(&str)) {
    let mut terms = Terms { word, parts: 0, lower: String::new(), each: &mut each };
    if word.is_ascii() {
        terms.split(word.bytes().enumerate().map(|(at, byte)| (at, Class::of_ascii(byte))));
    } else {
        terms.split(word.char_indices().map(|(at, character)| (at, Class::of(character))));
    }
}

struct Terms<'a> {
    word: &'a str,
    parts: usize,
    lower: String,
    each: &'a mut dyn FnMut(&str),
}

impl Terms<'_> {
    fn split(&mut self, characters: impl Iterator<Item = (usize, Class)>) {
        let mut characters = characters.peekable();
        let mut start = 0;
        let mut before = Class::None;
        while let Some((at, class)) = characters.next() {
            let begins = match (before, class) {
                (Class::None, _) => false,
                // `getHTTP` and `HTTPRequest`: the last capital belongs to what follows.
                (Class::Lower, Class::Upper) => true,
                (Class::Upper, Class::Upper) => characters.peek().is_some_and(|(_, next)| *next == Class::Lower),
                (Class::Upper, Class::Lower) => false,
                (before, class) => before != class,
            };
            if begins {
                self.part(start..at);
            }
            if begins || before == Class::None {
                start = at;
            }
            before = class;
        }
        if before != Class::None {
            self.part(start..self.word.len());
        }
        if self.parts > 1 && self.word.len() <= MAX_TERM {
            self.lower(self.word);
            (self.each)(&self.lower);
        }
    }

    fn part(&mut self, range: std::ops::Range<usize>) {
        let part = &self.word[range];
        if part.len() > MAX_TERM {
            return;
        }
        self.parts += 1;
        if part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            (self.each)(part);
            return;
        }
        self.lower(part);
        if part.chars().any(is_ideograph) {
            pairs(&self.lower, self.each);
        } else {
            (self.each)(&self.lower);
        }
    }

    fn lower(&mut self, text: &str) {
        self.lower.clear();
        if text.is_ascii() {
            self.lower.push_str(text);
            self.lower.make_ascii_lowercase();
        } else {
            self.lower.extend(text.chars().flat_map(char::to_lowercase));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// An underscore, or the beginning: between words.
    None,
    Lower,
    Upper,
    Digit,
}

impl Class {
    fn of_ascii(byte: u8) -> Self {
        match byte {
            b'_' => Self::None,
            b'0'..=b'9' => Self::Digit,
            b'A'..=b'Z' => Self::Upper,
            _ => Self::Lower,
        }
    }

    fn of(character: char) -> Self {
        if character.is_ascii() {
            Self::of_ascii(character as u8)
        } else if character.is_uppercase() {
            Self::Upper
        } else {
            Self::Lower
        }
    }
}

/// Scripts that are written without spaces between words.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}')
}

/// Neighbouring characters: what search engines take where words cannot be told apart.
fn pairs(word: &str, each: &mut dyn FnMut(&str)) {
    let starts: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    if starts.len() <= 3 {
        each(word);
        return;
    }
    for window in starts.windows(3) {
        each(&word[window[0]..window[2]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(word: &str) -> Vec<String> {
        let mut found = Vec::new();
        terms(word, |term| found.push(term.to_owned()));
        found
    }

    #[test]
    fn words_split_at_case_underscores_and_digits() {
        assert_eq!(split("parse"), ["parse"]);
        assert_eq!(split("parseHTTPRequest2"), ["parse", "http", "request", "2", "parsehttprequest2"]);
        assert_eq!(split("MAX_FILE_SIZE"), ["max", "file", "size", "max_file_size"]);
        assert_eq!(split("__init__"), ["init"]);
        assert_eq!(split("utf8"), ["utf", "8", "utf8"]);
        assert_eq!(split("HTML5"), ["html", "5", "html5"]);
        assert_eq!(split("ÄpfelUndBirnen"), ["äpfel", "und", "birnen", "äpfelundbirnen"]);
        assert_eq!(split("検索索引"), ["検索", "索索", "索引"]);
        assert_eq!(split("___"), [""; 0]);
        assert_eq!(split(&"x".repeat(65)), [""; 0]);
    }

    #[test]
    fn words_are_counted_where_they_stand() {
        let counts = count("let a_b = a_b + größe(1); // größe".as_bytes());
        let mut counts: Vec<_> = counts.iter().map(|(word, n)| (std::str::from_utf8(word).unwrap(), *n)).collect();
        counts.sort();
        assert_eq!(counts, [("1", 1), ("a_b", 2), ("größe", 2), ("let", 1)]);
    }
}

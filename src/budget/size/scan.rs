//! One pass over a text's bytes, counting pieces as byte-pair vocabularies cut them.

use super::TextSize;

/// Shortest run of letters and digits that may be a hash or encoded data, in bytes.
const SHORTEST_CODE: u64 = 16;

/// Letters of a word that are one token more often than not. Each further one counts a quarter.
const SHORT_WORD: u64 = 4;

/// Letters from which on each counts a whole token: no word is that long.
const LONG_WORD: u64 = 12;

/// Blanks or line ends that are one token.
const BLANKS_A_TOKEN: u64 = 16;

/// Digits that are one token in the vocabularies that have all numbers of so many: they cut longer ones from the left.
const DIGITS_A_TOKEN: u64 = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Mark,
    Blank,
    LineEnd,
    /// Other scripts and control characters.
    Other,
}

impl Class {
    fn of(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' => Self::Lower,
            b'A'..=b'Z' => Self::Upper,
            b'0'..=b'9' => Self::Digit,
            b' ' | b'\t' => Self::Blank,
            b'\n' | b'\r' => Self::LineEnd,
            b'!'..=b'~' => Self::Mark,
            _ => Self::Other,
        }
    }
}

/// A run of letters and digits, as far as it was read.
#[derive(Default)]
struct Run {
    bytes: u64,
    digits: u64,
    /// Digits of the number that is being read, and what of all numbers is three digits or the rest of them.
    number: u64,
    triples: u64,
    /// Words of a camelCase name, and groups of digits.
    pieces: u64,
    /// Letters of the last word.
    letters: u64,
    /// Quarters of the words that ended.
    quarters: u64,
}

pub(super) fn scan(text: &[u8], size: &mut TextSize) {
    size.bytes += text.len() as u64;
    let mut run = Run::default();
    let mut before = None;
    // Length of the run of this class, for those that are counted by runs.
    let mut alike = 0u64;
    for (at, byte) in text.iter().enumerate() {
        let class = Class::of(*byte);
        let is_same = before == Some(class);
        alike = if is_same { alike + 1 } else { 1 };
        match class {
            Class::Lower | Class::Upper | Class::Digit => run.take(class, before, size),
            Class::Mark => size.quarters += if is_same { 2 } else { 4 },
            // A blank belongs to the word behind it, and two are a run.
            Class::Blank if alike == 1 => {
                let next = text.get(at + 1).map(|byte| Class::of(*byte));
                let is_free = matches!(next, Some(Class::Lower | Class::Upper | Class::Mark)) && *byte == b' ';
                size.quarters += if is_free || next == Some(Class::Blank) { 0 } else { 4 };
            }
            Class::Blank => size.quarters += if alike % BLANKS_A_TOKEN == 2 { 4 } else { 0 },
            Class::LineEnd => size.quarters += if alike % BLANKS_A_TOKEN == 1 { 4 } else { 0 },
            Class::Other => size.dense += 1,
        }
        if !matches!(class, Class::Lower | Class::Upper | Class::Digit) && run.bytes > 0 {
            std::mem::take(&mut run).end(size);
        }
        before = Some(class);
    }
    run.end(size);
}

impl Run {
    fn take(&mut self, class: Class, before: Option<Class>, size: &mut TextSize) {
        self.bytes += 1;
        if class == Class::Digit {
            let is_going_on = before == Some(Class::Digit) && self.bytes > 1;
            self.digits += 1;
            self.number = if is_going_on { self.number + 1 } else { 1 };
            self.triples += u64::from(self.number % DIGITS_A_TOKEN == 1);
            self.pieces += u64::from(!is_going_on);
            self.end_word();
            return;
        }
        if self.letters == 0 {
            size.words += u64::from(!matches!(before, Some(Class::Lower | Class::Upper)) || self.bytes == 1);
            self.pieces += 1;
        } else if class == Class::Upper && before == Some(Class::Lower) {
            self.end_word();
            self.pieces += 1;
        }
        self.letters += 1;
    }

    fn end_word(&mut self) {
        let (short, long) = (self.letters.min(LONG_WORD), self.letters.saturating_sub(LONG_WORD));
        if self.letters > 0 {
            self.quarters += 4 + short.saturating_sub(SHORT_WORD) + 4 * long;
        }
        self.letters = 0;
    }

    fn end(mut self, size: &mut TextSize) {
        self.end_word();
        if self.bytes >= SHORTEST_CODE && self.pieces * 4 > self.bytes {
            size.dense += self.bytes;
        } else {
            size.quarters += self.quarters;
            size.digits += self.digits;
            size.triples += self.triples;
        }
    }
}

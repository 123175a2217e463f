//! Rows that begin with their number, as models are shown files: a secret that fills several rows is looked for without them.

use std::ops::Range;

/// Digits of a row's number.
const MAX_DIGITS: usize = 9;

/// A text without the numbers of its rows.
#[derive(Debug, Default)]
pub(super) struct Unnumbered {
    pub text: Vec<u8>,
    /// Where each stretch begins, here and in the text with numbers.
    stretches: Vec<(usize, usize)>,
}

impl Unnumbered {
    /// None where no two rows in a row begin with a number and a tab.
    pub fn of(text: &[u8]) -> Option<Self> {
        let mut plain = Self::default();
        let (mut at, mut before, mut has_two) = (0, false, false);
        while at < text.len() {
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length + 1);
            let digits = text[at..end].iter().take(MAX_DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
            let is_numbered = digits > 0 && text.get(at + digits) == Some(&b'\t');
            let from = if is_numbered { at + digits + 1 } else { at };
            if is_numbered || plain.stretches.is_empty() || before {
                plain.stretches.push((plain.text.len(), from));
            }
            plain.text.extend_from_slice(&text[from..end]);
            has_two |= is_numbered && before;
            (at, before) = (end, is_numbered);
        }
        has_two.then_some(plain)
    }

    /// The same bytes in the text with numbers, with those that stand in between.
    pub fn within(&self, range: &Range<usize>) -> Range<usize> {
        if range.is_empty() {
            return self.place(range.start)..self.place(range.start);
        }
        self.place(range.start)..self.place(range.end - 1) + 1
    }

    fn place(&self, at: usize) -> usize {
        let after = self.stretches.partition_point(|(here, _)| *here <= at);
        let (here, there) = self.stretches.get(after.saturating_sub(1)).copied().unwrap_or_default();
        there + (at - here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lose_their_numbers_and_ranges_find_back() {
        let text = "<file>\n9\tfirst\n10\t  second\n\nlast 5\tno\n11\tthird";
        let plain = Unnumbered::of(text.as_bytes()).unwrap();
        let bare = std::str::from_utf8(&plain.text).unwrap();
        assert_eq!(bare, "<file>\nfirst\n  second\n\nlast 5\tno\nthird");
        for word in ["<file>", "first", "second", "last", "no", "third", "t\n  sec", "\n\nlast"] {
            let at = bare.find(word).unwrap();
            let range = plain.within(&(at..at + word.len()));
            let there = &text[range];
            assert_eq!(
                (there.chars().next(), there.chars().last()),
                (word.chars().next(), word.chars().last()),
                "{word}"
            );
            assert_eq!(there.replace("10\t", ""), word, "{word}");
        }
    }

    #[test]
    fn a_text_without_two_such_rows_is_looked_through_once() {
        for text in ["", "\n", "1\ta", "1\ta\nb\n2\tc", "1 a\n2 b", "\ta\n\tb", "1234567890\ta\n1234567891\tb"] {
            assert!(Unnumbered::of(text.as_bytes()).is_none(), "{text:?}");
        }
    }
}

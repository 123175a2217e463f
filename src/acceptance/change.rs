//! One replacement in a text, without what it left as it was.
//!
//! Clients describe the same change in many ways: the text inserted, the word replaced by itself and more, the smallest
//! difference of two buffers, the whole document. What matters here is what changed, so they are made equal first.

use ropey::Rope;

/// Farthest that an insertion is looked for beside the place where the client put it, in bytes. Only repetitions can
/// stand elsewhere: `)` before `)` is the same as `)` behind it.
const FARTHEST: usize = 4096;

/// A replacement in byte offsets of the old text; neither the first nor the last character of its two sides is equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta<'t> {
    pub start: usize,
    pub old_end: usize,
    pub inserted: &'t str,
}

impl<'t> Delta<'t> {
    /// `start..old_end` of `old` became `text`. Offsets are clamped to characters of `old`.
    pub fn of(old: &Rope, start: usize, old_end: usize, text: &'t str) -> Self {
        let start = floor(old, start);
        let old_end = floor(old, old_end).max(start);
        let removed = old.byte_slice(start..old_end);
        let mut same = 0;
        for chunk in removed.chunks() {
            let equal = common(chunk.bytes(), text.as_bytes()[same..].iter().copied());
            same += equal;
            if equal < chunk.len() {
                break;
            }
        }
        while !text.is_char_boundary(same) {
            same -= 1;
        }
        let (start, text) = (start + same, &text[same..]);
        let removed = old.byte_slice(start..old_end);
        let mut same = 0;
        let mut chunks = removed.chunks_at_byte(removed.len_bytes()).0;
        // From behind the last chunk backwards.
        chunks.next();
        while let Some(chunk) = chunks.prev() {
            let equal = common(chunk.bytes().rev(), text.as_bytes()[..text.len() - same].iter().rev().copied());
            same += equal;
            if equal < chunk.len() {
                break;
            }
        }
        while !text.is_char_boundary(text.len() - same) {
            same -= 1;
        }
        Self { start, old_end: old_end - same, inserted: &text[..text.len() - same] }
    }

    pub fn new_end(&self) -> usize {
        self.start + self.inserted.len()
    }

    pub fn is_nothing(&self) -> bool {
        self.start == self.old_end && self.inserted.is_empty()
    }

    /// Makes the old text the new one.
    pub fn apply(&self, text: &mut Rope) {
        let first = text.byte_to_char(self.start);
        text.remove(first..text.byte_to_char(self.old_end));
        text.insert(first, self.inserted);
    }

    /// The text that makes the old into the new when it is inserted at `place`. None where the change is another one.
    pub fn insertion_at(&self, old: &Rope, place: usize) -> Option<String> {
        if self.start != self.old_end || self.inserted.is_empty() || self.start.abs_diff(place) > FARTHEST {
            return None;
        }
        if place <= self.start {
            let between = slice(old, place..self.start);
            let turned = format!("{between}{}", self.inserted);
            let inserted = turned.get(..self.inserted.len())?;
            (turned.get(inserted.len()..)? == between).then(|| inserted.to_owned())
        } else {
            let between = slice(old, self.start..place.min(old.len_bytes()));
            let turned = format!("{}{between}", self.inserted);
            let inserted = turned.get(between.len()..)?;
            (turned.get(..between.len())? == between).then(|| inserted.to_owned())
        }
    }
}

/// Where a place lies after a change. One in what was replaced moves to its start.
pub fn moved(place: usize, delta: &Delta) -> usize {
    if place >= delta.old_end {
        place - (delta.old_end - delta.start) + delta.inserted.len()
    } else {
        place.min(delta.start)
    }
}

/// The text of a byte range, whose ends are clamped to characters.
pub fn slice(text: &Rope, bytes: std::ops::Range<usize>) -> String {
    let end = floor(text, bytes.end);
    text.byte_slice(floor(text, bytes.start).min(end)..end).to_string()
}

fn floor(text: &Rope, byte: usize) -> usize {
    text.char_to_byte(text.byte_to_char(byte.min(text.len_bytes())))
}

/// With `\n` for every line break, as suggestions have them.
pub fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// The first bytes of `raw` that are `most` bytes once they are `plain`.
pub fn raw_length(raw: &str, most: usize) -> usize {
    let (mut counted, mut characters) = (0, raw.char_indices().peekable());
    while let Some((at, character)) = characters.next() {
        if counted >= most {
            return at;
        }
        counted += character.len_utf8();
        if character == '\r' {
            characters.next_if(|(_, next)| *next == '\n');
        }
    }
    raw.len()
}

fn common(one: impl Iterator<Item = u8>, other: impl Iterator<Item = u8>) -> usize {
    one.zip(other).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The change between two texts that the client sent as a replacement of everything.
    fn whole(old: &str, new: &str) -> (usize, usize, String) {
        let rope = Rope::from_str(old);
        let delta = Delta::of(&rope, 0, rope.len_bytes(), new);
        (delta.start, delta.old_end, delta.inserted.to_owned())
    }

    #[test]
    fn what_stayed_is_left_out() {
        assert_eq!(whole("let x = ;\n", "let x = foo;\n"), (8, 8, "foo".into()));
        assert_eq!(whole("abc", "abc"), (3, 3, String::new()));
        assert_eq!(whole("abc", ""), (0, 3, String::new()));
        assert_eq!(whole("", "abc"), (0, 0, "abc".into()));
        assert_eq!(whole("aXc", "aYc"), (1, 2, "Y".into()));
    }

    #[test]
    fn characters_are_not_cut() {
        // é and è share their first byte, é and ũ their last.
        assert_eq!(whole("é", "è"), (0, 2, "è".into()));
        assert_eq!(whole("é", "ũ"), (0, 2, "ũ".into()));
    }

    #[test]
    fn an_insertion_is_found_at_the_place_that_is_meant() {
        let found = |old: &str, new: &str, place: usize| {
            let rope = Rope::from_str(old);
            Delta::of(&rope, 0, rope.len_bytes(), new).insertion_at(&rope, place)
        };
        // `ab` typed before `a`: the smallest difference is `ba` behind it.
        assert_eq!(found("x a", "x aba", 2), Some("ab".into()));
        assert_eq!(found("x a", "x aba", 3), Some("ba".into()));
        assert_eq!(found("x a", "x aba", 1), None);
        assert_eq!(found("f()", "f())", 2), Some(")".into()));
        assert_eq!(found("ab", "b", 0), None);
    }

    #[test]
    fn line_breaks_of_two_bytes_count_once() {
        assert_eq!(raw_length("a\r\nb\r\nc", 3), 4);
        assert_eq!(raw_length("a\r\nb\r\nc", 4), 6);
        assert_eq!(raw_length("abc", 9), 3);
    }

    proptest! {
        #[test]
        fn the_smallest_replacement_gives_the_new_text(old in "[aé\r\n]{0,40}", new in "[aé\r\n]{0,40}") {
            let mut rope = Rope::from_str(&old);
            let delta = Delta::of(&rope, 0, rope.len_bytes(), &new);
            delta.apply(&mut rope);
            prop_assert_eq!(rope.to_string(), new);
        }

        #[test]
        fn an_insertion_is_recognised_however_it_is_told(
            before in "[ab]{0,12}", inserted in "[ab]{1,12}", after in "[ab]{0,12}",
        ) {
            let (old, new) = (Rope::from_str(&format!("{before}{after}")), format!("{before}{inserted}{after}"));
            let delta = Delta::of(&old, 0, old.len_bytes(), &new);
            prop_assert_eq!(delta.insertion_at(&old, before.len()), Some(inserted));
        }
    }
}

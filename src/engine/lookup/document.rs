//! The tokens of one document, kept in step with its text.
//!
//! Flat arrays, so that a scan of a 5,000-line file takes microseconds. An edit re-lexes the lines it touches.

use std::borrow::Cow;
use std::sync::OnceLock;

use ropey::{Rope, RopeSlice};

use super::lexer::{Kind, LinePlace, Token, TokenId, head, lex};
use crate::text::Edit;

/// Documents above this size have no tokens: nothing is copied from them. A megabyte is about 25,000 lines; source
/// files above it are generated, and an index of them would cost more than a suggestion may take.
pub const MAX_DOCUMENT_BYTES: usize = 1 << 20;
/// Longer lines have no tokens: minified text and embedded data.
const MAX_LINE_BYTES: usize = 8 << 10;

/// The token stream of one version of a document. Cloning copies 16 bytes a token: share it in an `Arc` and use
/// `Arc::make_mut` to apply an edit.
#[derive(Clone, Debug, Default)]
pub struct DocumentTokens {
    text: Rope,
    ids: Vec<TokenId>,
    starts: Vec<u32>,
    lens: Vec<u16>,
    heads: Vec<u32>,
    places: Vec<LinePlace>,
    index: OnceLock<Index>,
}

/// The positions of every token, built when the version is first looked into.
#[derive(Clone, Debug)]
struct Index {
    /// Where each bucket begins in `positions`; one more than there are buckets.
    begins: Vec<u32>,
    /// Ascending in each bucket.
    positions: Vec<u32>,
}

/// Tokens are spread over this many buckets by the low bits of their ids.
const BUCKETS: usize = 1 << 12;

impl Index {
    fn new(ids: &[TokenId]) -> Self {
        let mut begins = vec![0u32; BUCKETS + 1];
        for id in ids {
            begins[id.0 as usize % BUCKETS + 1] += 1;
        }
        for bucket in 0..BUCKETS {
            begins[bucket + 1] += begins[bucket];
        }
        let mut next = begins.clone();
        let mut positions = vec![0u32; ids.len()];
        for (position, id) in ids.iter().enumerate() {
            let slot = &mut next[id.0 as usize % BUCKETS];
            positions[*slot as usize] = position as u32;
            *slot += 1;
        }
        Self { begins, positions }
    }

    fn bucket(&self, id: TokenId) -> &[u32] {
        let bucket = id.0 as usize % BUCKETS;
        &self.positions[self.begins[bucket] as usize..self.begins[bucket + 1] as usize]
    }
}

impl DocumentTokens {
    /// Lexes the whole text: about 10 ms for a megabyte, so not for the protocol task.
    pub fn new(text: &Rope) -> Self {
        let mut tokens = Self { text: text.clone(), ..Self::default() };
        if text.len_bytes() <= MAX_DOCUMENT_BYTES {
            lex_lines(text.slice(..), |token| {
                tokens.ids.push(token.id);
                tokens.starts.push(token.start);
                tokens.lens.push(token.len);
                tokens.heads.push(token.head);
                tokens.places.push(token.place);
            });
        }
        tokens
    }

    /// Follows `edits`, in the order in which they were made, to `text`, which is the text after all of them.
    pub fn apply(&mut self, text: &Rope, edits: &[Edit]) {
        let Some(change) = edits.iter().map(Change::of).reduce(Change::then) else {
            return;
        };
        let known = self.text.len_bytes() <= MAX_DOCUMENT_BYTES;
        let fits = self.text.len_bytes() + change.new_end == text.len_bytes() + change.old_end;
        if !known || !fits || text.len_bytes() > MAX_DOCUMENT_BYTES || change.new_end > text.len_bytes() {
            *self = Self::new(text);
            return;
        }
        // Whole lines, one more on each side: an edit between `\r` and `\n` changes where its neighbour ends.
        let first = text.byte_to_line(change.start.min(text.len_bytes())).saturating_sub(1);
        let after = (text.byte_to_line(change.new_end) + 2).min(text.len_lines());
        let (start, new_end) = (text.line_to_byte(first), text.line_to_byte(after));
        let old_end = new_end + change.old_end - change.new_end;
        let (start, old_end) = (start.min(change.start), old_end.max(change.old_end));

        let mut fresh = Vec::new();
        lex_lines(text.byte_slice(start..new_end), |token| fresh.push(token));
        let from = self.starts.partition_point(|&token| (token as usize) < start);
        let to = self.starts.partition_point(|&token| (token as usize) < old_end);
        for token in &mut self.starts[to..] {
            *token = (*token as usize + new_end - old_end) as u32;
        }
        self.ids.splice(from..to, fresh.iter().map(|token| token.id));
        self.starts.splice(from..to, fresh.iter().map(|token| token.start + start as u32));
        self.lens.splice(from..to, fresh.iter().map(|token| token.len));
        self.heads.splice(from..to, fresh.iter().map(|token| token.head));
        self.places.splice(from..to, fresh.iter().map(|token| token.place));
        self.text = text.clone();
        self.index = OnceLock::new();
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(super) fn text(&self) -> &Rope {
        &self.text
    }

    pub(super) fn ids(&self) -> &[TokenId] {
        &self.ids
    }

    /// Where the token stands in its line.
    pub(super) fn line_place(&self, index: usize) -> LinePlace {
        self.places.get(index).copied().unwrap_or_default()
    }

    /// The positions of `id` in ascending order, among those of a few other tokens.
    pub(super) fn near_positions_of(&self, id: TokenId) -> &[u32] {
        self.index.get_or_init(|| Index::new(&self.ids)).bucket(id)
    }

    /// The index of the first token that starts at `byte` or after it.
    pub(super) fn index_at(&self, byte: usize) -> usize {
        self.starts.partition_point(|&start| (start as usize) < byte)
    }

    /// Start and end in bytes of a token's text. A line end has none.
    pub(super) fn range(&self, index: usize) -> std::ops::Range<usize> {
        let start = self.starts.get(index).map_or(self.text.len_bytes(), |&start| start as usize);
        match self.ids.get(index) {
            Some(id) if id.kind() != Kind::LineEnd => start..start + usize::from(self.lens[index]),
            _ => start..start,
        }
    }

    /// Width in bytes of the indentation of the line that the line end at `index` closes.
    pub(super) fn indentation(&self, index: usize) -> usize {
        self.lens.get(index).map_or(0, |&len| usize::from(len))
    }

    /// White space between the token before and this one, in bytes; the indentation at the beginning of a line.
    pub(super) fn gap(&self, index: usize) -> std::ops::Range<usize> {
        let end = self.range(index).start;
        let Some(before) = index.checked_sub(1) else {
            return self.text.line_to_byte(self.text.byte_to_line(end))..end;
        };
        match self.ids.get(before).map(|id| id.kind()) {
            Some(Kind::LineEnd) => self.text.line_to_byte(self.text.byte_to_line(end))..end,
            _ => self.range(before).end..end,
        }
    }

    pub(super) fn slice(&self, bytes: std::ops::Range<usize>) -> Cow<'_, str> {
        self.text.get_byte_slice(bytes).map_or(Cow::Borrowed(""), |slice| slice.into())
    }

    /// Whether the token's text begins with `beginning`.
    pub(super) fn starts_with(&self, index: usize, beginning: &str) -> bool {
        let mask = u32::MAX.checked_shl(32 - 8 * beginning.len().min(4) as u32).unwrap_or(0);
        self.heads.get(index).is_some_and(|&token| token & mask == head(beginning.as_bytes()))
            && (beginning.len() <= 4 || self.slice(self.range(index)).starts_with(beginning))
    }
}

/// Lexes whole lines; `Token::start` counts from the beginning of `text`.
fn lex_lines(text: RopeSlice<'_>, mut push: impl FnMut(Token)) {
    let mut start = 0;
    for line in text.lines() {
        if line.len_bytes() <= MAX_LINE_BYTES {
            lex(&Cow::from(line), |token| push(Token { start: start + token.start, ..token }));
        }
        start += line.len_bytes() as u32;
    }
}

/// One replacement: `start..old_end` of the first text became `start..new_end` of the last.
#[derive(Clone, Copy)]
struct Change {
    start: usize,
    old_end: usize,
    new_end: usize,
}

impl Change {
    fn of(edit: &Edit) -> Self {
        Self { start: edit.start_byte, old_end: edit.old_end_byte, new_end: edit.new_end_byte }
    }

    /// The smallest replacement that covers both, `next` being made on the result of `self`.
    fn then(self, next: Self) -> Self {
        let end = self.new_end.max(next.old_end);
        Self {
            start: self.start.min(next.start),
            old_end: self.old_end + (end - self.new_end),
            new_end: end + next.new_end - next.old_end,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::Point;

    fn same(a: &DocumentTokens, b: &DocumentTokens) -> bool {
        a.ids == b.ids
            && a.starts == b.starts
            && a.lens == b.lens
            && a.heads == b.heads
            && a.places == b.places
            && a.text == b.text
    }

    fn replace(text: &mut Rope, start: usize, end: usize, with: &str) -> Edit {
        let (from, to) = (text.byte_to_char(start), text.byte_to_char(end));
        let (start, end) = (text.char_to_byte(from), text.char_to_byte(to));
        text.remove(from..to);
        text.insert(from, with);
        let point = Point::default();
        Edit {
            start_byte: start,
            old_end_byte: end,
            new_end_byte: start + with.len(),
            start_point: point,
            old_end_point: point,
            new_end_point: point,
        }
    }

    #[test]
    fn an_edit_in_the_middle_of_a_word_relexes_it() {
        let mut text = Rope::from_str("let a = 1;\nlet bc = 2;\nlet d = 3;\n");
        let mut tokens = DocumentTokens::new(&text);
        let edit = replace(&mut text, 16, 16, "xyz = 4;\n\n  w");
        tokens.apply(&text, &[edit]);
        assert!(same(&tokens, &DocumentTokens::new(&text)));
    }

    #[test]
    fn an_edit_that_does_not_fit_the_known_text_lexes_anew() {
        let mut tokens = DocumentTokens::new(&Rope::from_str("a b c"));
        let text = Rope::from_str("something else\n");
        let mut other = text.clone();
        let edit = replace(&mut other, 3, 5, "q");
        tokens.apply(&text, &[edit]);
        assert!(same(&tokens, &DocumentTokens::new(&text)));
    }

    #[test]
    fn documents_above_the_limit_are_empty_and_recover() {
        let mut text = Rope::from_str(&"x ".repeat(MAX_DOCUMENT_BYTES / 2 + 1));
        let mut tokens = DocumentTokens::new(&text);
        assert!(tokens.is_empty());
        let edit = replace(&mut text, 4, MAX_DOCUMENT_BYTES, "");
        tokens.apply(&text, &[edit]);
        assert_eq!(tokens.len(), 3);
    }

    #[test]
    fn minified_lines_have_no_tokens_and_their_neighbours_do() {
        let mut text = Rope::from_str(&format!("a b\n{}\nc d\n", "x=1;".repeat(MAX_LINE_BYTES)));
        let mut tokens = DocumentTokens::new(&text);
        assert_eq!(tokens.len(), 6);
        let edit = replace(&mut text, 100, 4 * MAX_LINE_BYTES, "");
        tokens.apply(&text, &[edit]);
        assert!(same(&tokens, &DocumentTokens::new(&text)) && tokens.len() > 50);
    }

    #[test]
    fn gaps_are_white_space_before_a_token() {
        let tokens = DocumentTokens::new(&Rope::from_str("\n  a =  b\n\n\tc"));
        let gap = |index| tokens.slice(tokens.gap(index)).into_owned();
        assert_eq!([gap(0), gap(1), gap(2), gap(4)], ["  ", " ", "  ", "\t"]);
        assert!(tokens.starts_with(0, "a") && !tokens.starts_with(0, "ab") && tokens.starts_with(2, ""));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn incremental_tokens_equal_fresh_ones(
            start in "[ab \t\r\n.(é7]{0,60}",
            batches in prop::collection::vec(
                prop::collection::vec((0usize..80, 0usize..20, "[ab \r\n=é9]{0,12}"), 1..4), 1..6),
        ) {
            let mut text = Rope::from_str(&start);
            let mut tokens = DocumentTokens::new(&text);
            for batch in batches {
                let mut edits = Vec::new();
                for (at, len, with) in batch {
                    let at = at.min(text.len_bytes());
                    let end = (at + len).min(text.len_bytes());
                    edits.push(replace(&mut text, at, end, &with));
                }
                tokens.apply(&text, &edits);
                prop_assert!(same(&tokens, &DocumentTokens::new(&text)), "{:?}", text.to_string());
            }
        }
    }
}

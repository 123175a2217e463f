//! A place in a text, known by what stands around it rather than by its offset.
//!
//! Edits elsewhere in the document move offsets; they do not change what is typed at the cursor. So a suggestion, or a
//! generation under way, is recognised by its surroundings, and what was typed since is read off the text.

use ropey::Rope;

use crate::text::Edit;

/// Bytes of text before and after the place that must still be there. Enough to tell two places of one file apart.
const BEFORE_BYTES: usize = 256;
const AFTER_BYTES: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    before: String,
    /// `before` begins where the text begins.
    from_start: bool,
    /// The rest of the cursor's line and a little of the next ones.
    after: String,
}

impl Anchor {
    pub fn at(text: &Rope, offset: usize) -> Self {
        let before = tail(text, offset, BEFORE_BYTES);
        let from_start = before.len() == floor(text, offset);
        Self { before: plain(&before), from_start, after: plain(&head(text, offset, AFTER_BYTES)) }
    }

    /// What was typed between this place and the cursor at `offset`: the shortest such text that `accept` takes, with
    /// `\n` for every line break. None when the cursor does not stand behind this place, or more than `most` bytes
    /// behind it.
    ///
    /// Closing brackets and quotes that an editor put behind the cursor by itself do not count as a change.
    pub fn typed_since(
        &self,
        text: &Rope,
        offset: usize,
        most: usize,
        accept: impl Fn(&str) -> bool,
    ) -> Option<String> {
        if !self.stands_before(&plain(&head(text, offset, 2 * AFTER_BYTES))) {
            return None;
        }
        // Line breaks of two bytes and the slack of character boundaries make the raw text longer.
        let reach = BEFORE_BYTES + 2 * most + 8;
        let from_start = floor(text, offset) <= reach;
        let before = plain(&tail(text, offset, reach));
        for typed_bytes in 0..=most.min(before.len()) {
            let cut = before.len() - typed_bytes;
            if !before.is_char_boundary(cut) || !before[..cut].ends_with(&self.before) {
                continue;
            }
            let begins_with_text = from_start && cut == self.before.len();
            if self.from_start && !begins_with_text {
                continue;
            }
            if accept(&before[cut..]) {
                return Some(before[cut..].to_owned());
            }
        }
        None
    }

    pub fn len_bytes(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// No closing bracket or quote came behind the cursor since.
    pub fn is_closed_as_before(&self, text: &Rope, offset: usize) -> bool {
        common_start(&plain(&head(text, offset, 2 * AFTER_BYTES)), &self.after)
    }

    fn stands_before(&self, after: &str) -> bool {
        let is_closer = |character: char| matches!(character, ')' | ']' | '}' | '"' | '\'' | '`' | '>');
        let added = after.find(|character: char| !is_closer(character) && !character.is_whitespace());
        let added = &after[..added.unwrap_or(after.len()).min(AFTER_BYTES)];
        // Nothing was added, or white space with at least one closing bracket or quote at its end.
        let ends = added.char_indices().filter(|(_, character)| is_closer(*character)).map(|(at, _)| at + 1);
        std::iter::once(0).chain(ends).any(|skipped| common_start(&after[skipped..], &self.after))
    }
}

/// Where the cursor may stand after an edit: brackets that an editor closed, and what they enclose, stand behind it. Behind
/// a longer text than anybody types it stands at an end.
pub fn cursors(edit: &Edit) -> impl Iterator<Item = usize> + use<> {
    const TYPED_BYTES: usize = 64;
    let (start, end) = (edit.start_byte, edit.new_end_byte.max(edit.start_byte));
    let step = if end - start <= TYPED_BYTES { 1 } else { end - start };
    (start..=end).rev().step_by(step)
}

/// The one that was cut shorter says nothing about what follows.
fn common_start(now: &str, then: &str) -> bool {
    // `then` was cut at `AFTER_BYTES`, at a character boundary at most three bytes below; `now` is longer than that.
    let was_cut = then.len() + 4 > AFTER_BYTES;
    if was_cut { now.starts_with(then) } else { now == then }
}

/// With `\n` for every line break, as suggestions have them.
pub fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// The last `most` bytes or less before `offset`, at a character boundary.
pub fn tail(text: &Rope, offset: usize, most: usize) -> String {
    let offset = floor(text, offset);
    let mut start = floor(text, offset.saturating_sub(most));
    if offset - start > most {
        start = text.char_to_byte(text.byte_to_char(start) + 1);
    }
    text.byte_slice(start..offset).to_string()
}

/// The first `most` bytes or less after `offset`, at a character boundary.
pub fn head(text: &Rope, offset: usize, most: usize) -> String {
    let offset = floor(text, offset);
    let end = floor(text, offset.saturating_add(most));
    text.byte_slice(offset..end).to_string()
}

fn floor(text: &Rope, byte: usize) -> usize {
    text.char_to_byte(text.byte_to_char(byte.min(text.len_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(fixture: &str) -> (Rope, usize) {
        let offset = fixture.find("$0").expect("fixture has a cursor");
        (Rope::from_str(&fixture.replacen("$0", "", 1)), offset)
    }

    fn typed(before: &str, now: &str) -> Option<String> {
        let (text, offset) = parse(before);
        let anchor = Anchor::at(&text, offset);
        let (text, offset) = parse(now);
        anchor.typed_since(&text, offset, 64, |_| true)
    }

    #[test]
    fn sees_what_was_typed() {
        assert_eq!(typed("let x = $0;\n", "let x = fo$0;\n"), Some("fo".into()));
        assert_eq!(typed("let x = $0;\n", "let x = $0;\n"), Some(String::new()));
    }

    #[test]
    fn edits_above_do_not_matter_when_they_are_far() {
        let filler = "// a line that fills the distance to the edit\n".repeat(10);
        let before = format!("use a;\n{filler}let x = $0;\n");
        let now = format!("use a;\nuse b;\n{filler}let x = f$0;\n");
        assert_eq!(typed(&before, &now), Some("f".into()));
    }

    #[test]
    fn another_place_is_not_this_place() {
        assert_eq!(typed("let x = $0;\n", "let y = fo$0;\n"), None);
        assert_eq!(typed("a$0\nb\n", "a\nb$0\n"), None);
        assert_eq!(typed("ab$0", "a$0"), None);
    }

    #[test]
    fn brackets_that_the_editor_closed_do_not_matter() {
        assert_eq!(typed("call$0\nnext\n", "call($0)\nnext\n"), Some("(".into()));
    }

    #[test]
    fn a_block_that_the_editor_closed_does_not_matter() {
        assert_eq!(typed("if a $0\nnext\n", "if a {\n    $0\n}\nnext\n"), Some("{\n    ".into()));
    }

    #[test]
    fn line_breaks_of_two_bytes_are_line_breaks() {
        assert_eq!(typed("a\r\nb $0\r\nnext\r\n", "a\r\nb {\r\n    $0\r\nnext\r\n"), Some("{\n    ".into()));
    }

    #[test]
    fn text_removed_behind_the_cursor_is_a_change() {
        assert_eq!(typed("f($0, b)\n", "f(a$0)\n"), None);
    }

    #[test]
    fn long_and_wide_text_is_cut_at_characters() {
        let text = Rope::from_str(&"漢".repeat(500));
        for offset in [0, 1, 300, 301, 1499, 1500, 9999] {
            let anchor = Anchor::at(&text, offset);
            assert!(anchor.before.len() <= BEFORE_BYTES && anchor.after.len() <= AFTER_BYTES);
        }
    }
}

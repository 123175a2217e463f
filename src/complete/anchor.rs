//! A place in a text, known by what stands around it rather than by its offset.
//!
//! Edits elsewhere in the document move offsets; they do not change what is typed at the cursor. So a suggestion, or a
//! generation under way, is recognised by its surroundings, and what was typed since is read off the text.

use ropey::Rope;

/// Bytes of text before and after the place that must still be there. Enough to tell two places of one file apart.
const BEFORE_BYTES: usize = 256;
const AFTER_BYTES: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    before: String,
    /// Up to the end of the line's text after the cursor and a little of the next lines.
    after: String,
}

impl Anchor {
    pub fn at(text: &Rope, offset: usize) -> Self {
        Self { before: tail(text, offset, BEFORE_BYTES), after: head(text, offset, AFTER_BYTES) }
    }

    /// What was typed between this place and the cursor at `offset`: the shortest such text that `accept` takes.
    /// None when the cursor does not stand behind this place, or more than `most` bytes behind it.
    ///
    /// Closing brackets and quotes that an editor put behind the cursor by itself do not count as a change.
    pub fn typed_since(
        &self,
        text: &Rope,
        offset: usize,
        most: usize,
        accept: impl Fn(&str) -> bool,
    ) -> Option<String> {
        if !self.stands_before(&head(text, offset, AFTER_BYTES)) {
            return None;
        }
        let before = tail(text, offset, BEFORE_BYTES + most);
        let at_start_of_text = self.before.len() < BEFORE_BYTES - 3;
        for typed_bytes in 0..=most.min(before.len()) {
            let cut = before.len() - typed_bytes;
            if !before.is_char_boundary(cut) || !before[..cut].ends_with(&self.before) {
                continue;
            }
            if at_start_of_text && offset != self.before.len() + typed_bytes {
                continue;
            }
            if accept(&before[cut..]) {
                return Some(before[cut..].to_owned());
            }
        }
        None
    }

    fn stands_before(&self, after: &str) -> bool {
        let closers = after.len() - after.trim_start_matches([')', ']', '}', '"', '\'', '`', '>']).len();
        (0..=closers).any(|skipped| common_start(&after[skipped..], &self.after))
    }
}

/// Equal as far as the shorter one goes, which is shorter only because it was cut.
fn common_start(now: &str, then: &str) -> bool {
    let shortest = now.len().min(then.len());
    let enough = now.len() == then.len() || shortest + 8 >= AFTER_BYTES - 3;
    enough && now.as_bytes()[..shortest] == then.as_bytes()[..shortest]
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

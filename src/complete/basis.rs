//! What a suggestion depended on beyond its place: the text that its prompt showed, the signatures in it, the edits elsewhere.
//!
//! A place is found again by a few hundred bytes around it, which is right while the user types along. Who comes back later,
//! by undoing or by moving there, must not be given what was right before something else was changed.

use std::hash::{Hash, Hasher};

use ropey::Rope;
use rustc_hash::FxHasher;

use super::anchor::{head, plain, tail};
use crate::context::{Desk, Hunk};

/// Bytes before and after the place: what the default budgets of a prompt (1,536 and 512 tokens) show of usual code.
const BEFORE_BYTES: usize = 6 << 10;
const AFTER_BYTES: usize = 2 << 10;

/// A suggestion's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    before: u64,
    after: u64,
    /// Of each snippet of the repository that stood in the prompt.
    snippets: Vec<u64>,
    /// Of each recent edit of another document.
    edits: Vec<u64>,
}

/// What a prompt would be made of now.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    pub text: &'a Rope,
    pub offset: usize,
    pub desk: &'a Desk,
    pub edits: &'a [(String, Hunk)],
    /// The document's path in the index, as in `edits`.
    pub path: Option<&'a str>,
}

impl Basis {
    /// `snippets`: what `Desk::standing` said when the prompt was made; none where no prompt was.
    pub fn new(now: &Circumstances<'_>, snippets: Vec<u64>) -> Self {
        let (before, after) = now.around("");
        Self { before, after, snippets, edits: now.edits() }
    }

    /// Whether it is the same still, `typed` bytes behind the place. A selection that grew says all that it said before, and
    /// an edit elsewhere that is forgotten is no news.
    pub fn holds(&self, now: &Circumstances<'_>, typed: &str) -> bool {
        self.after == now.around(typed).1 && self.holds_before(now, typed)
    }

    /// The same without the text behind the cursor, where an editor closes brackets by itself.
    pub fn holds_before(&self, now: &Circumstances<'_>, typed: &str) -> bool {
        if self.before != now.around(typed).0 {
            return false;
        }
        let standing = if self.snippets.is_empty() { Vec::new() } else { now.desk.standing() };
        let is_said_still = self.snippets.iter().all(|snippet| standing.contains(snippet));
        is_said_still && now.edits().iter().all(|edit| self.edits.contains(edit))
    }

    pub fn len_bytes(&self) -> usize {
        size_of::<Self>() + (self.snippets.len() + self.edits.len()) * size_of::<u64>()
    }
}

impl Circumstances<'_> {
    /// Of the text before the place that `typed` was typed at, and of that behind the cursor.
    fn around(&self, typed: &str) -> (u64, u64) {
        // Line breaks of two bytes are one here, so twice as much is read as is compared.
        let before = plain(&tail(self.text, self.offset, 2 * (BEFORE_BYTES + typed.len())));
        let before = before.strip_suffix(typed).unwrap_or(&before);
        let start = before.len().saturating_sub(BEFORE_BYTES);
        let start = (start..=before.len()).find(|&at| before.is_char_boundary(at)).unwrap_or(0);
        let after = plain(&head(self.text, self.offset, 2 * AFTER_BYTES));
        let end = (0..=after.len().min(AFTER_BYTES)).rev().find(|&at| after.is_char_boundary(at)).unwrap_or(0);
        (hash(&before[start..]), hash(&after[..end]))
    }

    /// Edits of this document are in its text.
    fn edits(&self) -> Vec<u64> {
        let elsewhere = self.edits.iter().filter(|(path, _)| Some(path.as_str()) != self.path);
        elsewhere.filter_map(|(_, hunk)| hunk.fingerprint()).collect()
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(then: &str, now: &str, typed: &str) -> bool {
        let desk = Desk::default();
        let parse = |fixture: &str| {
            let offset = fixture.find("$0").expect("fixture has a cursor");
            (Rope::from_str(&fixture.replacen("$0", "", 1)), offset)
        };
        let ((text, offset), (text_now, offset_now)) = (parse(then), parse(now));
        let then = Circumstances { text: &text, offset, desk: &desk, edits: &[], path: None };
        Basis::new(&then, Vec::new()).holds(&Circumstances { text: &text_now, offset: offset_now, ..then }, typed)
    }

    #[test]
    fn what_was_typed_at_the_place_is_no_change_and_all_else_in_the_window_is() {
        assert!(holds("use a;\nlet x = $0;\n", "use a;\nlet x = fo$0;\n", "fo"));
        assert!(holds("use a;\r\nlet x = $0;\r\n", "use a;\r\nlet x = {\r\n$0;\r\n", "{\n"));
        assert!(!holds("use a;\nlet x = $0;\n", "use b;\nlet x = fo$0;\n", "fo"));
        assert!(!holds("use a;\nlet x = $0;\n", "use a;\nlet x = $0;\nlet y;\n", ""));
    }

    #[test]
    fn what_no_prompt_shows_does_not_matter() {
        let filler = "// a line that fills the distance to the edit, and some ü\n".repeat(200);
        assert!(holds(&format!("a\n{filler}$0"), &format!("bcd\n{filler}$0"), ""));
        assert!(holds(&format!("$0\n{filler}a"), &format!("$0\n{filler}b"), ""));
    }
}

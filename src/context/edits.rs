//! What was edited lately, as small diffs: a model that sees a rename or a new argument writes the next one like it.
//!
//! Kept as the texts before and after, which share their memory, and compared only when a prompt is made.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use ropey::Rope;

use super::signatures::TokenCount;
use crate::engine::Snippet;
use crate::engine::prompt::heading;
use crate::text::{DocumentId, Edit};

/// Edits that are remembered, and rows of one that are worth a place in a prompt.
const REMEMBERED: usize = 8;
const MOST_ROWS: usize = 8;
/// Rows between two edits that are still one.
const GAP: usize = 2;
/// Rows that one replacement may have; more is a paste, a formatter or another branch.
const MOST_REPLACED: usize = 40;

/// Rows of a document that were edited.
#[derive(Clone, Debug)]
pub struct Hunk {
    pub document: DocumentId,
    old: Rope,
    old_rows: Range<usize>,
    new: Rope,
    new_rows: Range<usize>,
}

/// The last edits of all documents, the oldest first.
#[derive(Debug, Default)]
pub struct RecentEdits {
    hunks: VecDeque<Hunk>,
}

impl RecentEdits {
    /// `edits` lead from `before` to `after`. Costs as much as there are edits, whatever the text.
    pub fn record(&mut self, document: &DocumentId, before: &Rope, after: &Rope, edits: &[Edit]) {
        let rows = |from: usize, to: usize| to.saturating_sub(from) + 1;
        let is_large = |edit: &Edit| {
            rows(edit.start_point.row, edit.old_end_point.row).max(rows(edit.start_point.row, edit.new_end_point.row))
                > MOST_REPLACED
        };
        if edits.len() > REMEMBERED || edits.iter().any(is_large) {
            // Rows of what came before are other rows now.
            self.forget(document);
            return;
        }
        for (number, edit) in edits.iter().enumerate() {
            self.record_one(document, before, edit, &edits[..number]);
        }
        self.hunks.iter_mut().filter(|hunk| hunk.document == *document).for_each(|hunk| hunk.new = after.clone());
        while self.hunks.len() > REMEMBERED {
            self.hunks.pop_front();
        }
    }

    fn record_one(&mut self, document: &DocumentId, before: &Rope, edit: &Edit, earlier: &[Edit]) {
        let (start, end) = (edit.start_point.row, edit.old_end_point.row + 1);
        let grown = |from: usize, to: usize, rows: usize| (rows + to).saturating_sub(from);
        let (old_end, new_end) = (edit.old_end_point.row, edit.new_end_point.row);
        let mut is_taken = false;
        for hunk in self.hunks.iter_mut().filter(|hunk| hunk.document == *document) {
            let touches = start <= hunk.new_rows.end + GAP && hunk.new_rows.start <= end + GAP;
            if touches && !is_taken {
                is_taken = true;
                let above = hunk.new_rows.start.saturating_sub(start);
                let below = end.saturating_sub(hunk.new_rows.end);
                hunk.new_rows = hunk.new_rows.start - above..grown(old_end, new_end, hunk.new_rows.end + below);
                hunk.old_rows = hunk.old_rows.start.saturating_sub(above)..hunk.old_rows.end + below;
            } else if start < hunk.new_rows.start {
                let moved = |row: usize| grown(old_end, new_end, row);
                hunk.new_rows = moved(hunk.new_rows.start)..moved(hunk.new_rows.end);
            }
        }
        if !is_taken {
            // In rows of the text before this batch.
            let moved = earlier
                .iter()
                .filter(|other| other.start_point.row < start)
                .fold(start, |row, other| (row + other.old_end_point.row).saturating_sub(other.new_end_point.row));
            self.hunks.push_back(Hunk {
                document: document.clone(),
                old: before.clone(),
                old_rows: moved..moved + (end - start),
                new: before.clone(),
                new_rows: start..new_end + 1,
            });
        } else if let Some(at) = self
            .hunks
            .iter()
            .rposition(|hunk| hunk.document == *document && hunk.new_rows.start <= new_end && start < hunk.new_rows.end)
            && let Some(hunk) = self.hunks.remove(at)
        {
            // What is worked on is the newest.
            self.hunks.push_back(hunk);
        }
    }

    fn forget(&mut self, document: &DocumentId) {
        self.hunks.retain(|hunk| hunk.document != *document);
    }

    /// The oldest first.
    pub fn hunks(&self) -> impl Iterator<Item = &Hunk> {
        self.hunks.iter()
    }
}

impl Hunk {
    /// Whether these rows of the document, as it is now, show all of it.
    pub fn is_within(&self, rows: &Range<u32>) -> bool {
        let rows = rows.start as usize..rows.end as usize;
        rows.contains(&self.new_rows.start) && self.new_rows.end <= rows.end
    }

    /// Tells this edit, as it has become, from others. None where `snippets` would not tell it.
    pub fn fingerprint(&self) -> Option<u64> {
        let mut hasher = rustc_hash::FxHasher::default();
        (&self.document, self.diff()?).hash(&mut hasher);
        Some(hasher.finish())
    }

    /// Lines that went with `-`, lines that came with `+`. None where nothing is left of the edit, or too much to show.
    fn diff(&self) -> Option<String> {
        let (old, new) = (lines(&self.old, &self.old_rows)?, lines(&self.new, &self.new_rows)?);
        let same_head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let rest = old.len().min(new.len()) - same_head;
        let same_tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
        let (old, new) = (&old[same_head..old.len() - same_tail], &new[same_head..new.len() - same_tail]);
        let is_blank = old.iter().chain(new).all(|line| line.trim().is_empty());
        if is_blank || old.len() > MOST_ROWS || new.len() > MOST_ROWS {
            return None;
        }
        let gone = old.iter().map(|line| format!("-{line}\n"));
        Some(gone.chain(new.iter().map(|line| format!("+{line}\n"))).collect())
    }
}

fn lines(text: &Rope, rows: &Range<usize>) -> Option<Vec<String>> {
    if rows.len() > MOST_REPLACED * 2 {
        return None;
    }
    let rows = rows.start.min(text.len_lines())..rows.end.min(text.len_lines());
    let line = |row: usize| text.line(row).to_string().trim_end_matches(['\n', '\r']).to_owned();
    Some(rows.map(line).collect())
}

/// The newest of these edits (the oldest first, each with the path to name it by) that fit into `budget` tokens, in their
/// order.
pub fn snippets(hunks: &[(String, Hunk)], budget: usize, count: TokenCount<'_>) -> Vec<Snippet> {
    let mut left = budget;
    let mut chosen: Vec<Snippet> = Vec::new();
    for (path, hunk) in hunks.iter().rev() {
        let Some(text) = hunk.diff() else { continue };
        let cost = count(&text) + count(&heading(path)) + 2;
        if cost > left {
            break;
        }
        left -= cost;
        chosen.push(Snippet { path: path.clone(), text });
    }
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Change, Document, Position, PositionEncoding, Range as TextRange};

    type Replacement<'a> = ((u32, u32), (u32, u32), &'a str);

    struct Editor {
        document: Document,
        recent: RecentEdits,
    }

    impl Editor {
        fn new(text: &str) -> Self {
            Self { document: Document::new("file:///a", "", 0, text), recent: RecentEdits::default() }
        }

        /// Replaces `from..to` (row, column) by `text`, several at once in the order in which they come.
        fn edit(&mut self, edits: &[Replacement<'_>]) {
            let before = self.document.rope().clone();
            let at = |(row, column): (u32, u32)| Position::new(row, column);
            let changes: Vec<Change> = edits
                .iter()
                .map(|(start, end, text)| Change {
                    range: Some(TextRange { start: at(*start), end: at(*end) }),
                    text: (*text).to_owned(),
                })
                .collect();
            let edits = self.document.apply(1, &changes, PositionEncoding::Utf8);
            self.recent.record(self.document.id(), &before, self.document.rope(), &edits);
        }

        #[track_caller]
        fn check(&self, expected: &[&str]) {
            let hunks: Vec<(String, Hunk)> = self.recent.hunks().map(|hunk| ("a".to_owned(), hunk.clone())).collect();
            let found: Vec<String> =
                snippets(&hunks, 1000, &str::len).into_iter().map(|snippet| snippet.text).collect();
            assert_eq!(found, expected);
        }
    }

    const TEN: &str = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n";

    #[test]
    fn typing_is_one_edit_and_what_is_undone_is_none() {
        let mut editor = Editor::new(TEN);
        editor.edit(&[((3, 1), (3, 1), "a")]);
        editor.edit(&[((3, 2), (3, 2), "b")]);
        editor.check(&["-3\n+3ab\n"]);
        editor.edit(&[((3, 3), (3, 3), "\nnew")]);
        editor.check(&["-3\n+3ab\n+new\n"]);
        editor.edit(&[((3, 1), (4, 3), "")]);
        editor.check(&[]);
    }

    #[test]
    fn edits_far_apart_are_two_and_rows_move_with_what_is_put_in_above() {
        let mut editor = Editor::new(TEN);
        editor.edit(&[((8, 0), (8, 1), "eight")]);
        editor.edit(&[((1, 0), (1, 1), "one\nand\nmore")]);
        editor.check(&["-8\n+eight\n", "-1\n+one\n+and\n+more\n"]);
        editor.edit(&[((10, 5), (10, 5), "!")]);
        // The one worked on is the newest.
        editor.check(&["-1\n+one\n+and\n+more\n", "-8\n+eight!\n"]);
        editor.edit(&[((0, 0), (0, 1), "")]);
        editor.edit(&[((4, 0), (5, 0), "")]);
        editor.check(&["-8\n+eight!\n", "-0\n-1\n-2\n+\n+one\n+and\n+more\n"]);
    }

    #[test]
    fn several_places_at_once_are_told_in_either_order() {
        for order in [[0, 7], [7, 0]] {
            let mut editor = Editor::new(TEN);
            editor.edit(&order.map(|row| ((row, 1), (row, 1), "x")));
            let mut expected = vec!["-0\n+0x\n", "-7\n+7x\n"];
            if order[0] == 7 {
                expected.reverse();
            }
            editor.check(&expected);
        }
        let mut editor = Editor::new(TEN);
        editor.edit(&[((0, 1), (0, 1), "\nx"), ((8, 1), (8, 1), "y")]);
        editor.check(&["+x\n", "-7\n+7y\n"]);
    }

    #[test]
    fn large_replacements_and_blank_ones_are_not_told_and_few_are_kept() {
        let mut editor = Editor::new(TEN);
        editor.edit(&[((3, 1), (3, 1), "a")]);
        editor.edit(&[((0, 0), (0, 0), &"line\n".repeat(60))]);
        editor.check(&[]);
        editor.edit(&[((2, 0), (2, 4), "    ")]);
        editor.edit(&[((50, 0), (50, 0), "\n\n")]);
        editor.check(&["-line\n+    \n"]);
        let mut editor = Editor::new(&"x\n".repeat(200));
        for row in 0..20 {
            editor.edit(&[((row * 9, 0), (row * 9, 1), "y")]);
        }
        assert_eq!(editor.recent.hunks().count(), REMEMBERED);
    }

    #[test]
    fn the_newest_fit_first() {
        let mut editor = Editor::new(TEN);
        editor.edit(&[((0, 0), (0, 1), "zero")]);
        editor.edit(&[((9, 0), (9, 1), "nine")]);
        let hunks: Vec<(String, Hunk)> = editor.recent.hunks().map(|hunk| ("a".to_owned(), hunk.clone())).collect();
        let texts =
            |budget| -> Vec<String> { snippets(&hunks, budget, &str::len).into_iter().map(|one| one.text).collect() };
        assert_eq!(texts(12), ["-9\n+nine\n"]);
        assert_eq!(texts(11), [""; 0]);
        assert_eq!(texts(24).len(), 2);
        assert!(hunks[0].1.is_within(&(0..5)) && !hunks[0].1.is_within(&(1..5)));
    }

    proptest::proptest! {
        /// Rows stay within the text, whatever is edited.
        #[test]
        fn never_panics(edits in proptest::collection::vec((0_u32..20, 0_u32..4, 0_u32..8, "[a\n]{0,4}"), 0..40)) {
            let mut editor = Editor::new(TEN);
            for (row, column, rows, text) in edits {
                editor.edit(&[((row, column), (row + rows, 0), &text)]);
                let hunks: Vec<(String, Hunk)> = editor.recent.hunks().map(|hunk| (String::new(), hunk.clone())).collect();
                snippets(&hunks, 500, &str::len);
            }
        }
    }
}

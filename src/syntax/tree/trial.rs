//! What a text would do to the syntax around it: the tree as it would be, and the brackets that stay open.

use std::ops::Range;
use std::time::Duration;

use super::{SyntaxTree, input_edit, parse};
use crate::syntax::cursor::Region;
use crate::syntax::tokens;
use crate::text::{Edit, Point};

/// Bytes behind a place in which the brackets are sought that close what is open there.
const CLOSERS_WINDOW: usize = 32 * 1024;

/// An opening bracket of the language: its kind in the grammar, and where it starts in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket<'tree> {
    pub kind: &'tree str,
    pub at: usize,
}

impl SyntaxTree {
    /// The tree that this one would become if `inserted` stood in place of the bytes `replaced` (an empty range
    /// inserts). Parses incrementally and leaves this tree as it is. None when that takes longer than `limit`.
    pub fn with(&self, limit: Duration, replaced: Range<usize>, inserted: &str) -> Option<SyntaxTree> {
        let floor = |byte: usize| self.text.char_to_byte(self.text.byte_to_char(byte.min(self.text.len_bytes())));
        let (start, old_end) = (floor(replaced.start), floor(replaced.end.max(replaced.start)));
        let mut text = self.text.clone();
        let first = text.byte_to_char(start);
        text.remove(first..text.byte_to_char(old_end));
        text.insert(first, inserted);

        let start_point = self.point_at(start);
        let edit = Edit {
            start_byte: start,
            old_end_byte: old_end,
            new_end_byte: start + inserted.len(),
            start_point,
            old_end_point: self.point_at(old_end),
            new_end_point: point_after(start_point, inserted),
        };
        let mut tree = self.tree.clone();
        tree.edit(&input_edit(&edit));
        let nesting = self.nesting_after(&[edit]);
        let tree = parse(limit, self.language, &text, Some(&tree), nesting)?;
        Some(Self { language: self.language, tree, text, nesting, errors: Default::default() })
    }

    /// Whether an ERROR or MISSING node has a part in `range` or touches its ends.
    pub fn has_error_in(&self, range: Range<usize>) -> bool {
        let mut cursor = self.tree.walk();
        loop {
            let node = cursor.node();
            let touches = node.start_byte() <= range.end && node.end_byte() >= range.start;
            if touches && (node.is_error() || node.is_missing() || super::misses_a_hidden_token(node)) {
                return true;
            }
            if touches && node.has_error() && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return false;
                }
            }
        }
    }

    /// The brackets that are open at `byte`, outermost first, however broken the code is.
    pub fn open_brackets(&self, byte: usize) -> Vec<Bracket<'_>> {
        let entry = &self.language.entry;
        let open = tokens::before(self.root(), byte, &entry.brackets, &entry.quotes).open;
        open.iter().map(|open| Bracket { kind: open.token.kind(), at: open.token.start_byte() }).collect()
    }

    /// Whether a closing bracket in `range` closes nothing.
    pub fn closes_too_much(&self, range: Range<usize>) -> bool {
        let pairs = &self.language.entry.brackets;
        let mut open: Vec<&str> = self.open_brackets(range.start).iter().map(|bracket| bracket.kind).collect();
        for token in tokens::within(self.root(), range) {
            let kind = token.kind();
            if pairs.iter().any(|(opens, _)| opens == kind) {
                open.push(kind);
            } else if pairs.iter().any(|(_, close)| close == kind) {
                let closes = |opens: &&str| pairs.iter().any(|(open, close)| open == opens && close == kind);
                match open.iter().rposition(closes) {
                    Some(at) => open.truncate(at),
                    None => return true,
                }
            }
        }
        false
    }

    /// How many of `open` (outermost first) nothing behind `byte` closes.
    pub fn left_open(&self, byte: usize, open: &[Bracket<'_>]) -> usize {
        let pairs = &self.language.entry.brackets;
        let mut open: Vec<&str> = open.iter().map(|bracket| bracket.kind).collect();
        let mut own: Vec<&str> = Vec::new();
        let end = byte.saturating_add(CLOSERS_WINDOW).min(self.text.len_bytes());
        for token in tokens::within(self.root(), byte..end) {
            let kind = token.kind();
            if pairs.iter().any(|(opens, _)| opens == kind) {
                own.push(kind);
                continue;
            }
            let closes = |opens: &&str| pairs.iter().any(|(open, close)| open == opens && close == kind);
            if !pairs.iter().any(|(_, close)| close == kind) {
                continue;
            }
            if let Some(at) = own.iter().rposition(closes) {
                own.truncate(at);
            } else if let Some(at) = open.iter().rposition(closes) {
                // What was opened behind it and is skipped by this bracket stays open.
                open.remove(at);
                own.clear();
            }
            if open.is_empty() {
                break;
            }
        }
        open.len()
    }

    /// The kind of text that stands at `byte`.
    pub fn region(&self, byte: usize) -> Region {
        self.cursor(byte).region
    }

    fn point_at(&self, byte: usize) -> Point {
        // The root's end tells whether the rope's lines are tree-sitter's rows (no lone CR in the text).
        if self.root().end_position().row + 1 == self.text.len_lines() {
            let row = self.text.byte_to_line(byte);
            return Point { row, column: byte - self.text.line_to_byte(row) };
        }
        self.text.byte_slice(..byte).chunks().fold(Point::default(), point_after)
    }
}

fn point_after(point: Point, text: &str) -> Point {
    match text.rfind('\n') {
        Some(at) => Point { row: point.row + text.matches('\n').count(), column: text.len() - at - 1 },
        None => Point { row: point.row, column: point.column + text.len() },
    }
}

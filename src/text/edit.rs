//! What changed, in bytes and in tree-sitter's rows and columns.

use super::Range;

/// One content change of `textDocument/didChange`. Without a range it replaces the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub range: Option<Range>,
    pub text: String,
}

/// A row (counted by `\n` only, as tree-sitter does) and a byte column in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub row: usize,
    pub column: usize,
}

/// One replacement in byte offsets of the text before (`start`, `old_end`) and after (`new_end`) it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    pub start_byte: usize,
    pub old_end_byte: usize,
    pub new_end_byte: usize,
    pub start_point: Point,
    pub old_end_point: Point,
    pub new_end_point: Point,
}

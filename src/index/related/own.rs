//! What the reader of a window does not see of its own file's head: the imports, which say what names mean.

use super::{CursorText, Piece};
use crate::index::Shared;

/// Lines of import statements that are told.
const MOST_LINES: usize = 40;
/// Lines of one statement.
const MOST_OF_ONE: usize = 12;

impl Shared {
    /// The import statements above the rows that are seen, as far as the index knows the text; None where there are none.
    pub fn imports_above(&self, cursor: &CursorText<'_>) -> Option<Piece> {
        let file = self.read().file_at(cursor.path).cloned()?;
        let mut rows: Vec<u32> =
            file.facts.imports().map(|import| import.row).filter(|row| *row < cursor.seen.start).collect();
        // A statement that lists many is one for each of them.
        rows.dedup();
        let last = *rows.last()?;
        let source = self.source(&file).filter(|source| source.is_indexed)?;
        let lines: Vec<&str> = source.text.lines().collect();
        let mut text = String::new();
        let (mut count, mut next) = (0, 0);
        for row in rows {
            if row < next {
                continue;
            }
            let mut open = 0_i32;
            next = row;
            for line in lines.iter().skip(row as usize).take(MOST_OF_ONE) {
                if count == MOST_LINES || next >= cursor.seen.start {
                    break;
                }
                text.push_str(line.trim_end());
                text.push('\n');
                (count, next) = (count + 1, next + 1);
                open += line
                    .chars()
                    .map(|c| i32::from(matches!(c, '{' | '(')) - i32::from(matches!(c, '}' | ')')))
                    .sum::<i32>();
                if open <= 0 {
                    break;
                }
            }
        }
        Some(Piece { path: cursor.path.to_owned(), rows: 0..last + 1, text, score: 0.0 })
            .filter(|piece| !piece.text.is_empty())
    }
}

//! Where the user has been: places that an editor asked about, and documents that it opened. What was looked at a moment ago is
//! often what the next line is about.

use std::collections::VecDeque;

use crate::text::{DocumentId, Edit};

/// Places that are remembered. Continue takes 3 ranges, Tabby 5 files (reference/peers.md).
const REMEMBERED: usize = 8;
/// Rows within which it is the same place.
const NEAR: usize = 20;

/// A row of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub document: DocumentId,
    pub row: usize,
}

/// The last places, the newest first.
#[derive(Debug, Default)]
pub struct RecentViews {
    places: VecDeque<View>,
}

impl RecentViews {
    /// The user is at this row.
    pub fn record(&mut self, document: &DocumentId, row: usize) {
        self.places.retain(|place| place.document != *document || place.row.abs_diff(row) > NEAR);
        self.places.push_front(View { document: document.clone(), row });
        self.places.truncate(REMEMBERED);
    }

    /// Rows of a document move with its edits, which are in the order in which they were made.
    pub fn edited(&mut self, document: &DocumentId, edits: &[Edit]) {
        for place in self.places.iter_mut().filter(|place| place.document == *document) {
            for edit in edits {
                if edit.start_point.row >= place.row {
                    continue;
                }
                let (old, new) = (edit.old_end_point.row, edit.new_end_point.row);
                // What was replaced is where the replacement ends.
                place.row = if place.row >= old { (place.row - old) + new } else { new.min(place.row) };
            }
        }
    }

    pub fn places(&self) -> impl Iterator<Item = &View> {
        self.places.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Change, Document, Position, PositionEncoding, Range};

    fn rows(views: &RecentViews) -> Vec<(String, usize)> {
        views.places().map(|place| (place.document.to_string(), place.row)).collect()
    }

    fn id(name: &str) -> DocumentId {
        Document::new(name, "", 0, "").id().clone()
    }

    #[test]
    fn the_newest_stand_first_and_near_ones_are_one() {
        let mut views = RecentViews::default();
        for (name, row) in [("a", 0), ("b", 5), ("a", 90), ("a", 100), ("b", 6)] {
            views.record(&id(name), row);
        }
        assert_eq!(rows(&views), [("b".to_owned(), 6), ("a".to_owned(), 100), ("a".to_owned(), 0)]);
        (0..50).for_each(|row| views.record(&id("c"), row * 100));
        assert_eq!(views.places().count(), REMEMBERED);
    }

    #[test]
    fn rows_move_with_the_text() {
        let mut views = RecentViews::default();
        let mut document = Document::new("a", "", 0, &"x\n".repeat(100));
        views.record(document.id(), 50);
        views.record(&id("b"), 50);
        let mut edit = |from: u32, to: u32, text: &str, expected: usize| {
            let range = Some(Range { start: Position::new(from, 0), end: Position::new(to, 0) });
            let change = Change { range, text: text.to_owned() };
            let edits = document.apply(1, &[change], PositionEncoding::Utf8);
            views.edited(document.id(), &edits);
            assert_eq!(rows(&views), [("b".to_owned(), 50), ("a".to_owned(), expected)]);
        };
        edit(10, 10, "y\ny\n", 52);
        edit(60, 61, "", 52);
        edit(0, 2, "", 50);
        edit(40, 60, "z\n", 41);
    }
}

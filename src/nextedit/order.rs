//! Which place is next, seen from a cursor.

use std::cmp::Reverse;

use super::change::{Certainty, StalePlace};
use crate::index::shared_parts;

/// Where the user is.
#[derive(Clone, Copy, Debug)]
pub struct Standpoint<'a> {
    /// The document, as its client names it, and its path in the index.
    pub document: &'a str,
    pub path: &'a str,
    pub byte: usize,
}

/// What is below the cursor, what is above it, open documents from the one used last (`last_used`), files from the nearest.
/// What may mean something else comes after all that does not.
pub fn order(places: &mut [StalePlace], from: Standpoint<'_>, last_used: &dyn Fn(&str) -> u64) {
    places.sort_by_cached_key(|place| {
        let start = place.range.start;
        let (group, distance) = match place.page.is_open {
            true if **place.page.id() == *from.document && place.range.end > from.byte => (0, start as u64),
            true if **place.page.id() == *from.document => (1, u64::MAX - start as u64),
            true => (2, u64::MAX - last_used(place.page.id())),
            false => (3, 0),
        };
        let nearness = Reverse(shared_parts(&place.page.path, from.path));
        (place.certainty == Certainty::Possible, group, distance, nearness, place.page.path.clone(), start)
    });
}

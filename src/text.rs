//! Text as editors send it: ropes, versions, edits, and positions in three encodings.
//!
//! Nothing here may panic on what a client sends: a position outside the text is clamped, a reversed range is put
//! right, a position inside a surrogate pair or a UTF-8 sequence moves to its start.

mod document;
mod edit;
mod position;

pub use document::{Document, DocumentId};
pub use edit::{Change, Edit, Point};
pub use position::{Position, PositionEncoding, Range};

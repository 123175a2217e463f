//! A document: one immutable version of a text.

use std::sync::Arc;

use ropey::Rope;

use super::{Change, Edit, Point, Position, PositionEncoding, Range};

/// A client's name for a document: its URI, verbatim. `untitled:` and other schemes are as good as `file:`.
pub type DocumentId = Arc<str>;

/// One version of a document. Cloning is cheap (the rope shares its chunks), so a clone is a snapshot.
#[derive(Clone, Debug)]
pub struct Document {
    id: DocumentId,
    language_id: Arc<str>,
    version: i32,
    rope: Rope,
}

impl Document {
    pub fn new(id: impl Into<DocumentId>, language_id: impl Into<Arc<str>>, version: i32, text: &str) -> Self {
        Self { id: id.into(), language_id: language_id.into(), version, rope: Rope::from_str(text) }
    }

    pub fn id(&self) -> &DocumentId {
        &self.id
    }

    /// The client's `languageId`, verbatim.
    pub fn language_id(&self) -> &str {
        &self.language_id
    }

    pub fn version(&self) -> i32 {
        self.version
    }

    pub fn rope(&self) -> &Rope {
        &self.rope
    }

    pub fn len_bytes(&self) -> usize {
        self.rope.len_bytes()
    }

    pub fn text(&self) -> String {
        self.rope.to_string()
    }

    /// The text of a byte range; both ends are clamped and moved down to character boundaries.
    pub fn slice(&self, _bytes: std::ops::Range<usize>) -> String {
        unimplemented!()
    }

    /// The byte offset of a position, clamped to the line and to the text.
    pub fn byte_at(&self, _position: Position, _encoding: PositionEncoding) -> usize {
        unimplemented!()
    }

    /// The position of a byte offset (clamped, moved down to a character boundary).
    pub fn position_at(&self, _byte: usize, _encoding: PositionEncoding) -> Position {
        unimplemented!()
    }

    /// Start and end of the line that holds `byte`, without its line break.
    pub fn line_range(&self, _byte: usize) -> std::ops::Range<usize> {
        unimplemented!()
    }

    pub fn point_at(&self, _byte: usize) -> Point {
        unimplemented!()
    }

    /// Applies changes in order, each on the result of the one before, and returns the edits for the parser.
    pub fn apply(&mut self, _version: i32, _changes: &[Change], _encoding: PositionEncoding) -> Vec<Edit> {
        let _ = Range::default();
        unimplemented!()
    }
}

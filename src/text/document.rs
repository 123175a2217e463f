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
    /// False only when every `\r` stands before a `\n`: then the rope's lines are tree-sitter's rows.
    may_have_lone_cr: bool,
}

impl Document {
    pub fn new(id: impl Into<DocumentId>, language_id: impl Into<Arc<str>>, version: i32, text: &str) -> Self {
        let rope = Rope::from_str(text);
        let may_have_lone_cr = has_lone_cr(&rope, 0, text.len());
        Self { id: id.into(), language_id: language_id.into(), version, rope, may_have_lone_cr }
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

    /// The text of a byte range; both ends are clamped and moved down to character boundaries, a reversed range is
    /// put right.
    pub fn slice(&self, bytes: std::ops::Range<usize>) -> String {
        let (start, end) = (self.floor(bytes.start), self.floor(bytes.end));
        self.rope.byte_slice(start.min(end)..start.max(end)).to_string()
    }

    /// The byte offset of a position, clamped to the line and to the text.
    pub fn byte_at(&self, position: Position, encoding: PositionEncoding) -> usize {
        let line = position.line as usize;
        if line >= self.rope.len_lines() {
            return self.rope.len_bytes();
        }
        let line = self.content_of(line);
        let units = position.character as usize;
        match encoding {
            PositionEncoding::Utf8 => self.floor(line.start.saturating_add(units).min(line.end)),
            PositionEncoding::Utf16 => {
                let start = self.rope.char_to_utf16_cu(self.rope.byte_to_char(line.start));
                let end = self.rope.char_to_utf16_cu(self.rope.byte_to_char(line.end));
                // ropey moves an offset inside a surrogate pair to the pair's start.
                self.rope.char_to_byte(self.rope.utf16_cu_to_char(start.saturating_add(units).min(end)))
            }
            PositionEncoding::Utf32 => {
                let start = self.rope.byte_to_char(line.start);
                let end = self.rope.byte_to_char(line.end);
                self.rope.char_to_byte(start.saturating_add(units).min(end))
            }
        }
    }

    /// The position of a byte offset (clamped, moved down to a character boundary). The place between `\r` and `\n`
    /// has no position of its own: it is the end of its line.
    pub fn position_at(&self, byte: usize, encoding: PositionEncoding) -> Position {
        let byte = self.floor(byte);
        let line = self.rope.byte_to_line(byte);
        let content = self.content_of(line);
        let byte = byte.min(content.end);
        let character = match encoding {
            PositionEncoding::Utf8 => byte - content.start,
            PositionEncoding::Utf16 => {
                self.rope.char_to_utf16_cu(self.rope.byte_to_char(byte))
                    - self.rope.char_to_utf16_cu(self.rope.byte_to_char(content.start))
            }
            PositionEncoding::Utf32 => self.rope.byte_to_char(byte) - self.rope.byte_to_char(content.start),
        };
        let narrow = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Position { line: narrow(line), character: narrow(character) }
    }

    /// Start and end of the line that holds `byte`, without its line break.
    pub fn line_range(&self, byte: usize) -> std::ops::Range<usize> {
        self.content_of(self.rope.byte_to_line(self.floor(byte)))
    }

    /// Row and column as tree-sitter counts them: rows by `\n` alone, columns in bytes.
    pub fn point_at(&self, byte: usize) -> Point {
        let byte = self.floor(byte);
        if !self.may_have_lone_cr {
            let row = self.rope.byte_to_line(byte);
            return Point { row, column: byte - self.rope.line_to_byte(row) };
        }
        // The rope's lines also end at a lone `\r`, so its index does not help here.
        let mut point = Point { row: 0, column: byte };
        let mut before = 0;
        for chunk in self.rope.byte_slice(..byte).chunks() {
            point.row += chunk.bytes().filter(|b| *b == b'\n').count();
            if let Some(at) = chunk.rfind('\n') {
                point.column = byte - (before + at + 1);
            }
            before += chunk.len();
        }
        point
    }

    /// Applies changes in order, each on the result of the one before, and returns the edits for the parser.
    pub fn apply(&mut self, version: i32, changes: &[Change], encoding: PositionEncoding) -> Vec<Edit> {
        self.version = version;
        changes.iter().map(|change| self.apply_one(change, encoding)).collect()
    }

    fn apply_one(&mut self, change: &Change, encoding: PositionEncoding) -> Edit {
        let (start, old_end) = match change.range {
            Some(Range { start, end }) => {
                let (start, end) = (self.byte_at(start, encoding), self.byte_at(end, encoding));
                (start.min(end), start.max(end))
            }
            None => (0, self.rope.len_bytes()),
        };
        let new_end = start + change.text.len();
        let (start_point, old_end_point) = (self.point_at(start), self.point_at(old_end));
        if change.range.is_none() {
            self.rope = Rope::from_str(&change.text);
            self.may_have_lone_cr = has_lone_cr(&self.rope, 0, new_end);
        } else {
            let first = self.rope.byte_to_char(start);
            self.rope.remove(first..self.rope.byte_to_char(old_end));
            self.rope.insert(first, &change.text);
            self.may_have_lone_cr |= has_lone_cr(&self.rope, start, new_end);
        }
        let new_end_point = self.point_at(new_end);
        Edit {
            start_byte: start,
            old_end_byte: old_end,
            new_end_byte: new_end,
            start_point,
            old_end_point,
            new_end_point,
        }
    }

    /// The nearest character boundary at or below `byte`, within the text.
    fn floor(&self, byte: usize) -> usize {
        self.rope.char_to_byte(self.rope.byte_to_char(byte.min(self.rope.len_bytes())))
    }

    /// Bytes of a line (which must exist) without its break: `\n`, `\r\n` or `\r`.
    fn content_of(&self, line: usize) -> std::ops::Range<usize> {
        let start = self.rope.line_to_byte(line);
        let mut end =
            if line + 1 < self.rope.len_lines() { self.rope.line_to_byte(line + 1) } else { self.len_bytes() };
        if end > start && self.rope.byte(end - 1) == b'\n' {
            end -= 1;
        }
        if end > start && self.rope.byte(end - 1) == b'\r' {
            end -= 1;
        }
        start..end
    }
}

/// Whether a `\r` without `\n` stands in `start..end` or touches its ends.
fn has_lone_cr(rope: &Rope, start: usize, end: usize) -> bool {
    let (chunks, mut at, ..) = rope.chunks_at_byte(start.saturating_sub(1));
    let mut after_cr = false;
    for chunk in chunks {
        for byte in chunk.bytes() {
            if after_cr && byte != b'\n' {
                return true;
            }
            after_cr = byte == b'\r';
        }
        at += chunk.len();
        if at > end {
            return false;
        }
    }
    after_cr
}

#[cfg(test)]
mod tests;

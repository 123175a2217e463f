//! What the lookup engine copies from: the cursor's file first, then the other open documents, then the repository.

use std::sync::Arc;

use super::document::DocumentTokens;
use super::repository::Vantage;

/// More documents than this are left out: the least recently used ones, which stand last.
pub const MAX_DOCUMENTS: usize = 16;

/// An immutable snapshot of token streams and the cursor in the first of them; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    current: Arc<DocumentTokens>,
    cursor: usize,
    others: Vec<Arc<DocumentTokens>>,
    repository: Option<Arc<Vantage>>,
}

impl Corpus {
    /// `cursor` is a byte offset in `current`'s text (clamped). `others` are the other open documents, the most
    /// recently used first.
    pub fn new(current: Arc<DocumentTokens>, cursor: usize, mut others: Vec<Arc<DocumentTokens>>) -> Self {
        others.truncate(MAX_DOCUMENTS);
        let text = current.text();
        let cursor = text.char_to_byte(text.byte_to_char(cursor.min(text.len_bytes())));
        Self { current, cursor, others, repository: None }
    }

    /// Files that are not open count too. The vantage leaves out the documents of this corpus.
    pub fn with_repository(self, repository: Option<Arc<Vantage>>) -> Self {
        Self { repository, ..self }
    }

    pub(super) fn repository(&self) -> Option<&Vantage> {
        self.repository.as_deref()
    }

    pub(super) fn current(&self) -> &Arc<DocumentTokens> {
        &self.current
    }

    /// Byte offset of the cursor in the current document, at a character boundary.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn others(&self) -> &[Arc<DocumentTokens>] {
        &self.others
    }
}

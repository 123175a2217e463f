//! The text behind the facts: of an open document, else of the disk.

use super::state::File;
use super::{Shared, refresh};

/// A file's text, and whether the facts of the index are of this very text.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub text: String,
    pub is_indexed: bool,
}

impl Shared {
    /// None where the file cannot be read now. Bytes that are no UTF-8 come as U+FFFD, line by line where they stand.
    pub fn source(&self, file: &File) -> Option<Source> {
        if let Some(document) = self.open().get(&*file.path) {
            let text = document.rope.to_string();
            let is_indexed = refresh::hash(text.as_bytes()) == file.stamp.hash;
            return Some(Source { text, is_indexed });
        }
        let content = refresh::content(&self.root.join(&*file.path), self.options.file.bytes).ok()?;
        let is_indexed = refresh::hash(&content) == file.stamp.hash;
        let text = match String::from_utf8(content) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        Some(Source { text, is_indexed })
    }
}

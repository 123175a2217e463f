//! A repository as it is seen from one file: what is near, and what does not count because it is open.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::Repository;
use super::vocabulary::Vocabulary;
use crate::engine::lookup::lexer::TokenId;

/// A version of a repository with the place of a file in it. The file's own tokens and those of other open documents are
/// left out: what stands in the editor counts instead.
#[derive(Clone, Debug)]
pub struct Vantage {
    repository: Arc<Repository>,
    path: String,
    /// Steps to each directory, counted when they are first asked for.
    distances: OnceLock<Vec<u8>>,
    /// Addresses of files that do not count.
    left_out: Vec<Range<u32>>,
}

/// Values of `Vantage::nearness`.
pub const NEARNESSES: u8 = 8;
/// What a place with each nearness counts for: a package's own habits are the better guess.
const COUNTS: [f32; NEARNESSES as usize] = [4.0, 2.0, 1.5, 1.0, 1.0, 0.5, 0.4, 0.3];

impl Vantage {
    /// What stands before the first token of a file.
    pub const FILE_START: TokenId = Vocabulary::FILE_START;

    /// `path` is the file's, `open` those of all documents whose text is copied from directly, each from the root.
    pub fn new<'p>(repository: Arc<Repository>, path: &'p str, open: impl IntoIterator<Item = &'p str>) -> Self {
        let files = &repository.files;
        let left_out = open.into_iter().chain([path]).filter_map(|path| files.find(path));
        let left_out = left_out.map(|file| file.start..file.start + file.len).collect();
        Self { path: path.to_owned(), distances: OnceLock::new(), left_out, repository }
    }

    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// How near the file at an address is: 0 in the same directory, 1 a step away, 2 up to three steps, 3 further; 4 more
    /// where the extension is another one. None for what does not count.
    pub fn nearness(&self, address: u32) -> Option<u8> {
        if self.left_out.iter().any(|span| span.contains(&address)) {
            return None;
        }
        let file = self.repository.files.get(self.repository.file_at(address)?)?;
        let distances = self.distances.get_or_init(|| self.repository.files.distances(&self.path));
        let steps = match distances.get(file.directory as usize) {
            Some(0) => 0,
            Some(1) => 1,
            Some(2..=3) => 2,
            _ => 3,
        };
        Some(if extension_of(&file.path) == extension_of(&self.path) { steps } else { steps + 4 })
    }

    /// What a place counts for by its nearness.
    pub(super) fn count(nearness: u8) -> f32 {
        COUNTS.get(usize::from(nearness)).copied().unwrap_or(1.0)
    }
}

fn extension_of(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

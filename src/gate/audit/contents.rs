//! What was sent and answered, word for word, for users who want that kept: files of their own beside the log, named by the
//! digest in the record. Secrets in them are redacted as they were when it was sent.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::digest::Digest;
use super::time;
use crate::config::create_private_dir;
use crate::gate::disk;

/// The directory of a log's contents.
#[derive(Clone, Debug)]
pub struct Contents {
    directory: PathBuf,
}

impl Contents {
    pub fn of(log: &Path) -> Self {
        Self { directory: log.with_extension("contents") }
    }

    /// Whether anything was ever kept.
    pub fn exist(&self) -> bool {
        self.directory.is_dir()
    }

    /// The body of a request, once for all its attempts.
    pub fn keep_request(&self, digest: Digest, body: &[u8]) -> io::Result<()> {
        self.keep(&self.request_file(digest), body)
    }

    /// What came back, as text. `of`: the request's number.
    pub fn keep_answer(&self, digest: Digest, of: u64, text: &str) -> io::Result<()> {
        self.keep(&self.directory.join(format!("{digest}.{of}.answer.txt")), text.as_bytes())
    }

    pub fn request_file(&self, digest: Digest) -> PathBuf {
        self.directory.join(format!("{digest}.request"))
    }

    fn keep(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        create_private_dir(&self.directory)?;
        disk::replace(file, bytes)
    }
}

/// Deletes what was written before the oldest record that is kept.
pub fn drop_old(log: &Path, oldest: Timestamp) {
    let Ok(entries) = std::fs::read_dir(Contents::of(log).directory) else { return };
    for entry in entries.flatten() {
        let is_old = entry.metadata().and_then(|data| data.modified()).is_ok_and(|at| time::to_ms(at) < oldest);
        if is_old && let Err(error) = std::fs::remove_file(entry.path()) {
            tracing::warn!(%error, file = %entry.path().display(), "an old content stays");
        }
    }
}

//! What left the machine, on record: an append-only file of chained records, one for a request and one for its outcome.

use std::path::PathBuf;

/// The record of all requests of one user, shared by all windows.
#[derive(Debug)]
pub struct AuditLog {
    file: PathBuf,
}

impl AuditLog {
    /// Nothing is created before something is written. `days`: records older than that are dropped.
    pub fn new(file: PathBuf, _days: u32) -> Self {
        Self { file }
    }
}

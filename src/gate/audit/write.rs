//! The writer: finds out where the log ends, closes what a crash left open, and appends.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::digest::Digest;
use super::head::Head;
use super::record::{Came, Event, Record, Sent, Typed, TypingBegins};
use super::walk::Walk;
use super::{retention, time};
use crate::gate::disk::{self, Lock};

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("{file}: {error}", file = file.display())]
    Unwritable { file: PathBuf, error: io::Error },
    /// It is not what was written; `tandem audit --verify` says more.
    #[error("{file} was changed at record {record}; look at `tandem audit --verify`, then move the file away to begin a new one", file = file.display())]
    Changed { file: PathBuf, record: u64 },
}

/// The record of all requests of one user, shared by all windows and commands. Each call may wait for a disk and for others.
#[derive(Debug)]
pub struct AuditLog {
    file: PathBuf,
    days: u32,
}

/// Where the next record goes.
struct End {
    n: u64,
    hash: Digest,
    /// Bytes of the file.
    bytes: u64,
    oldest: jiff::Timestamp,
    /// What has to stand before the next record.
    before: Vec<Event>,
    /// The file does not end with a line.
    is_open: bool,
}

impl AuditLog {
    /// Nothing is made before something is written. Records older than `days` are dropped, once a day.
    pub fn new(file: PathBuf, days: u32) -> Self {
        Self { file, days }
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Puts on disk that this is about to be sent. The record's number.
    pub fn request(&self, sent: Sent, now: SystemTime) -> Result<u64, AuditError> {
        self.append(Event::Request(Box::new(sent)), now)
    }

    /// Puts on disk what became of it.
    pub fn outcome(&self, came: Came, now: SystemTime) -> Result<u64, AuditError> {
        self.append(Event::Outcome(Box::new(came)), now)
    }

    /// Puts on disk that suggestions are about to be asked for. The record's number.
    pub fn typing_begins(&self, begins: TypingBegins, now: SystemTime) -> Result<u64, AuditError> {
        self.append(Event::TypingBegins(Box::new(begins)), now)
    }

    /// Puts on disk how many there were.
    pub fn typed(&self, typed: Typed, now: SystemTime) -> Result<u64, AuditError> {
        self.append(Event::Typed(Box::new(typed)), now)
    }

    fn append(&self, event: Event, now: SystemTime) -> Result<u64, AuditError> {
        let at = time::to_ms(now);
        let unwritable = |error| AuditError::Unwritable { file: self.file.clone(), error };
        let _lock = Lock::take(&self.file).map_err(unwritable)?;
        let mut file = disk::open_to_append(&self.file).map_err(unwritable)?;
        let mut end = self.find_end(&file, at)?;
        if retention::is_due(end.oldest, at, self.days) && end.before.is_empty() {
            // The old ones can wait where there is no room to drop them.
            match retention::drop_old(&self.file, at, self.days) {
                Ok(()) => {
                    file = disk::open_to_append(&self.file).map_err(unwritable)?;
                    end = self.find_end(&file, at)?;
                }
                Err(error) => tracing::warn!(%error, "old audit records stay"),
            }
        }
        let is_new = end.bytes == 0;
        let mut lines = String::new();
        if end.is_open {
            lines.push('\n');
        }
        for event in std::mem::take(&mut end.before).into_iter().chain([event]) {
            let record = Record { n: end.n + 1, prev: end.hash, at, event };
            let (line, hash) = record.line().map_err(|error| unwritable(error.into()))?;
            lines.push_str(&line);
            (end.n, end.hash) = (record.n, hash);
        }
        file.write_all(lines.as_bytes()).and_then(|()| file.sync_data()).map_err(unwritable)?;
        if is_new {
            disk::sync_directory(&self.file).map_err(unwritable)?;
        }
        let bytes = end.bytes + lines.len() as u64;
        let head = Head { n: end.n, hash: end.hash, end: bytes, oldest: end.oldest };
        if let Err(error) = head.write(&self.file) {
            // The record is there; the next writer reads the log instead.
            tracing::warn!(%error, "the audit log's head is behind");
        }
        Ok(end.n)
    }

    fn find_end(&self, file: &File, now: jiff::Timestamp) -> Result<End, AuditError> {
        let unwritable = |error| AuditError::Unwritable { file: self.file.clone(), error };
        let changed = |record| AuditError::Changed { file: self.file.clone(), record };
        let bytes = file.metadata().map_err(unwritable)?.len();
        let head = Head::read(&self.file);
        if let Some(head) = head.as_ref().filter(|head| head.end == bytes && bytes > 0) {
            let Head { n, hash, oldest, .. } = *head;
            return Ok(End { n, hash, bytes, oldest, before: Vec::new(), is_open: false });
        }
        if bytes == 0 {
            // A log that is gone is gone on with: the numbers tell.
            let (n, hash) = head.map_or((0, Digest::default()), |head| (head.n, head.hash));
            return Ok(End { n, hash, bytes, oldest: now, before: vec![Event::Begin], is_open: false });
        }
        let content = std::fs::read(&self.file).map_err(unwritable)?;
        let walk = Walk::of(&content);
        let mut before = Vec::new();
        let good = walk.stopped.as_ref().map_or(content.len(), |stop| stop.at);
        if let Some(stop) = &walk.stopped {
            if !walk.is_crash(head.as_ref()) {
                return Err(changed(stop.record));
            }
            let torn = &content[good..];
            before.push(Event::Torn { bytes: torn.len() as u64, digest: Digest::of(torn) });
        }
        match &head {
            Some(head) if !walk.has(head) => return Err(changed(head.n)),
            // Its writer died between the first record and the head.
            None if walk.records.len() > 2 => before.push(Event::HeadMissing),
            _ => {}
        }
        let (n, hash) = walk.last.unwrap_or_default();
        let oldest = walk.records.first().map_or(now, |(record, ..)| record.at);
        Ok(End { n, hash, bytes, oldest, before, is_open: walk.is_open || good < content.len() })
    }
}

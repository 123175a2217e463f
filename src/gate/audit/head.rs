//! How far the log has come, in a small file beside it: what tells a removed end from an end.
//!
//! It is written after the log, so it may lag behind by what a crash cut off, and never runs ahead. Who can write both files can
//! make them agree on a shorter log; no file of the user's own can prevent that.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use crate::gate::disk;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last record's number.
    pub n: u64,
    /// Its hash.
    pub hash: Digest,
    /// Bytes of the log with it.
    pub end: u64,
    /// When the oldest record that is kept was written.
    #[serde(with = "super::time")]
    pub oldest: jiff::Timestamp,
}

impl Head {
    /// None where there is none, or none that can be read.
    pub fn read(log: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file(log)).ok()?).ok()
    }

    /// In one step: who reads it finds the old one or the new one.
    pub fn write(&self, log: &Path) -> io::Result<()> {
        disk::replace(&file(log), &serde_json::to_vec(self)?)
    }
}

fn file(log: &Path) -> PathBuf {
    log.with_extension("head")
}

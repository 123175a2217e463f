//! Dropping records for their age: a new file begins with an anchor, which holds number and hash of the last dropped record, and
//! goes on with the lines that are kept, byte for byte. A chained record names the anchor.

use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::contents;
use super::head::Head;
use super::record::{Event, Record};
use super::walk::Walk;
use crate::gate::disk;

const HOURS_A_DAY: i64 = 24;

/// Whether the oldest record is more than a day older than records may be: so the file is written anew once a day at most.
pub fn is_due(oldest: Timestamp, now: Timestamp, days: u32) -> bool {
    oldest < limit(now, days.saturating_add(1))
}

/// Nothing younger is kept out. Saturates.
fn limit(now: Timestamp, days: u32) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(i64::from(days) * HOURS_A_DAY)).unwrap_or(Timestamp::MIN)
}

/// Drops what is older than `days` from the front of a log that its caller holds the lock of and found whole.
pub fn drop_old(log: &Path, now: Timestamp, days: u32) -> io::Result<()> {
    let content = std::fs::read(log)?;
    let walk = Walk::of(&content);
    if walk.stopped.is_some() || walk.is_open {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it was changed"));
    }
    let oldest = limit(now, days);
    let is_old = |record: &Record| record.at < oldest;
    let kept = walk.records.iter().position(|(record, ..)| !is_old(record)).unwrap_or(walk.records.len());
    // The last of them stands in the anchor.
    let Some((last, last_hash, range)) = kept.checked_sub(1).and_then(|last| walk.records.get(last)) else {
        return Ok(());
    };
    let prev = if last.event == Event::Anchor { last.prev } else { *last_hash };
    let (anchor, anchor_hash) = Record { n: last.n, prev, at: now, event: Event::Anchor }.line()?;
    let (n, hash) = walk.last.unwrap_or((last.n, prev));
    let retention = Event::Retention { through: last.n, anchor: anchor_hash };
    let (retention, hash) = Record { n: n + 1, prev: hash, at: now, event: retention }.line()?;

    let mut new = anchor.into_bytes();
    new.extend_from_slice(&content[(range.end + 1).min(content.len())..]);
    new.extend_from_slice(retention.as_bytes());
    disk::replace(log, &new)?;
    disk::sync_directory(log)?;
    let oldest = walk.records.get(kept).map_or(now, |(record, ..)| record.at);
    Head { n: n + 1, hash, end: new.len() as u64, oldest }.write(log)?;
    contents::drop_old(log, oldest);
    Ok(())
}

//! Dropping records for their age: a new file begins with an anchor, which holds number and hash of the last dropped record, and
//! goes on with the lines that are kept, byte for byte. A chained record names the anchor.
//!
//! What is dropped is gone, so a clock is not believed for its word alone: one that is a month or more ahead of the last record
//! drops nothing by that until records of a week have followed.

use std::io;
use std::ops::Range;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::contents;
use super::digest::Digest;
use super::head::Head;
use super::record::{Event, Record};
use super::walk::Walk;
use crate::gate::disk;

const HOURS_A_DAY: i64 = 24;

/// A step between two records that is longer is as likely a clock that is wrong as a user who did not ask.
const FAR: SignedDuration = SignedDuration::from_hours(31 * HOURS_A_DAY);

/// What comes after such a step is believed once it has lasted so long.
const PROVEN: SignedDuration = SignedDuration::from_hours(7 * HOURS_A_DAY);

/// Whether the oldest record is more than a day older than records may be: so the file is written anew once a day at most.
pub fn is_due(oldest: Timestamp, now: Timestamp, days: u32) -> bool {
    oldest < limit(now, days.saturating_add(1))
}

/// Nothing younger is kept out. Saturates.
fn limit(now: Timestamp, days: u32) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(i64::from(days) * HOURS_A_DAY)).unwrap_or(Timestamp::MIN)
}

/// The time that records have to be older than: the clock's, where what stands in the log agrees.
fn believed(records: &[(Record, Digest, Range<usize>)], now: Timestamp) -> Timestamp {
    let mut later = now;
    // An anchor has the time of a drop and stands before what is older.
    for (record, ..) in records.iter().rev().filter(|(record, ..)| record.event != Event::Anchor) {
        if now.duration_since(later) >= PROVEN {
            return now;
        }
        let step = later.duration_since(record.at);
        if step.is_negative() || step > FAR {
            return record.at.min(now);
        }
        later = record.at;
    }
    now
}

/// How many records from the front are older than `oldest`. What a clock that was ahead has dated is as old as what follows.
fn count_old(records: &[(Record, Digest, Range<usize>)], oldest: Timestamp, now: Timestamp) -> usize {
    let mut at = now;
    let mut is_old = vec![true; records.len()];
    for ((record, ..), is_old) in records.iter().zip(&mut is_old).rev() {
        at = if record.at > now { at } else { record.at };
        *is_old = record.event == Event::Anchor || at < oldest;
    }
    is_old.iter().position(|is_old| !is_old).unwrap_or(records.len())
}

/// Drops what is older than `days` from the front of a log that its caller holds the lock of and found whole.
pub fn drop_old(log: &Path, now: Timestamp, days: u32) -> io::Result<()> {
    let content = std::fs::read(log)?;
    let walk = Walk::of(&content);
    if walk.stopped.is_some() || walk.is_open {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it was changed"));
    }
    let oldest = limit(believed(&walk.records, now), days);
    let kept = count_old(&walk.records, oldest, now);
    // The last of them stands in the anchor.
    let Some((last, last_hash, range)) = kept.checked_sub(1).and_then(|last| walk.records.get(last)) else {
        return Ok(());
    };
    if last.event == Event::Anchor {
        // It stands for what was dropped before, and nothing is to be dropped with it.
        return Ok(());
    }
    let prev = *last_hash;
    let (anchor, anchor_hash) = Record { n: last.n, prev, at: now, event: Event::Anchor }.line()?;
    let (n, hash) = walk.last.unwrap_or((last.n, prev));
    let retention = Event::Retention { through: last.n, anchor: anchor_hash };
    let (retention, hash) = Record { n: n + 1, prev: hash, at: now, event: retention }.line()?;

    let mut new = anchor.into_bytes();
    new.extend_from_slice(&content[(range.end + 1).min(content.len())..]);
    new.extend_from_slice(retention.as_bytes());
    disk::replace(log, &new)?;
    disk::sync_directory(log)?;
    let oldest = walk.records.get(kept).map_or(oldest, |(record, ..)| record.at.min(now));
    Head { n: n + 1, hash, end: new.len() as u64, oldest }.write(log)?;
    contents::drop_old(log, oldest);
    Ok(())
}

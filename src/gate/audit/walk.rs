//! Reading a log from its first byte to its last: which lines hang together, and where they stop doing so.

use std::ops::Range;

use super::digest::Digest;
use super::head::Head;
use super::record::{Event, Record};

/// What a log's bytes come to.
#[derive(Debug, Default)]
pub struct Walk {
    /// The good records, up to the first that is not, each with its hash and the bytes of its line, without line feed.
    pub records: Vec<(Record, Digest, Range<usize>)>,
    /// Number and hash that the next record hangs on.
    pub last: Option<(u64, Digest)>,
    /// Unfinished lines that a record behind them accounts for.
    pub torn: usize,
    /// The last record is there but for its line feed.
    pub is_open: bool,
    /// Where the good part ends, if something stands behind it.
    pub stopped: Option<Stop>,
}

/// Where the chain stops although there are bytes left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Number of the record that should stand there.
    pub record: u64,
    /// From 1.
    pub line: usize,
    /// Byte at which it begins.
    pub at: usize,
    /// No record follows: as a writer leaves it that died over its last one.
    pub is_last: bool,
}

impl Walk {
    pub fn of(bytes: &[u8]) -> Self {
        let mut walk = Self::default();
        let (mut at, mut line) = (0, 1);
        while at < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
            let fitting = Record::parse(&bytes[at..end]).filter(|(record, _)| walk.fits(record));
            let found = fitting.map(|(record, hash)| (record, hash, at..end)).or_else(|| walk.account(bytes, at));
            let Some((record, hash, place)) = found else {
                walk.stop(bytes, at, line);
                return walk;
            };
            if place.start > at {
                walk.torn += 1;
                line += memchr::memchr_iter(b'\n', &bytes[at..place.start]).count();
            }
            walk.last = Some((record.n, if record.event == Event::Anchor { record.prev } else { hash }));
            walk.is_open = place.end == bytes.len();
            at = place.end + 1;
            line += 1;
            walk.records.push((record, hash, place));
        }
        walk.check_anchor();
        walk
    }

    /// Whether a record may stand next.
    fn fits(&self, record: &Record) -> bool {
        match (self.last, &record.event) {
            (None, Event::Begin | Event::Anchor) => true,
            (None, _) | (Some(_), Event::Anchor | Event::Torn { .. }) => false,
            (Some(_), _) => self.hangs(record),
        }
    }

    fn hangs(&self, record: &Record) -> bool {
        let (n, hash) = self.last.unwrap_or_default();
        n.checked_add(1) == Some(record.n) && record.prev == hash
    }

    /// The record that says that what stands from `at` up to it was never finished.
    fn account(&self, bytes: &[u8], at: usize) -> Option<(Record, Digest, Range<usize>)> {
        let mut from = at;
        while let Some(length) = memchr::memchr(b'\n', &bytes[from..]) {
            let start = from + length + 1;
            let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
            if let Some((record, hash)) = Record::parse(&bytes[start..end])
                && let Event::Torn { bytes: length, digest } = record.event
            {
                let torn = &bytes[at..start - 1];
                let is_it = u64::try_from(torn.len()) == Ok(length) && Digest::of(torn) == digest;
                return (is_it && self.hangs(&record)).then_some((record, hash, start..end));
            }
            from = start;
        }
        None
    }

    fn stop(&mut self, bytes: &[u8], at: usize, line: usize) {
        let record = self.last.map_or(1, |(n, _)| n.saturating_add(1));
        let mut after = bytes[at..].split(|byte| *byte == b'\n').skip(1);
        let is_last = !after.any(|line| Record::parse(line).is_some());
        self.stopped = Some(Stop { record, line, at, is_last });
    }

    /// An anchor hangs on nothing; the newest record of a retention says which one is right.
    fn check_anchor(&mut self) {
        let Some((Record { n, event: Event::Anchor, .. }, hash, _)) = self.records.first() else { return };
        let named = self.records.iter().rev().find_map(|(record, ..)| match record.event {
            Event::Retention { anchor, .. } => Some(anchor),
            _ => None,
        });
        if named != Some(*hash) {
            self.stopped = Some(Stop { record: *n, line: 1, at: 0, is_last: false });
        }
    }

    /// Whether the record that the head names is in the log, or is the last that was dropped.
    pub fn has(&self, head: &Head) -> bool {
        self.records.iter().any(|(record, hash, _)| {
            let hash = if record.event == Event::Anchor { record.prev } else { *hash };
            (record.n, hash) == (head.n, head.hash)
        })
    }

    /// Whether what stands behind the good part is what a crash leaves: one last line that nobody was told is there.
    pub fn is_crash(&self, head: Option<&Head>) -> bool {
        self.stopped.as_ref().is_some_and(|stop| stop.is_last && head.is_none_or(|head| head.n < stop.record))
    }
}

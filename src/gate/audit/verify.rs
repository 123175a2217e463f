//! Whether the log is what was written, and if not, from where on.

use std::io;
use std::path::Path;

use super::head::Head;
use super::record::Event;
use super::walk::Walk;
use crate::gate::disk::Lock;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Verdict {
    /// There is no log, and none was there.
    Empty,
    Whole,
    /// Whole, but for the unfinished last line of a writer that died: its request was never sent.
    Crashed,
    /// This record, on this line of the file, is not what was written, or the one before it is gone.
    Broken {
        record: u64,
        line: usize,
    },
    /// The log came to record `known`, and ends at `found`.
    EndRemoved {
        known: u64,
        found: u64,
    },
    /// The log was there up to record `known`, and was begun anew by record `begun`, or is gone.
    BeginningRemoved {
        known: u64,
        begun: Option<u64>,
    },
    /// The file that says how far the log came was missing when this record was written, or is missing now: records before it
    /// may have been removed from the end.
    HeadMissing {
        record: u64,
    },
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Empty | Self::Whole | Self::Crashed)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    pub verdict: Verdict,
    /// Good records, from the file's first on.
    pub records: usize,
    pub requests: usize,
    /// Requests without an outcome: on their way, or of processes that died.
    pub open: usize,
    /// Unfinished lines that crashes left, each accounted for.
    pub torn: usize,
    /// Records up to this number were dropped for their age.
    pub dropped_through: Option<u64>,
}

/// Reads all of it. Nobody writes meanwhile.
pub fn verify(log: &Path) -> io::Result<Verification> {
    let is_somebody_there = log.exists() || Head::read(log).is_some();
    let _lock = if is_somebody_there { Some(Lock::take(log)?) } else { None };
    let content = match std::fs::read(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        content => content?,
    };
    let head = Head::read(log);
    let walk = Walk::of(&content);
    let count = |kind: fn(&Event) -> bool| walk.records.iter().filter(|(record, ..)| kind(&record.event)).count();
    let requests = count(|event| matches!(event, Event::Request(_)));
    let dropped_through = walk.records.first().filter(|(record, ..)| record.event == Event::Anchor);
    let of_dropped = |of: u64| dropped_through.is_some_and(|(anchor, ..)| of <= anchor.n);
    let outcomes = walk
        .records
        .iter()
        .filter(|(record, ..)| matches!(&record.event, Event::Outcome(came) if !of_dropped(came.of)));
    Ok(Verification {
        verdict: verdict(&walk, head.as_ref(), content.is_empty()),
        records: walk.records.len(),
        requests,
        open: requests.saturating_sub(outcomes.count()),
        torn: walk.torn,
        dropped_through: dropped_through.map(|(record, ..)| record.n),
    })
}

fn verdict(walk: &Walk, head: Option<&Head>, is_empty: bool) -> Verdict {
    if is_empty {
        return head.map_or(Verdict::Empty, |head| Verdict::BeginningRemoved { known: head.n, begun: None });
    }
    if let Some(stop) = &walk.stopped
        && !walk.is_crash(head)
    {
        return Verdict::Broken { record: stop.record, line: stop.line };
    }
    let found = walk.last.map_or(0, |(n, _)| n);
    if let Some(head) = head
        && !walk.has(head)
    {
        return Verdict::EndRemoved { known: head.n, found };
    }
    let begun = walk.records.first().filter(|(record, ..)| record.event == Event::Begin && record.n > 1);
    if let Some((record, ..)) = begun {
        return Verdict::BeginningRemoved { known: record.n - 1, begun: Some(record.n) };
    }
    if let Some((record, ..)) = walk.records.iter().find(|(record, ..)| record.event == Event::HeadMissing) {
        return Verdict::HeadMissing { record: record.n };
    }
    // Between the first record and its head a crash is nobody's doing.
    if head.is_none() && walk.records.len() > 2 {
        return Verdict::HeadMissing { record: found };
    }
    if walk.stopped.is_some() || walk.is_open { Verdict::Crashed } else { Verdict::Whole }
}

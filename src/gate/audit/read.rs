//! The log for people: each request with what became of it.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::record::{Came, Event, Sent, Typed, TypingBegins};
use super::walk::Walk;

/// A request and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The record's number.
    pub n: u64,
    #[serde(with = "super::time")]
    pub at: Timestamp,
    #[serde(flatten)]
    pub sent: Sent,
    /// None: it is still on its way, or its process ended before it came back.
    pub outcome: Option<Came>,
}

/// An hour of suggestions by a server of the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypingHour {
    /// The record's number.
    pub n: u64,
    #[serde(with = "super::time")]
    pub at: Timestamp,
    #[serde(flatten)]
    pub begins: TypingBegins,
    /// None: it is not over, or its process ended before it was.
    pub typed: Option<Typed>,
}

/// What could be read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The oldest first.
    pub entries: Vec<Entry>,
    /// The oldest first.
    pub typing: Vec<TypingHour>,
    /// Records up to here are read; what stands behind it does not hang together.
    pub stopped_at: Option<u64>,
}

impl Reading {
    /// Of a log that need not be there.
    pub fn of(log: &Path) -> io::Result<Self> {
        let content = match std::fs::read(log) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            content => content?,
        };
        let walk = Walk::of(&content);
        let stopped_at = walk.stopped.map(|stop| stop.record);
        let mut reading = Self { stopped_at, ..Self::default() };
        let mut places = HashMap::new();
        for (record, ..) in walk.records {
            match record.event {
                Event::Request(sent) => {
                    places.insert(record.n, reading.entries.len());
                    reading.entries.push(Entry { n: record.n, at: record.at, sent: *sent, outcome: None });
                }
                Event::Outcome(came) => {
                    if let Some(entry) = places.get(&came.of).and_then(|place| reading.entries.get_mut(*place))
                        && entry.n == came.of
                    {
                        entry.outcome = Some(*came);
                    }
                }
                Event::TypingBegins(begins) => {
                    places.insert(record.n, reading.typing.len());
                    reading.typing.push(TypingHour { n: record.n, at: record.at, begins: *begins, typed: None });
                }
                Event::Typed(typed) => {
                    if let Some(hour) = places.get(&typed.of).and_then(|place| reading.typing.get_mut(*place))
                        && hour.n == typed.of
                    {
                        hour.typed = Some(*typed);
                    }
                }
                Event::Begin | Event::Anchor | Event::Torn { .. } | Event::Retention { .. } | Event::HeadMissing => {}
            }
        }
        Ok(reading)
    }
}

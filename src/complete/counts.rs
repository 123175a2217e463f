//! What the guesses at later requests cost, and how many came true.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::engine::{Event, PromptReport, Report, Task};

/// Since the session began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LookAheadCounts {
    /// Jobs that the engine was given to write what follows a shown suggestion.
    pub started: u64,
    /// Answers that such a job, or lookup in its place, had prepared.
    pub used: u64,
    /// Jobs that the engine was given to evaluate a changed prompt while the user was idle.
    pub prefills: u64,
    /// Prompt tokens evaluated and tokens written for all of these.
    pub evaluated: u64,
    pub generated: u64,
}

/// The counts while they grow.
#[derive(Debug, Default)]
pub struct Counter {
    started: AtomicU64,
    used: AtomicU64,
    prefills: AtomicU64,
    evaluated: AtomicU64,
    generated: AtomicU64,
}

impl Counter {
    /// A background job was handed to the engine.
    pub fn started(&self, task: Task) {
        let count = if task == Task::Prefill { &self.prefills } else { &self.started };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// What the engine said of a background job.
    pub fn spent(&self, event: &Event) {
        match event {
            Event::Started(PromptReport { evaluated, .. }) => {
                self.evaluated.fetch_add(u64::from(*evaluated), Ordering::Relaxed);
            }
            Event::Done(Report { generated, .. }) => {
                self.generated.fetch_add(u64::from(*generated), Ordering::Relaxed);
            }
            Event::Delta { .. } | Event::Finished { .. } => {}
        }
    }

    pub fn used(&self) {
        self.used.fetch_add(1, Ordering::Relaxed);
    }

    pub fn counts(&self) -> LookAheadCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        LookAheadCounts {
            started: read(&self.started),
            used: read(&self.used),
            prefills: read(&self.prefills),
            evaluated: read(&self.evaluated),
            generated: read(&self.generated),
        }
    }
}

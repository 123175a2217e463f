//! What was sent, by the hour and folder: the first request of an hour waits for a record, the rest are counted for the next one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::TypingParts;
use crate::gate::audit::{AuditError, Typed, TypingBegins, to_ms};

/// How much one record tells of.
const HOUR: Duration = Duration::from_secs(3600);

/// By the fingerprint of the folder's path.
#[derive(Default)]
pub struct Hours {
    /// Held while the disk is waited for.
    begun: Mutex<HashMap<String, Begun>>,
    counts: Mutex<HashMap<String, Counts>>,
}

struct Begun {
    at: SystemTime,
    /// The record of its beginning.
    record: u64,
    /// What its end has on record; None before it has one. What comes later is added to it.
    told: Option<Counts>,
}

#[derive(Clone, Default)]
struct Counts {
    requests: u64,
    bytes: u64,
    withheld: BTreeMap<String, u64>,
}

impl Counts {
    fn add(&mut self, more: Self) {
        self.requests = self.requests.saturating_add(more.requests);
        self.bytes = self.bytes.saturating_add(more.bytes);
        for (reason, number) in more.withheld {
            *self.withheld.entry(reason).or_default() += number;
        }
    }
}

impl Hours {
    /// Before a request leaves. Closes the hour that is over, and puts the new one on disk.
    pub fn begin(&self, parts: &TypingParts, key: &str) -> Result<(), AuditError> {
        let now = (parts.clock)();
        let mut begun = self.begun();
        if let Some(hour) = begun.get(key) {
            // A clock that went back is a new hour, too.
            if hour.told.is_none() && now.duration_since(hour.at).is_ok_and(|passed| passed < HOUR) {
                return Ok(());
            }
            if let Some(mut over) = begun.remove(key) {
                self.end(parts, key, &mut over, now);
            }
        }
        let begins =
            TypingBegins { session: parts.session.clone(), workspace: key.to_owned(), host: parts.host.clone() };
        let record = parts.audit.typing_begins(begins, now)?;
        begun.insert(key.to_owned(), Begun { at: now, record, told: None });
        Ok(())
    }

    pub fn sent(&self, key: &str, requests: u64, bytes: u64) {
        let mut counts = self.counts();
        let counts = counts.entry(key.to_owned()).or_default();
        counts.requests = counts.requests.saturating_add(requests);
        counts.bytes = counts.bytes.saturating_add(bytes);
    }

    pub fn withheld(&self, key: &str, reason: &str) {
        *self.counts().entry(key.to_owned()).or_default().withheld.entry(reason.to_owned()).or_default() += 1;
    }

    /// Ends all hours that have begun. What is counted behind that, of requests that were under way, is written by the next
    /// call.
    pub fn close(&self, parts: &TypingParts) {
        let now = (parts.clock)();
        for (key, hour) in self.begun().iter_mut() {
            self.end(parts, key, hour, now);
        }
    }

    /// Writes what the hour came to in all, unless that is on record: the last record of an hour's end counts.
    fn end(&self, parts: &TypingParts, key: &str, hour: &mut Begun, now: SystemTime) {
        let more = self.counts().remove(key);
        if hour.told.is_some() && more.is_none() {
            return;
        }
        let mut all = hour.told.take().unwrap_or_default();
        all.add(more.unwrap_or_default());
        hour.told = Some(all.clone());
        let (of, Counts { requests, bytes, withheld }) = (hour.record, all);
        let typed = Typed { of, until: to_ms(now), requests, bytes, withheld };
        if let Err(error) = parts.audit.typed(typed, now) {
            tracing::warn!(%error, of, "what was sent to {} in an hour is not in the audit log", parts.host);
        }
    }

    fn begun(&self) -> MutexGuard<'_, HashMap<String, Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, Counts>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

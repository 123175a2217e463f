//! What of typing may go to another machine of the user's: the guard before a server that writes suggestions. What
//! goes to a paid service passes the whole gate (`hosted`), and its paths are judged as here.
//!
//! A question is looked at before it leaves; typing is not, so what would be asked about or replaced there stays here. Nothing
//! goes from a folder that is not trusted, nothing of a file that policy keeps here, and no prompt with a secret in it: one with
//! a placeholder would be continued with placeholders. The first request of an hour is on record before it leaves, and what the
//! hour came to behind it; where that cannot be written nothing leaves.

mod hours;
mod judge;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::audit::AuditLog;
use super::door::Clock;
use crate::budget::workspace_key;
use crate::config::{PrivacySettings, Settings};
use crate::engine::Job;
use crate::engine::fallback::{Guard, Kept};
use crate::privacy::Trust;
use hours::Hours;
pub use judge::judge_paths;

/// What a guard goes by.
pub struct TypingParts {
    /// Host, and port where it is not the scheme's own.
    pub host: String,
    /// One run of a server or a command.
    pub session: String,
    pub rules: TypingRules,
    pub trust: Trust,
    pub audit: Arc<AuditLog>,
    pub clock: Clock,
}

/// The settings that decide. Other ones want another guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypingRules {
    pub exclude: Vec<String>,
    pub privacy: PrivacySettings,
}

impl TypingRules {
    pub fn of(settings: &Settings) -> Self {
        Self { exclude: settings.index.exclude.clone(), privacy: settings.privacy.clone() }
    }
}

/// See the room.
pub struct TypingGuard {
    parts: TypingParts,
    hours: Hours,
}

impl TypingGuard {
    pub fn new(parts: TypingParts) -> Self {
        Self { parts, hours: Hours::default() }
    }

    fn key(job: &Job) -> String {
        job.prompt.origin.folder.as_deref().map_or_else(String::new, workspace_key)
    }
}

impl Guard for TypingGuard {
    fn admit(&self, job: Job) -> Result<Job, Kept> {
        let key = Self::key(&job);
        let admitted = judge::judge(&self.parts, job).and_then(|job| {
            self.hours.begin(&self.parts, &key).map_err(|error| Kept {
                reason: "audit",
                sentence: format!("the audit log cannot be written, so nothing goes to {}: {error}", self.parts.host),
            })?;
            Ok(job)
        });
        admitted.inspect_err(|kept| self.hours.withheld(&key, kept.reason))
    }

    fn sent(&self, job: &Job, requests: u64, bytes: u64) {
        self.hours.sent(&Self::key(job), requests, bytes);
    }

    fn close(&self) {
        self.hours.close(&self.parts);
    }
}

impl Drop for TypingGuard {
    fn drop(&mut self) {
        self.hours.close(&self.parts);
    }
}

//! The completion pipeline: trigger → context → prompt → generate → shape → reuse.
//!
//! A completion never leaves the machine, never waits for another document's, and answers nothing rather than
//! something stale.

mod outcome;

pub use outcome::{Decision, Outcome, Reason, Source, Stage, Suggestion, Trigger, Why};

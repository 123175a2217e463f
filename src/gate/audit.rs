//! What left the machine, on record: an append-only file of chained records, one for a request before it is sent and one for
//! what became of it. Suggestions of a server of the user's are recorded by the hour in the same way.
//!
//! A record that `request` returned a number for is on disk. Nothing in the file is ever changed; old records go by way of a new
//! file that begins with what the dropped ones came to. What the log can show, and what it cannot, stands in docs/audit.md.

mod contents;
mod digest;
mod head;
mod last;
mod read;
mod record;
mod retention;
#[cfg(test)]
mod tests;
mod time;
mod verify;
mod walk;
mod write;

pub use contents::Contents;
pub use digest::Digest;
pub use last::{LastRecord, last_record};
pub use read::{Entry, Reading, TypingHour};
pub use record::{Came, FileSent, Result as EndResult, Sent, Typed, TypingBegins};
pub use time::{text as time_text, to_ms};
pub use verify::{Verdict, Verification, verify};
pub use write::{AuditError, AuditLog};

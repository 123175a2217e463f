//! The only door out. A request that holds anything of the user's becomes, in this order, a cleared prompt (ignore rules,
//! sensitivity and redaction applied, every byte with its source), a reservation in the ledger, a record in the audit log, and
//! then a permit. `cloud::send` takes a permit by value, and nobody but this room can make one.
//!
//! It holds for servers of the user's own, too: what is sent to them is free, but cleared and recorded all the same. Suggestions of
//! such a server have a guard of their own, `typing`; those of a provider go through the same door as questions.

pub mod audit;
mod clear;
mod consent;
mod consents;
mod disk;
mod door;
mod draft;
mod manifest;
mod permit;
mod policy;
mod redact;
#[cfg(test)]
mod tests;
mod ticket;
pub mod typing;
mod withheld;

pub use clear::{ClearedPrompt, clear, is_plain};
pub use consent::{Consent, MAX_ATTEMPTS};
pub use consents::{Allowed, ConsentStore, Remembered};
pub use door::{AuditRecord, Clock, Door, Reservation};
pub use draft::{Draft, DraftFill, DraftTurn, Piece, Section, Source};
pub use manifest::{Lowered, Manifest, Preview, Redacted, SentFile};
pub use permit::Permit;
pub use policy::{Policy, Reach};
pub use ticket::{Ending, Settled};
pub use withheld::Withheld;

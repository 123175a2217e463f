//! Secrets in texts that are about to leave: found by our own rules, replaced by placeholders.
//!
//! Nothing in a workspace can switch a rule off: there are no inline comments, no files of exceptions.

mod placeholder;
mod scanner;

pub use placeholder::{Placeholders, redact};
pub use scanner::{Finding, Scanner};

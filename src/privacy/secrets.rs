//! Secrets in texts that are about to leave: found by our own rules, replaced by placeholders.
//!
//! Nothing in a workspace can switch a rule off: there are no inline comments, no files of exceptions.

mod assigned;
mod block;
#[cfg(test)]
pub mod corpus;
mod names;
mod placeholder;
mod plausible;
mod rows;
mod rule;
mod scanner;
#[cfg(test)]
mod tests;

pub use placeholder::{Placeholders, redact};
pub use scanner::{Finding, Scanner};

//! What may be looked at: ignore files of every kind, and files that hold secrets by their name.
//!
//! Nothing in here opens a network or a document; it only says no.

mod ignore_rules;

pub use ignore_rules::{IGNORE_FILES, IgnoreRules, RulesWithin};

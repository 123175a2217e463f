//! What may be looked at: ignore files of every kind, files that hold secrets by their name, patterns from settings.
//!
//! Nothing in here opens a network or a document; it only says no.

mod ignore_rules;
mod patterns;

pub use ignore_rules::{IGNORE_FILES, IgnoreRules, RulesWithin};
pub use patterns::PathPatterns;

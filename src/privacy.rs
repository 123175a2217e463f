//! What may be looked at and what may leave: ignore files of every kind, sensitivity of paths, secrets in texts, and which
//! workspaces the user trusts.
//!
//! Nothing in here opens a network or a document; it only says no.

mod ignore_rules;
mod patterns;
mod private_file;
pub mod secrets;
mod sensitivity;
mod trust;
mod user_key;

pub use ignore_rules::{IGNORE_FILES, IgnoreRules, RulesWithin};
pub use patterns::PathPatterns;
pub use sensitivity::{Denial, Sensitivity, SensitivityRules, Verdict};
pub use trust::{Fingerprint, Trust, TrustState};
pub use user_key::UserKey;

//! The account of the gate: what it thinks of each suggestion, and what made it think so.

use serde::{Deserialize, Serialize};

use crate::complete::Source;

/// What one feature added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contribution {
    /// The word of a `Feature`.
    pub feature: String,
    pub value: f32,
    /// Natural log-odds.
    pub log_odds: f32,
}

/// What the gate thinks of one suggestion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    pub text: String,
    pub source: Source,
    /// What its engine thinks, or both together, 0 to 1.
    pub confidence: f32,
    /// That its first line is right, 0 to 1.
    pub probability: f32,
    /// Log-odds of a suggestion of which nothing special is known. None where no weights are known, so that the confidence is
    /// taken at its word.
    pub base: Option<f32>,
    /// What was added to them, the most telling first.
    pub contributions: Vec<Contribution>,
}

/// What the gate went by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateAccount {
    /// Least probability to be shown, 0 to 1. It follows from the trigger and from `completion.eagerness`.
    pub threshold: f32,
    /// What the weights were fitted on, for people. Empty where there are none.
    pub measured_on: String,
    /// The likeliest first.
    pub verdicts: Vec<Verdict>,
}

//! What was measured, as it stands in a report: times in ms, rates in tokens a second, sizes in bytes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::advice::Advice;
use super::noise::Series;
use crate::engine::ModelInfo;

/// One model with the settings that it was measured with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelFigures {
    /// As it was asked for: the file's name, or `starter model`.
    pub name: String,
    pub digest: Option<String>,
    pub info: Option<ModelInfo>,
    /// Why it could not be measured, or not to the end.
    pub failed: Option<String>,
    pub took: WhatItTook,
    pub cold: Vec<Cold>,
    pub typing: Vec<Typing>,
    pub cancel: Cancel,
    pub rivals: Vec<Rival>,
    /// A sentence for each thing that was not measured.
    pub left_out: Vec<String>,
    pub advice: Option<Advice>,
}

/// What the model needs to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WhatItTook {
    /// From the start of its process to the first job that it would take, the self-test included.
    pub ready_ms: f64,
    /// Memory of its process after the measurements. The model's file counts where it is mapped.
    pub resident_bytes: Option<u64>,
    /// CPU seconds of its process, loading included.
    pub cpu_seconds: Option<f64>,
}

/// A prompt of which the cache holds nothing, and the text after it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cold {
    /// Tokens that were aimed at; None for the prompt that the settings ask for.
    pub size: Option<u32>,
    pub prompt_tokens: Series,
    /// Prompt tokens evaluated a second.
    pub prefill: Series,
    /// From the request to the first token, as the caller sees it.
    pub first_token_ms: Series,
    /// Tokens generated a second after that.
    pub decode: Series,
    pub token_ms: Series,
}

/// What was typed before a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Keys {
    /// A character within a line.
    InLine,
    /// A line break and the next line's indentation.
    NewLine,
    /// A change some lines above the cursor.
    EditAbove,
}

impl Keys {
    pub const ALL: [Self; 3] = [Self::InLine, Self::NewLine, Self::EditAbove];

    pub fn describe(self) -> &'static str {
        match self {
            Self::InLine => "a key within a line",
            Self::NewLine => "a new line",
            Self::EditAbove => "an edit ten lines above",
        }
    }
}

/// What a request costs after such an edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    pub keys: Keys,
    /// Prompt tokens that were in the cache, and those that had to be evaluated.
    pub reused: Series,
    pub evaluated: Series,
    pub first_token_ms: Series,
}

/// From a cancel to the last word of the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cancel {
    pub reading_ms: Series,
    pub writing_ms: Series,
}

/// A setting against another value of it, both measured side by side with the same prompts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rival {
    pub key: String,
    /// The other value.
    pub value: Value,
    /// What it was compared with, as it is set; the number of threads as it came out.
    pub against: Value,
    /// Times of the rival in times of the other: below 1 the rival is faster. A request is 32 prompt tokens and 16 generated.
    pub request: Series,
    pub prefill: Series,
    pub decode: Series,
    /// Tokens a second of the rival.
    pub prefill_rate: Series,
    pub decode_rate: Series,
    /// Bytes of the key-value caches: the rival's and the other's.
    pub kv_bytes: u64,
    pub kv_bytes_against: u64,
    /// Answers that were the same to the letter, of how many.
    pub same: usize,
    pub of: usize,
    /// For drafts: what became of those of the one that drafts.
    pub speculation: Option<Speculation>,
}

/// Totals over all rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Speculation {
    pub positions: usize,
    pub drafted: u64,
    pub accepted: u64,
    pub generated: u64,
    pub decodes: u64,
}

/// The lookup engine, which needs no model and stands beside every one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LookupFigures {
    /// A suggestion with the repository behind it.
    pub predict_us: Percentiles,
    /// Bytes a second when a document is opened, and when a repository is learnt.
    pub document_bytes_a_second: Series,
    pub repository_bytes_a_second: Series,
    pub repository_bytes: u64,
    pub source_bytes: u64,
    pub files: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Percentiles {
    pub of: usize,
    pub p50: f64,
    pub p95: f64,
}

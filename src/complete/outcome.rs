//! What a completion request ends in, and the account of how it got there.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::gate::{Features, GateAccount};
use crate::context::Considered;
use crate::engine::{Finish, PromptReport, Report};

/// Why the client asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// The user asked by a key: no debounce, several candidates, fewer reasons to stay silent.
    Invoked,
    /// Typing or moving.
    Automatic,
}

/// Who wrote a suggestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    Lookup,
    Model,
    /// Both wrote the same text.
    Both,
}

/// Text to insert at the cursor. Never empty, never white space alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    pub text: String,
    pub source: Source,
    /// Sum of the natural logarithms of its tokens' probabilities, where the model was asked.
    pub log_probability: Option<f32>,
    /// The estimate that the text is right, 0 to 1: of the engine, and behind the gate that of what was measured.
    pub confidence: f32,
    /// What the gate goes by.
    #[serde(skip)]
    pub features: Features,
}

impl Suggestion {
    /// One of which nothing else is known.
    pub fn new(text: String, source: Source, confidence: f32) -> Self {
        Self { text, source, log_probability: None, confidence, features: Features::default() }
    }

    /// What is left when its start was typed. `typed` must be a prefix of the text; otherwise nothing is left out.
    pub fn after(&self, typed: &str) -> Self {
        let rest = self.text.strip_prefix(typed).unwrap_or(&self.text).to_owned();
        Self { text: rest, ..self.clone() }
    }
}

/// Why nothing is shown. Each variant is a sentence for the user in `Display`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reason {
    Disabled,
    LanguageDisabled(String),
    UnknownDocument,
    DocumentTooLarge {
        bytes: usize,
        limit: usize,
    },
    LineTooLong {
        bytes: usize,
    },
    InComment,
    InString,
    /// Text that is not a closing bracket or separator stands right of the cursor.
    MidLine,
    NothingToSay,
    LowConfidence {
        confidence_percent: u32,
        threshold_percent: u32,
    },
    /// Everything that was generated repeats what stands around the cursor.
    Repeats,
    /// Accepting any part of what was generated would add a syntax error.
    BreaksSyntax,
    /// What was generated talks about code, or is a model's own marks.
    NotCode,
    /// The document changed, or a newer request came.
    Stale,
    Cancelled,
    EngineFailed(String),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Disabled => write!(f, "completions are switched off (completion.enabled)"),
            Reason::LanguageDisabled(language) => {
                write!(f, "completions are switched off for {language} (completion.disabledLanguages)")
            }
            Reason::UnknownDocument => write!(f, "the document is not open"),
            Reason::DocumentTooLarge { bytes, limit } => {
                write!(f, "the document has {bytes} bytes, the limit is {limit} (completion.maxDocumentBytes)")
            }
            Reason::LineTooLong { bytes } => {
                write!(f, "the cursor's line has {bytes} bytes: generated or minified text")
            }
            Reason::InComment => write!(f, "the cursor is in a comment (completion.inComments)"),
            Reason::InString => write!(f, "the cursor is in a string (completion.inStrings)"),
            Reason::MidLine => write!(f, "there is text right of the cursor; ask explicitly to complete here"),
            Reason::NothingToSay => write!(f, "neither the model nor the lookup engine had a continuation"),
            Reason::LowConfidence { confidence_percent, threshold_percent } => {
                write!(f, "confidence {confidence_percent} % is below {threshold_percent} % (completion.eagerness)")
            }
            Reason::Repeats => write!(f, "everything generated repeats the text around the cursor"),
            Reason::BreaksSyntax => write!(f, "accepting what was generated would add a syntax error"),
            Reason::NotCode => write!(f, "the model wrote about code instead of code"),
            Reason::Stale => write!(f, "the document changed, or a newer request came"),
            Reason::Cancelled => write!(f, "the client cancelled"),
            Reason::EngineFailed(message) => write!(f, "{message}"),
        }
    }
}

/// What the trial parse said about what was generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SyntaxCheck {
    /// No text came that far, or there is no tree: no grammar, or none in time. Brackets were read lightly.
    #[default]
    Untried,
    /// All of it can be accepted without a new syntax error.
    Passed,
    /// A part was cut off, because accepting it would have added a syntax error.
    Trimmed,
    /// No part of it could be accepted without a new syntax error.
    Failed,
    /// The document takes too long to parse for a trial; shown as if there were no grammar.
    TimedOut,
}

/// The answer to a completion request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Best first; never empty.
    Show(Vec<Suggestion>),
    Nothing(Reason),
}

/// One step of the pipeline and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    pub name: String,
    pub us: u64,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Decision {
    Shown { suggestions: Vec<Suggestion>, from_memory: bool },
    Hidden { reason: Reason, sentence: String },
}

/// The account of one request: everything that a bug report needs. Holds source text, so it goes to the user only,
/// never to a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    pub document: Arc<str>,
    pub version: i32,
    /// Byte offset of the cursor.
    pub offset: usize,
    pub trigger: Trigger,
    /// Definitions of other files that were considered for the prompt, likeliest first.
    pub context: Vec<Considered>,
    /// The generation was under way for an earlier keystroke; `prompt` and `engine` tell of that one.
    pub joined: bool,
    pub prompt: Option<PromptReport>,
    /// What the model wrote before it was shaped, and how it ended.
    pub raw: Option<String>,
    pub finish: Option<Finish>,
    /// What the lookup engine wrote before it was shaped, and its confidence.
    pub lookup: Option<(String, f32)>,
    /// Of the engine that was asked last.
    pub syntax: SyntaxCheck,
    pub engine: Option<Report>,
    /// What the gate chose from, best first, also when it lets nothing through.
    pub considered: Vec<Suggestion>,
    /// What it thinks of each of them. None where nothing came that far.
    pub gate: Option<GateAccount>,
    pub stages: Vec<Stage>,
    pub decision: Decision,
}

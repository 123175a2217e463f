//! What is kept of a suggestion: numbers, names of languages and engines, never text.

use serde::Serialize;

/// Who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    Lookup,
    Model,
    Both,
}

/// Why the client asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    Automatic,
    /// By a key.
    Invoked,
}

/// Where the cursor stood on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Position {
    BlankLine,
    LineEnd,
    MidLine,
}

/// What became of a suggestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// All that was left of it, at once.
    Whole,
    /// At least one whole line at once, and not all.
    Line,
    /// At least one word at once, and no line.
    Word,
    /// All of it by hand.
    TypedThrough,
    /// The user typed something else, moved on, asked for another, or left it until the document was closed.
    Rejected,
    /// Tandem took it back or put another in its place before the user decided.
    Withdrawn,
}

impl Outcome {
    pub fn is_accepted(self) -> bool {
        matches!(self, Outcome::Whole | Outcome::Line | Outcome::Word)
    }
}

/// When it is asked whether accepted text still stands, after the last of it was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Mark {
    HalfMinute,
    FiveMinutes,
}

impl Mark {
    pub const ALL: [Mark; 2] = [Mark::HalfMinute, Mark::FiveMinutes];

    pub const fn after_ms(self) -> u64 {
        match self {
            Mark::HalfMinute => 30_000,
            Mark::FiveMinutes => 300_000,
        }
    }
}

/// Whether accepted text still stood at a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Kept {
    /// How much of it, in percent: 0 to 100.
    Percent(u8),
    /// The document was closed then, or its changes could not be followed.
    Unknown,
}

/// What was known when a suggestion was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The client's name for the language.
    pub language: String,
    /// `lookup`, or the model's name and a digest of what tells it from others.
    pub engine: String,
    pub source: Source,
    pub trigger: Trigger,
    pub position: Position,
    /// The engine's estimate that it is exactly right, 0 to 1.
    pub confidence: f32,
    /// Sum of natural logarithms, where a model was asked.
    pub log_probability: Option<f32>,
    /// Receipt of the request to its answer, in microseconds.
    pub latency_us: u64,
    /// Tokens that the model generated, where it was asked.
    pub tokens: Option<u32>,
}

/// One of the texts that were offered at a place, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What is left to insert at the cursor, with `\n` for every line break.
    pub text: String,
    pub figures: Figures,
}

/// One suggestion with its outcome, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Seconds since 1970, UTC, when it was first shown.
    pub at: i64,
    pub figures: Figures,
    /// Lines that it touches, at least 1, and its characters.
    pub lines: u32,
    pub characters: u32,
    /// First shown to decided, in milliseconds.
    pub visible_ms: u64,
    pub outcome: Outcome,
    /// Characters of it that were accepted, and that were typed by hand.
    pub accepted: u32,
    pub typed: u32,
}

/// What the tracker has decided. Events of one suggestion have one number, `Decided` comes first and once.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Decided { number: u64, row: Row },
    Kept { number: u64, mark: Mark, kept: Kept },
}

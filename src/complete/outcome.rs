//! What a completion request ends in, and the account of how it got there.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::gate::{Features, GateAccount};
use super::trigger::LONGEST_LINE_BYTES;
use crate::context::Considered;
use crate::engine::{Cost, Finish, PromptReport, Report, Sent};

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
    PathDisabled {
        path: String,
        pattern: String,
    },
    /// The user made a pause that ends by itself after so many minutes, or by a command alone.
    Paused {
        minutes_left: Option<u64>,
    },
    /// Only a key asks for suggestions.
    Manual,
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
    /// Lookup has nothing, and no model is asked.
    NoModel,
    /// Lookup has nothing, and the model is not loaded yet.
    ModelLoading {
        percent: u32,
    },
    /// Lookup has nothing, and the model cannot be asked: why, and the way out.
    ModelFailed(String),
    /// Lookup has nothing, and the model was put away: why, and until when.
    ModelAsleep(String),
    /// The model had written nothing when the time that an editor waits was over.
    OutOfTime {
        ms: u64,
    },
    LowConfidence {
        confidence_percent: u32,
        threshold_percent: u32,
    },
    /// The model was far from sure in this word, so it is not asked again before the word ends.
    Doubtful,
    /// Everything that was generated repeats what stands around the cursor.
    Repeats,
    /// What was generated begins on the next line, where no more than the rest of this one is wanted.
    BelowLine,
    /// Accepting any part of what was generated would add a syntax error.
    BreaksSyntax,
    /// What was generated talks about code, or is a model's own marks.
    NotCode,
    /// The client's menu has an item selected that what was written does not go on from.
    NotSelected,
    /// The document changed, or a newer request came.
    Stale,
    Cancelled,
    EngineFailed(String),
}

impl Reason {
    /// It is about what could be suggested here. The others are about whether anything should be.
    pub(super) fn is_of_text(&self) -> bool {
        matches!(
            self,
            Self::NothingToSay
                | Self::NoModel
                | Self::ModelLoading { .. }
                | Self::ModelFailed(_)
                | Self::ModelAsleep(_)
                | Self::OutOfTime { .. }
                | Self::LowConfidence { .. }
                | Self::Doubtful
                | Self::Repeats
                | Self::BelowLine
                | Self::BreaksSyntax
                | Self::NotCode
                | Self::EngineFailed(_)
        )
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Disabled => write!(f, "completions are switched off (completion.enabled)"),
            Reason::LanguageDisabled(language) => {
                write!(f, "completions are switched off for {language} (completion.disabledLanguages)")
            }
            Reason::PathDisabled { path, pattern } => {
                write!(
                    f,
                    "completions are switched off for {path} by the pattern `{pattern}` (completion.disabledPaths)"
                )
            }
            Reason::Paused { minutes_left } => {
                let length = match minutes_left {
                    Some(1) => "for one more minute",
                    Some(minutes) => &format!("for {minutes} more minutes"),
                    None => "until they are resumed",
                };
                write!(
                    f,
                    "suggestions are paused {length}: the command tandem.resume ends that, and your key asks meanwhile"
                )
            }
            Reason::Manual => {
                write!(f, "only your key asks for suggestions (completion.trigger is `manual`)")
            }
            Reason::UnknownDocument => {
                write!(f, "the editor asked about a document that it has not opened here; close it and open it again")
            }
            Reason::DocumentTooLarge { bytes, limit } => {
                write!(f, "the document has {bytes} bytes, the limit is {limit} (completion.maxDocumentBytes)")
            }
            Reason::LineTooLong { bytes } => {
                write!(
                    f,
                    "the cursor's line has {bytes} bytes, and above {LONGEST_LINE_BYTES} it is taken for generated or minified \
                     text; break the line to get suggestions in it"
                )
            }
            Reason::InComment => write!(f, "the cursor is in a comment (completion.inComments)"),
            Reason::InString => write!(f, "the cursor is in a string (completion.inStrings)"),
            Reason::MidLine => write!(f, "there is text right of the cursor; ask explicitly to complete here"),
            Reason::NothingToSay => {
                write!(
                    f,
                    "neither the model nor the lookup engine had a continuation; a larger model (engine.model) has more"
                )
            }
            Reason::NoModel => {
                write!(
                    f,
                    "the lookup engine knows no continuation, and no model is asked (engine.choice is `lookup`, or this \
                     build has no llama.cpp)"
                )
            }
            Reason::ModelLoading { percent } => {
                write!(
                    f,
                    "the lookup engine knows no continuation, and the model is still loading ({percent} %); wait a moment"
                )
            }
            Reason::ModelFailed(message) => {
                write!(f, "the lookup engine knows no continuation, and the model cannot be asked: {message}")
            }
            Reason::ModelAsleep(why) => {
                write!(f, "the lookup engine knows no continuation, and the model sleeps: {why}")
            }
            Reason::OutOfTime { ms } => {
                write!(
                    f,
                    "the model had written nothing after {ms} ms, and an editor is not kept waiting longer; the next request \
                     here goes on from there, a smaller model (engine.model) or prompt (completion.prefixTokens, \
                     completion.snippetTokens) is quicker"
                )
            }
            Reason::LowConfidence { confidence_percent, threshold_percent } => {
                write!(f, "confidence {confidence_percent} % is below {threshold_percent} % (completion.eagerness)")
            }
            Reason::Doubtful => {
                write!(
                    f,
                    "the model was far from sure in this word, so it is not asked again before the word ends; type on, or \
                     ask by key"
                )
            }
            Reason::Repeats => {
                write!(f, "everything generated repeats the text around the cursor; it has nothing to add here")
            }
            Reason::BelowLine => {
                write!(
                    f,
                    "what was generated begins on the next line, and here only the rest of the cursor's line is wanted \
                     (completion.maxLines, or the syntax around the cursor); begin that line, or ask by key"
                )
            }
            Reason::BreaksSyntax => {
                write!(f, "accepting what was generated would add a syntax error; type on, and the next may fit")
            }
            Reason::NotCode => {
                write!(
                    f,
                    "the model wrote about code instead of code; one that is trained to fill in the middle does not \
                     (engine.model)"
                )
            }
            Reason::NotSelected => {
                write!(
                    f,
                    "what was written does not go on from the selected item of the completion menu; close the menu to see it"
                )
            }
            Reason::Stale => {
                write!(
                    f,
                    "the document changed, or a newer request came, before the answer was there; the newest is answered"
                )
            }
            Reason::Cancelled => {
                write!(f, "the editor cancelled the request before the answer was there; type on, or ask by key")
            }
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

/// What a request had to do with the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EngineJob {
    /// It was answered from memory or by lookup, or not at all.
    #[default]
    None,
    Started,
    /// It waited for a job that was under way.
    Joined,
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
    /// Whether it gave the engine work; also when it was overtaken before there was an answer.
    pub engine_job: EngineJob,
    /// The answer was prepared, or begun, while the suggestion before it was shown.
    pub ahead: bool,
    pub prompt: Option<PromptReport>,
    /// Where the prompt went, if a server was asked.
    #[serde(default)]
    pub sent: Option<Sent>,
    /// What was paid for it, if a paid service wrote.
    #[serde(default)]
    pub cost: Option<Cost>,
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
    /// What kept a part of Tandem out of this answer, a sentence each: a model that loads, an index that is being built.
    #[serde(default)]
    pub notes: Vec<String>,
    pub decision: Decision,
}

impl Why {
    /// Prompt tokens that the engine evaluated because of this request: those of a job that it joined count for the one that
    /// started it.
    pub fn evaluated_tokens(&self) -> u32 {
        let of_its_own = self.prompt.as_ref().filter(|_| self.engine_job == EngineJob::Started);
        of_its_own.map_or(0, |prompt| prompt.evaluated)
    }
}

#[cfg(test)]
mod tests;

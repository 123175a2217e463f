//! An answer as it travels to clients that show it by themselves, event by event.
//!
//! What is Markdown in here is inert; what is plain is one line without control characters.

use serde::Serialize;
use tower_lsp::gen_lsp_types::Uri;

use crate::ask::{Diff, Footer, Kind, Passage};
use crate::budget::Outcome;
use crate::gate::SentFile;
use crate::session::questions::words;
use crate::text::PositionEncoding;

/// Notification: `Answer`.
pub const ANSWER: &str = "tandem/answer";

/// Something that happened to a question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    pub question: u64,
    #[serde(flatten)]
    pub event: Event,
}

/// `Begin` comes first, one of `Done` and `Failed` last.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    Begin {
        title: String,
        kind: Kind,
        #[serde(skip_serializing_if = "Option::is_none")]
        thread: Option<String>,
    },
    Routed {
        is_cloud: bool,
        reason: String,
    },
    Progress {
        text: String,
    },
    /// Markdown.
    Notice {
        text: String,
    },
    /// Markdown.
    Text {
        text: String,
        citations: Vec<Citation>,
    },
    Done {
        footer: Box<AnswerFooter>,
        /// The same as Markdown.
        text: String,
    },
    Failed {
        problem: String,
    },
}

/// A citation in a piece of text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Citation {
    /// As it is written there.
    pub text: String,
    /// Where it begins in the piece, in units of the negotiated encoding.
    pub at: usize,
    pub is_verified: bool,
    /// Of what is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<Uri>,
    /// From 1.
    pub line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerFooter {
    pub answered_by: String,
    pub is_cloud: bool,
    pub left_machine: bool,
    pub route_reason: String,
    pub cost: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_is: Option<Outcome>,
    pub tokens: AnswerTokens,
    pub files: Vec<File>,
    pub redactions: usize,
    pub cited: usize,
    pub unverified: usize,
    pub elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// The answer was allowed less than the settings do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowered: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<ProposedDiff>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerTokens {
    /// Those from the cache included.
    pub input: u64,
    pub cached: u64,
    pub output: u64,
}

/// A file of which something is or was sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<Uri>,
    pub bytes: usize,
    /// `1-40, 60-71`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_internal: bool,
}

/// A change to look at. Plain text, no Markdown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposedDiff {
    pub text: String,
    pub problems: Vec<String>,
    pub files: Vec<ProposedFile>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposedFile {
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<Uri>,
    /// The whole file as it would be, where the change applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_text: Option<String>,
}

/// The address of a file of the workspace by its path. None for a path that no URI can say.
pub type Address<'a> = &'a dyn Fn(&str) -> Option<Uri>;

impl Event {
    pub fn text(passage: Passage, encoding: PositionEncoding, address: Address<'_>) -> Self {
        let citation = |cited: &crate::ask::Cited| Citation {
            text: passage.text.get(cited.range.clone()).unwrap_or_default().to_owned(),
            at: units(passage.text.get(..cited.range.start).unwrap_or_default(), encoding),
            is_verified: cited.path.is_some(),
            uri: cited.path.as_deref().and_then(address),
            line: cited.first,
            end_line: (cited.last != cited.first).then_some(cited.last),
        };
        let citations = passage.citations.iter().map(citation).collect();
        Self::Text { text: passage.text, citations }
    }

    pub fn done(footer: &Footer, address: Address<'_>) -> Self {
        Self::Done { footer: Box::new(AnswerFooter::of(footer, address)), text: words::footer(footer) }
    }
}

impl AnswerFooter {
    fn of(footer: &Footer, address: Address<'_>) -> Self {
        let usage = &footer.usage;
        Self {
            answered_by: words::plain(&footer.answered_by),
            is_cloud: footer.is_cloud,
            left_machine: footer.has_left,
            route_reason: words::plain(&footer.route_reason),
            cost: footer.cost.to_string(),
            cost_is: footer.cost_is,
            tokens: AnswerTokens { input: usage.input(), cached: usage.cache_read, output: usage.output },
            files: footer.files.iter().map(|file| File::of(file, None, address)).collect(),
            redactions: footer.redactions,
            cited: footer.cited,
            unverified: footer.unverified,
            elapsed_ms: footer.elapsed_ms,
            incomplete: footer.incomplete.as_deref().map(words::plain),
            lowered: footer.lowered.as_deref().map(words::plain),
            thread: footer.thread.clone(),
            diff: footer.diff.as_ref().map(|diff| ProposedDiff::of(diff, address)),
        }
    }
}

impl File {
    /// `lines`: what of it is sent, where that is known.
    pub fn of(file: &SentFile, lines: Option<String>, address: Address<'_>) -> Self {
        let SentFile { path, bytes, is_internal, ranges: _ } = file;
        Self { path: words::plain(path), uri: address(path), bytes: *bytes, lines, is_internal: *is_internal }
    }
}

impl ProposedDiff {
    fn of(diff: &Diff, address: Address<'_>) -> Self {
        let file = |(path, text): &(String, Option<String>)| ProposedFile {
            path: words::plain(path),
            uri: address(path),
            new_text: text.clone(),
        };
        Self {
            text: diff.text.clone(),
            problems: diff.problem.iter().map(|problem| words::plain(problem)).collect(),
            files: diff.files.iter().map(file).collect(),
        }
    }
}

fn units(text: &str, encoding: PositionEncoding) -> usize {
    match encoding {
        PositionEncoding::Utf8 => text.len(),
        PositionEncoding::Utf16 => text.encode_utf16().count(),
        PositionEncoding::Utf32 => text.chars().count(),
    }
}

//! The question for consent as it travels to clients that ask their user by themselves.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;

use super::{Address, File};
use crate::ask::{ConsentReply, ConsentRequest};
use crate::session::questions::words;

/// Request to the client: `ConsentParams` to `ConsentAnswer`.
pub const CONSENT: &str = "tandem/consent";

/// `CONSENT`, for the framework. What a client answers is looked at by `choice`.
pub enum Consent {}

impl lsp::Request for Consent {
    type Params = Value;
    type Result = Value;
    const METHOD: lsp::LspRequestMethod<'static> = lsp::LspRequestMethod::Custom(CONSENT);
    const MESSAGE_DIRECTION: lsp::MessageDirection = lsp::MessageDirection::ServerToClient;
}

/// What would be sent, where to, and for how much.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentParams {
    pub question: u64,
    pub title: String,
    /// All of it in a line.
    pub message: String,
    pub provider: String,
    pub model: String,
    /// With its port where that is not the usual one.
    pub host: String,
    pub is_local: bool,
    /// What the provider may do with what it is sent, where that is not for the user to see otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    pub may_remember: bool,
    pub input_tokens: Between<u64>,
    pub max_output_tokens: u32,
    /// Why that is less than the settings allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowered: Option<String>,
    /// In dollars, as people write it.
    pub cost: Between<String>,
    pub files: Vec<File>,
    pub redactions: Vec<Redaction>,
    /// Where the tightest limit stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// All that would be sent, as Markdown.
    pub payload: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Between<T> {
    pub least: T,
    pub most: T,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Redaction {
    pub kind: String,
    pub count: usize,
}

impl ConsentParams {
    /// `lines`: of each file what is sent, as far as that is known.
    pub fn of(
        question: u64,
        title: &str,
        request: &ConsentRequest,
        lines: Vec<Option<String>>,
        address: Address<'_>,
    ) -> Self {
        let preview = &request.preview;
        let manifest = &preview.manifest;
        let lines = lines.into_iter().chain(std::iter::repeat(None));
        let redaction =
            |redacted: &crate::gate::Redacted| Redaction { kind: words::plain(&redacted.rule), count: redacted.count };
        Self {
            question,
            title: title.to_owned(),
            message: words::consent(request),
            provider: words::plain(&preview.provider),
            model: words::plain(&preview.model),
            host: words::plain(&preview.host),
            is_local: preview.is_local,
            terms: words::terms(&preview.host),
            why: request.why.as_deref().map(words::plain),
            may_remember: request.may_remember,
            input_tokens: Between { least: preview.input_tokens.0, most: preview.input_tokens.1 },
            max_output_tokens: preview.max_output_tokens,
            lowered: preview.lowered.as_ref().map(|lowered| words::plain(&lowered.to_string())),
            cost: Between { least: preview.cost.0.to_string(), most: preview.cost.1.to_string() },
            files: manifest.files.iter().zip(lines).map(|(file, lines)| File::of(file, lines, address)).collect(),
            redactions: manifest.redactions.iter().map(redaction).collect(),
            left: words::fullest(&preview.windows).map(words::standing),
            payload: words::payload(preview, &request.texts),
        }
    }
}

/// What a client answered. Only what is on offer is a yes.
pub fn choice(answer: Option<Value>, may_remember: bool) -> ConsentReply {
    #[derive(Deserialize)]
    struct ConsentAnswer {
        choice: String,
    }
    let answer = answer.and_then(|answer| serde_json::from_value::<ConsentAnswer>(answer).ok());
    match answer.as_ref().map(|answer| answer.choice.as_str()) {
        Some("once") => ConsentReply::Once,
        Some("workspace") if may_remember => ConsentReply::Workspace,
        _ => ConsentReply::Refused,
    }
}

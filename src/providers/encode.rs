//! From a request to the bytes of one: the body, the path after the endpoint's base URL, and every header but the key's.
//!
//! The same request is the same bytes, always. What stands for the prompt comes in one order, so that a question that goes on
//! from another one begins with the same prompt, and providers' caches hit.

mod anthropic;
mod bedrock;
mod chat;
mod fill;
mod gemini;
mod models;
mod prompt;
mod responses;

use super::{Effort, Endpoint, Request, WireFormat};

/// How an answer's bytes are divided into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// `text/event-stream`.
    ServerSentEvents,
    /// `application/vnd.amazon.eventstream`.
    EventStream,
    /// One JSON document.
    Json,
}

/// A POST, ready but for the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Comes right after the endpoint's `base_url`; begins with a slash and may hold a query.
    pub path: String,
    /// Lower-case names.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Of the answer to it.
    pub framing: Framing,
}

impl Encoded {
    fn new(path: String, framing: Framing, body: Vec<u8>) -> Self {
        let accept = match framing {
            Framing::ServerSentEvents => "text/event-stream",
            Framing::EventStream => "application/vnd.amazon.eventstream",
            Framing::Json => "application/json",
        };
        let headers = vec![("content-type", "application/json".to_owned()), ("accept", accept.to_owned())];
        Self { path, headers, body, framing }
    }
}

/// The request that is answered by a stream. A request that a provider cannot take, such as one without a turn, is encoded all the
/// same and refused over there; so is a hole to be filled at a provider that fills none (`Endpoint::fills`).
pub fn encode(endpoint: &Endpoint, request: &Request) -> Encoded {
    if let Some(wanted) = &request.fill {
        return fill::encode(endpoint, request, wanted);
    }
    match endpoint.wire_format() {
        WireFormat::AnthropicMessages => anthropic::encode(endpoint, request),
        WireFormat::OpenAiResponses => responses::encode(endpoint, request),
        WireFormat::OpenAiChat => chat::encode(endpoint, request),
        WireFormat::Gemini => gemini::encode(endpoint, request),
        WireFormat::BedrockConverse => bedrock::encode(endpoint, request),
    }
}

/// The request that counts the tokens of this one's prompt, free of charge; None where the provider has none. It holds all that
/// the request itself holds.
pub fn encode_count(endpoint: &Endpoint, request: &Request) -> Option<Encoded> {
    match endpoint.wire_format() {
        WireFormat::AnthropicMessages => Some(anthropic::encode_count(endpoint, request)),
        WireFormat::OpenAiResponses => Some(responses::encode_count(endpoint, request)),
        WireFormat::OpenAiChat => None,
        WireFormat::Gemini => Some(gemini::encode_count(endpoint, request)),
        WireFormat::BedrockConverse => Some(bedrock::encode_count(request)),
    }
}

/// Reads the answer to a count: tokens of the prompt.
pub fn read_count(endpoint: &Endpoint, body: &[u8]) -> Option<u64> {
    let field = match endpoint.wire_format() {
        WireFormat::AnthropicMessages | WireFormat::OpenAiResponses => "input_tokens",
        WireFormat::OpenAiChat => return None,
        WireFormat::Gemini => "totalTokens",
        WireFormat::BedrockConverse => "inputTokens",
    };
    serde_json::from_slice::<serde_json::Value>(body).ok()?.get(field)?.as_u64()
}

fn to_json(body: &impl serde::Serialize) -> Vec<u8> {
    // Structs of texts and numbers only: nothing in them can fail.
    serde_json::to_vec(body).unwrap_or_default()
}

fn effort_name(effort: Effort) -> &'static str {
    match effort {
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

/// OpenAI takes 64 characters.
fn tag(request: &Request) -> Option<&str> {
    let tag = request.user_tag.as_deref()?;
    let cut = tag.char_indices().nth(64).map_or(tag.len(), |(at, _)| at);
    tag.get(..cut).filter(|tag| !tag.is_empty())
}

/// A model's name as one segment of a path: names hold colons and slashes.
fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests;

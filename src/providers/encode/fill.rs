//! Holes to be filled, at the providers that have an interface for them: Mistral's `/fim/completions`, DeepSeek's beta of
//! `/completions`. Written from their API references of 2026; neither takes a key that it does not know.

use serde::Serialize;

use super::{Encoded, Framing, tag, to_json};
use crate::config::ProviderKind;
use crate::providers::{Endpoint, Fill, Request};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    prompt: String,
    suffix: &'a str,
    max_tokens: u32,
    /// The likeliest text.
    temperature: u8,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

pub(super) fn encode(endpoint: &Endpoint, request: &Request, fill: &Fill) -> Encoded {
    let is_mistral = endpoint.kind == ProviderKind::Mistral;
    let body = Body {
        model: &request.model,
        // Byte for byte: blanks before a hole are code.
        prompt: request.turns.iter().flat_map(|turn| &turn.blocks).map(|block| &*block.text).collect(),
        suffix: &fill.suffix,
        max_tokens: request.max_output,
        temperature: 0,
        stream: true,
        // Mistral counts without being asked, and refuses to be.
        stream_options: (!is_mistral).then_some(StreamOptions { include_usage: true }),
        stop: &fill.stops,
        prompt_cache_key: tag(request).filter(|_| is_mistral),
    };
    let path = if is_mistral { "/fim/completions" } else { "/beta/completions" };
    Encoded::new(path.to_owned(), Framing::ServerSentEvents, to_json(&body))
}

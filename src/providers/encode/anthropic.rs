//! Anthropic's Messages, and what counts their tokens.

use serde::Serialize;

use super::models;
use super::prompt::{Prompt, PromptTurn, Text};
use super::{Encoded, Framing, effort_name, tag, to_json};
use crate::providers::{CacheLife, Endpoint, Request, Role};

/// The newest version of the interface; gateways that lag behind are named an older one in the settings.
const VERSION: &str = "2026-10-21";
/// More cache marks are refused.
const MAX_MARKS: usize = 4;

/// What only one of the two requests has is left out of the other. The prompt comes last, so that bytes before it are
/// the same in all questions.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<TextBlock<'a>>,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
struct Thinking {
    r#type: &'static str,
    display: &'static str,
}

#[derive(Serialize)]
struct OutputConfig {
    effort: &'static str,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

#[derive(Serialize)]
pub(super) struct TextBlock<'a> {
    r#type: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
struct CacheControl {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<TextBlock<'a>>,
}

pub(super) fn encode(endpoint: &Endpoint, request: &Request) -> Encoded {
    let body = Body {
        max_tokens: Some(request.max_output),
        stream: Some(true),
        // `auto` may mean capacity that is paid for otherwise; gateways need not know the field.
        service_tier: endpoint.is_providers_own_host().then_some("standard_only"),
        metadata: tag(request).map(|user_id| Metadata { user_id }),
        ..prompt_body(endpoint, request)
    };
    encoded(endpoint, "/v1/messages", Framing::ServerSentEvents, &body)
}

pub(super) fn encode_count(endpoint: &Endpoint, request: &Request) -> Encoded {
    encoded(endpoint, "/v1/messages/count_tokens", Framing::Json, &prompt_body(endpoint, request))
}

fn prompt_body<'a>(endpoint: &'a Endpoint, request: &'a Request) -> Body<'a> {
    let prompt = Prompt::of(request, MAX_MARKS);
    let effort = request.effort.filter(|_| models::thinks_adaptively(endpoint.known_model(&request.model)));
    Body {
        model: &request.model,
        max_tokens: None,
        stream: None,
        thinking: effort.map(|_| Thinking { r#type: "adaptive", display: "omitted" }),
        output_config: effort.map(|effort| OutputConfig { effort: effort_name(effort) }),
        service_tier: None,
        metadata: None,
        system: prompt.system.iter().map(text_block).collect(),
        messages: prompt.turns.iter().map(message).collect(),
    }
}

fn encoded(endpoint: &Endpoint, path: &str, framing: Framing, body: &Body<'_>) -> Encoded {
    let version = endpoint.api_version.as_deref().unwrap_or(VERSION);
    let mut encoded = Encoded::new(path.to_owned(), framing, to_json(body));
    encoded.headers.push(("anthropic-version", version.to_owned()));
    encoded
}

/// Also the shape in which OpenRouter passes marks on to Claude.
pub(super) fn text_block<'a>(text: &Text<'a>) -> TextBlock<'a> {
    let cache_control = text.cache.map(|life| CacheControl {
        r#type: "ephemeral",
        ttl: match life {
            CacheLife::Short => None,
            CacheLife::Long => Some("1h"),
        },
    });
    TextBlock { r#type: "text", text: text.text, cache_control }
}

fn message<'a>(turn: &PromptTurn<'a>) -> Message<'a> {
    let role = match turn.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    Message { role, content: turn.texts.iter().map(text_block).collect() }
}

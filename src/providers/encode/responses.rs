//! OpenAI's Responses, and what counts their tokens.

use serde::Serialize;

use super::models;
use super::prompt::{Prompt, Text};
use super::{Encoded, Framing, effort_name, tag, to_json};
use crate::providers::{CacheLife, Endpoint, Request, Role};

/// More cache marks are not written.
pub(super) const MAX_MARKS: usize = 4;

/// The system part is a message of the developer rather than `instructions`: only parts of messages take cache marks.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(flatten)]
    settings: Option<Settings<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    input: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Settings<'a> {
    /// Left out, it would be kept for 30 days and more.
    store: bool,
    stream: bool,
    stream_options: StreamOptions,
    max_output_tokens: u32,
    /// `auto` drops what does not fit, silently.
    truncation: &'static str,
    /// `auto` is dearer where a project says so.
    service_tier: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_options: Option<CacheOptions>,
}

/// Padding against listeners who count bytes; it is as long as the answer.
#[derive(Serialize)]
struct StreamOptions {
    include_obfuscation: bool,
}

/// `explicit` writes what is marked and no more: writing is dearer than reading.
#[derive(Serialize)]
pub(super) struct CacheOptions {
    mode: &'static str,
}

#[derive(Serialize)]
struct Reasoning {
    effort: &'static str,
}

#[derive(Serialize)]
struct Item<'a> {
    role: &'static str,
    content: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    r#type: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_breakpoint: Option<Breakpoint>,
}

#[derive(Serialize)]
pub(super) struct Breakpoint {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

pub(super) fn encode(endpoint: &Endpoint, request: &Request) -> Encoded {
    let settings = Settings {
        store: false,
        stream: true,
        stream_options: StreamOptions { include_obfuscation: false },
        max_output_tokens: request.max_output,
        truncation: "disabled",
        service_tier: "default",
        prompt_cache_key: tag(request),
        safety_identifier: tag(request),
        prompt_cache_options: cache_options(endpoint, request),
    };
    let body = Body { settings: Some(settings), ..prompt_body(endpoint, request) };
    Encoded::new("/responses".to_owned(), Framing::ServerSentEvents, to_json(&body))
}

pub(super) fn encode_count(endpoint: &Endpoint, request: &Request) -> Encoded {
    Encoded::new("/responses/input_tokens".to_owned(), Framing::Json, to_json(&prompt_body(endpoint, request)))
}

pub(super) fn max_marks(endpoint: &Endpoint, request: &Request) -> usize {
    if models::takes_breakpoints(endpoint.known_model(&request.model)) { MAX_MARKS } else { 0 }
}

pub(super) fn cache_options(endpoint: &Endpoint, request: &Request) -> Option<CacheOptions> {
    (max_marks(endpoint, request) > 0).then_some(CacheOptions { mode: "explicit" })
}

pub(super) fn breakpoint(text: &Text<'_>) -> Option<Breakpoint> {
    text.cache.map(|life| Breakpoint {
        mode: "explicit",
        ttl: match life {
            CacheLife::Short => None,
            CacheLife::Long => Some("12h"),
        },
    })
}

fn prompt_body<'a>(endpoint: &'a Endpoint, request: &'a Request) -> Body<'a> {
    let prompt = Prompt::of(request, max_marks(endpoint, request));
    let mut input = Vec::new();
    if !prompt.system.is_empty() {
        input.push(item("developer", "input_text", &prompt.system));
    }
    for turn in &prompt.turns {
        input.push(match turn.role {
            Role::User => item("user", "input_text", &turn.texts),
            Role::Assistant => item("assistant", "output_text", &turn.texts),
        });
    }
    let effort = request.effort.filter(|_| models::takes_effort(endpoint.known_model(&request.model)));
    let reasoning = effort.map(|effort| Reasoning { effort: effort_name(effort) });
    Body { model: &request.model, settings: None, reasoning, input }
}

fn item<'a>(role: &'static str, kind: &'static str, texts: &[Text<'a>]) -> Item<'a> {
    let part = |text: &Text<'a>| Part {
        r#type: kind,
        text: text.text,
        // What the model wrote takes no marks; the one before or after it does.
        prompt_cache_breakpoint: breakpoint(text).filter(|_| kind == "input_text"),
    };
    Item { role, content: texts.iter().map(part).collect() }
}

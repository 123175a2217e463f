//! Gemini's `generateContent` as a stream, and what counts its tokens.

use serde::Serialize;

use super::prompt::{Prompt, Text};
use super::{Encoded, Framing, models, segment, to_json};
use crate::providers::{Effort, Endpoint, Request, Role};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    /// Only where a request is a part of another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    generation_config: GenerationConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: Vec<Content<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    max_output_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig {
    thinking_level: &'static str,
    include_thoughts: bool,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Count<'a> {
    generate_content_request: Body<'a>,
}

pub(super) fn encode(endpoint: &Endpoint, request: &Request) -> Encoded {
    let path = format!("/models/{}:streamGenerateContent?alt=sse", segment(model(request)));
    Encoded::new(path, Framing::ServerSentEvents, to_json(&body(endpoint, request)))
}

pub(super) fn encode_count(endpoint: &Endpoint, request: &Request) -> Encoded {
    let named = Body { model: Some(format!("models/{}", model(request))), ..body(endpoint, request) };
    let path = format!("/models/{}:countTokens", segment(model(request)));
    Encoded::new(path, Framing::Json, to_json(&Count { generate_content_request: named }))
}

/// The list of models spells them with `models/` before.
fn model(request: &Request) -> &str {
    request.model.strip_prefix("models/").unwrap_or(&request.model)
}

/// Caches by itself, and charges nothing for writing: no marks.
fn body<'a>(endpoint: &Endpoint, request: &'a Request) -> Body<'a> {
    let prompt = Prompt::of(request, 0);
    let effort = request.effort.filter(|_| models::takes_thinking_level(endpoint.known_model(&request.model)));
    let thinking_config = effort.map(|effort| ThinkingConfig {
        thinking_level: match effort {
            Effort::Low => "LOW",
            Effort::Medium => "MEDIUM",
            Effort::High => "HIGH",
        },
        include_thoughts: false,
    });
    let role = |role| match role {
        Role::User => "user",
        Role::Assistant => "model",
    };
    Body {
        model: None,
        generation_config: GenerationConfig { max_output_tokens: request.max_output, thinking_config },
        system_instruction: (!prompt.system.is_empty()).then(|| Content { role: None, parts: parts(&prompt.system) }),
        contents: prompt
            .turns
            .iter()
            .map(|turn| Content { role: Some(role(turn.role)), parts: parts(&turn.texts) })
            .collect(),
    }
}

fn parts<'a>(texts: &[Text<'a>]) -> Vec<Part<'a>> {
    texts.iter().map(|text| Part { text: text.text }).collect()
}

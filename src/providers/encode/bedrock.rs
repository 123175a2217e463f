//! Bedrock's Converse as a stream, and what counts its tokens.

use serde::Serialize;

use super::models::{self, BedrockCache};
use super::prompt::{Prompt, Text};
use super::{Encoded, Framing, effort_name, segment, to_json};
use crate::providers::{CacheLife, Endpoint, Request, Role};

/// More cache marks are refused.
const MAX_MARKS: usize = 4;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    inference_config: InferenceConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_request_fields: Option<ModelFields>,
    #[serde(flatten)]
    prompt: Conversation<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig {
    max_tokens: u32,
}

#[derive(Serialize)]
struct OutputConfig {
    effort: &'static str,
}

#[derive(Serialize)]
struct ModelFields {
    thinking: Thinking,
}

#[derive(Serialize)]
struct Thinking {
    r#type: &'static str,
}

#[derive(Serialize)]
struct Conversation<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Content<'a>>,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<Content<'a>>,
}

/// A mark is a block of its own, after what it marks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Content<'a> {
    Text(&'a str),
    CachePoint(CachePoint),
}

#[derive(Serialize)]
struct CachePoint {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

#[derive(Serialize)]
struct Count<'a> {
    input: CountInput<'a>,
}

#[derive(Serialize)]
struct CountInput<'a> {
    converse: Conversation<'a>,
}

pub(super) fn encode(endpoint: &Endpoint, request: &Request) -> Encoded {
    let known = endpoint.known_model(&request.model);
    let effort = request.effort.filter(|_| models::thinks_adaptively(known));
    let body = Body {
        inference_config: InferenceConfig { max_tokens: request.max_output },
        output_config: effort.map(|effort| OutputConfig { effort: effort_name(effort) }),
        additional_model_request_fields: effort.map(|_| ModelFields { thinking: Thinking { r#type: "adaptive" } }),
        prompt: conversation(request),
    };
    let path = format!("/model/{}/converse-stream", segment(&request.model));
    Encoded::new(path, Framing::EventStream, to_json(&body))
}

pub(super) fn encode_count(request: &Request) -> Encoded {
    let body = Count { input: CountInput { converse: conversation(request) } };
    Encoded::new(format!("/model/{}/count-tokens", segment(&request.model)), Framing::Json, to_json(&body))
}

fn conversation(request: &Request) -> Conversation<'_> {
    let cache = models::bedrock_cache(&request.model);
    let prompt = Prompt::of(request, if cache == BedrockCache::None { 0 } else { MAX_MARKS });
    let role = |role| match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let messages = prompt
        .turns
        .iter()
        .map(|turn| Message { role: role(turn.role), content: content(&turn.texts, cache) })
        .collect();
    Conversation { system: content(&prompt.system, cache), messages }
}

fn content<'a>(texts: &[Text<'a>], cache: BedrockCache) -> Vec<Content<'a>> {
    let mut content = Vec::with_capacity(texts.len());
    for text in texts {
        content.push(Content::Text(text.text));
        if let Some(life) = text.cache {
            let is_long = life == CacheLife::Long && cache == BedrockCache::ShortAndLong;
            content.push(Content::CachePoint(CachePoint { r#type: "default", ttl: is_long.then_some("1h") }));
        }
    }
    content
}

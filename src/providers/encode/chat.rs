//! OpenAI's Chat Completions, as OpenAI, Azure, OpenRouter, Mistral, DeepSeek and many servers speak it. Each refuses something that
//! another one needs, so each gets what it is known to take, and unknown servers the least.

use serde::Serialize;

use super::anthropic::{TextBlock, text_block};
use super::prompt::{Prompt, Text, joined};
use super::responses::{Breakpoint, CacheOptions, breakpoint, cache_options, max_marks};
use super::{Encoded, Framing, effort_name, models, segment, tag, to_json};
use crate::config::ProviderKind;
use crate::providers::{Endpoint, Request, Role};

#[derive(Default, Serialize)]
struct Body<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    /// Of models that reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    /// The older name, and all that most servers know.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_options: Option<CacheOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Routing>,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_obfuscation: Option<bool>,
}

#[derive(Serialize)]
struct Reasoning {
    effort: &'static str,
}

/// Only to providers that neither train on nor keep what they get, and to no other one if those are down.
#[derive(Serialize)]
struct Routing {
    data_collection: &'static str,
    zdr: bool,
    allow_fallbacks: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    One(String),
    Parts(Vec<Part<'a>>),
    Claude(Vec<TextBlock<'a>>),
}

#[derive(Serialize)]
struct Part<'a> {
    r#type: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_breakpoint: Option<Breakpoint>,
}

pub(super) fn encode(endpoint: &Endpoint, request: &Request) -> Encoded {
    let body = match endpoint.kind {
        ProviderKind::OpenAiChat => openai(endpoint, request),
        ProviderKind::Azure => azure(endpoint, request),
        ProviderKind::OpenRouter => openrouter(request),
        ProviderKind::Mistral => mistral(request),
        // DeepSeek has nothing but the common part; the other kinds speak something else.
        _ => common(request, 0, one),
    };
    Encoded::new(path(endpoint, request), Framing::ServerSentEvents, to_json(&body))
}

/// A version names Azure's older surface, where deployments stand in the path.
fn path(endpoint: &Endpoint, request: &Request) -> String {
    match &endpoint.api_version {
        Some(version) if endpoint.kind == ProviderKind::Azure => {
            format!("/deployments/{}/chat/completions?api-version={version}", segment(&request.model))
        }
        _ => "/chat/completions".to_owned(),
    }
}

fn openai<'a>(endpoint: &'a Endpoint, request: &'a Request) -> Body<'a> {
    Body {
        stream_options: Some(StreamOptions { include_usage: true, include_obfuscation: Some(false) }),
        store: Some(false),
        service_tier: Some("default"),
        prompt_cache_key: tag(request),
        prompt_cache_options: cache_options(endpoint, request),
        safety_identifier: tag(request),
        ..reasoning_model(endpoint, request, "developer", max_marks(endpoint, request))
    }
}

fn azure<'a>(endpoint: &'a Endpoint, request: &'a Request) -> Body<'a> {
    let is_v1 = endpoint.api_version.is_none();
    Body {
        store: is_v1.then_some(false),
        service_tier: is_v1.then_some("default"),
        prompt_cache_key: tag(request).filter(|_| is_v1),
        user: tag(request),
        ..reasoning_model(endpoint, request, "system", 0)
    }
}

fn reasoning_model<'a>(
    endpoint: &Endpoint,
    request: &'a Request,
    system_role: &'static str,
    max_marks: usize,
) -> Body<'a> {
    let effort = request.effort.filter(|_| models::takes_effort(endpoint.known_model(&request.model)));
    let mut body = Body {
        max_completion_tokens: Some(request.max_output),
        max_tokens: None,
        reasoning_effort: effort.map(effort_name),
        ..common(request, max_marks, parts)
    };
    for message in &mut body.messages {
        if message.role == "system" {
            message.role = system_role;
        }
    }
    body
}

fn openrouter(request: &Request) -> Body<'_> {
    // Other makers' models cache by themselves.
    let content = if request.model.starts_with("anthropic/") { claude } else { parts };
    Body {
        reasoning: request.effort.map(|effort| Reasoning { effort: effort_name(effort) }),
        provider: Some(Routing { data_collection: "deny", zdr: true, allow_fallbacks: false }),
        user: tag(request),
        ..common(request, if request.model.starts_with("anthropic/") { 4 } else { 0 }, content)
    }
}

/// Unknown fields are an error there. Usage comes without being asked for.
fn mistral(request: &Request) -> Body<'_> {
    Body { stream_options: None, prompt_cache_key: tag(request), ..common(request, 0, one) }
}

fn common<'a>(request: &'a Request, max_marks: usize, content: fn(&[Text<'a>]) -> Content<'a>) -> Body<'a> {
    let prompt = Prompt::of(request, max_marks);
    let mut messages = Vec::with_capacity(prompt.turns.len() + 1);
    if !prompt.system.is_empty() {
        messages.push(Message { role: "system", content: content(&prompt.system) });
    }
    for turn in &prompt.turns {
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        messages.push(Message { role, content: content(&turn.texts) });
    }
    Body {
        model: &request.model,
        stream: true,
        stream_options: Some(StreamOptions { include_usage: true, include_obfuscation: None }),
        max_tokens: Some(request.max_output),
        messages,
        ..Body::default()
    }
}

fn one<'a>(texts: &[Text<'a>]) -> Content<'a> {
    Content::One(joined(texts))
}

fn parts<'a>(texts: &[Text<'a>]) -> Content<'a> {
    let part = |text: &Text<'a>| Part { r#type: "text", text: text.text, prompt_cache_breakpoint: breakpoint(text) };
    Content::Parts(texts.iter().map(part).collect())
}

fn claude<'a>(texts: &[Text<'a>]) -> Content<'a> {
    Content::Claude(texts.iter().map(text_block).collect())
}

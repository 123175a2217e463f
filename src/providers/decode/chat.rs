//! Chat Completions as a stream, from OpenAI and from all who speak it: chunks, a last one with the usage, `[DONE]`.

use serde::Deserialize;
use serde_json::Value;

use super::numbers::{Cost, Count, count};
use super::responses::{InputDetails, OutputDetails, input};
use super::{Malformed, Progress};
use crate::providers::error::error_in_stream;
use crate::providers::{ErrorClass, Event, ProviderError, Reason, Retry, ServiceTier, Usage};

#[derive(Debug, Default)]
pub(super) struct Answer {
    pub reason: Option<Reason>,
    /// Usage came with the end or after it: some servers tell one along the way, too.
    pub is_counted: bool,
    has_refused: bool,
    tier: ServiceTier,
}

#[derive(Deserialize)]
struct Chunk {
    id: Option<String>,
    model: Option<String>,
    /// Empty in Azure's first chunk and in the last one.
    choices: Option<Vec<Choice>>,
    usage: Option<WireUsage>,
    service_tier: Option<String>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: Count,
    delta: Option<Delta>,
    /// Of a hole that is filled, at DeepSeek. Mistral sends what chats send.
    text: Option<String>,
    finish_reason: Option<String>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Content>,
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
}

/// Mistral's models that reason send parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    thinking: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct WireUsage {
    prompt_tokens: Option<Count>,
    prompt_tokens_details: Option<InputDetails>,
    /// DeepSeek's.
    prompt_cache_hit_tokens: Option<Count>,
    completion_tokens: Option<Count>,
    completion_tokens_details: Option<OutputDetails>,
    /// Dollars, at OpenRouter and LiteLLM's proxy.
    #[serde(default)]
    cost: Cost,
}

impl Choice {
    fn is_last(&self) -> bool {
        self.finish_reason.as_ref().is_some_and(|name| !name.is_empty())
    }
}

impl Answer {
    pub fn message(&mut self, data: &[u8], progress: &mut Progress, out: &mut Vec<Event>) -> Result<(), Malformed> {
        if data.trim_ascii() == b"[DONE]" {
            let reason = self.reason.take().unwrap_or(Reason::Truncated);
            progress.end(reason, self.is_counted, out);
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_slice(data)?;
        let choice = chunk.choices.unwrap_or_default().into_iter().find(|choice| choice.index == Count(0));
        let in_choice = choice.as_ref().and_then(|choice| choice.error.as_ref());
        if let Some(error) = chunk.error.as_ref().filter(|error| !error.is_null()).or(in_choice) {
            progress.fail(error_in_stream(progress.endpoint(), error, None), out);
            return Ok(());
        }
        // Azure's first chunk is about filters only, and has no names.
        if choice.is_some() || chunk.id.as_ref().is_some_and(|id| !id.is_empty()) {
            progress.start(chunk.id, chunk.model, None, out);
        }
        if chunk.service_tier.is_some() {
            self.tier = tier_named(chunk.service_tier.as_deref());
        }
        if let Some(usage) = &chunk.usage
            && (usage.prompt_tokens.is_some() || usage.completion_tokens.is_some())
        {
            self.is_counted = choice.as_ref().is_none_or(|choice| self.reason.is_some() || choice.is_last());
            progress.usage(Usage { tier: self.tier, ..normal(usage, progress) }, out);
        }
        if let Some(choice) = choice {
            self.choice(choice, progress, out);
        }
        Ok(())
    }

    fn choice(&mut self, choice: Choice, progress: &mut Progress, out: &mut Vec<Event>) {
        if let Some(delta) = choice.delta {
            progress.thinking(delta.reasoning_content.or(delta.reasoning).unwrap_or_default(), out);
            match delta.content {
                Some(Content::Text(text)) => progress.text(text, out),
                Some(Content::Parts(parts)) => {
                    for part in parts {
                        progress.text(part.text.unwrap_or_default(), out);
                        for thought in part.thinking.unwrap_or_default() {
                            progress.thinking(thought.text.unwrap_or_default(), out);
                        }
                    }
                }
                None => {}
            }
            if let Some(refusal) = delta.refusal.filter(|refusal| !refusal.is_empty()) {
                self.has_refused = true;
                progress.text(refusal, out);
            }
        }
        progress.text(choice.text.unwrap_or_default(), out);
        let Some(name) = choice.finish_reason.filter(|name| !name.is_empty()) else { return };
        self.reason = Some(match name.as_str() {
            "stop" | "eos" | "end_turn" if self.has_refused => Reason::Refused(None),
            "stop" | "eos" | "end_turn" => Reason::Complete,
            "length" | "max_tokens" => Reason::Length,
            "model_length" => Reason::ContextFull,
            "error" | "insufficient_system_resource" => {
                let error = ProviderError::new(progress.endpoint(), ErrorClass::Server, Retry::Backoff, &name);
                return progress.fail(error, out);
            }
            _ => Reason::Filtered(name),
        });
    }
}

fn normal(told: &WireUsage, progress: &Progress) -> Usage {
    let details = told.prompt_tokens_details.as_ref();
    let details = InputDetails {
        cached_tokens: details.and_then(|details| details.cached_tokens).or(told.prompt_cache_hit_tokens),
        cache_write_tokens: details.and_then(|details| details.cache_write_tokens),
        cache_write_tokens_details: details.and_then(|details| details.cache_write_tokens_details),
    };
    let mut usage = input(count(told.prompt_tokens), &details, progress.may_write_long);
    usage.output = count(told.completion_tokens);
    let reasoning = told.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens);
    usage.reasoning = count(reasoning).min(usage.output);
    usage.provider_cost = told.cost.0;
    usage
}

pub(super) fn tier_named(name: Option<&str>) -> ServiceTier {
    match name {
        None | Some("default" | "standard" | "") => ServiceTier::Standard,
        Some("flex") => ServiceTier::Flex,
        Some("batch") => ServiceTier::Batch,
        Some("priority") => ServiceTier::Priority,
        Some("fast") => ServiceTier::Fast,
        Some("ultrafast") => ServiceTier::Ultrafast,
        Some(_) => ServiceTier::Unknown,
    }
}

//! Gemini's stream: every chunk is a response with the counts so far, and the end is the end of the bytes.

use serde::Deserialize;
use serde_json::Value;

use super::numbers::{Count, count};
use super::{Malformed, Progress};
use crate::providers::error::error_in_stream;
use crate::providers::{Event, Reason, Usage};

#[derive(Debug, Default)]
pub(super) struct Answer {
    pub reason: Option<Reason>,
    /// The last count came with the reason or after it.
    pub is_counted: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    candidates: Option<Vec<Candidate>>,
    prompt_feedback: Option<PromptFeedback>,
    usage_metadata: Option<UsageMetadata>,
    model_version: Option<String>,
    response_id: Option<String>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default)]
    index: Count,
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    parts: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    thought: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PromptFeedback {
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UsageMetadata {
    prompt_token_count: Option<Count>,
    cached_content_token_count: Option<Count>,
    candidates_token_count: Option<Count>,
    thoughts_token_count: Option<Count>,
    tool_use_prompt_token_count: Option<Count>,
}

impl Answer {
    pub fn message(&mut self, data: &[u8], progress: &mut Progress, out: &mut Vec<Event>) -> Result<(), Malformed> {
        if data.trim_ascii_start().starts_with(b"[") {
            let error: Value = serde_json::from_slice(data)?;
            progress.fail(error_in_stream(progress.endpoint(), &error, None), out);
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_slice(data)?;
        if let Some(error) = chunk.error.as_ref().filter(|error| !error.is_null()) {
            progress.fail(error_in_stream(progress.endpoint(), error, None), out);
            return Ok(());
        }
        let usage = chunk.usage_metadata.as_ref().map(normal);
        let is_told = usage.is_some();
        progress.start(chunk.response_id, chunk.model_version, None, out);
        if let Some(usage) = usage {
            progress.usage(usage, out);
        }
        let candidate = chunk.candidates.unwrap_or_default().into_iter().find(|candidate| candidate.index == Count(0));
        if let Some(candidate) = candidate {
            for part in candidate.content.and_then(|content| content.parts).unwrap_or_default() {
                let text = part.text.unwrap_or_default();
                match part.thought {
                    Some(true) => progress.thinking(text, out),
                    _ => progress.text(text, out),
                }
            }
            if let Some(name) = candidate.finish_reason.filter(|name| !name.is_empty()) {
                self.reason = Some(reason(&name));
            }
        }
        if let Some(reason) = chunk.prompt_feedback.and_then(|feedback| feedback.block_reason) {
            self.reason = Some(Reason::Filtered(reason.to_ascii_lowercase()));
        }
        self.is_counted |= is_told && self.reason.is_some();
        Ok(())
    }
}

fn reason(name: &str) -> Reason {
    match name {
        "STOP" => Reason::Complete,
        // Going on would be another request, with the whole prompt paid again.
        "MAX_TOKENS" | "CONTINUATION" => Reason::Length,
        _ => Reason::Filtered(name.to_ascii_lowercase()),
    }
}

/// Thoughts are billed beside the answer's own tokens.
fn normal(told: &UsageMetadata) -> Usage {
    let cache_read = count(told.cached_content_token_count);
    let thoughts = count(told.thoughts_token_count);
    let input = count(told.prompt_token_count).saturating_sub(cache_read);
    Usage {
        input_uncached: input.saturating_add(count(told.tool_use_prompt_token_count)),
        cache_read,
        output: count(told.candidates_token_count).saturating_add(thoughts),
        reasoning: thoughts,
        ..Usage::default()
    }
}

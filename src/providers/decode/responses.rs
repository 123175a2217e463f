//! OpenAI's Responses as a stream: numbered events, of which one of three is the last. There is no `[DONE]`.

use serde::Deserialize;
use serde_json::Value;

use super::chat::tier_named;
use super::numbers::{Count, count};
use super::{Malformed, Progress};
use crate::providers::error::error_in_stream;
use crate::providers::{Event, Reason, Usage};

#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Of the last event. The same one again is passed over.
    number: u64,
    has_refused: bool,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    sequence_number: Count,
    /// A text but for kinds that are none of ours.
    delta: Option<Value>,
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Response {
    id: Option<String>,
    model: Option<String>,
    status: Option<String>,
    error: Option<Value>,
    incomplete_details: Option<IncompleteDetails>,
    service_tier: Option<String>,
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct IncompleteDetails {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct WireUsage {
    input_tokens: Option<Count>,
    input_tokens_details: Option<InputDetails>,
    output_tokens: Option<Count>,
    output_tokens_details: Option<OutputDetails>,
}

/// Also in Chat Completions.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct InputDetails {
    pub cached_tokens: Option<Count>,
    pub cache_write_tokens: Option<Count>,
    pub cache_write_tokens_details: Option<WriteDetails>,
}

#[derive(Clone, Copy, Deserialize)]
pub(super) struct WriteDetails {
    ttl_30m_tokens: Option<Count>,
    ttl_12h_tokens: Option<Count>,
}

#[derive(Deserialize)]
pub(super) struct OutputDetails {
    pub reasoning_tokens: Option<Count>,
}

impl Answer {
    pub fn message(&mut self, data: &[u8], progress: &mut Progress, out: &mut Vec<Event>) -> Result<(), Malformed> {
        let message: Message = match serde_json::from_slice(data) {
            Ok(message) => message,
            Err(_) if is_foreign(data)? => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Count(number) = message.sequence_number;
        if number > 0 && number <= self.number {
            return Ok(());
        }
        self.number = number;
        match message.r#type.as_str() {
            "response.output_text.delta" => progress.text(text(message.delta)?, out),
            "response.refusal.delta" => {
                self.has_refused = true;
                progress.text(text(message.delta)?, out);
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                progress.thinking(text(message.delta)?, out);
            }
            "response.created" | "response.queued" | "response.in_progress" => {
                let response = message.response.ok_or(Malformed)?;
                progress.start(response.id, response.model, None, out);
            }
            "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
                self.last(message.response.ok_or(Malformed)?, &message.r#type, progress, out);
            }
            "error" => {
                let error = serde_json::from_slice(data)?;
                progress.fail(error_in_stream(progress.endpoint(), &error, None), out);
            }
            // Gateways answer with an error of another shape.
            "" => {
                let value: Value = serde_json::from_slice(data)?;
                if value.get("error").is_some_and(|error| !error.is_null()) {
                    progress.fail(error_in_stream(progress.endpoint(), &value, None), out);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn last(&mut self, response: Response, kind: &str, progress: &mut Progress, out: &mut Vec<Event>) {
        progress.start(response.id, response.model, None, out);
        let has_usage = response.usage.is_some();
        if let Some(usage) = response.usage {
            let mut usage = normal(&usage, progress);
            usage.tier = tier_named(response.service_tier.as_deref());
            progress.usage(usage, out);
        }
        let status = response.status.as_deref().or(kind.strip_prefix("response."));
        let reason = match status {
            Some("completed") if self.has_refused => Reason::Refused(None),
            Some("completed") => Reason::Complete,
            Some("incomplete") => match response.incomplete_details.and_then(|details| details.reason).as_deref() {
                Some("max_output_tokens") => Reason::Length,
                Some(reason) => Reason::Filtered(reason.to_owned()),
                None => Reason::Length,
            },
            status => {
                let error = response.error.unwrap_or_default();
                let code = status.filter(|status| *status == "cancelled");
                return progress.fail(error_in_stream(progress.endpoint(), &error, code), out);
            }
        };
        progress.end(reason, has_usage, out);
    }
}

/// Whether a message that cannot be read as one of ours is of a kind that we do not know, and so need not be.
fn is_foreign(data: &[u8]) -> Result<bool, Malformed> {
    let value: Value = serde_json::from_slice(data)?;
    let kind = value.get("type").and_then(Value::as_str);
    Ok(kind.is_some_and(|kind| kind != "error" && value.get("response").is_some_and(|response| !response.is_object())))
}

fn text(delta: Option<Value>) -> Result<String, Malformed> {
    match delta {
        Some(Value::String(text)) => Ok(text),
        _ => Err(Malformed),
    }
}

fn normal(told: &WireUsage, progress: &Progress) -> Usage {
    let none = InputDetails::default();
    let mut usage =
        input(count(told.input_tokens), told.input_tokens_details.as_ref().unwrap_or(&none), progress.may_write_long);
    usage.output = count(told.output_tokens);
    let reasoning = told.output_tokens_details.as_ref().and_then(|details| details.reasoning_tokens);
    usage.reasoning = count(reasoning).min(usage.output);
    usage
}

/// The prompt's count includes what was read from and written to the cache.
pub(super) fn input(prompt: u64, details: &InputDetails, may_write_long: bool) -> Usage {
    let cache_read = count(details.cached_tokens);
    let written = count(details.cache_write_tokens);
    let long = match &details.cache_write_tokens_details {
        Some(split) => {
            let long = count(split.ttl_12h_tokens);
            // What neither of them holds counts as the dearer one.
            let rest = written.saturating_sub(long).saturating_sub(count(split.ttl_30m_tokens));
            long.saturating_add(rest)
        }
        None if may_write_long => written,
        None => 0,
    };
    let short = written.saturating_sub(long);
    Usage {
        input_uncached: prompt.saturating_sub(cache_read).saturating_sub(written),
        cache_read,
        cache_write_short: short,
        cache_write_long: long.min(written),
        ..Usage::default()
    }
}

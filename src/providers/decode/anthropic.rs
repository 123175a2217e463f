//! Anthropic's Messages as a stream: `message_start`, blocks, `message_delta`, `message_stop`, with pings and errors anywhere.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::numbers::{Count, count};
use super::{Malformed, Progress};
use crate::providers::error::error_in_stream;
use crate::providers::{Event, Reason, ServiceTier, Usage};

#[derive(Debug, Default)]
pub(super) struct Answer {
    reason: Option<Reason>,
    usage: Usage,
    /// The usage is that of the whole answer.
    pub has_final_usage: bool,
}

/// All kinds of messages in one: what one of them lacks is None. Unknown kinds and fields are passed over.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    r#type: String,
    message: Option<Start>,
    content_block: Option<Block>,
    delta: Option<Delta>,
    usage: Option<WireUsage>,
    error: Option<IgnoredAny>,
}

impl Message {
    fn has_error(&self) -> bool {
        self.error.is_some() || self.r#type == "error"
    }
}

#[derive(Deserialize)]
struct Start {
    id: Option<String>,
    model: Option<String>,
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    r#type: String,
    text: Option<String>,
    thinking: Option<String>,
}

/// Of a block, or of the message itself.
#[derive(Deserialize)]
struct Delta {
    #[serde(default)]
    r#type: String,
    text: Option<String>,
    thinking: Option<String>,
    stop_reason: Option<String>,
    stop_details: Option<StopDetails>,
}

#[derive(Deserialize)]
struct StopDetails {
    category: Option<String>,
}

#[derive(Deserialize)]
struct WireUsage {
    input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    output_tokens: Option<Count>,
    output_tokens_details: Option<OutputDetails>,
    service_tier: Option<String>,
    speed: Option<String>,
    inference_geo: Option<String>,
}

#[derive(Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

#[derive(Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<Count>,
}

impl Answer {
    pub fn message(&mut self, data: &[u8], progress: &mut Progress, out: &mut Vec<Event>) -> Result<(), Malformed> {
        let message: Message = match serde_json::from_slice(data) {
            Ok(message) => message,
            Err(_) if is_foreign(data)? => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        match message.r#type.as_str() {
            "message_start" if !progress.has_started() => {
                let start = message.message.ok_or(Malformed)?;
                let usage = start.usage.map(|usage| self.take(&usage, progress));
                progress.start(start.id, start.model, usage, out);
            }
            "content_block_start" => {
                if let Some(Block { r#type, text, thinking }) = message.content_block {
                    piece(&r#type, text, thinking, progress, out);
                }
            }
            "content_block_delta" => {
                if let Some(Delta { r#type, text, thinking, .. }) = message.delta {
                    piece(&r#type, text, thinking, progress, out);
                }
            }
            "message_delta" => {
                let has_usage = message.usage.is_some();
                if let Some(usage) = message.usage {
                    let usage = self.take(&usage, progress);
                    progress.usage(usage, out);
                }
                if let Some(delta) = message.delta
                    && let Some(stop_reason) = delta.stop_reason
                {
                    self.reason = Some(reason(stop_reason, delta.stop_details.and_then(|details| details.category)));
                    self.has_final_usage |= has_usage;
                }
            }
            "message_stop" => {
                let reason = self.reason.take().unwrap_or(Reason::Complete);
                progress.end(reason, self.has_final_usage, out);
            }
            _ => {
                if message.has_error() {
                    // The request's name stands beside the error.
                    let value: Value = serde_json::from_slice(data)?;
                    progress.fail(error_in_stream(progress.endpoint(), &value, None), out);
                }
            }
        }
        Ok(())
    }

    /// Counts are cumulative: what is told again replaces, the rest stays.
    fn take(&mut self, told: &WireUsage, progress: &Progress) -> Usage {
        let usage = &mut self.usage;
        let replace = |known: &mut u64, told: Option<Count>| *known = told.map_or(*known, |count| count.0);
        replace(&mut usage.input_uncached, told.input_tokens);
        replace(&mut usage.cache_read, told.cache_read_input_tokens);
        replace(&mut usage.output, told.output_tokens);
        if let Some(details) = &told.output_tokens_details {
            replace(&mut usage.reasoning, details.thinking_tokens);
        }
        usage.reasoning = usage.reasoning.min(usage.output);
        if let Some(split) = &told.cache_creation {
            usage.cache_write_short = count(split.ephemeral_5m_input_tokens);
            usage.cache_write_long = count(split.ephemeral_1h_input_tokens);
        }
        // Later messages tell the sum only, older gateways do from the beginning. What is known of the split is kept to, and of what
        // is not known the dearer kind is taken.
        if let Some(Count(sum)) = told.cache_creation_input_tokens {
            if progress.may_write_long {
                usage.cache_write_short = usage.cache_write_short.min(sum);
                usage.cache_write_long = sum - usage.cache_write_short;
            } else {
                usage.cache_write_long = usage.cache_write_long.min(sum);
                usage.cache_write_short = sum - usage.cache_write_long;
            }
        }
        usage.tier = match (told.speed.as_deref(), told.service_tier.as_deref()) {
            (Some("fast"), _) => ServiceTier::Fast,
            (_, Some(tier)) => tier_named(tier),
            _ => usage.tier,
        };
        if let Some(place) = told.inference_geo.as_deref() {
            usage.is_regional = !matches!(place, "" | "global" | "not_available");
        }
        *usage
    }
}

/// Kinds that are added later may have fields of these names, too.
fn piece(kind: &str, text: Option<String>, thinking: Option<String>, progress: &mut Progress, out: &mut Vec<Event>) {
    match kind {
        "text" | "text_delta" => progress.text(text.unwrap_or_default(), out),
        "thinking" | "thinking_delta" => progress.thinking(thinking.unwrap_or_default(), out),
        _ => {}
    }
}

/// Whether a message that cannot be read as one of ours is of a kind that we do not know, and so need not be.
fn is_foreign(data: &[u8]) -> Result<bool, Malformed> {
    let value: Value = serde_json::from_slice(data)?;
    let kind = |of: &Value| of.get("type").and_then(Value::as_str).map(str::to_owned);
    let inner = |name: &str| value.get(name).and_then(kind);
    Ok(match kind(&value).as_deref() {
        Some("content_block_start") => !matches!(inner("content_block").as_deref(), Some("text" | "thinking")),
        Some("content_block_delta") => !matches!(inner("delta").as_deref(), Some("text_delta" | "thinking_delta")),
        Some("message_start" | "message_delta" | "message_stop" | "error") | None => false,
        Some(_) => true,
    })
}

fn tier_named(name: &str) -> ServiceTier {
    match name {
        "standard" => ServiceTier::Standard,
        "batch" => ServiceTier::Batch,
        "priority" => ServiceTier::Priority,
        _ => ServiceTier::Unknown,
    }
}

/// Also what Bedrock calls them.
pub(super) fn reason(name: String, category: Option<String>) -> Reason {
    match name.as_str() {
        "end_turn" | "stop_sequence" => Reason::Complete,
        "max_tokens" => Reason::Length,
        "refusal" => Reason::Refused(category),
        "model_context_window_exceeded" => Reason::ContextFull,
        _ => Reason::Filtered(name),
    }
}

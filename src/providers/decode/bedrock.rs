//! Bedrock's Converse as a stream. The usage comes after the end of the message, and exceptions are frames of their own.

use serde::Deserialize;
use serde_json::Value;

use super::anthropic;
use super::eventstream::Frame;
use super::numbers::{Count, count};
use super::{Malformed, Progress};
use crate::providers::error::error_in_stream;
use crate::providers::{Event, Reason, ServiceTier, Usage};

#[derive(Debug, Default)]
pub(super) struct Answer {
    pub reason: Option<Reason>,
}

#[derive(Deserialize)]
struct BlockDelta {
    delta: Option<Delta>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta {
    text: Option<String>,
    reasoning_content: Option<Reasoning>,
}

#[derive(Deserialize)]
struct Reasoning {
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageStop {
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    usage: Option<WireUsage>,
    service_tier: Option<Tier>,
}

#[derive(Deserialize)]
struct Tier {
    r#type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUsage {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_write_input_tokens: Option<Count>,
    cache_details: Option<Vec<CacheDetail>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CacheDetail {
    ttl: Option<String>,
    input_tokens: Option<Count>,
}

impl Answer {
    pub fn message(
        &mut self,
        frame: &Frame<'_>,
        progress: &mut Progress,
        out: &mut Vec<Event>,
    ) -> Result<(), Malformed> {
        if frame.message_type != "event" {
            let error: Value = serde_json::from_slice(frame.payload).unwrap_or_default();
            progress.fail(error_in_stream(progress.endpoint(), &error, Some(frame.name)), out);
            return Ok(());
        }
        match frame.name {
            "messageStart" => progress.start(None, None, None, out),
            "contentBlockDelta" => {
                let block: BlockDelta = serde_json::from_slice(frame.payload)?;
                if let Some(delta) = block.delta {
                    progress.text(delta.text.unwrap_or_default(), out);
                    let reasoning = delta.reasoning_content.and_then(|reasoning| reasoning.text);
                    progress.thinking(reasoning.unwrap_or_default(), out);
                }
            }
            "messageStop" => {
                let stop: MessageStop = serde_json::from_slice(frame.payload)?;
                let name = stop.stop_reason.unwrap_or_else(|| "end_turn".to_owned());
                self.reason = Some(anthropic::reason(name, None));
            }
            "metadata" => {
                let metadata: Metadata = serde_json::from_slice(frame.payload)?;
                if let Some(usage) = &metadata.usage {
                    let tier = metadata.service_tier.and_then(|tier| tier.r#type);
                    progress.usage(normal(usage, tier.as_deref(), progress), out);
                }
                if let Some(reason) = self.reason.take() {
                    progress.end(reason, true, out);
                }
            }
            // Starts and ends of blocks, and what may be added.
            _ => {}
        }
        Ok(())
    }
}

/// The input's count holds nothing of the cache's.
fn normal(told: &WireUsage, tier: Option<&str>, progress: &Progress) -> Usage {
    let written = count(told.cache_write_input_tokens);
    let details = told.cache_details.as_deref().unwrap_or_default();
    let of = |ttl: &str| {
        let counts = details.iter().filter(|detail| detail.ttl.as_deref() == Some(ttl));
        counts.map(|detail| count(detail.input_tokens)).fold(0, u64::saturating_add)
    };
    // What is not told to be short counts as long, unless that was not asked for.
    let long = if details.is_empty() && !progress.may_write_long { 0 } else { written.saturating_sub(of("5m")) };
    Usage {
        input_uncached: count(told.input_tokens),
        cache_read: count(told.cache_read_input_tokens),
        cache_write_short: written - long,
        cache_write_long: long,
        output: count(told.output_tokens),
        tier: match tier {
            None | Some("default") => ServiceTier::Standard,
            Some("flex") => ServiceTier::Flex,
            Some("priority") => ServiceTier::Priority,
            Some(_) => ServiceTier::Unknown,
        },
        ..Usage::default()
    }
}

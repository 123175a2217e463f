//! Counts, a few rows a provider: what each of them includes, and what becomes of nonsense.

use super::*;
use crate::providers::ServiceTier;

fn last_usage(events: &[Event]) -> Option<Usage> {
    events.iter().rev().find_map(|event| match event {
        Event::Usage(usage) => Some(*usage),
        _ => None,
    })
}

/// The last usage of an answer whose count is this.
fn usage(kind: ProviderKind, count: &str) -> Usage {
    let bytes = match endpoint(kind).wire_format() {
        WireFormat::AnthropicMessages => {
            format!("data: {{\"type\":\"message_delta\",\"delta\":{{}},\"usage\":{count}}}\n\n").into_bytes()
        }
        WireFormat::OpenAiResponses => {
            let response = format!("{{\"status\":\"completed\",\"usage\":{count}}}");
            format!("data: {{\"type\":\"response.completed\",\"response\":{response}}}\n\n").into_bytes()
        }
        WireFormat::OpenAiChat => format!("data: {{\"choices\":[],\"usage\":{count}}}\n\n").into_bytes(),
        WireFormat::Gemini => format!("data: {{\"usageMetadata\":{count}}}\n\n").into_bytes(),
        WireFormat::BedrockConverse => frames(&format!("event metadata {{\"usage\":{count}}}")),
    };
    let events = decode(kind, [bytes.as_slice()]);
    last_usage(&events).unwrap_or_else(|| panic!("{kind:?} {count}: {events:?}"))
}

#[test]
fn counts_mean_the_same_everywhere() {
    use ProviderKind::*;
    let max = u64::MAX;
    for (kind, count, expected) in [
        // Anthropic and Bedrock count what is cached beside the rest, the others within.
        (
            Anthropic,
            r#"{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":9,"output_tokens_details":{"thinking_tokens":6}}"#,
            [10, 5, 3, 4, 9, 6],
        ),
        (
            Bedrock,
            r#"{"inputTokens":10,"cacheReadInputTokens":5,"cacheWriteInputTokens":7,"cacheDetails":[{"ttl":"5m","inputTokens":3},{"ttl":"1h","inputTokens":4}],"outputTokens":9}"#,
            [10, 5, 3, 4, 9, 0],
        ),
        (
            OpenAi,
            r#"{"input_tokens":22,"input_tokens_details":{"cached_tokens":5,"cache_write_tokens":7,"cache_write_tokens_details":{"ttl_30m_tokens":3,"ttl_12h_tokens":4}},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":6}}"#,
            [10, 5, 3, 4, 9, 6],
        ),
        (
            OpenAiChat,
            r#"{"prompt_tokens":22,"prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":7,"cache_write_tokens_details":{"ttl_30m_tokens":3,"ttl_12h_tokens":4}},"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":6}}"#,
            [10, 5, 3, 4, 9, 6],
        ),
        (
            DeepSeek,
            r#"{"prompt_tokens":15,"prompt_cache_hit_tokens":5,"prompt_cache_miss_tokens":10,"completion_tokens":9}"#,
            [10, 5, 0, 0, 9, 0],
        ),
        (Mistral, r#"{"prompt_tokens":10,"completion_tokens":9}"#, [10, 0, 0, 0, 9, 0]),
        // Thoughts are beside the output at Gemini, within it elsewhere.
        (
            Gemini,
            r#"{"promptTokenCount":15,"cachedContentTokenCount":5,"candidatesTokenCount":3,"thoughtsTokenCount":6}"#,
            [10, 5, 0, 0, 9, 6],
        ),
        (
            Gemini,
            r#"{"promptTokenCount":10,"toolUsePromptTokenCount":2,"candidatesTokenCount":3}"#,
            [12, 0, 0, 0, 3, 0],
        ),
        // More cached than there is, more reasoning than output.
        (
            OpenAi,
            r#"{"input_tokens":5,"input_tokens_details":{"cached_tokens":8,"cache_write_tokens":9},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":6}}"#,
            [0, 8, 0, 9, 2, 2],
        ),
        (Gemini, r#"{"promptTokenCount":5,"cachedContentTokenCount":8}"#, [0, 8, 0, 0, 0, 0]),
        // Splits that do not add up: what is not told to be short counts as long.
        (Anthropic, r#"{"input_tokens":1,"cache_creation_input_tokens":7,"output_tokens":1}"#, [1, 0, 0, 7, 1, 0]),
        (
            Anthropic,
            r#"{"input_tokens":1,"cache_creation_input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":1}"#,
            [1, 0, 3, 6, 1, 0],
        ),
        (
            Bedrock,
            r#"{"inputTokens":1,"cacheWriteInputTokens":7,"cacheDetails":[{"ttl":"5m","inputTokens":3}],"outputTokens":1}"#,
            [1, 0, 3, 4, 1, 0],
        ),
        (Bedrock, r#"{"inputTokens":1,"cacheWriteInputTokens":7,"outputTokens":1}"#, [1, 0, 0, 7, 1, 0]),
        (
            OpenAi,
            r#"{"input_tokens":10,"input_tokens_details":{"cache_write_tokens":7,"cache_write_tokens_details":{"ttl_30m_tokens":3}},"output_tokens":1}"#,
            [3, 0, 3, 4, 1, 0],
        ),
        // Nonsense.
        (Anthropic, r#"{"input_tokens":-5,"cache_read_input_tokens":"7","output_tokens":3.9}"#, [0, 7, 0, 0, 3, 0]),
        (OpenAi, r#"{"input_tokens":1e30,"output_tokens":[1,2]}"#, [max, 0, 0, 0, 0, 0]),
        (OpenAiChat, r#"{"prompt_tokens":"many","completion_tokens":{"a":1}}"#, [0, 0, 0, 0, 0, 0]),
        (
            Gemini,
            r#"{"promptTokenCount":3,"candidatesTokenCount":18446744073709551615,"thoughtsTokenCount":7}"#,
            [3, 0, 0, 0, max, 7],
        ),
        (Bedrock, r#"{"inputTokens":true,"outputTokens":null,"cacheReadInputTokens":2}"#, [0, 2, 0, 0, 0, 0]),
        (
            Bedrock,
            r#"{"inputTokens":1,"cacheWriteInputTokens":7,"cacheDetails":[{"ttl":"5m","inputTokens":1e30},{"ttl":"5m","inputTokens":1e30}]}"#,
            [1, 0, 7, 0, 0, 0],
        ),
    ] {
        let usage = usage(kind, count);
        let actual = [
            usage.input_uncached,
            usage.cache_read,
            usage.cache_write_short,
            usage.cache_write_long,
            usage.output,
            usage.reasoning,
        ];
        assert_eq!(actual, expected, "{kind:?} {count}");
    }
}

#[test]
fn writes_are_short_where_no_long_ones_were_asked_for() {
    let write = |kind, bytes: &[u8]| {
        let mut events = Vec::new();
        Decoder::new(&endpoint(kind), None).with_long_writes(false).push(bytes, &mut events);
        last_usage(&events).map(|usage| (usage.cache_write_short, usage.cache_write_long))
    };
    let chunk = br#"data: {"choices":[],"usage":{"prompt_tokens":9,"prompt_tokens_details":{"cache_write_tokens":7}}}"#;
    assert_eq!(write(ProviderKind::OpenRouter, &[chunk, b"\n\n".as_slice()].concat()), Some((7, 0)));
    let delta = br#"data: {"type":"message_delta","usage":{"cache_creation_input_tokens":7}}"#;
    assert_eq!(write(ProviderKind::Anthropic, &[delta, b"\n\n".as_slice()].concat()), Some((7, 0)));
    let metadata = frames(r#"event metadata {"usage":{"cacheWriteInputTokens":7}}"#);
    assert_eq!(write(ProviderKind::Bedrock, &metadata), Some((7, 0)));
}

#[test]
fn what_was_served_is_known_where_it_is_priced() {
    let tier = |name: &str| {
        let data =
            format!("data: {{\"service_tier\":\"{name}\",\"choices\":[],\"usage\":{{\"prompt_tokens\":1}}}}\n\n");
        let events = decode(ProviderKind::OpenAiChat, [data.as_bytes()]);
        last_usage(&events).map(|usage| usage.tier)
    };
    for (name, expected) in [
        ("default", ServiceTier::Standard),
        ("flex", ServiceTier::Flex),
        ("priority", ServiceTier::Priority),
        ("fast", ServiceTier::Fast),
        ("ultrafast", ServiceTier::Ultrafast),
        ("hyperfast", ServiceTier::Unknown),
    ] {
        assert_eq!(tier(name), Some(expected), "{name}");
    }
}

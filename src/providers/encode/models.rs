//! What models understand, by their names, where a request that asks for too much would be refused. A name that says nothing
//! gets the plainest request.

/// The two first numbers after `family-`: `claude-opus-5-5-20261012` is (5, 5), `gpt-6.1-sol` (6, 1), `gpt-4o` (4, 0).
fn version(model: &str, family: &str) -> Option<(u32, u32)> {
    let after = model.get(model.find(family)? + family.len()..)?;
    let mut parts = after.split(['-', '.', '@', ':', '_']).map(number);
    let major = parts.find_map(|part| part)?;
    // What comes next may be a date.
    Some((major, parts.next().flatten().unwrap_or(0)))
}

fn number(part: &str) -> Option<u32> {
    let digits = part.len() - part.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    part.get(..digits)?.parse().ok().filter(|number| *number < 100)
}

/// `thinking: adaptive` and `effort`: Claude from 4.6 on.
pub(super) fn thinks_adaptively(model: &str) -> bool {
    version(model, "claude-").is_some_and(|version| version >= (4, 6))
}

/// `reasoning.effort`: GPT from 5 on, but for the chat variants, and the o series.
pub(super) fn takes_effort(model: &str) -> bool {
    let is_o = model.strip_prefix('o').is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
    let is_gpt = model.starts_with("gpt-")
        && !model.contains("chat")
        && version(model, "gpt-").is_some_and(|version| version >= (5, 0));
    is_o || is_gpt
}

/// `prompt_cache_breakpoint`: GPT from 5.6 on.
pub(super) fn takes_breakpoints(model: &str) -> bool {
    model.starts_with("gpt-") && version(model, "gpt-").is_some_and(|version| version >= (5, 6))
}

/// `thinkingLevel`: Gemini from 3 on.
pub(super) fn takes_thinking_level(model: &str) -> bool {
    version(model, "gemini-").is_some_and(|version| version >= (3, 0))
}

/// How Bedrock's models cache: Claude in two lives, Nova in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BedrockCache {
    None,
    Short,
    ShortAndLong,
}

pub(super) fn bedrock_cache(model: &str) -> BedrockCache {
    if model.contains("anthropic.claude-") {
        BedrockCache::ShortAndLong
    } else if model.contains("amazon.nova-") {
        BedrockCache::Short
    } else {
        BedrockCache::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_models_take() {
        for (model, expected) in [
            ("claude-opus-5-5", true),
            ("claude-fable-5-2", true),
            ("claude-opus-5", true),
            ("claude-sonnet-4-6", true),
            ("claude-opus-4-7-20260416", true),
            ("us.anthropic.claude-opus-5-5-20261109-v1:0", true),
            ("anthropic/claude-opus-5.5", true),
            ("claude-haiku-4-5", false),
            ("claude-sonnet-4-20250514", false),
            ("claude-3-5-sonnet-20241022", false),
            ("my-proxy-model", false),
            ("claude-", false),
        ] {
            assert_eq!(thinks_adaptively(model), expected, "{model}");
        }
        for (model, effort, breakpoints) in [
            ("gpt-6.1-sol", true, true),
            ("gpt-6-luna", true, true),
            ("gpt-5.6-terra", true, true),
            ("gpt-5.5", true, false),
            ("gpt-5-mini", true, false),
            ("gpt-5-chat-latest", false, false),
            ("gpt-4o", false, false),
            ("gpt-4.1", false, false),
            ("o3", true, false),
            ("omni", false, false),
            ("gpt-oss-120b", false, false),
            ("ft:gpt-6:me", false, false),
        ] {
            assert_eq!((takes_effort(model), takes_breakpoints(model)), (effort, breakpoints), "{model}");
        }
        for (model, expected) in [("gemini-4-argon", true), ("gemini-3.1-pro-preview", true), ("gemini-2.5-pro", false)]
        {
            assert_eq!(takes_thinking_level(model), expected, "{model}");
        }
        assert_eq!(
            bedrock_cache("arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-opus-5"),
            BedrockCache::ShortAndLong
        );
        assert_eq!(bedrock_cache("eu.amazon.nova-pro-v1:0"), BedrockCache::Short);
        assert_eq!(bedrock_cache("meta.llama4-maverick-17b-instruct-v1:0"), BedrockCache::None);
    }
}

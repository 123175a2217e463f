//! Holes that are filled: Mistral's `/v1/fim/completions` and DeepSeek's beta of `/completions`, written from their API references of
//! 2026. Mistral's answer is a chat's.

use serde_json::{Value, json};

use super::Kind;
use super::answer::{Answer, End, Frame, progress};
use super::http::Request;
use super::openai;
use super::prompt::{Prompt, Refusal, Segment};
use super::rules::{at_least_one, must_be, object, text, texts};

/// Most tokens that DeepSeek writes there.
const MOST_TOKENS: u64 = 4096;

/// None where the provider has no such interface.
pub fn path(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Mistral => Some("/v1/fim/completions"),
        Kind::DeepSeek => Some("/beta/completions"),
        _ => None,
    }
}

pub fn is_one(kind: Kind, request: &Request) -> bool {
    path(kind) == Some(request.path.as_str())
}

pub fn prompt(kind: Kind, body: &Value) -> Result<Prompt, Refusal> {
    let mut known = vec!["model", "prompt", "suffix", "max_tokens", "temperature", "top_p", "stop", "stream"];
    known.extend(match kind {
        Kind::Mistral => &["min_tokens", "random_seed", "metadata", "prompt_cache_key"][..],
        _ => &["echo", "frequency_penalty", "presence_penalty", "logprobs", "stream_options"],
    });
    let body = object(body, "body", &known, &["model", "prompt", "max_tokens"])?;
    must_be(body.get("stream"), json!(true), "stream")?;
    if kind == Kind::DeepSeek {
        let options = body.get("stream_options").unwrap_or(&Value::Null);
        must_be(options.get("include_usage"), json!(true), "stream_options.include_usage")?;
    }
    let max_output = at_least_one(body.get("max_tokens"), "max_tokens")?;
    if kind == Kind::DeepSeek && max_output > MOST_TOKENS {
        return Err(Refusal::bad(format!("max_tokens: {MOST_TOKENS} at most")));
    }
    let mut segments = vec![Segment { text: text(body.get("prompt"), "prompt")?.to_owned(), keep: None }];
    if body.contains_key("suffix") {
        segments.push(Segment { text: text(body.get("suffix"), "suffix")?.to_owned(), keep: None });
    }
    Ok(Prompt {
        model: text(body.get("model"), "model")?.to_owned(),
        segments,
        max_output,
        stops: texts(body.get("stop"), "stop", 4)?,
        is_marked_only: false,
    })
}

pub fn stream(kind: Kind, answer: &Answer) -> Vec<Frame> {
    if kind == Kind::Mistral {
        return openai::chat_stream(kind, answer);
    }
    let chunk = |choices: Value, usage: Value| {
        let value = json!({"id": answer.id, "object": "text_completion", "created": 1, "model": answer.model,
                           "system_fingerprint": "fp", "choices": choices, "usage": usage});
        format!("data: {value}\n\n").into_bytes()
    };
    let choice =
        |text: &str, finish: Value| json!([{"index": 0, "text": text, "logprobs": null, "finish_reason": finish}]);
    let mut frames = vec![Frame::new(b": keep-alive\n\n".to_vec(), 0)];
    for (piece, output) in progress(answer) {
        frames.push(Frame::new(chunk(choice(piece, Value::Null), Value::Null), output));
    }
    let finish = match answer.end {
        End::Complete => "stop",
        End::Length => "length",
    };
    frames.push(Frame::new(chunk(choice("", json!(finish)), Value::Null), answer.output));
    frames.push(Frame::new(chunk(json!([]), openai::chat_usage(kind, answer)), answer.output));
    frames.push(Frame::end(b"data: [DONE]\n\n".to_vec(), answer.output));
    frames
}

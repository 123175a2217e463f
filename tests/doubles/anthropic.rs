//! Anthropic's Messages: what is accepted, and how it answers.

use serde_json::{Value, json};

use super::answer::{Answer, End, Frame, progress};
use super::http::Request;
use super::prompt::{Keep, Prompt, Refusal, Segment, Trouble};
use super::rules::{at_least_one, list, must_be, object, one_of, text, texts};

pub fn check(request: &Request, key: &str) -> Result<(), Refusal> {
    if request.header("authorization").is_some() || request.header("x-api-key") != Some(key) {
        return Err(Refusal::of(Trouble::Auth));
    }
    match request.header("anthropic-version") {
        Some("2026-10-21" | "2023-06-01") => {}
        other => return Err(Refusal::bad(format!("anthropic-version: {other:?} is not a version"))),
    }
    if (request.method.as_str(), request.path.as_str(), request.query.as_str()) == ("POST", "/v1/messages", "") {
        Ok(())
    } else {
        Err(Refusal::of(Trouble::NotFound))
    }
}

pub fn prompt(body: &Value) -> Result<Prompt, Refusal> {
    // Sampling parameters are not among them since 2026-10-21.
    let known = [
        "model",
        "max_tokens",
        "stream",
        "system",
        "messages",
        "thinking",
        "output_config",
        "stop_sequences",
        "metadata",
        "service_tier",
    ];
    let body = object(body, "body", &known, &["model", "max_tokens", "messages"])?;
    must_be(body.get("stream"), json!(true), "stream")?;
    let mut segments = Vec::new();
    match body.get("system") {
        None => {}
        Some(Value::String(text)) => segments.push(Segment { text: text.clone(), keep: None }),
        Some(blocks) => content(blocks, "system", &mut segments)?,
    }
    let messages = list(body.get("messages"), "messages")?;
    for (at, message) in messages.iter().enumerate() {
        let message = object(message, "messages", &["role", "content"], &["role", "content"])?;
        let role = one_of(message.get("role"), "messages.role", &["user", "assistant"])?;
        if at == 0 && role != "user" {
            return Err(Refusal::bad("messages: first message must use the \"user\" role"));
        }
        if at + 1 == messages.len() && role == "assistant" {
            return Err(Refusal::bad("This model does not support assistant message prefill"));
        }
        match &message["content"] {
            Value::String(text) => segments.push(Segment { text: text.clone(), keep: None }),
            blocks => content(blocks, "messages.content", &mut segments)?,
        }
    }
    if messages.is_empty() {
        return Err(Refusal::bad("messages: at least one message is required"));
    }
    let breakpoints: Vec<Keep> = segments.iter().filter_map(|segment| segment.keep).collect();
    if breakpoints.len() > 4 {
        return Err(Refusal::bad("A maximum of 4 blocks with cache_control may be provided"));
    }
    if breakpoints.windows(2).any(|pair| pair == [Keep::Short, Keep::Long]) {
        return Err(Refusal::bad("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block"));
    }
    if let Some(thinking) = body.get("thinking") {
        let thinking = object(thinking, "thinking", &["type", "display"], &["type"])?;
        one_of(thinking.get("type"), "thinking.type", &["adaptive"])?;
        if thinking.contains_key("display") {
            one_of(thinking.get("display"), "thinking.display", &["summarized", "omitted"])?;
        }
    }
    if let Some(config) = body.get("output_config") {
        let config = object(config, "output_config", &["effort"], &[])?;
        one_of(config.get("effort"), "output_config.effort", &["low", "medium", "high", "xhigh", "max"])?;
    }
    if let Some(metadata) = body.get("metadata") {
        text(object(metadata, "metadata", &["user_id"], &[])?.get("user_id"), "metadata.user_id")?;
    }
    if body.contains_key("service_tier") {
        one_of(body.get("service_tier"), "service_tier", &["auto", "standard_only"])?;
    }
    Ok(Prompt {
        model: text(body.get("model"), "model")?.to_owned(),
        segments,
        max_output: at_least_one(body.get("max_tokens"), "max_tokens")?,
        stops: texts(body.get("stop_sequences"), "stop_sequences", 16)?,
        is_marked_only: true,
    })
}

fn content(blocks: &Value, place: &str, segments: &mut Vec<Segment>) -> Result<(), Refusal> {
    for block in list(Some(blocks), place)? {
        let block = object(block, place, &["type", "text", "cache_control"], &["type", "text"])?;
        must_be(block.get("type"), json!("text"), place)?;
        let text = text(block.get("text"), place)?;
        if text.trim().is_empty() {
            return Err(Refusal::bad(format!("{place}: text content blocks must contain non-whitespace text")));
        }
        let keep = match block.get("cache_control") {
            None => None,
            Some(control) => {
                let control = object(control, "cache_control", &["type", "ttl"], &["type"])?;
                must_be(control.get("type"), json!("ephemeral"), "cache_control.type")?;
                match control.get("ttl").and_then(Value::as_str) {
                    None | Some("5m") => Some(Keep::Short),
                    Some("1h") => Some(Keep::Long),
                    Some(other) => return Err(Refusal::bad(format!("cache_control.ttl: {other}"))),
                }
            }
        };
        segments.push(Segment { text: text.to_owned(), keep });
    }
    Ok(())
}

pub fn stream(answer: &Answer) -> Vec<Frame> {
    let start = json!({"type": "message_start", "message": {
        "id": answer.id, "type": "message", "role": "assistant", "model": answer.model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(answer, 1),
    }});
    let mut frames = vec![Frame::new(event(&start), 0)];
    let mut index = 0;
    if answer.reasoning > 0 {
        for value in [
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}}),
            json!({"type": "ping"}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "EqQB"}}),
            json!({"type": "content_block_stop", "index": 0}),
        ] {
            frames.push(Frame::new(event(&value), answer.reasoning));
        }
        index = 1;
    }
    let block = json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}});
    frames.push(Frame::new(event(&block), answer.reasoning));
    for (piece, output) in progress(answer) {
        let delta =
            json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": piece}});
        frames.push(Frame::new(event(&delta), output));
    }
    let stop = match answer.end {
        End::Complete => "end_turn",
        End::Length => "max_tokens",
    };
    frames.push(Frame::new(event(&json!({"type": "content_block_stop", "index": index})), answer.output));
    let last = json!({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": null},
                      "usage": usage(answer, answer.output)});
    frames.push(Frame::new(event(&last), answer.output));
    frames.push(Frame::end(event(&json!({"type": "message_stop"})), answer.output));
    frames
}

fn usage(answer: &Answer, output: u64) -> Value {
    let input = answer.input;
    json!({
        "input_tokens": input.uncached, "cache_creation_input_tokens": input.write_short + input.write_long,
        "cache_read_input_tokens": input.read,
        "cache_creation": {"ephemeral_5m_input_tokens": input.write_short, "ephemeral_1h_input_tokens": input.write_long},
        "output_tokens": output, "output_tokens_details": {"thinking_tokens": answer.reasoning.min(output)},
        "service_tier": "standard",
    })
}

/// Named by its type, as every event is there.
pub fn event(value: &Value) -> Vec<u8> {
    format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap_or_default()).into_bytes()
}

/// Body of a refusal.
pub fn error(trouble: Trouble, message: &str) -> Value {
    let kind = match trouble {
        Trouble::BadRequest | Trouble::ContextOverflow | Trouble::ModelError => "invalid_request_error",
        Trouble::Auth => "authentication_error",
        Trouble::Permission => "permission_error",
        Trouble::NoCredit => "billing_error",
        Trouble::NotFound => "not_found_error",
        Trouble::RequestTimeout | Trouble::GatewayTimeout => "timeout_error",
        Trouble::Conflict => "conflict_error",
        Trouble::TooLarge => "request_too_large",
        Trouble::RateLimited | Trouble::SpendLimit | Trouble::Ramp => "rate_limit_error",
        Trouble::Server | Trouble::BadGateway => "api_error",
        Trouble::Unavailable | Trouble::Overloaded => "overloaded_error",
    };
    let mut error = json!({"type": kind, "message": message});
    let code = match trouble {
        Trouble::SpendLimit => Some("enforced_spend_limit_reached"),
        Trouble::Ramp => Some("ramp_limit_exceeded"),
        _ => None,
    };
    if let Some(code) = code {
        error["details"] = json!({"error_code": code});
    }
    if trouble == Trouble::ContextOverflow {
        error["message"] = json!("prompt is too long: 1200000 tokens > 1000000 maximum");
    }
    json!({"type": "error", "error": error, "request_id": "req_double"})
}

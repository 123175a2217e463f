//! Amazon Bedrock's Converse: what is accepted, and its binary stream of events.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::answer::{Answer, End, Frame, progress};
use super::http::Request;
use super::prompt::{Keep, Prompt, Refusal, Segment, Trouble};
use super::rules::{at_least_one, list, object, one_of, text, texts};
use super::sigv4;

/// A key of the double's, or a signature. Returns the model, which is in the path.
pub fn check(request: &Request, key: &str, now: SystemTime) -> Result<String, Refusal> {
    match request.header("authorization") {
        Some(bearer) if bearer == format!("Bearer {key}") => {}
        Some(signed) if signed.starts_with("AWS4-") => {
            sigv4::verify(request, now).map_err(|message| Refusal { trouble: Trouble::Permission, message })?
        }
        _ => return Err(Refusal::of(Trouble::Permission)),
    }
    let model = request
        .path
        .strip_prefix("/model/")
        .and_then(|rest| rest.strip_suffix("/converse-stream"))
        // One segment: what has a slash or a colon is encoded.
        .filter(|model| !model.contains(['/', ':']) && request.method == "POST" && request.query.is_empty())
        .ok_or_else(|| Refusal::of(Trouble::NotFound))?;
    Ok(model.replace("%3A", ":").replace("%2F", "/"))
}

pub fn prompt(model: String, body: &Value) -> Result<Prompt, Refusal> {
    let known = [
        "system",
        "messages",
        "inferenceConfig",
        "outputConfig",
        "additionalModelRequestFields",
        "serviceTier",
        "requestMetadata",
    ];
    let body = object(body, "body", &known, &["messages", "inferenceConfig"])?;
    let mut segments = Vec::new();
    blocks(body.get("system"), &mut segments)?;
    let messages = list(body.get("messages"), "messages")?;
    for message in messages {
        let message = object(message, "messages", &["role", "content"], &["role", "content"])?;
        one_of(message.get("role"), "messages.role", &["user", "assistant"])?;
        blocks(message.get("content"), &mut segments)?;
    }
    if messages.last().is_none_or(|last| last["role"] != "user") {
        return Err(Refusal::bad("A conversation must end with a user message"));
    }
    let config = object(&body["inferenceConfig"], "inferenceConfig", &["maxTokens", "stopSequences"], &["maxTokens"])?;
    if let Some(fields) = body.get("additionalModelRequestFields") {
        object(fields, "additionalModelRequestFields", &["thinking", "output_config"], &[])?;
    }
    Ok(Prompt {
        model,
        segments,
        max_output: at_least_one(config.get("maxTokens"), "maxTokens")?,
        stops: texts(config.get("stopSequences"), "stopSequences", 16)?,
        is_marked_only: true,
    })
}

fn blocks(value: Option<&Value>, segments: &mut Vec<Segment>) -> Result<(), Refusal> {
    for block in list(value, "content")? {
        let block = object(block, "content", &["text", "cachePoint"], &[])?;
        match (block.get("text"), block.get("cachePoint"), segments.last_mut()) {
            (Some(_), None, _) => {
                segments.push(Segment { text: text(block.get("text"), "content.text")?.to_owned(), keep: None });
            }
            (None, Some(point), Some(before)) => {
                let point = object(point, "cachePoint", &["type", "ttl"], &["type"])?;
                one_of(point.get("type"), "cachePoint.type", &["default"])?;
                let is_long = point.get("ttl").and_then(Value::as_str) == Some("1h");
                before.keep = Some(if is_long { Keep::Long } else { Keep::Short });
            }
            _ => return Err(Refusal::bad("content: exactly one of text and cachePoint, and text first")),
        }
    }
    Ok(())
}

pub fn stream(answer: &Answer) -> Vec<Frame> {
    let mut frames = vec![Frame::new(event("messageStart", &json!({"role": "assistant"})), 0)];
    let mut index = 0;
    if answer.reasoning > 0 {
        let delta = json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "EqQB"}}});
        frames.push(Frame::new(event("contentBlockDelta", &delta), answer.reasoning));
        frames.push(Frame::new(event("contentBlockStop", &json!({"contentBlockIndex": 0})), answer.reasoning));
        index = 1;
    }
    for (piece, output) in progress(answer) {
        let delta = json!({"contentBlockIndex": index, "delta": {"text": piece}});
        frames.push(Frame::new(event("contentBlockDelta", &delta), output));
    }
    let stop = match answer.end {
        End::Complete => "end_turn",
        End::Length => "max_tokens",
    };
    frames.push(Frame::new(event("contentBlockStop", &json!({"contentBlockIndex": index})), answer.output));
    frames.push(Frame::new(event("messageStop", &json!({"stopReason": stop})), answer.output));
    let input = answer.input;
    let metadata = json!({
        "usage": {
            "inputTokens": input.uncached, "outputTokens": answer.output,
            "totalTokens": input.total() + answer.output,
            "cacheReadInputTokens": input.read, "cacheWriteInputTokens": input.write_short + input.write_long,
            "cacheDetails": [{"ttl": "5m", "inputTokens": input.write_short}, {"ttl": "1h", "inputTokens": input.write_long}],
        },
        "metrics": {"latencyMs": 7},
    });
    frames.push(Frame::end(event("metadata", &metadata), answer.output));
    frames
}

pub fn event(name: &str, payload: &Value) -> Vec<u8> {
    frame(&[(":event-type", name), (":content-type", "application/json"), (":message-type", "event")], payload)
}

/// An error as a frame.
pub fn exception(trouble: Trouble, message: &str) -> Vec<u8> {
    let name = match trouble {
        Trouble::RateLimited | Trouble::SpendLimit | Trouble::Ramp => "throttlingException",
        Trouble::BadRequest | Trouble::ContextOverflow => "validationException",
        Trouble::ModelError => "modelStreamErrorException",
        Trouble::Unavailable | Trouble::Overloaded => "serviceUnavailableException",
        _ => "internalServerException",
    };
    let headers = [(":exception-type", name), (":content-type", "application/json"), (":message-type", "exception")];
    frame(&headers, &json!({"message": message}))
}

fn frame(headers: &[(&str, &str)], payload: &Value) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(name.len() as u8);
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&(value.len() as u16).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let payload = payload.to_string();
    let mut frame = Vec::new();
    frame.extend_from_slice(&((16 + head.len() + payload.len()) as u32).to_be_bytes());
    frame.extend_from_slice(&(head.len() as u32).to_be_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(payload.as_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// Status, name and body of a refusal.
pub fn error(trouble: Trouble, message: &str) -> (u16, &'static str, Value) {
    let (status, name) = match trouble {
        Trouble::Auth | Trouble::Permission => (403, "AccessDeniedException"),
        Trouble::NotFound => (404, "ResourceNotFoundException"),
        Trouble::RequestTimeout => (408, "ModelTimeoutException"),
        Trouble::ModelError => (424, "ModelErrorException"),
        Trouble::RateLimited | Trouble::Ramp => (429, "ThrottlingException"),
        Trouble::SpendLimit => (400, "ServiceQuotaExceededException"),
        Trouble::Unavailable | Trouble::Overloaded => (503, "ServiceUnavailableException"),
        Trouble::BadRequest | Trouble::ContextOverflow | Trouble::TooLarge => (400, "ValidationException"),
        other => (other.status(), "InternalServerException"),
    };
    let message = match trouble {
        Trouble::ContextOverflow => "Input is too long for requested model.",
        _ => message,
    };
    (status, name, json!({"message": message}))
}

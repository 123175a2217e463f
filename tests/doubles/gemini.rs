//! Google's Gemini: what is accepted, and how it answers.

use serde_json::{Value, json};

use super::answer::{Answer, End, Frame, progress};
use super::fault::Wait;
use super::http::Request;
use super::prompt::{Prompt, Refusal, Segment, Trouble};
use super::rules::{at_least_one, list, object, one_of, text, texts};

/// The model is in the path.
pub fn check(request: &Request, key: &str) -> Result<String, Refusal> {
    if request.header("x-goog-api-key") != Some(key) || request.query.contains("key=") {
        return Err(Refusal::of(Trouble::Auth));
    }
    let model = request
        .path
        .strip_prefix("/v1beta/models/")
        .and_then(|rest| rest.strip_suffix(":streamGenerateContent"))
        .filter(|_| request.method == "POST" && request.query == "alt=sse");
    model.map(str::to_owned).ok_or_else(|| Refusal::of(Trouble::NotFound))
}

pub fn prompt(model: String, body: &Value) -> Result<Prompt, Refusal> {
    let known = ["systemInstruction", "contents", "generationConfig", "safetySettings", "serviceTier"];
    let body = object(body, "body", &known, &["contents", "generationConfig"])?;
    let mut segments = Vec::new();
    if let Some(system) = body.get("systemInstruction") {
        parts(object(system, "systemInstruction", &["parts", "role"], &["parts"])?.get("parts"), &mut segments)?;
    }
    for content in list(body.get("contents"), "contents")? {
        let content = object(content, "contents", &["role", "parts"], &["role", "parts"])?;
        one_of(content.get("role"), "contents.role", &["user", "model"])?;
        parts(content.get("parts"), &mut segments)?;
    }
    let known = ["maxOutputTokens", "stopSequences", "thinkingConfig"];
    let config = object(&body["generationConfig"], "generationConfig", &known, &["maxOutputTokens"])?;
    if let Some(thinking) = config.get("thinkingConfig") {
        let thinking = object(thinking, "thinkingConfig", &["thinkingLevel", "includeThoughts"], &[])?;
        if thinking.contains_key("thinkingLevel") {
            one_of(thinking.get("thinkingLevel"), "thinkingLevel", &["MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"])?;
        }
    }
    Ok(Prompt {
        model,
        segments,
        max_output: at_least_one(config.get("maxOutputTokens"), "maxOutputTokens")?,
        stops: texts(config.get("stopSequences"), "stopSequences", 5)?,
        is_marked_only: true,
    })
}

fn parts(value: Option<&Value>, segments: &mut Vec<Segment>) -> Result<(), Refusal> {
    for part in list(value, "parts")? {
        let part = object(part, "parts", &["text"], &["text"])?;
        segments.push(Segment { text: text(part.get("text"), "parts.text")?.to_owned(), keep: None });
    }
    Ok(())
}

pub fn stream(answer: &Answer) -> Vec<Frame> {
    let chunk = |parts: Value, finish: Option<&str>, output: u64| {
        let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
        if let Some(finish) = finish {
            candidate["finishReason"] = json!(finish);
        }
        let input = answer.input;
        let value = json!({
            "candidates": [candidate], "modelVersion": answer.model, "responseId": answer.id,
            "usageMetadata": {
                "promptTokenCount": input.total(), "cachedContentTokenCount": input.read,
                "candidatesTokenCount": output - answer.reasoning.min(output), "thoughtsTokenCount": answer.reasoning.min(output),
                "totalTokenCount": input.total() + output,
            },
        });
        format!("data: {value}\r\n\r\n").into_bytes()
    };
    let mut frames: Vec<Frame> = progress(answer)
        .map(|(piece, output)| Frame::new(chunk(json!([{"text": piece}]), None, output), output))
        .collect();
    let finish = match answer.end {
        End::Complete => "STOP",
        End::Length => "MAX_TOKENS",
    };
    frames.push(Frame::end(chunk(json!([{"text": ""}]), Some(finish), answer.output), answer.output));
    frames
}

/// Body of a refusal, and its status where it is not the usual one.
pub fn error(trouble: Trouble, message: &str, waits: &[Wait]) -> (u16, Value) {
    let (status, word) = match trouble {
        Trouble::Auth => (400, "INVALID_ARGUMENT"),
        Trouble::Permission => (403, "PERMISSION_DENIED"),
        Trouble::NotFound => (404, "NOT_FOUND"),
        Trouble::RateLimited | Trouble::SpendLimit | Trouble::Ramp => (429, "RESOURCE_EXHAUSTED"),
        Trouble::Server => (500, "INTERNAL"),
        Trouble::Unavailable | Trouble::Overloaded => (503, "UNAVAILABLE"),
        Trouble::GatewayTimeout => (504, "DEADLINE_EXCEEDED"),
        Trouble::BadRequest | Trouble::ContextOverflow => (400, "INVALID_ARGUMENT"),
        Trouble::RequestTimeout => (408, "DEADLINE_EXCEEDED"),
        Trouble::Conflict => (409, "ABORTED"),
        Trouble::TooLarge => (413, "INVALID_ARGUMENT"),
        Trouble::BadGateway => (502, "UNAVAILABLE"),
        Trouble::ModelError => (424, "INTERNAL"),
        Trouble::NoCredit => (402, "FAILED_PRECONDITION"),
    };
    let mut details = Vec::new();
    if trouble == Trouble::Auth {
        details.push(json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}));
    }
    if trouble == Trouble::SpendLimit {
        let violation = json!({"quotaId": "GenerateRequestsPerDayPerProjectPerModel"});
        details.push(json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}));
    }
    for wait in waits {
        if let Wait::RetryInfo(delay) = wait {
            details.push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}));
        }
    }
    let message = match trouble {
        Trouble::ContextOverflow => {
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
        }
        _ => message,
    };
    (status, json!({"error": {"code": status, "message": message, "status": word, "details": details}}))
}

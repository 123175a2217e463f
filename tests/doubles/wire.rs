//! The provider's own words for everything: requests, streams, errors, headers.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::answer::{Answer, Frame};
use super::cache::Habit;
use super::fault::Wait;
use super::http::Request;
use super::prompt::{Prompt, Refusal, Trouble};
use super::tokens::Cut;
use super::{Kind, anthropic, bedrock, fill, gemini, openai};

pub fn read(kind: Kind, request: &Request, key: &str, now: SystemTime) -> Result<Prompt, Refusal> {
    for forbidden in ["cookie", "referer", "origin", "x-forwarded-for", "from"] {
        if request.header(forbidden).is_some() {
            return Err(Refusal::bad(format!("the header {forbidden} says more than it should")));
        }
    }
    let model = match kind {
        Kind::Anthropic => anthropic::check(request, key).map(|()| None)?,
        Kind::Gemini => Some(gemini::check(request, key)?),
        Kind::Bedrock => Some(bedrock::check(request, key, now)?),
        _ => openai::check(kind, request, key).map(|()| None)?,
    };
    if request.header("content-type") != Some("application/json") {
        return Err(Refusal::bad("content-type: must be application/json"));
    }
    let body = request.json().ok_or_else(|| Refusal::bad("the body is not JSON"))?;
    let prompt = match (kind, model) {
        (Kind::Anthropic, _) => anthropic::prompt(&body),
        (Kind::Gemini, model) => gemini::prompt(model.unwrap_or_default(), &body),
        (Kind::Bedrock, model) => bedrock::prompt(model.unwrap_or_default(), &body),
        _ if fill::is_one(kind, request) => fill::prompt(kind, &body),
        _ if is_responses(kind, request) => openai::responses_prompt(&body),
        _ => openai::chat_prompt(kind, &body),
    }?;
    if super::rates_of(&prompt.model).is_none() {
        return Err(Refusal { trouble: Trouble::NotFound, message: format!("model: {}", prompt.model) });
    }
    Ok(prompt)
}

fn is_responses(kind: Kind, request: &Request) -> bool {
    matches!(kind, Kind::OpenAi | Kind::Azure) && request.path.ends_with("/responses")
}

pub fn cache_habit(kind: Kind) -> Habit {
    match kind {
        Kind::Anthropic | Kind::Bedrock | Kind::OpenRouter => Habit::Breakpoints,
        Kind::OpenAi | Kind::OpenAiChat | Kind::Azure | Kind::Compatible => Habit::Automatic,
        Kind::Gemini | Kind::Mistral | Kind::DeepSeek => Habit::Free,
    }
}

/// How fine the provider's models cut.
pub fn cut(kind: Kind) -> Cut {
    match kind {
        Kind::Anthropic | Kind::Bedrock | Kind::OpenRouter => Cut::Fine,
        _ => Cut::Usual,
    }
}

pub fn stream(kind: Kind, request: &Request, answer: &Answer) -> Vec<Frame> {
    match kind {
        Kind::Anthropic => anthropic::stream(answer),
        Kind::Gemini => gemini::stream(answer),
        Kind::Bedrock => bedrock::stream(answer),
        _ if fill::is_one(kind, request) => fill::stream(kind, answer),
        _ if is_responses(kind, request) => openai::responses_stream(answer),
        _ => openai::chat_stream(kind, answer),
    }
}

/// Headers of every answer.
pub fn headers(kind: Kind, id: &str, now: SystemTime) -> Vec<(String, String)> {
    let name = match kind {
        Kind::Anthropic => "request-id",
        Kind::Bedrock => "x-amzn-requestid",
        Kind::Azure => "apim-request-id",
        Kind::OpenRouter => "x-generation-id",
        Kind::Gemini => "x-goog-request-id",
        _ => "x-request-id",
    };
    vec![(name.to_owned(), id.to_owned()), ("date".to_owned(), httpdate::fmt_http_date(now))]
}

pub fn stream_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Bedrock => "application/vnd.amazon.eventstream",
        Kind::OpenAiChat | Kind::OpenRouter => "text/event-stream; charset=utf-8",
        _ => "text/event-stream",
    }
}

/// Status, headers beside the usual ones, and body.
pub fn error(kind: Kind, refusal: &Refusal, waits: &[Wait]) -> (u16, Vec<(String, String)>, Value) {
    let (trouble, message) = (refusal.trouble, refusal.message.as_str());
    let mut headers: Vec<(String, String)> = waits.iter().filter_map(Wait::header).collect();
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    let (status, body) = match kind {
        Kind::Anthropic => (trouble.status(), anthropic::error(trouble, message)),
        Kind::Gemini => gemini::error(trouble, message, waits),
        Kind::Bedrock => {
            let (status, name, body) = bedrock::error(trouble, message);
            headers.push(("x-amzn-errortype".to_owned(), format!("{name}:http://internal.amazon.com/coral/")));
            (status, body)
        }
        _ => openai::error(kind, trouble, message),
    };
    (status, headers, body)
}

/// An error in the middle of a stream.
pub fn error_event(kind: Kind, is_responses: bool, trouble: Trouble) -> Vec<u8> {
    let refusal = Refusal::of(trouble);
    match kind {
        Kind::Anthropic => anthropic::event(&anthropic::error(trouble, &refusal.message)),
        Kind::Bedrock => bedrock::exception(trouble, &refusal.message),
        _ if is_responses => {
            let error = openai::error(kind, trouble, &refusal.message).1;
            let error = &error["error"];
            anthropic::event(&json!({"type": "error", "code": error["code"], "message": error["message"],
                                     "param": null, "sequence_number": 9}))
        }
        Kind::OpenRouter => {
            let mut body = openai::error(kind, trouble, &refusal.message).1;
            body["choices"] = json!([{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]);
            format!("data: {body}\n\n").into_bytes()
        }
        _ => format!("data: {}\n\n", error(kind, &refusal, &[]).2).into_bytes(),
    }
}

/// What no decoder can read.
pub fn garbage(kind: Kind) -> Vec<u8> {
    match kind {
        Kind::Bedrock => b"\0\0\0\x20\0\0\0\x05\xde\xad\xbe\xefthis is not a frame".to_vec(),
        Kind::Anthropic => b"event: content_block_delta\ndata: {\"type\":\"content_bl\xff\xfe,,,\n\n".to_vec(),
        _ => b"data: {\"choices\":[{\"del\xff\xfe,,,\n\n".to_vec(),
    }
}

/// Something of so many bytes that claims to be one event.
pub fn oversized(kind: Kind, bytes: usize) -> Vec<u8> {
    let mut event = match kind {
        Kind::Bedrock => {
            let mut prelude = u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes().to_vec();
            prelude.extend_from_slice(&0u32.to_be_bytes());
            prelude.extend_from_slice(&crc32fast::hash(&prelude).to_be_bytes());
            prelude
        }
        _ => b"data: {\"type\":\"".to_vec(),
    };
    event.resize(bytes.max(event.len()), b'x');
    event
}

/// Keeps a connection alive and says nothing. Bedrock has no such thing.
pub fn keep_alive(kind: Kind) -> Vec<u8> {
    match kind {
        Kind::Anthropic => anthropic::event(&json!({"type": "ping"})),
        Kind::Bedrock => Vec::new(),
        _ => b": keep-alive\n\n".to_vec(),
    }
}

/// The same event as a later one: where events are numbered, a number that was there before is a repetition.
pub fn renumber(event: &[u8], number: u64) -> Vec<u8> {
    let text = String::from_utf8_lossy(event);
    let Some((before, after)) = text.split_once("\"sequence_number\":") else { return event.to_vec() };
    let rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{before}\"sequence_number\":{number}{rest}").into_bytes()
}

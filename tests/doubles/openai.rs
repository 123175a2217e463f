//! OpenAI's two interfaces, and those of the others that speak Chat Completions, each with its own strictness.

use serde_json::{Value, json};

use super::Kind;
use super::answer::{Answer, End, Frame, progress, whole};
use super::http::Request;
use super::prompt::{Keep, Prompt, Refusal, Segment, Trouble};
use super::rules::{at_least_one, list, must_be, object, one_of, text, texts};

/// Path of requests at this provider.
pub fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::OpenAi => "/v1/responses",
        Kind::Azure => "/openai/v1/responses",
        Kind::OpenRouter => "/api/v1/chat/completions",
        Kind::DeepSeek => "/chat/completions",
        _ => "/v1/chat/completions",
    }
}

pub fn check(kind: Kind, request: &Request, key: &str) -> Result<(), Refusal> {
    let is_authorized = match kind {
        Kind::Azure => request.header("api-key") == Some(key) && request.header("authorization").is_none(),
        Kind::Compatible if key.is_empty() => request.header("authorization").is_none(),
        _ => request.header("authorization") == Some(&format!("Bearer {key}")),
    };
    if !is_authorized {
        return Err(Refusal::of(Trouble::Auth));
    }
    let has_path = request.path == path(kind)
        || super::fill::is_one(kind, request)
        || (kind == Kind::Azure && request.path == "/openai/v1/chat/completions");
    if request.method == "POST" && has_path && request.query.is_empty() {
        Ok(())
    } else {
        Err(Refusal::of(Trouble::NotFound))
    }
}

/// What `/v1/responses` takes.
pub fn responses_prompt(body: &Value) -> Result<Prompt, Refusal> {
    let known = [
        "model",
        "store",
        "stream",
        "instructions",
        "input",
        "max_output_tokens",
        "reasoning",
        "text",
        "prompt_cache_key",
        "prompt_cache_options",
        "include",
        "safety_identifier",
        "service_tier",
        "truncation",
        "stream_options",
    ];
    let body = object(body, "body", &known, &["model", "input", "max_output_tokens"])?;
    must_be(body.get("stream"), json!(true), "stream")?;
    must_be(body.get("store"), json!(false), "store")?;
    if body.contains_key("truncation") {
        must_be(body.get("truncation"), json!("disabled"), "truncation")?;
    }
    if body.contains_key("service_tier") {
        must_be(body.get("service_tier"), json!("default"), "service_tier")?;
    }
    if let Some(reasoning) = body.get("reasoning") {
        let reasoning = object(reasoning, "reasoning", &["effort", "summary"], &[])?;
        if reasoning.contains_key("effort") {
            one_of(reasoning.get("effort"), "reasoning.effort", &["low", "medium", "high", "xhigh", "max"])?;
        }
    }
    let mut segments = Vec::new();
    if body.contains_key("instructions") {
        let text = text(body.get("instructions"), "instructions")?.to_owned();
        segments.push(Segment { text, keep: None });
    }
    match body.get("input") {
        Some(Value::String(text)) => segments.push(Segment { text: text.clone(), keep: None }),
        input => {
            for item in list(input, "input")? {
                let item = object(item, "input", &["type", "role", "content"], &["role", "content"])?;
                let role = one_of(item.get("role"), "input.role", &["developer", "system", "user", "assistant"])?;
                let part = if role == "assistant" { "output_text" } else { "input_text" };
                content(&item["content"], part, &mut segments)?;
            }
        }
    }
    Ok(Prompt {
        model: text(body.get("model"), "model")?.to_owned(),
        segments,
        max_output: at_least_one(body.get("max_output_tokens"), "max_output_tokens")?,
        stops: Vec::new(),
        is_marked_only: marked_only(body),
    })
}

/// What `/chat/completions` takes at this provider.
pub fn chat_prompt(kind: Kind, body: &Value) -> Result<Prompt, Refusal> {
    let mut known = vec!["model", "messages", "stream", "stop"];
    let limit = match kind {
        Kind::OpenAiChat | Kind::Azure => "max_completion_tokens",
        _ => "max_tokens",
    };
    known.push(limit);
    known.extend(match kind {
        Kind::OpenAiChat | Kind::Azure => &[
            "stream_options",
            "store",
            "prompt_cache_key",
            "service_tier",
            "reasoning_effort",
            "safety_identifier",
            "prompt_cache_options",
            "user",
        ][..],
        // Strict: what OpenAI knows beyond these is refused with 422.
        Kind::Mistral => &["prompt_cache_key", "random_seed", "safe_prompt", "reasoning_effort"],
        Kind::OpenRouter => &["stream_options", "provider", "usage", "reasoning", "user"],
        Kind::DeepSeek => &["stream_options", "reasoning_effort", "user", "thinking"],
        _ => &["stream_options"],
    });
    let strict = object(body, "body", &known, &["model", "messages", limit]);
    let body = match strict {
        Err(refusal) if kind == Kind::Mistral => return Err(refusal),
        other => other?,
    };
    must_be(body.get("stream"), json!(true), "stream")?;
    if matches!(kind, Kind::OpenAiChat | Kind::Azure) {
        must_be(body.get("store"), json!(false), "store")?;
    }
    if kind != Kind::Mistral {
        let options = body.get("stream_options").unwrap_or(&Value::Null);
        must_be(options.get("include_usage"), json!(true), "stream_options.include_usage")?;
    }
    if kind == Kind::OpenRouter {
        let provider = body.get("provider").unwrap_or(&Value::Null);
        let known = ["data_collection", "zdr", "allow_fallbacks", "order", "require_parameters"];
        let provider = object(provider, "provider", &known, &["data_collection", "zdr"])?;
        must_be(provider.get("data_collection"), json!("deny"), "provider.data_collection")?;
        must_be(provider.get("zdr"), json!(true), "provider.zdr")?;
    }
    let roles: &[&str] = match kind {
        Kind::OpenAiChat | Kind::Azure => &["developer", "system", "user", "assistant"],
        _ => &["system", "user", "assistant"],
    };
    let mut segments = Vec::new();
    for message in list(body.get("messages"), "messages")? {
        let message = object(message, "messages", &["role", "content"], &["role", "content"])?;
        one_of(message.get("role"), "messages.role", roles)?;
        content(&message["content"], "text", &mut segments)?;
    }
    Ok(Prompt {
        model: text(body.get("model"), "model")?.to_owned(),
        segments,
        max_output: at_least_one(body.get(limit), limit)?,
        stops: texts(body.get("stop"), "stop", 4)?,
        is_marked_only: marked_only(body),
    })
}

fn marked_only(body: &serde_json::Map<String, Value>) -> bool {
    body.get("prompt_cache_options").is_some_and(|options| options["mode"] == "explicit")
}

fn content(value: &Value, part_type: &str, segments: &mut Vec<Segment>) -> Result<(), Refusal> {
    if let Value::String(text) = value {
        segments.push(Segment { text: text.clone(), keep: None });
        return Ok(());
    }
    for part in list(Some(value), "content")? {
        let known = ["type", "text", "prompt_cache_breakpoint", "cache_control"];
        let part = object(part, "content", &known, &["type", "text"])?;
        must_be(part.get("type"), json!(part_type), "content.type")?;
        let long = |value: &Value| matches!(value["ttl"].as_str(), Some("1h" | "12h"));
        let keep = part
            .get("prompt_cache_breakpoint")
            .or_else(|| part.get("cache_control"))
            .map(|value| if long(value) { Keep::Long } else { Keep::Short });
        segments.push(Segment { text: text(part.get("text"), "content.text")?.to_owned(), keep });
    }
    Ok(())
}

pub fn responses_stream(answer: &Answer) -> Vec<Frame> {
    let mut number = 0;
    let mut event = |mut value: Value| {
        value["sequence_number"] = json!(number);
        number += 1;
        super::anthropic::event(&value)
    };
    let shell = |status: &str| {
        json!({"id": answer.id, "object": "response", "model": answer.model, "status": status, "output": [],
               "service_tier": "default", "error": null, "incomplete_details": null, "usage": null})
    };
    let mut frames = Vec::new();
    for kind in ["response.created", "response.in_progress"] {
        frames.push(Frame::new(event(json!({"type": kind, "response": shell("in_progress")})), 0));
    }
    let mut place = 0;
    if answer.reasoning > 0 {
        let item = json!({"type": "reasoning", "id": "rs_1", "summary": []});
        for kind in ["response.output_item.added", "response.output_item.done"] {
            frames.push(Frame::new(event(json!({"type": kind, "output_index": 0, "item": item})), answer.reasoning));
        }
        place = 1;
    }
    let item = json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []});
    frames.push(Frame::new(
        event(json!({"type": "response.output_item.added", "output_index": place, "item": item})),
        answer.reasoning,
    ));
    let part = json!({"type": "output_text", "text": "", "annotations": []});
    let at = json!({"item_id": "msg_1", "output_index": place, "content_index": 0});
    let with = |kind: &str, key: &str, value: Value| {
        let mut event = at.clone();
        event["type"] = json!(kind);
        event[key] = value;
        event
    };
    frames.push(Frame::new(event(with("response.content_part.added", "part", part)), answer.reasoning));
    for (piece, output) in progress(answer) {
        frames.push(Frame::new(event(with("response.output_text.delta", "delta", json!(piece))), output));
    }
    let whole = whole(answer);
    frames.push(Frame::new(event(with("response.output_text.done", "text", json!(whole))), answer.output));
    let part = json!({"type": "output_text", "text": whole, "annotations": []});
    frames.push(Frame::new(event(with("response.content_part.done", "part", part)), answer.output));
    let (kind, mut last) = match answer.end {
        End::Complete => ("response.completed", shell("completed")),
        End::Length => ("response.incomplete", shell("incomplete")),
    };
    if answer.end == End::Length {
        last["incomplete_details"] = json!({"reason": "max_output_tokens"});
    }
    let input = answer.input;
    last["usage"] = json!({
        "input_tokens": input.total(),
        "input_tokens_details": {
            "cached_tokens": input.read, "cache_write_tokens": input.write_short + input.write_long,
            "cache_write_tokens_details": {"ttl_30m_tokens": input.write_short, "ttl_12h_tokens": input.write_long},
        },
        "output_tokens": answer.output, "output_tokens_details": {"reasoning_tokens": answer.reasoning},
        "total_tokens": input.total() + answer.output,
    });
    frames.push(Frame::end(event(json!({"type": kind, "response": last})), answer.output));
    frames
}

pub fn chat_stream(kind: Kind, answer: &Answer) -> Vec<Frame> {
    let chunk = |choices: Value, usage: Value| {
        let value = json!({"id": answer.id, "object": "chat.completion.chunk", "created": 1, "model": answer.model,
                           "choices": choices, "usage": usage});
        format!("data: {value}\n\n").into_bytes()
    };
    let choice = |delta: Value, finish: Value| json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
    let mut frames = Vec::new();
    if matches!(kind, Kind::OpenRouter | Kind::DeepSeek) {
        frames.push(Frame::new(b": OPENROUTER PROCESSING\n\n".to_vec(), 0));
    }
    if kind == Kind::Azure {
        let filters = json!({"id": "", "object": "", "model": "", "choices": [],
                             "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]});
        frames.push(Frame::new(format!("data: {filters}\n\n").into_bytes(), 0));
    }
    frames.push(Frame::new(chunk(choice(json!({"role": "assistant", "content": ""}), Value::Null), Value::Null), 0));
    if answer.reasoning > 0 && kind == Kind::DeepSeek {
        let delta = json!({"reasoning_content": "hm", "content": null});
        frames.push(Frame::new(chunk(choice(delta, Value::Null), Value::Null), answer.reasoning));
    }
    for (piece, output) in progress(answer) {
        frames.push(Frame::new(chunk(choice(json!({"content": piece}), Value::Null), Value::Null), output));
    }
    let finish = match answer.end {
        End::Complete => "stop",
        End::Length => "length",
    };
    let counts = chat_usage(kind, answer);
    if kind == Kind::Mistral {
        frames.push(Frame::new(chunk(choice(json!({"content": ""}), json!(finish)), counts), answer.output));
    } else {
        frames.push(Frame::new(chunk(choice(json!({}), json!(finish)), Value::Null), answer.output));
        frames.push(Frame::new(chunk(json!([]), counts), answer.output));
    }
    frames.push(Frame::end(b"data: [DONE]\n\n".to_vec(), answer.output));
    frames
}

pub fn chat_usage(kind: Kind, answer: &Answer) -> Value {
    let input = answer.input;
    let mut usage = json!({
        "prompt_tokens": input.total(), "completion_tokens": answer.output, "total_tokens": input.total() + answer.output,
    });
    if kind == Kind::DeepSeek {
        usage["prompt_cache_hit_tokens"] = json!(input.read);
        usage["prompt_cache_miss_tokens"] = json!(input.total() - input.read);
    } else {
        usage["prompt_tokens_details"] =
            json!({"cached_tokens": input.read, "cache_write_tokens": input.write_short + input.write_long});
    }
    usage["completion_tokens_details"] = json!({"reasoning_tokens": answer.reasoning});
    if kind == Kind::OpenRouter {
        usage["cost"] = json!(answer.money as f64 / 1e12);
    }
    usage
}

/// Body of a refusal, and its status where it is not the usual one.
pub fn error(kind: Kind, trouble: Trouble, message: &str) -> (u16, Value) {
    let mut status = trouble.status();
    if kind == Kind::Mistral && trouble == Trouble::BadRequest {
        status = 422;
    }
    if kind == Kind::OpenRouter {
        return (status, json!({"error": {"code": status, "message": message, "metadata": {}}}));
    }
    let (class, code) = match trouble {
        Trouble::Auth => ("invalid_request_error", "invalid_api_key"),
        Trouble::NotFound => ("invalid_request_error", "model_not_found"),
        Trouble::ContextOverflow => ("invalid_request_error", "context_length_exceeded"),
        Trouble::RateLimited => ("requests", "rate_limit_exceeded"),
        Trouble::Ramp => ("rate_limit_error", "slow_down"),
        Trouble::SpendLimit => ("insufficient_quota", "credit_balance_exhausted"),
        Trouble::Unavailable | Trouble::Overloaded => ("service_unavailable_error", "server_is_overloaded"),
        Trouble::Server | Trouble::BadGateway | Trouble::GatewayTimeout => ("server_error", "server_error"),
        _ => ("invalid_request_error", "invalid_value"),
    };
    (status, json!({"error": {"message": message, "type": class, "param": null, "code": code}}))
}

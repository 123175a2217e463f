//! llama-server: tools/server/README.md of llama.cpp, and what Debian's b11669 really sends (the same suite runs against it).

use serde_json::{Value, json};

use super::http::Request;
use super::{Reply, Setup, first_token, openai, tokens};

pub fn answer(setup: &Setup, request: &Request, running: usize) -> Reply {
    let body = request.json().unwrap_or_default();
    if setup.loading && request.path != "/v1/models" {
        return Reply::error(
            503,
            json!({"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}),
        );
    }
    match request.path.as_str() {
        "/health" => Reply::json(json!({"status": "ok"})),
        "/props" => Reply::json(json!({
            "default_generation_settings": {"n_ctx": 2048}, "total_slots": setup.slots, "model_alias": setup.model,
            "model_path": format!("/models/{}.gguf", setup.model), "build_info": "b1-double",
        })),
        "/slots" => {
            let is_free = running < setup.slots as usize;
            if !is_free && request.query.contains("fail_on_no_slot") {
                return Reply::error(
                    503,
                    json!({"error": {"message": "no slot available", "type": "unavailable_error", "code": 503}}),
                );
            }
            Reply::json(json!([]))
        }
        "/v1/models" => Reply::json(json!({"object": "list", "data": [{
            "id": setup.model, "object": "model", "owned_by": "llamacpp",
            "meta": {"n_ctx": 2048, "n_ctx_train": 32768, "n_params": 1543714304, "size": 1600000000},
        }]})),
        "/tokenize" => tokenize(&body),
        "/infill" if !setup.infill => Reply::error(
            501,
            json!({"error": {"code": 501, "message": "Infill is not supported by this model: prefix token is missing. ", "type": "not_supported_error"}}),
        ),
        "/infill" => {
            for needed in ["input_prefix", "input_suffix"] {
                if body.get(needed).is_none() {
                    return Reply::error(
                        400,
                        json!({"error": {"code": 400, "message": format!("\"{needed}\" is required")}}),
                    );
                }
            }
            let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            stream(setup, &body, &(text("input_prefix") + &text("prompt")))
        }
        "/completion" => {
            let before = openai::before_cursor(body["prompt"].as_str().unwrap_or_default());
            stream(setup, &body, &before)
        }
        "/v1/completions" | "/v1/chat/completions" => openai::answer(setup, request),
        _ => Reply::error(404, json!({"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}})),
    }
}

fn stream(setup: &Setup, body: &Value, before: &str) -> Reply {
    let written = (setup.writes)(before);
    let most = body["n_predict"].as_u64().unwrap_or(u64::MAX).max(1);
    let written: Vec<&str> = tokens(&written);
    let cut = (written.len() as u64) > most;
    let timings = json!({"cache_n": 4, "prompt_n": 6, "prompt_ms": 1.5, "predicted_n": 1, "predicted_ms": 0.5});
    let mut pieces: Vec<String> = Vec::new();
    for token in written.iter().take(usize::try_from(most).unwrap_or(usize::MAX)) {
        let mut message = json!({"index": 0, "content": token, "tokens": [1], "stop": false, "timings": timings});
        if body["n_probs"].as_u64().unwrap_or(0) > 0 {
            let scored = |text: &str, logprob: f64| json!({"id": 1, "token": text, "bytes": text.as_bytes(), "logprob": logprob});
            let mut told = scored(token, -0.25);
            let [other, third] = setup.others;
            told["top_logprobs"] = json!([scored(token, -0.25), scored(other, -1.5), scored(third, -2.5)]);
            message["completion_probabilities"] = json!([told]);
        }
        pieces.push(format!("data: {message}\n\n"));
    }
    let end = if cut { "limit" } else { "eos" };
    let last = json!({"index": 0, "content": "", "tokens": [], "stop": true, "stop_type": end, "truncated": false, "timings": timings});
    pieces.push(format!("data: {last}\n\n"));
    Reply::Stream { kind: "text/event-stream", pieces }
}

/// Special spellings are one token each where they are to be, all else by words.
fn tokenize(body: &Value) -> Reply {
    let text = body["content"].as_str().unwrap_or_default();
    let pieces: Vec<Value> =
        pieces(text, body["parse_special"] == true).iter().map(|piece| json!({"id": 1, "piece": piece})).collect();
    Reply::json(json!({ "tokens": pieces }))
}

pub fn pieces(text: &str, special: bool) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let spellings = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"];
        let found = spellings.iter().find(|spelling| special && rest.starts_with(**spelling));
        let length = found.map_or_else(|| first_token(rest).unwrap_or(1), |spelling| spelling.len());
        pieces.push(&rest[..length]);
        rest = &rest[length..];
    }
    pieces
}

//! Ollama: docs/api.md of its repository (generate, tags, ps, show, version) and its errors as the server's source has them. Never
//! tried against a real one here: it is in no package registry.

use serde_json::{Value, json};

use super::http::Request;
use super::{Reply, Setup, openai, tokens};

pub fn answer(setup: &Setup, request: &Request) -> Reply {
    let body = request.json().unwrap_or_default();
    let unknown = || {
        Reply::error(404, json!({"error": format!("model '{}' not found", body["model"].as_str().unwrap_or_default())}))
    };
    match request.path.as_str() {
        "/api/version" => Reply::json(json!({"version": "0.13.5"})),
        "/api/tags" => Reply::json(json!({"models": [
            {"name": setup.model, "model": setup.model, "size": 986_000_000, "details": {"family": "qwen2", "parameter_size": "1.5B", "quantization_level": "Q4_K_M"}},
            {"name": "nomic-embed-text:latest", "size": 1, "details": {"family": "nomic-bert", "parameter_size": "137M"}},
        ]})),
        "/api/ps" => Reply::json(json!({"models": [{"name": setup.model, "size_vram": 0}]})),
        "/api/show" if body["model"] != setup.model.as_str() => unknown(),
        "/api/show" => {
            let mut capabilities = vec!["completion"];
            if setup.insert {
                capabilities.push("insert");
            }
            Reply::json(
                json!({"capabilities": capabilities, "model_info": {"qwen2.context_length": 32768}, "details": {}}),
            )
        }
        "/api/generate" if body["model"] != setup.model.as_str() => unknown(),
        "/api/generate" => generate(setup, &body),
        "/v1/models" | "/v1/chat/completions" => openai::answer(setup, request),
        _ => Reply::Whole { status: 404, body: "404 page not found".to_owned() },
    }
}

fn generate(setup: &Setup, body: &Value) -> Reply {
    let suffix = body["suffix"].as_str().unwrap_or_default();
    let is_raw = body["raw"] == true;
    if is_raw && !suffix.is_empty() {
        return Reply::error(400, json!({"error": "raw mode does not support template, system, or context"}));
    }
    if !suffix.is_empty() && !setup.insert {
        let message = format!("registry.ollama.ai/library/{} does not support insert", setup.model);
        return Reply::error(400, json!({ "error": message }));
    }
    let prompt = body["prompt"].as_str().unwrap_or_default();
    let before = if is_raw { openai::before_cursor(prompt) } else { prompt.to_owned() };
    let written = (setup.writes)(&before);
    let written = tokens(&written);
    let most = usize::try_from(body["options"]["num_predict"].as_u64().unwrap_or(128)).unwrap_or(usize::MAX);
    let mut pieces: Vec<String> = written
        .iter()
        .take(most)
        .map(|token| {
            format!(
                "{}\n",
                json!({"model": setup.model, "created_at": "2026-11-01T10:00:00Z", "response": token, "done": false})
            )
        })
        .collect();
    let reason = if written.len() > most { "length" } else { "stop" };
    pieces.push(format!(
        "{}\n",
        json!({"model": setup.model, "response": "", "done": true, "done_reason": reason, "prompt_eval_count": 10,
            "prompt_eval_duration": 1_500_000, "eval_count": written.len(), "eval_duration": 500_000})
    ));
    Reply::Stream { kind: "application/x-ndjson", pieces }
}

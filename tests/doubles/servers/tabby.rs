//! Tabby: the OpenAPI document of its server (`/v1/completions` with segments, `/v1/health`). Never tried against a real one here.

use serde_json::json;

use super::http::Request;
use super::{Reply, Setup};

pub fn answer(setup: &Setup, request: &Request) -> Reply {
    let body = request.json().unwrap_or_default();
    match request.path.as_str() {
        "/v1/health" => Reply::json(json!({
            "model": setup.model, "device": "cuda", "arch": "x86_64", "cpu_info": "", "cpu_count": 1,
            "version": {"build_date": "2026-01-01", "build_timestamp": "", "git_sha": "", "git_describe": "v0.30.0"},
        })),
        "/v1/completions" => match body["segments"]["prefix"].as_str() {
            None => Reply::error(400, json!({"detail": "segments or a prompt is needed"})),
            Some(before) => {
                let text = (setup.writes)(before);
                Reply::json(json!({"id": "cmpl-1", "choices": [{"index": 0, "text": text}]}))
            }
        },
        _ => Reply::Whole { status: 404, body: String::new() },
    }
}

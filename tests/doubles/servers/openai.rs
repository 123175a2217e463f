//! OpenAI's completions and chat completions as their API reference has them, and how others differ: vLLM (docs of its
//! OpenAI-compatible server: no `suffix`, at most four stops, `/tokenize`), LM Studio (docs of its REST API: `/api/v0/models`), Mistral
//! (API reference of `/v1/fim/completions`), DeepSeek (its guide to FIM completion).

use serde_json::{Value, json};

use super::http::Request;
use super::{Kind, Reply, Setup, llama, tokens};

pub fn answer(setup: &Setup, request: &Request) -> Reply {
    let body = request.json().unwrap_or_default();
    let path = request.path.as_str();
    let not_found = || match setup.kind {
        // LM Studio answers so, with 200.
        Kind::LmStudio => {
            Reply::json(json!({"error": format!("Unexpected endpoint or method. ({} {path})", request.method)}))
        }
        _ => Reply::error(404, json!({"detail": "Not Found"})),
    };
    match (path, setup.kind) {
        ("/v1/models", Kind::DeepSeek) => not_found(),
        ("/v1/models" | "/models", _) => models(setup),
        ("/api/v0/models", Kind::LmStudio) => Reply::json(json!({"object": "list", "data": [
            {"id": setup.model, "object": "model", "type": "llm", "state": "loaded", "max_context_length": 32768, "loaded_context_length": 4096},
            {"id": "text-embedding-nomic", "object": "model", "type": "embeddings", "state": "not-loaded", "max_context_length": 2048},
        ]})),
        ("/tokenize", Kind::Vllm) => {
            let words: Vec<String> = llama::pieces(body["prompt"].as_str().unwrap_or_default(), true)
                .iter()
                .map(|word| word.replace(' ', "Ġ"))
                .collect();
            Reply::json(
                json!({"count": words.len(), "max_model_len": 8192, "tokens": vec![1; words.len()], "token_strs": words}),
            )
        }
        ("/v1/completions", Kind::Chat | Kind::Mistral | Kind::DeepSeek) => not_found(),
        ("/v1/completions", _) | ("/beta/completions", Kind::DeepSeek) | ("/v1/fim/completions", Kind::Mistral) => {
            completions(setup, &body)
        }
        ("/v1/chat/completions", _) => chat(setup, &body),
        _ => not_found(),
    }
}

fn models(setup: &Setup) -> Reply {
    let owner = match setup.kind {
        Kind::Vllm => "vllm",
        Kind::LmStudio => "organization_owner",
        Kind::Ollama => "library",
        _ => "openai",
    };
    let mut model = json!({"id": setup.model, "object": "model", "owned_by": owner});
    if setup.kind == Kind::Vllm {
        model["max_model_len"] = 8192.into();
    }
    Reply::json(json!({"object": "list", "data": [model]}))
}

fn bad(message: &str) -> Reply {
    Reply::error(400, json!({"error": {"message": message, "type": "BadRequestError", "code": 400}}))
}

fn completions(setup: &Setup, body: &Value) -> Reply {
    if let Some(reply) = wrong(setup, body) {
        return reply;
    }
    let suffix = body.get("suffix").and_then(Value::as_str);
    if suffix.is_some() && setup.kind == Kind::Vllm {
        return bad("suffix is not currently supported");
    }
    let prompt = body["prompt"].as_str().unwrap_or_default();
    let before = if suffix.is_some() { prompt.to_owned() } else { before_cursor(prompt) };
    let is_chat_shaped = setup.kind == Kind::Mistral;
    let written = (setup.writes)(&before);
    let written = tokens(&written);
    let most = usize::try_from(body["max_tokens"].as_u64().unwrap_or(16)).unwrap_or(usize::MAX);
    let message = |text: &str, end: Value, scored: bool| {
        let mut choice = json!({"index": 0, "finish_reason": end});
        if is_chat_shaped {
            choice["delta"] = json!({ "content": text });
        } else {
            choice["text"] = text.into();
            choice["logprobs"] = Value::Null;
            if scored {
                let [other, third] = setup.others;
                choice["logprobs"] = json!({"tokens": [text], "token_logprobs": [-0.25], "text_offset": [0],
                    "top_logprobs": [{(text): -0.25, (other): -1.5, (third): -2.5}]});
            }
        }
        let object = if is_chat_shaped { "chat.completion.chunk" } else { "text_completion" };
        format!("data: {}\n\n", json!({"id": "cmpl-1", "object": object, "model": setup.model, "choices": [choice]}))
    };
    let scored = setup.scores && body["logprobs"].as_u64().is_some();
    let mut pieces: Vec<String> = written.iter().take(most).map(|token| message(token, Value::Null, scored)).collect();
    pieces.push(message("", (if written.len() > most { "length" } else { "stop" }).into(), false));
    if body["stream_options"]["include_usage"] == true {
        let usage = json!({"prompt_tokens": 10, "completion_tokens": written.len(), "prompt_tokens_details": {"cached_tokens": 4}});
        pieces.push(format!(
            "data: {}\n\n",
            json!({"id": "cmpl-1", "object": "text_completion", "choices": [], "usage": usage})
        ));
    }
    pieces.push("data: [DONE]\n\n".to_owned());
    Reply::Stream { kind: "text/event-stream", pieces }
}

/// What is refused before the model is asked.
fn wrong(setup: &Setup, body: &Value) -> Option<Reply> {
    if body["model"] != setup.model.as_str() && setup.kind != Kind::LlamaServer {
        let name = body["model"].as_str().unwrap_or_default();
        let message = format!("The model `{name}` does not exist.");
        return Some(Reply::error(404, json!({"error": {"message": message, "type": "NotFoundError", "code": 404}})));
    }
    if body["stop"].as_array().is_some_and(|stops| stops.len() > 4) {
        return Some(bad("at most 4 stop sequences are allowed"));
    }
    if !setup.scores && body.get("logprobs").is_some() {
        return Some(bad("logprobs is not supported by this server"));
    }
    None
}

fn chat(setup: &Setup, body: &Value) -> Reply {
    if let Some(reply) = wrong(setup, body) {
        return reply;
    }
    let said = body["messages"]
        .as_array()
        .and_then(|list| list.last())
        .and_then(|last| last["content"].as_str())
        .unwrap_or_default();
    let before = said.split("<HOLE/>").next().unwrap_or_default();
    let written = (setup.writes)(before);
    let message = |delta: Value, end: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": end});
        format!("data: {}\n\n", json!({"id": "c-1", "object": "chat.completion.chunk", "choices": [choice]}))
    };
    let mut pieces = vec![message(json!({"role": "assistant", "content": null}), Value::Null)];
    pieces.extend(tokens(&written).iter().map(|token| message(json!({ "content": token }), Value::Null)));
    pieces.push(message(json!({}), "stop".into()));
    pieces.push("data: [DONE]\n\n".to_owned());
    Reply::Stream { kind: "text/event-stream", pieces }
}

/// The text before the cursor of a prompt in Qwen's order, with the cursor's line behind the middle.
pub fn before_cursor(prompt: &str) -> String {
    let (head, line) = prompt.split_once("<|fim_middle|>").unwrap_or((prompt, ""));
    let above = head.split("<|fim_prefix|>").nth(1).unwrap_or(head);
    let above = above.split("<|fim_suffix|>").next().unwrap_or_default();
    format!("{above}{line}")
}

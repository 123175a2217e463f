//! What a server is and which models it has, from what it answers to harmless questions. Pure.

use serde_json::Value;

use super::{Listed, ServerKind};

/// What a server answered to `GET` of these paths; None where it did not, or not with JSON.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// `/api/version`: Ollama.
    pub version: Option<Value>,
    /// `/props`: llama-server.
    pub props: Option<Value>,
    /// `/v1/models`: all but Tabby.
    pub models: Option<Value>,
    /// `/api/v0/models`: LM Studio.
    pub studio: Option<Value>,
    /// `/v1/health`: Tabby.
    pub health: Option<Value>,
    /// What `/props` was refused with: llama-server while it loads.
    pub loading: Option<Value>,
}

/// Not `/health`: gateways ask every model behind them something when they hear it.
pub const PATHS: [&str; 5] = ["/api/version", "/props", "/v1/models", "/api/v0/models", "/v1/health"];

/// The kind, and the version as the server tells it. None: nothing that we know.
pub fn recognise(answers: &Answers) -> Option<(ServerKind, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let get = |value: &Option<Value>, name: &str| value.as_ref().and_then(|value| value.get(name)).cloned();
    // LM Studio answers paths that it does not have with status 200 and an error.
    let has_error = |value: &Option<Value>| get(value, "error").is_some();
    if let Some(props) = answers.props.as_ref().filter(|props| props.get("total_slots").is_some()) {
        return Some((ServerKind::LlamaServer, text(&props["build_info"])));
    }
    let owner = answers.models.as_ref().map(|models| text(&models["data"][0]["owned_by"]));
    if owner.as_deref() == Some("llamacpp") {
        return Some((ServerKind::LlamaServer, String::new()));
    }
    if get(&answers.loading, "error").is_some_and(|error| error["message"] == "Loading model") {
        return Some((ServerKind::LlamaServer, String::new()));
    }
    if let Some(version) = get(&answers.version, "version").filter(|_| !has_error(&answers.version)) {
        return Some((ServerKind::Ollama, text(&version)));
    }
    if answers.studio.as_ref().is_some_and(|studio| studio["data"].is_array()) {
        return Some((ServerKind::LmStudio, String::new()));
    }
    if let Some(version) = get(&answers.health, "version").filter(Value::is_object) {
        return Some((ServerKind::Tabby, text(&version["git_describe"])));
    }
    let models = answers.models.as_ref().filter(|models| models["data"].is_array())?;
    let is_vllm = owner.as_deref() == Some("vllm") || models["data"][0].get("max_model_len").is_some();
    Some((if is_vllm { ServerKind::Vllm } else { ServerKind::OpenAi }, String::new()))
}

/// The models of `/v1/models`, in the server's order.
pub fn openai_models(value: &Value) -> Vec<Listed> {
    let list = value["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(openai_model).collect()
}

fn openai_model(model: &Value) -> Option<Listed> {
    let name = model["id"].as_str()?.to_owned();
    let meta = &model["meta"];
    let number = |value: &Value| value.as_u64();
    let context = number(&model["max_model_len"])
        .or_else(|| number(&meta["n_ctx"]))
        .or_else(|| number(&model["max_context_length"]));
    Some(Listed {
        is_other: is_no_writer(&name),
        name,
        context: context.and_then(|tokens| u32::try_from(tokens).ok()),
        parameters: number(&meta["n_params"]),
        bytes: number(&meta["size"]),
        is_loaded: None,
    })
}

/// LM Studio's own list, which tells what is loaded and what is for embeddings.
pub fn studio_models(value: &Value) -> Vec<Listed> {
    let list = value["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let read = |model: &Value| {
        let context = model["loaded_context_length"].as_u64().or_else(|| model["max_context_length"].as_u64());
        Some(Listed {
            name: model["id"].as_str()?.to_owned(),
            context: context.and_then(|tokens| u32::try_from(tokens).ok()),
            is_loaded: model["state"].as_str().map(|state| state == "loaded"),
            is_other: model["type"].as_str().is_some_and(|kind| kind.contains("embedding")),
            ..Listed::default()
        })
    };
    list.iter().filter_map(read).collect()
}

/// Ollama's `/api/tags`, and the names in `/api/ps`.
pub fn ollama_models(tags: &Value, loaded: Option<&Value>) -> Vec<Listed> {
    let names = |value: &Value| -> Vec<String> {
        let list = value["models"].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|model| model["name"].as_str().map(str::to_owned)).collect()
    };
    let in_memory = loaded.map(names);
    let list = tags["models"].as_array().map(Vec::as_slice).unwrap_or_default();
    let read = |model: &Value| {
        let name = model["name"].as_str()?.to_owned();
        let family = model["details"]["family"].as_str().unwrap_or_default();
        Some(Listed {
            parameters: model["details"]["parameter_size"].as_str().and_then(parameters),
            bytes: model["size"].as_u64(),
            is_loaded: in_memory.as_ref().map(|names| names.contains(&name)),
            is_other: family.contains("bert") || is_no_writer(&name),
            context: None,
            name,
        })
    };
    list.iter().filter_map(read).collect()
}

/// `1.5B`, `494.03M`.
pub fn parameters(text: &str) -> Option<u64> {
    let text = text.trim();
    let (at, unit) = text.char_indices().next_back()?;
    let number = &text[..at];
    let factor = match unit {
        'B' | 'b' => 1e9,
        'M' | 'm' => 1e6,
        'K' | 'k' => 1e3,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some((number * factor) as u64)
}

/// Of a name that tells it, as most do: `qwen2.5-coder:1.5b`, `StarCoder2-7B`.
pub fn parameters_of_name(name: &str) -> Option<u64> {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.split(['-', ':', '_', ' ']).filter(|word| word.ends_with(['b', 'B', 'm', 'M'])).find_map(parameters)
}

/// What Ollama's `/api/show` says: whether the template takes a suffix, and the context that the model was trained on.
pub fn ollama_show(value: &Value) -> (Option<bool>, Option<u32>) {
    let insert = value["capabilities"].as_array().map(|list| list.iter().any(|word| word == "insert")).or_else(|| {
        // Servers older than the list have the template.
        value["template"].as_str().map(|template| template.contains(".Suffix"))
    });
    let info = value["model_info"].as_object();
    let context = info.into_iter().flatten().find(|(name, _)| name.ends_with(".context_length"));
    (insert, context.and_then(|(_, tokens)| tokens.as_u64()).and_then(|tokens| u32::try_from(tokens).ok()))
}

fn is_no_writer(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["embed", "rerank", "bge-", "whisper", "moderation", "tts"].iter().any(|part| lower.contains(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What each server answers, shortened, as its documentation or a run of it has it.
    fn answers() -> Vec<(&'static str, Answers)> {
        let not_found = Some(json!({"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}));
        let unexpected = Some(json!({"error": "Unexpected endpoint or method. (GET /api/version)"}));
        vec![
            (
                "llama-server b11669-Debian",
                Answers {
                    props: Some(json!({"total_slots": 2, "model_path": "m.gguf", "build_info": "b11669-Debian"})),
                    models: Some(
                        json!({"object": "list", "data": [{"id": "m.gguf", "owned_by": "llamacpp", "meta": {"n_ctx": 1024, "n_ctx_train": 2048, "n_params": 4000512, "size": 4258816}}]}),
                    ),
                    version: not_found,
                    ..Answers::default()
                },
            ),
            (
                "ollama 0.13.5",
                Answers {
                    version: Some(json!({"version": "0.13.5"})),
                    models: Some(
                        json!({"object": "list", "data": [{"id": "qwen2.5-coder:1.5b", "owned_by": "library"}]}),
                    ),
                    ..Answers::default()
                },
            ),
            (
                "vllm ",
                Answers {
                    models: Some(
                        json!({"object": "list", "data": [{"id": "Qwen/Qwen2.5-Coder-1.5B", "owned_by": "vllm", "max_model_len": 32768}]}),
                    ),
                    ..Answers::default()
                },
            ),
            (
                "lm-studio ",
                Answers {
                    version: unexpected.clone(),
                    props: unexpected.clone(),
                    health: unexpected,
                    studio: Some(
                        json!({"data": [{"id": "qwen2.5-coder-1.5b", "type": "llm", "state": "loaded", "max_context_length": 32768}], "object": "list"}),
                    ),
                    models: Some(json!({"data": [{"id": "qwen2.5-coder-1.5b", "owned_by": "organization_owner"}]})),
                    ..Answers::default()
                },
            ),
            (
                "tabby v0.30.0",
                Answers {
                    health: Some(
                        json!({"model": "StarCoder-1B", "device": "cuda", "version": {"build_date": "2026-01-01", "git_describe": "v0.30.0"}}),
                    ),
                    ..Answers::default()
                },
            ),
            (
                "openai ",
                Answers {
                    models: Some(json!({"data": [{"id": "team-coder", "object": "model", "owned_by": "openai"}]})),
                    ..Answers::default()
                },
            ),
        ]
    }

    #[test]
    fn servers_are_told_apart_by_what_they_answer() {
        for (expected, answers) in answers() {
            let (kind, version) = recognise(&answers).unwrap_or_else(|| panic!("{expected}"));
            assert_eq!(format!("{} {version}", super::super::word(kind)), expected);
        }
        assert_eq!(recognise(&Answers::default()), None);
        let other =
            Answers { models: Some(json!({"routes": []})), version: Some(json!({"app": 1})), ..Answers::default() };
        assert_eq!(recognise(&other), None, "some other program with JSON");
    }

    #[test]
    fn a_llama_server_that_loads_is_one() {
        let loading = json!({"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}});
        let kind = recognise(&Answers { loading: Some(loading), ..Answers::default() }).map(|(kind, _)| kind);
        assert_eq!(kind, Some(ServerKind::LlamaServer));
    }

    #[test]
    fn lists_of_models_are_read() {
        let llama = openai_models(
            &json!({"data": [{"id": "m", "meta": {"n_ctx": 1024, "n_params": 7, "size": 9}}, {"no": "id"}]}),
        );
        assert_eq!(
            llama,
            [Listed {
                name: "m".into(),
                context: Some(1024),
                parameters: Some(7),
                bytes: Some(9),
                ..Listed::default()
            }]
        );
        let tags = json!({"models": [
            {"name": "qwen2.5-coder:1.5b", "size": 5, "details": {"family": "qwen2", "parameter_size": "1.5B"}},
            {"name": "nomic-embed-text:latest", "details": {"family": "nomic-bert", "parameter_size": "137M"}},
        ]});
        let ollama = ollama_models(&tags, Some(&json!({"models": [{"name": "qwen2.5-coder:1.5b"}]})));
        assert_eq!(
            (ollama[0].parameters, ollama[0].is_loaded, ollama[0].is_other),
            (Some(1_500_000_000), Some(true), false)
        );
        assert_eq!((ollama[1].is_loaded, ollama[1].is_other), (Some(false), true));
        let studio = studio_models(
            &json!({"data": [{"id": "e", "type": "embeddings", "state": "not-loaded", "max_context_length": 2048}]}),
        );
        assert_eq!((studio[0].is_other, studio[0].is_loaded, studio[0].context), (true, Some(false), Some(2048)));
        assert_eq!(openai_models(&json!({"data": "x"})), []);
    }

    #[test]
    fn a_template_takes_a_suffix_or_does_not() {
        assert_eq!(
            ollama_show(
                &json!({"capabilities": ["completion", "insert"], "model_info": {"qwen2.context_length": 32768}})
            ),
            (Some(true), Some(32768))
        );
        assert_eq!(ollama_show(&json!({"capabilities": ["completion"]})), (Some(false), None));
        assert_eq!(ollama_show(&json!({"template": "{{ .Prompt }}{{ .Suffix }}"})), (Some(true), None));
        assert_eq!(ollama_show(&json!({})), (None, None));
    }

    #[test]
    fn numbers_of_parameters_are_read_as_they_are_written() {
        assert_eq!(
            ["1.5B", "494.03M", "x", "", "-1B", "infB"].map(parameters),
            [Some(1_500_000_000), Some(494_030_000), None, None, None, None]
        );
        let of = |name| parameters_of_name(name);
        assert_eq!(of("qwen2.5-coder:1.5b"), Some(1_500_000_000));
        assert_eq!(of("bigcode/StarCoder2-7B-Q4_K_M.gguf"), Some(7_000_000_000));
        assert_eq!(of("codestral-latest"), None);
    }

    #[test]
    fn sizes_in_any_letters_are_read_or_left_alone() {
        assert_eq!(parameters("1.5B"), Some(1_500_000_000));
        assert_eq!(parameters(" 494.03M "), Some(494_030_000));
        for odd in ["", "B", "1.5亿", "亿", "-1B", "1.5"] {
            assert_eq!(parameters(odd), None, "{odd:?}");
        }
    }
}

//! What a server is asked, as the bytes of a request. Pure: the same question is the same bytes.
//!
//! llama-server: the README of its server; Ollama: docs/api.md; OpenAI, vLLM and LM Studio: their API references; Mistral, DeepSeek and
//! Tabby: theirs. All by 2026.

use serde_json::{Map, Value, json};

use super::chat;
use super::ways::Way;
use super::{HttpConfig, ServerKind};
use crate::engine::fim::Parts;

/// Alternatives for the first token that are asked for. OpenAI's limit is 5 for completions.
pub const ALTERNATIVES: u32 = 5;

/// What only some servers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hints {
    /// Ollama: tokens of context. Another number makes it load the model again, so it is always the same.
    pub context: u32,
    /// Ollama: minutes to keep the model; 0 for good.
    pub keep_minutes: u32,
    /// llama-server: the slot of this lane.
    pub slot: Option<u32>,
    /// llama-server: longest time of writing, in ms. Counted from the first line break on.
    pub write_ms: u64,
}

impl Hints {
    pub fn new(config: &HttpConfig) -> Self {
        let context = if config.context_tokens == 0 { 4096 } else { config.context_tokens };
        let write_ms = u64::try_from(config.timeouts.total.as_millis()).unwrap_or(u64::MAX);
        Self { context, keep_minutes: config.keep_minutes, slot: None, write_ms }
    }
}

/// One question.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    pub kind: ServerKind,
    pub way: Way,
    /// As the server names it.
    pub model: &'a str,
    pub parts: &'a Parts,
    /// For ways that take a prompt of ours.
    pub prompt: &'a str,
    /// Four at most.
    pub stops: &'a [&'a str],
    pub max_tokens: u32,
    /// Only evaluate the prompt.
    pub prefill: bool,
    /// Ask for the tokens' probabilities.
    pub scores: bool,
    /// None for the likeliest text; a number for another one.
    pub seed: Option<u32>,
    pub hints: Hints,
}

/// How varied a text of a seed is.
const TEMPERATURE: f64 = 0.7;

/// The body of a POST to `Ask::way`'s path.
pub fn encode(ask: &Ask<'_>) -> Vec<u8> {
    let value = match ask.way {
        Way::Infill | Way::Completion => native(ask),
        Way::GenerateSuffix | Way::GenerateRaw => ollama(ask),
        Way::Completions => completions(ask, Value::from(ask.prompt), None),
        Way::CompletionsSuffix | Way::DeepSeekFim | Way::MistralFim => {
            completions(ask, Value::from(headed(ask)), Some(Value::from(ask.parts.suffix.as_str())))
        }
        Way::Segments => tabby(ask),
        Way::Chat => chat(ask),
    };
    value.to_string().into_bytes()
}

/// Other files stand as comments would at the head of the text, where a server takes nothing but text.
fn headed(ask: &Ask<'_>) -> String {
    // Codestral was trained on this mark.
    let mark = if ask.way == Way::MistralFim { "+++++ " } else { "# " };
    format!("{}{}", ask.parts.headed(mark), ask.parts.prefix())
}

fn temperature(ask: &Ask<'_>) -> f64 {
    if ask.seed.is_some() { TEMPERATURE } else { 0.0 }
}

fn native(ask: &Ask<'_>) -> Value {
    let mut body = json!({
        "n_predict": if ask.prefill { 0 } else { ask.max_tokens },
        "temperature": temperature(ask),
        "stop": ask.stops,
        "stream": true,
        "cache_prompt": true,
        "t_max_predict_ms": ask.hints.write_ms,
        // Counts with the first token already.
        "timings_per_token": true,
    });
    if let Some(slot) = ask.hints.slot {
        body["id_slot"] = slot.into();
    }
    if let Some(seed) = ask.seed {
        body["seed"] = seed.into();
    }
    if ask.scores && !ask.prefill {
        body["n_probs"] = ALTERNATIVES.into();
    }
    if ask.way == Way::Completion {
        body["prompt"] = ask.prompt.into();
        return body;
    }
    let extra = |(path, text): &(String, String)| json!({ "filename": path, "text": text });
    body["input_prefix"] = ask.parts.above.as_str().into();
    // The server puts it behind the prefix; unlike that, it reads special tokens in it, so it came here without any.
    body["prompt"] = ask.parts.line.as_str().into();
    body["input_suffix"] = ask.parts.suffix.as_str().into();
    body["input_extra"] = ask.parts.snippets.iter().map(extra).collect();
    body
}

fn ollama(ask: &Ask<'_>) -> Value {
    // A prompt is evaluated with one token at least.
    let most = if ask.prefill { 1 } else { ask.max_tokens };
    let mut options = json!({
        "num_ctx": ask.hints.context,
        "num_predict": most,
        "temperature": temperature(ask),
        "stop": ask.stops,
    });
    if let Some(seed) = ask.seed {
        options["seed"] = seed.into();
    }
    let keep = if ask.hints.keep_minutes == 0 { json!(-1) } else { json!(format!("{}m", ask.hints.keep_minutes)) };
    let mut body = json!({
        "model": ask.model,
        "stream": true,
        "keep_alive": keep,
        "options": options,
    });
    if ask.scores && !ask.prefill {
        body["logprobs"] = true.into();
        body["top_logprobs"] = ALTERNATIVES.into();
    }
    if ask.way == Way::GenerateRaw {
        body["raw"] = true.into();
        body["prompt"] = ask.prompt.into();
    } else {
        body["prompt"] = headed(ask).into();
        body["suffix"] = ask.parts.suffix.as_str().into();
        // A model that thinks would think about code.
        body["think"] = false.into();
    }
    body
}

fn completions(ask: &Ask<'_>, prompt: Value, suffix: Option<Value>) -> Value {
    let mut body = Map::new();
    body.insert("model".to_owned(), ask.model.into());
    body.insert("prompt".to_owned(), prompt);
    if let Some(suffix) = suffix {
        body.insert("suffix".to_owned(), suffix);
    }
    body.insert("max_tokens".to_owned(), if ask.prefill { 1 } else { ask.max_tokens }.into());
    body.insert("temperature".to_owned(), temperature(ask).into());
    body.insert("stream".to_owned(), true.into());
    if !ask.stops.is_empty() {
        body.insert("stop".to_owned(), ask.stops.into());
    }
    if let Some(seed) = ask.seed {
        let name = if ask.way == Way::MistralFim { "random_seed" } else { "seed" };
        body.insert(name.to_owned(), seed.into());
    }
    if ask.scores && !ask.prefill && ask.way != Way::MistralFim {
        body.insert("logprobs".to_owned(), ALTERNATIVES.into());
    }
    if matches!(ask.kind, ServerKind::Vllm | ServerKind::LmStudio | ServerKind::DeepSeek) {
        body.insert("stream_options".to_owned(), json!({ "include_usage": true }));
    }
    if ask.kind == ServerKind::Vllm {
        // Otherwise a model that goes on with the next file does so without a sign of it.
        body.insert("skip_special_tokens".to_owned(), false.into());
    }
    Value::Object(body)
}

fn tabby(ask: &Ask<'_>) -> Value {
    let snippet = |(path, text): &(String, String)| json!({ "filepath": path, "body": text });
    let mut body = json!({
        "segments": {
            "prefix": ask.parts.prefix(),
            "suffix": ask.parts.suffix,
            "filepath": ask.parts.path,
            "declarations": ask.parts.snippets.iter().map(snippet).collect::<Vec<_>>(),
        },
        "temperature": temperature(ask),
    });
    if let Some(language) = language(&ask.parts.path) {
        body["language"] = language.into();
    }
    if let Some(seed) = ask.seed {
        body["seed"] = seed.into();
    }
    body
}

fn chat(ask: &Ask<'_>) -> Value {
    let mut body = json!({
        "model": ask.model,
        "messages": chat::messages(ask.parts),
        "max_tokens": chat::room(ask.max_tokens),
        "temperature": temperature(ask),
        "stream": true,
    });
    if let Some(seed) = ask.seed {
        body["seed"] = seed.into();
    }
    body
}

/// Tabby's names of languages, by the ends of files' names.
fn language(path: &str) -> Option<&'static str> {
    let (_, end) = path.rsplit_once('.')?;
    Some(match end {
        "rs" => "rust",
        "py" | "pyi" => "python",
        "js" | "mjs" | "cjs" | "jsx" => "javascript",
        "ts" | "mts" | "cts" => "typescript",
        "tsx" => "typescriptreact",
        "go" => "go",
        "java" => "java",
        "c" | "h" => "c",
        "cc" | "cpp" | "cxx" | "hh" | "hpp" => "cpp",
        "cs" => "csharp",
        "rb" => "ruby",
        "php" => "php",
        "kt" | "kts" => "kotlin",
        "lua" => "lua",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        Parts {
            repository: Some("shop".to_owned()),
            path: "src/b.rs".to_owned(),
            snippets: vec![("src/a.rs".to_owned(), "fn a();".to_owned())],
            above: "fn f() {\n".to_owned(),
            line: "    a".to_owned(),
            suffix: "\n}\n".to_owned(),
        }
    }

    fn asked(kind: ServerKind, way: Way, change: impl Fn(&mut Ask<'_>)) -> Value {
        let parts = parts();
        let hints = Hints { context: 4096, keep_minutes: 30, slot: Some(1), write_ms: 9 };
        let mut ask = Ask {
            kind,
            way,
            model: "m",
            parts: &parts,
            prompt: "<P>",
            stops: &["<|endoftext|>"],
            max_tokens: 32,
            prefill: false,
            scores: true,
            seed: None,
            hints,
        };
        change(&mut ask);
        serde_json::from_slice(&encode(&ask)).expect("JSON")
    }

    #[test]
    fn llama_server_is_asked_by_its_own_names() {
        let infill = asked(ServerKind::LlamaServer, Way::Infill, |_| ());
        assert_eq!(
            infill,
            json!({
                "input_prefix": "fn f() {\n", "prompt": "    a", "input_suffix": "\n}\n",
                "input_extra": [{ "filename": "src/a.rs", "text": "fn a();" }],
                "n_predict": 32, "temperature": 0.0, "stop": ["<|endoftext|>"], "stream": true, "cache_prompt": true,
                "t_max_predict_ms": 9, "timings_per_token": true, "id_slot": 1, "n_probs": 5,
            })
        );
        let prefill = asked(ServerKind::LlamaServer, Way::Completion, |ask| ask.prefill = true);
        assert_eq!(
            (&prefill["prompt"], &prefill["n_predict"], prefill.get("n_probs")),
            (&json!("<P>"), &json!(0), None)
        );
    }

    #[test]
    fn ollama_gets_a_suffix_or_a_raw_prompt_and_never_both() {
        let with = asked(ServerKind::Ollama, Way::GenerateSuffix, |_| ());
        assert_eq!(with["prompt"], "# src/a.rs\nfn a();\n# src/b.rs\nfn f() {\n    a");
        assert_eq!((&with["suffix"], with.get("raw"), &with["keep_alive"]), (&json!("\n}\n"), None, &json!("30m")));
        assert_eq!(with["options"]["num_ctx"], 4096);
        let raw = asked(ServerKind::Ollama, Way::GenerateRaw, |ask| ask.hints.keep_minutes = 0);
        assert_eq!((&raw["prompt"], &raw["raw"], raw.get("suffix")), (&json!("<P>"), &json!(true), None));
        assert_eq!(raw["keep_alive"], -1, "for good");
    }

    #[test]
    fn completions_have_what_each_server_knows() {
        let vllm = asked(ServerKind::Vllm, Way::Completions, |_| ());
        assert_eq!((&vllm["skip_special_tokens"], &vllm["logprobs"]), (&json!(false), &json!(5)));
        let plain = asked(ServerKind::OpenAi, Way::Completions, |ask| ask.seed = Some(3));
        assert_eq!((plain.get("skip_special_tokens"), &plain["seed"]), (None, &json!(3)));
        let mistral = asked(ServerKind::Mistral, Way::MistralFim, |ask| ask.seed = Some(3));
        assert_eq!((&mistral["random_seed"], mistral.get("logprobs")), (&json!(3), None));
        assert_eq!(mistral["prompt"], "+++++ src/a.rs\nfn a();\n+++++ src/b.rs\nfn f() {\n    a");
        assert_eq!(asked(ServerKind::DeepSeek, Way::DeepSeekFim, |_| ())["suffix"], "\n}\n");
    }

    #[test]
    fn tabby_gets_segments() {
        let tabby = asked(ServerKind::Tabby, Way::Segments, |_| ());
        assert_eq!(tabby["language"], "rust");
        assert_eq!(tabby["segments"]["prefix"], "fn f() {\n    a");
        assert_eq!(tabby["segments"]["declarations"][0]["body"], "fn a();");
    }
}

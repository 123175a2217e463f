//! Requests as they stand on the wire, and what holds for all of them.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::config::{ProviderKind, ProviderSettings};
use crate::providers::{Block, CacheLife, Fill, Role, Turn};

const KINDS: [(ProviderKind, &str); 10] = [
    (ProviderKind::Anthropic, "claude-opus-5-5"),
    (ProviderKind::OpenAi, "gpt-6.1-sol"),
    (ProviderKind::OpenAiChat, "gpt-6.1-sol"),
    (ProviderKind::Gemini, "gemini-4-argon"),
    (ProviderKind::Bedrock, "eu.anthropic.claude-opus-5-5-20261109-v1:0"),
    (ProviderKind::Azure, "our-deployment"),
    (ProviderKind::OpenRouter, "anthropic/claude-opus-5.5"),
    (ProviderKind::Mistral, "mistral-large-4"),
    (ProviderKind::DeepSeek, "deepseek-v4-pro"),
    (ProviderKind::Compatible, "qwen3-coder"),
];

fn endpoint(kind: ProviderKind) -> Endpoint {
    let settings = ProviderSettings {
        kind: Some(kind),
        base_url: match kind {
            ProviderKind::Azure => Some("https://ours.openai.azure.com".to_owned()),
            ProviderKind::Compatible => Some("http://localhost:8080".to_owned()),
            _ => None,
        },
        region: (kind == ProviderKind::Bedrock).then(|| "eu-central-1".to_owned()),
        ..ProviderSettings::default()
    };
    Endpoint::of("it", &settings).unwrap()
}

fn block(text: &str, cache: Option<CacheLife>) -> Block {
    Block { text: text.into(), cache }
}

/// Rules, a repository, files that are open, a question.
fn question(model: &str) -> Request {
    Request {
        model: model.to_owned(),
        system: vec![block("rules", None), block("map", Some(CacheLife::Long))],
        turns: vec![Turn {
            role: Role::User,
            blocks: vec![block("files", Some(CacheLife::Short)), block("Why \"so\"?", None)],
        }],
        fill: None,
        max_output: 8192,
        effort: Some(Effort::Medium),
        user_tag: Some("tag".to_owned()),
    }
}

/// Path, headers but for the two that all have, and the body.
fn shown(encoded: &Encoded) -> String {
    let headers: String = encoded.headers[2..].iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    assert_eq!(encoded.headers[0], ("content-type", "application/json".to_owned()));
    format!("{}\n{headers}{}", encoded.path, std::str::from_utf8(&encoded.body).unwrap())
}

#[test]
fn requests_are_as_each_provider_wants_them() {
    let expected = include_str!("../../../tests/fixtures/providers/requests.txt");
    let mut actual = String::new();
    for (kind, model) in KINDS {
        let request = encode(&endpoint(kind), &question(model));
        actual += &format!("== {kind:?}\nPOST {}\n", shown(&request));
    }
    assert_eq!(actual, expected);
}

#[test]
fn holes_are_as_each_provider_wants_them() {
    let hole = |kind, base_url: &str, stops: &[&str]| {
        let settings = ProviderSettings { kind: Some(kind), base_url: Some(base_url.to_owned()), ..Default::default() };
        let fill = Fill { suffix: "\n}".into(), stops: stops.iter().map(|stop| (*stop).to_owned()).collect() };
        let turns = vec![Turn { role: Role::User, blocks: vec![block("  fn f() {\n    ", None)] }];
        let request = Request { system: vec![], turns, fill: Some(fill), max_output: 48, ..question("m") };
        let endpoint = Endpoint::of("it", &settings).unwrap();
        let encoded = encode(&endpoint, &request);
        format!("{}{}", endpoint.base_url, shown(&encoded))
    };
    insta::assert_snapshot!(hole(ProviderKind::Mistral, "https://codestral.mistral.ai", &["\n"]), @r#"
    https://codestral.mistral.ai/v1/fim/completions
    {"model":"m","prompt":"  fn f() {\n    ","suffix":"\n}","max_tokens":48,"temperature":0,"stream":true,"stop":["\n"],"prompt_cache_key":"tag"}
    "#);
    for base in ["https://api.deepseek.com", "https://api.deepseek.com/v1", "https://api.deepseek.com/beta/"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(hole(ProviderKind::DeepSeek, base, &[]), @r#"
            https://api.deepseek.com/beta/completions
            {"model":"m","prompt":"  fn f() {\n    ","suffix":"\n}","max_tokens":48,"temperature":0,"stream":true,"stream_options":{"include_usage":true}}
            "#);
        }
    }
}

#[test]
fn counts_hold_the_same_prompt() {
    let expected = include_str!("../../../tests/fixtures/providers/counts.txt");
    let mut actual = String::new();
    for (kind, model) in KINDS {
        if let Some(request) = encode_count(&endpoint(kind), &question(model)) {
            assert_eq!(request.framing, Framing::Json);
            actual += &format!("== {kind:?}\nPOST {}\n", shown(&request));
        }
    }
    assert_eq!(actual, expected);
}

#[test]
fn counts_are_read() {
    for (kind, body, expected) in [
        (ProviderKind::Anthropic, r#"{"input_tokens":14}"#, Some(14)),
        (ProviderKind::OpenAi, r#"{"object":"response.input_tokens","input_tokens":11}"#, Some(11)),
        (ProviderKind::Gemini, r#"{"totalTokens":31,"cachedContentTokenCount":0}"#, Some(31)),
        (ProviderKind::Bedrock, r#"{"inputTokens":12}"#, Some(12)),
        (ProviderKind::Bedrock, r#"{"inputTokens":-1}"#, None),
        (ProviderKind::Anthropic, "<html>", None),
        (ProviderKind::Mistral, r#"{"input_tokens":14}"#, None),
    ] {
        assert_eq!(read_count(&endpoint(kind), body.as_bytes()), expected, "{kind:?} {body}");
    }
}

#[test]
fn models_that_would_refuse_a_setting_are_asked_without_it() {
    let body = |kind, model: &str| {
        let encoded = encode(&endpoint(kind), &question(model));
        String::from_utf8(encoded.body).unwrap()
    };
    let old_claude = body(ProviderKind::Anthropic, "claude-haiku-4-5");
    assert!(!old_claude.contains("thinking") && !old_claude.contains("effort"), "{old_claude}");
    let gpt_4 = body(ProviderKind::OpenAi, "gpt-4o");
    assert!(!gpt_4.contains("reasoning") && !gpt_4.contains("breakpoint") && !gpt_4.contains("explicit"), "{gpt_4}");
    let flash = body(ProviderKind::Gemini, "gemini-2.5-flash");
    assert!(!flash.contains("thinking"), "{flash}");
    let llama = body(ProviderKind::Bedrock, "meta.llama4-maverick-17b-instruct-v1:0");
    assert!(!llama.contains("additional") && !llama.contains("cachePoint") && !llama.contains("effort"), "{llama}");
    let nova = body(ProviderKind::Bedrock, "eu.amazon.nova-pro-v1:0");
    assert!(nova.contains("cachePoint") && !nova.contains("ttl"), "{nova}");
    let llama = body(ProviderKind::OpenRouter, "meta-llama/llama-4");
    assert!(!llama.contains("cache_control"), "{llama}");
}

#[test]
fn a_deployment_is_known_by_the_model_that_is_priced_for_it() {
    let azure = Endpoint { price_as: Some("azure/gpt-6.1-sol".to_owned()), ..endpoint(ProviderKind::Azure) };
    let body = String::from_utf8(encode(&azure, &question("our-deployment")).body).unwrap();
    assert!(body.contains(r#""model":"our-deployment""#) && body.contains(r#""reasoning_effort":"medium""#), "{body}");
}

#[test]
fn versions_are_as_the_user_pins_them() {
    let anthropic = Endpoint { api_version: Some("2023-06-01".to_owned()), ..endpoint(ProviderKind::Anthropic) };
    assert!(encode(&anthropic, &question("m")).headers.contains(&("anthropic-version", "2023-06-01".to_owned())));
    let settings = ProviderSettings {
        base_url: Some("https://ours.openai.azure.com".to_owned()),
        api_version: Some("2025-04-01-preview".to_owned()),
        ..ProviderSettings::default()
    };
    let azure = Endpoint::of("azure", &settings).unwrap();
    let encoded = encode(&azure, &question("our deployment"));
    assert_eq!(
        azure.base_url + &encoded.path,
        "https://ours.openai.azure.com/openai/deployments/our%20deployment/chat/completions?api-version=2025-04-01-preview"
    );
    assert!(!String::from_utf8(encoded.body).unwrap().contains("store"));
}

#[test]
fn models_stand_in_paths_as_one_segment() {
    let arn = "arn:aws:bedrock:eu-central-1:1:application-inference-profile/x";
    let path = encode(&endpoint(ProviderKind::Bedrock), &question(arn)).path;
    let expected = "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Aapplication-inference-profile%2Fx/converse-stream";
    assert_eq!(path, expected);
    let path = encode(&endpoint(ProviderKind::Gemini), &question("models/a?b#c")).path;
    assert_eq!(path, "/models/a%3Fb%23c:streamGenerateContent?alt=sse");
}

#[test]
fn tags_are_cut_to_what_all_providers_take() {
    let request = Request { user_tag: Some("ü".repeat(100)), ..question("gpt-6.1-sol") };
    let body: Value = serde_json::from_slice(&encode(&endpoint(ProviderKind::OpenAi), &request).body).unwrap();
    assert_eq!(body["safety_identifier"].as_str().unwrap().chars().count(), 64);
}

/// All texts of the prompt in their order, each with its role, without the marks.
fn prompt_of(body: &[u8]) -> Vec<String> {
    fn walk(value: &Value, role: &str, into: &mut Vec<String>) {
        match value {
            Value::String(text) => into.push(format!("{role}: {text}")),
            Value::Array(items) => items.iter().for_each(|item| walk(item, role, into)),
            Value::Object(fields) => {
                let role = fields.get("role").and_then(Value::as_str).unwrap_or(role);
                for name in ["content", "parts", "text"] {
                    if let Some(inner) = fields.get(name) {
                        walk(inner, role, into);
                    }
                }
            }
            _ => {}
        }
    }
    let body: Value = serde_json::from_slice(body).unwrap();
    let mut prompt = Vec::new();
    for name in ["system", "systemInstruction", "messages", "input", "contents"] {
        if let Some(part) = body.get(name) {
            walk(part, "system", &mut prompt);
        }
    }
    prompt
}

fn any_block() -> impl Strategy<Value = Block> {
    let cache = prop_oneof![Just(None), Just(Some(CacheLife::Short)), Just(Some(CacheLife::Long))];
    ("\\PC{0,20}|[ \n\"\\\\]{0,3}", cache).prop_map(|(text, cache)| Block { text: text.into(), cache })
}

fn any_turns() -> impl Strategy<Value = Vec<Turn>> {
    let role = prop_oneof![Just(Role::User), Just(Role::Assistant)];
    let turn = (role, prop::collection::vec(any_block(), 0..4)).prop_map(|(role, blocks)| Turn { role, blocks });
    prop::collection::vec(turn, 0..6)
}

fn any_request() -> impl Strategy<Value = Request> {
    (prop::collection::vec(any_block(), 0..7), any_turns(), any::<u32>())
        .prop_map(|(system, turns, max_output)| Request { system, turns, max_output, ..question("") })
}

proptest! {
    #[test]
    fn the_same_request_is_the_same_bytes(request in any_request()) {
        for (kind, model) in KINDS {
            let request = Request { model: model.to_owned(), ..request.clone() };
            prop_assert_eq!(encode(&endpoint(kind), &request), encode(&endpoint(kind), &request.clone()));
        }
    }

    #[test]
    fn marks_keep_to_the_providers_rules(request in any_request()) {
        for (kind, model) in KINDS {
            let request = Request { model: model.to_owned(), ..request.clone() };
            let body = String::from_utf8(encode(&endpoint(kind), &request).body).unwrap();
            // Texts are never keys: a mark is known by the colon after it.
            let marks = ["\"cache_control\":{", "\"prompt_cache_breakpoint\":{", "{\"cachePoint\":{"];
            let count: usize = marks.iter().map(|mark| body.matches(mark).count()).sum();
            prop_assert!(count <= 4, "{kind:?}: {count} marks");
        }
    }

    /// What a cache can find again: the prompt of a question is the beginning of the next one's.
    #[test]
    fn a_question_more_goes_on_from_the_same_prompt(request in any_request(), answer in any_block(), next in any_block()) {
        for (kind, model) in KINDS {
            let mut request = Request { model: model.to_owned(), ..request.clone() };
            request.turns.push(Turn { role: Role::User, blocks: vec![block("asked", None)] });
            let before = prompt_of(&encode(&endpoint(kind), &request).body);
            request.turns.push(Turn { role: Role::Assistant, blocks: vec![block("answered", None), answer.clone()] });
            request.turns.push(Turn { role: Role::User, blocks: vec![next.clone(), block("asked again", None)] });
            let after = prompt_of(&encode(&endpoint(kind), &request).body);
            prop_assert!(after.len() > before.len(), "{kind:?}");
            prop_assert_eq!(&after[..before.len()], &before[..], "{:?}", kind);
        }
    }
}

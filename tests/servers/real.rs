//! The same against real servers. `make test-servers` starts them and names them in variables; without these the tests say so and do
//! nothing.
//!
//! `TANDEM_TEST_LLAMA_SERVER`: the address of a llama-server with models/starter.gguf and the alias `starter-fim`, with two slots.
//! `TANDEM_TEST_GATEWAY`: a LiteLLM in front of it, with its key in `TANDEM_TEST_GATEWAY_KEY`.

use std::sync::Arc;
use std::time::Duration;

use tandem::engine::http::{HttpConfig, HttpEngine, ServerKind, detect_at};
use tandem::engine::{Engine, EngineState, Event, Finish, Task, Urgency};
use tokio::runtime::Handle;

use super::support::{Answer, Changing, answer, ask, config, engine, job, settled, until};

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        eprintln!("SKIPPED: {name} names no server (`make test-servers` does)");
    }
    value
}

const CODE: &str = "fn add(first: i32, second: i32) -> i32 {\n    first + $0\n}\n";

/// A model of four million parameters writes something; that it is good is not what is tested here.
fn check(answer: &Answer, what: &str) {
    assert!(!answer.text().is_empty() && !answer.text().contains('\n'), "{what}: {answer:?}");
    assert!(
        matches!(answer.finishes[..], [Finish::EndOfText | Finish::MaxLines | Finish::MaxTokens]),
        "{what}: {answer:?}"
    );
}

async fn ready(kind: ServerKind, url: &str, change: impl FnOnce(&mut HttpConfig)) -> HttpEngine {
    let mut config = config(kind, url);
    config.timeouts.question = Duration::from_secs(20);
    change(&mut config);
    let engine = engine(config);
    assert_eq!(settled(&engine).await.state, EngineState::Ready);
    engine
}

fn way(engine: &HttpEngine) -> String {
    engine.status().borrow().model.as_ref().map(|model| model.fim.clone()).unwrap_or_default()
}

#[tokio::test]
async fn llama_server_writes_in_our_prompt() {
    let Some(url) = variable("TANDEM_TEST_LLAMA_SERVER") else { return };
    let engine = ready(ServerKind::Auto, &url, |_| ()).await;
    assert_eq!(
        (engine.status().borrow().engine.as_str(), way(&engine).as_str()),
        ("llama-server", "starter (/completion, our prompt)")
    );
    let first = ask(&engine, job(CODE)).await;
    check(&first, "completion");
    assert!(
        first.scores[0].iter().all(|score| score.logprob <= 0.0 && score.logprob > -20.0)
            && !first.scores[0].is_empty()
    );
    let again = ask(&engine, job(CODE)).await;
    let prompt = again.prompt.clone().expect("a beginning");
    assert!(prompt.reused > 0 && prompt.evaluated < prompt.tokens, "{prompt:?}");
    assert_eq!(first.text(), again.text(), "greedy");
    let mut several = job(CODE);
    several.candidates = 3;
    let several = ask(&engine, several).await;
    let mut beginnings: Vec<&str> = several.texts.iter().map(String::as_str).collect();
    beginnings.dedup();
    assert_eq!((beginnings.len(), several.finishes.len()), (3, 3), "{several:?}");
    let mut prefill = job(CODE);
    prefill.task = Task::Prefill;
    assert_eq!(ask(&engine, prefill).await.finishes, [Finish::MaxTokens]);
}

#[tokio::test]
async fn llama_server_counts_and_keeps_to_a_budget() {
    let Some(url) = variable("TANDEM_TEST_LLAMA_SERVER") else { return };
    let engine = ready(ServerKind::LlamaServer, &url, |_| ()).await;
    let lines: String =
        (0..900).map(|number| format!("    let value_{number} = compute({number}, \"é漢\");\n")).collect();
    let mut long = job(&format!("fn main() {{\n{lines}    let $0\n}}\n"));
    long.budget.prefix = 500;
    let told = ask(&engine, long).await;
    let prompt = told.prompt.clone().expect("a beginning");
    assert!((250..=560).contains(&prompt.tokens), "{prompt:?}");
    check(&told, "a long prompt");
}

#[tokio::test]
async fn llama_server_is_asked_in_every_way_that_it_has() {
    let Some(url) = variable("TANDEM_TEST_LLAMA_SERVER") else { return };
    // As any server with OpenAI's completions, with our prompt; and as one that only knows conversations.
    let completions = ready(ServerKind::OpenAi, &url, |_| ()).await;
    assert_eq!(way(&completions), "starter (/v1/completions, our prompt)");
    let told = ask(&completions, job(CODE)).await;
    check(&told, "completions");
    assert!(!told.scores[0].is_empty());
    let chat = ready(ServerKind::OpenAiChat, &url, |_| ()).await;
    let told = ask(&chat, job(CODE)).await;
    assert!(matches!(told.finishes[..], [Finish::EndOfText | Finish::MaxLines | Finish::MaxTokens]), "{told:?}");
}

#[tokio::test]
async fn llama_server_lays_out_infill_by_itself() {
    // The same server under a name that says nothing of its family.
    let Some(url) = variable("TANDEM_TEST_LLAMA_SERVER_UNNAMED") else { return };
    let engine = ready(ServerKind::Auto, &url, |_| ()).await;
    assert_eq!(way(&engine), "the server's (/infill)");
    let first = ask(&engine, job(CODE)).await;
    assert!(!first.finishes.is_empty() && !first.scores[0].is_empty(), "{first:?}");
    assert!(ask(&engine, job(CODE)).await.prompt.is_some_and(|prompt| prompt.reused > 0));
}

#[tokio::test]
async fn a_dropped_job_frees_the_slot_of_a_real_server() {
    let Some(url) = variable("TANDEM_TEST_LLAMA_SERVER") else { return };
    let engine = ready(ServerKind::LlamaServer, &url, |_| ()).await;
    for _ in 0..5 {
        let mut long = job(CODE);
        (long.max_tokens, long.max_lines) = (900, 900);
        let mut generation = engine.generate(long);
        while let Some(event) = generation.next().await {
            if matches!(event, Event::Delta { .. } | Event::Done(_)) {
                break;
            }
        }
        drop(generation);
        check(&ask(&engine, job(CODE)).await, "right after a cancel");
    }
    let mut guess = job(CODE);
    (guess.urgency, guess.lane) = (Urgency::Background, 9);
    let guess = ask(&engine, guess).await;
    assert!(!guess.finishes.is_empty());
}

#[tokio::test]
async fn the_self_test_of_a_real_model() {
    let Some(url) = variable("TANDEM_TEST_LLAMA_SERVER") else { return };
    let engine = ready(ServerKind::Auto, &url, |config| config.self_test = true).await;
    let has_test =
        |status: &tandem::engine::EngineStatus| status.model.as_ref().is_some_and(|model| model.self_test.is_some());
    let test = until(&engine, has_test).await.model.and_then(|model| model.self_test).expect("a test");
    assert!(test.holes > 1 && test.can_reuse_prefix && !test.leaks_special_tokens, "{test:?}");
}

#[tokio::test]
async fn a_real_server_is_found() {
    let Some(url) = variable("TANDEM_TEST_LLAMA_SERVER") else { return };
    let address = url.trim_start_matches("http://").parse().expect("an address");
    let found = detect_at(&[address], Duration::from_secs(20)).await;
    assert_eq!((found.len(), found[0].kind, found[0].models.len()), (1, ServerKind::LlamaServer, 1), "{found:?}");
    assert!(found[0].version.starts_with('b'), "{found:?}");
}

#[tokio::test]
async fn a_teams_gateway_with_keys_stands_before_it() {
    let (Some(url), Some(key)) = (variable("TANDEM_TEST_GATEWAY"), variable("TANDEM_TEST_GATEWAY_KEY")) else { return };
    let with = |key: &'static str| {
        let mut config = config(ServerKind::OpenAi, &url);
        config.model = Some("starter-fim".to_owned());
        config.timeouts.question = Duration::from_secs(20);
        HttpEngine::new(config, Arc::new(Changing { keys: vec![key], at: 0.into() }), &Handle::current())
    };
    let right = with(key.leak());
    assert_eq!(settled(&right).await.state, EngineState::Ready);
    let told = answer(right.generate(job(CODE))).await;
    check(&told, "through LiteLLM");
    let status = settled(&with("sk-wrong-one")).await;
    // A gateway without a database says 400 instead of 401.
    assert!(matches!(&status.state, EngineState::Failed { reason } if !reason.contains("sk-wrong")), "{status:?}");
}

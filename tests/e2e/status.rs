//! What the server tells of itself without being asked.

use serde_json::{Value, json};
use tandem::engine::EngineState;

use crate::support::{Client, Held, Setup, URI, inline_capabilities};

fn progress_capabilities() -> Value {
    let mut capabilities = inline_capabilities();
    capabilities["window"] = json!({ "workDoneProgress": true });
    capabilities
}

async fn progress(client: &mut Client, kind: &str) -> Value {
    client.told(|message| message["method"] == "$/progress" && message["params"]["value"]["kind"] == kind).await
}

async fn status(client: &mut Client, state: &str) -> Value {
    let told = |message: &Value| message["method"] == "tandem/status" && message["params"]["state"] == state;
    client.told(told).await["params"].clone()
}

#[tokio::test]
async fn a_model_that_loads_is_a_progress() {
    let engine = Held::in_state(EngineState::Loading { progress: 0.0 });
    let mut client = Setup::engine(engine.clone()).initialized(progress_capabilities()).await;
    let create = client.told_method("window/workDoneProgress/create").await;
    let token = create["params"]["token"].clone();
    assert!(token.is_string());
    assert_eq!(progress(&mut client, "begin").await["params"]["token"], token);
    engine.set_state(EngineState::Loading { progress: 0.5 });
    let half = |message: &Value| message["params"]["value"]["percentage"] == 50;
    assert_eq!(client.told(half).await["params"]["token"], token);
    assert_eq!(status(&mut client, "loading").await["engine"], "fake");
    engine.set_state(EngineState::Ready);
    assert_eq!(progress(&mut client, "end").await["params"]["token"], token);
    status(&mut client, "ready").await;
    assert_eq!(client.arrived("window/workDoneProgress/create"), 0, "one progress for one load");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_model_that_sleeps_says_why_and_a_request_is_answered_by_lookup() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    status(&mut client, "ready").await;
    engine.set_state(EngineState::Asleep { reason: "memory is short on this machine".to_owned(), wakes: false });
    assert_eq!(status(&mut client, "asleep").await["asleepBecause"], "memory is short on this machine");
    client.open(URI, "let total = 1;\nlet tot").await;
    client.ghosts(URI, 1, 7).await;
    assert_eq!((engine.jobs(), engine.wakes()), (0, 0), "it is left alone while it cannot wake");
    engine.set_state(EngineState::Asleep { reason: "it was not used".to_owned(), wakes: true });
    status(&mut client, "asleep").await;
    client.ghosts(URI, 1, 7).await;
    assert_eq!((engine.jobs(), engine.wakes()), (0, 1), "it is woken and not waited for");
}

#[tokio::test]
async fn a_client_without_progress_is_not_asked_for_one() {
    let engine = Held::in_state(EngineState::Loading { progress: 0.0 });
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    assert_eq!(status(&mut client, "loading").await["percentage"], 0);
    engine.set_state(EngineState::Ready);
    status(&mut client, "ready").await;
    assert_eq!(client.arrived("window/workDoneProgress/create") + client.arrived("$/progress"), 0);
}

#[tokio::test]
async fn a_failure_is_told_once_and_again_when_it_comes_back() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    status(&mut client, "ready").await;
    for round in 0..2 {
        engine.set_state(EngineState::Failed { reason: "the file is no model; set engine.model".to_owned() });
        let message = client.told_method("window/showMessage").await["params"].clone();
        assert_eq!(message, json!({ "type": 1, "message": "Tandem: the file is no model; set engine.model" }));
        let failed = status(&mut client, "failed").await;
        assert_eq!(failed["failure"], "the file is no model; set engine.model");
        client.open(URI, &format!("let x{round} = \n")).await;
        client.ghosts(URI, 0, 9).await;
        client.told_method("tandem/status").await;
        assert_eq!(client.arrived("window/showMessage"), 0);
        engine.set_state(EngineState::Ready);
        status(&mut client, "ready").await;
    }
}

#[tokio::test]
async fn each_restart_of_the_engine_host_is_told_once() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    status(&mut client, "ready").await;
    for _ in 0..2 {
        engine.restart();
        let message = client.told_method("window/showMessage").await["params"].clone();
        assert_eq!(message["type"], 2);
        assert!(message["message"].as_str().is_some_and(|text| text.contains("is being started again")), "{message}");
        status(&mut client, "loading").await;
        engine.set_state(EngineState::Ready);
        status(&mut client, "ready").await;
        assert_eq!(client.arrived("window/showMessage"), 0);
    }
}

#[tokio::test]
async fn the_status_says_why_nothing_is_shown_and_who_wrote_what_is() {
    let engine = tandem::engine::fake::FakeEngine::new(|job| {
        if job.prompt.prefix.contains("quiet") { "  ".into() } else { "foo(bar)".into() }
    });
    let mut client = Setup::engine(std::sync::Arc::new(engine)).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    client.ghosts(URI, 0, 8).await;
    let status = client.result("tandem/status", Value::Null).await;
    assert_eq!(
        (&status["state"], &status["lastSource"], &status["busy"]),
        (&json!("ready"), &json!("model"), &json!(0))
    );
    assert!(status["lastLatencyMs"].is_number());
    assert_eq!(status.get("nothingShownBecause"), None);
    client.open(URI, "let quiet = \n").await;
    assert!(client.ghosts(URI, 0, 12).await.is_empty());
    let status = client.result("tandem/status", Value::Null).await;
    assert!(status["nothingShownBecause"].is_string(), "{status}");
}

#[tokio::test]
async fn lookup_alone_is_a_state_too() {
    let mut client = Setup::lookup().initialized(inline_capabilities()).await;
    let status = status(&mut client, "ready").await;
    assert_eq!(status["engine"], "lookup");
}

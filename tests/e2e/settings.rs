//! Settings from wherever the editor keeps them.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tandem::config::{EngineSettings, Settings};
use tandem::engine::fake::FakeEngine;

use crate::support::{Client, Setup, URI, inline_capabilities};

fn asking_capabilities() -> Value {
    let mut capabilities = inline_capabilities();
    capabilities["workspace"] = json!({ "configuration": true });
    capabilities
}

async fn start(capabilities: Value, options: Value, section: Value) -> Client {
    let mut client = Setup::script(|_| "foo(bar)".into()).start();
    client.section = section;
    let params = json!({
        "processId": null, "rootUri": null, "capabilities": capabilities, "initializationOptions": options,
    });
    client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    client.open(URI, "let x = \n").await;
    client
}

/// Whether suggestions are on. Waits for the settings to arrive, since they come behind the client's answer.
async fn until_enabled(client: &mut Client, enabled: bool) {
    while client.ghosts(URI, 0, 8).await.is_empty() == enabled {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn initialization_options_with_and_without_our_name() {
    for options in [json!({ "completion": { "enabled": false } }), json!({ "tandem": { "completion.enabled": false } })]
    {
        let mut client = start(inline_capabilities(), options, Value::Null).await;
        assert!(client.ghosts(URI, 0, 8).await.is_empty());
    }
    let mut client = start(inline_capabilities(), Value::Null, Value::Null).await;
    assert_eq!(client.ghosts(URI, 0, 8).await.len(), 1);
}

#[tokio::test]
async fn settings_that_are_asked_for() {
    let section = json!({ "completion": { "enabled": false } });
    let mut client = start(asking_capabilities(), Value::Null, section).await;
    let asked = client.told_method("workspace/configuration").await;
    assert_eq!(asked["params"]["items"], json!([{ "section": "tandem" }]));
    until_enabled(&mut client, false).await;
    client.section = json!({ "completion": { "enabled": true } });
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null })).await;
    until_enabled(&mut client, true).await;
}

#[tokio::test]
async fn settings_that_are_sent() {
    let mut client = start(inline_capabilities(), json!({ "completion": { "maxLines": 3 } }), Value::Null).await;
    let off = json!({ "settings": { "tandem": { "completion": { "enabled": false } }, "editor": { "tabSize": 2 } } });
    client.notify("workspace/didChangeConfiguration", off).await;
    assert!(client.ghosts(URI, 0, 8).await.is_empty());
    let others = json!({ "settings": { "rust-analyzer": { "enabled": true } } });
    client.notify("workspace/didChangeConfiguration", others).await;
    assert!(client.ghosts(URI, 0, 8).await.is_empty(), "settings of others change nothing");
    let on = json!({ "settings": { "tandem": { "completion": { "enabled": true } } } });
    client.notify("workspace/didChangeConfiguration", on).await;
    assert_eq!(client.ghosts(URI, 0, 8).await.len(), 1);
}

#[tokio::test]
async fn a_client_that_wants_to_be_asked_is_asked_to_tell() {
    let mut capabilities = asking_capabilities();
    capabilities["workspace"]["didChangeConfiguration"] = json!({ "dynamicRegistration": true });
    let mut client = start(capabilities, Value::Null, Value::Null).await;
    let registration = client.told_method("client/registerCapability").await["params"]["registrations"][0].clone();
    assert_eq!(registration["method"], "workspace/didChangeConfiguration");
    assert_eq!(registration["registerOptions"], json!({ "section": "tandem" }));
}

#[tokio::test]
async fn a_setting_that_cannot_be_used_is_shown_once_with_its_name() {
    let options = json!({ "completion": { "maxLines": "many" } });
    let mut client = start(inline_capabilities(), options.clone(), Value::Null).await;
    let message = client.told_method("window/showMessage").await["params"].clone();
    assert_eq!(message["type"], 2);
    let text = message["message"].as_str().unwrap_or_default();
    assert!(text.contains("completion.maxLines") && text.contains("many"), "{text}");
    assert_eq!(client.ghosts(URI, 0, 8).await.len(), 1, "everything else works");
    for _ in 0..3 {
        client.notify("workspace/didChangeConfiguration", json!({ "settings": { "tandem": options } })).await;
    }
    client.text(URI).await;
    assert_eq!(client.arrived("window/showMessage"), 0);
}

#[tokio::test]
async fn the_engine_is_made_when_the_settings_are_known_and_again_when_they_change() {
    let made: Arc<Mutex<Vec<EngineSettings>>> = Arc::default();
    let seen = made.clone();
    let factory = Arc::new(move |settings: &Settings| {
        let mut seen = seen.lock().expect("no panic");
        seen.push(settings.engine.clone());
        let name = format!("engine({})", seen.len());
        Some(Arc::new(FakeEngine::new(move |_| name.clone())) as Arc<dyn tandem::engine::Engine>)
    });
    let mut client = Setup::lookup().factory(factory).start();
    client.section = json!({ "engine": { "threads": 2 } });
    client.initialize(asking_capabilities()).await;
    client.told_method("workspace/configuration").await;
    client.open(URI, "let x = \n").await;
    while client.ghosts(URI, 0, 8).await != ["engine(1)"] {}
    let change = |threads: u32, lines: u32| json!({ "settings": { "tandem": { "engine": { "threads": threads }, "completion": { "maxLines": lines } } } });
    client.notify("workspace/didChangeConfiguration", change(2, 5)).await;
    assert_eq!(client.ghosts(URI, 0, 8).await, ["engine(1)"], "the same engine for other settings");
    client.notify("workspace/didChangeConfiguration", change(1, 5)).await;
    assert_eq!(client.ghosts(URI, 0, 8).await, ["engine(2)"]);
    let threads: Vec<u32> = made.lock().expect("no panic").iter().map(|settings| settings.threads).collect();
    assert_eq!(threads, [2, 1]);
}

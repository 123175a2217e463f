//! Recorded editors: what they announce is understood, what they send is answered.

use serde_json::{Value, json};

use crate::support::{Client, Setup};

fn recorded(name: &str) -> Value {
    let file = format!("{}/tests/fixtures/clients/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}

/// Starts a server for a recorded editor and says everything that the editor said.
pub async fn play(name: &str) -> Client {
    let recorded = recorded(name);
    let mut client = Setup::script(|_| "foo(bar)".into()).start();
    client.initialized = client.result("initialize", recorded["initialize"]["params"].clone()).await;
    client.notify("initialized", json!({})).await;
    let samples = recorded["samples"].as_array().expect("samples");
    assert!(samples.len() >= 5, "{name}");
    for sample in samples {
        let method = sample["method"].as_str().expect("a method");
        if sample.get("id").is_none() {
            client.notify(method, sample["params"].clone()).await;
            continue;
        }
        let response = client.request(method, sample["params"].clone()).await;
        match method {
            "textDocument/inlineCompletion" | "textDocument/completion" | "completionItem/resolve" => {
                assert!(response.get("result").is_some(), "{name}: {method}: {response}");
            }
            // Announced to these, and nothing is stale.
            "textDocument/codeAction" => assert!(response["result"].is_null(), "{name}: {method}: {response}"),
            // Commands that this server did not announce.
            "workspace/executeCommand" => assert_eq!(response["error"]["code"], -32602, "{name}: {response}"),
            // Not announced, so a real editor would not ask.
            _ => assert_eq!(response["error"]["code"], -32601, "{name}: {method}: {response}"),
        }
    }
    client
}

/// Opens a document and asks in the way that was announced.
pub async fn suggestion(client: &mut Client) -> Value {
    let uri = "file:///proj/new.rs";
    client.open(uri, "let x = \n").await;
    let method = match client.initialized["capabilities"].get("inlineCompletionProvider") {
        Some(_) => "textDocument/inlineCompletion",
        None => "textDocument/completion",
    };
    let place = json!({ "uri": uri });
    let params =
        json!({ "textDocument": place, "position": { "line": 0, "character": 8 }, "context": { "triggerKind": 2 } });
    client.result(method, params).await["items"][0].clone()
}

#[tokio::test]
async fn neovim() {
    let mut client = play("neovim-0.12.4").await;
    let capabilities = &client.initialized["capabilities"];
    assert_eq!(capabilities["positionEncoding"], "utf-8");
    assert_eq!(capabilities["inlineCompletionProvider"], true, "static: it knows no other way");
    assert_eq!(capabilities.get("completionProvider"), None);
    assert_eq!(suggestion(&mut client).await["insertText"], "foo(bar)");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn visual_studio_code() {
    let mut client = play("vscode-1.139.1").await;
    let capabilities = &client.initialized["capabilities"];
    assert_eq!(capabilities["positionEncoding"], "utf-16");
    assert_eq!(capabilities["inlineCompletionProvider"], true);
    assert_eq!(capabilities.get("completionProvider"), None);
    assert!(suggestion(&mut client).await["range"].is_object(), "nothing is shown without a range");
    assert_eq!(client.told_method("workspace/configuration").await["params"]["items"][0]["section"], "tandem");
    client.told_method("client/registerCapability").await;
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn helix() {
    let mut client = play("helix-25.07.1").await;
    let capabilities = &client.initialized["capabilities"];
    assert_eq!(capabilities["positionEncoding"], "utf-8");
    assert_eq!(capabilities.get("inlineCompletionProvider"), None);
    assert_eq!(capabilities["completionProvider"]["resolveProvider"], true);
    let item = suggestion(&mut client).await;
    assert_eq!((&item["filterText"], &item["preselect"]), (&json!("foo(bar)"), &json!(true)));
    let resolved = client.result("completionItem/resolve", item).await;
    assert_eq!(resolved["documentation"]["kind"], "markdown");
    assert_eq!(client.leave().await, 0);
}

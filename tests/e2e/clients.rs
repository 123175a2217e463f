//! Recorded editors: what they announce is understood, what they send is answered, once and in their own units.

use serde_json::{Value, json};

use crate::support::{Client, Scripted, Setup, range};

const EDITORS: [&str; 3] = ["neovim-0.12.4", "vscode-1.139.1", "helix-25.07.1"];

fn recorded(name: &str) -> Value {
    let file = format!("{}/tests/fixtures/clients/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}

/// A server for a recorded editor.
async fn start(name: &str, setup: Setup) -> Client {
    let mut client = setup.start();
    client.initialized = client.result("initialize", recorded(name)["initialize"]["params"].clone()).await;
    client.notify("initialized", json!({})).await;
    client
}

/// The way to suggestions that was announced, and the other one.
fn ways(client: &Client) -> [&'static str; 2] {
    let (inline, menu) = ("textDocument/inlineCompletion", "textDocument/completion");
    let capabilities = &client.initialized["capabilities"];
    match (capabilities.get("inlineCompletionProvider"), capabilities.get("completionProvider")) {
        (Some(_), None) => [inline, menu],
        (None, Some(_)) => [menu, inline],
        both => panic!("one of the two: {both:?}"),
    }
}

async fn asked(client: &mut Client, way: &str, uri: &str, line: u32, character: u32) -> Value {
    let params = json!({
        "textDocument": { "uri": uri },
        "position": { "line": line, "character": character },
        "context": { "triggerKind": 2 },
    });
    client.result(way, params).await
}

/// Starts a server for a recorded editor and says everything that the editor said.
pub async fn play(name: &str) -> Client {
    let recorded = recorded(name);
    let mut client = start(name, Setup::script(|_| "foo(bar)".into())).await;
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
    let [way, _] = ways(client);
    asked(client, way, uri, 0, 8).await["items"][0].clone()
}

#[tokio::test]
async fn a_suggestion_is_shown_in_one_way_and_once() {
    for name in EDITORS {
        let mut client = start(name, Setup::script(|_| "foo(bar)".into())).await;
        let [way, other] = ways(&client);
        let uri = "file:///proj/new.rs";
        client.open(uri, "let x = \n").await;
        let all = asked(&mut client, way, uri, 0, 8).await;
        assert_eq!(all["items"].as_array().map(Vec::len), Some(1), "{name}: {all}");
        // Typed along, it is still one.
        client.change(uri, 2, range((0, 8), (0, 8)), "foo").await;
        let all = asked(&mut client, way, uri, 0, 11).await;
        assert_eq!(all["items"].as_array().map(Vec::len), Some(1), "{name}: {all}");
        if other == "textDocument/completion" {
            assert_eq!(asked(&mut client, other, uri, 0, 11).await, Value::Null, "{name}: nothing in a menu besides");
        }
        assert_eq!(client.leave().await, 0);
    }
}

#[tokio::test]
async fn positions_are_in_the_units_that_were_agreed_on() {
    for (name, cursor) in [("neovim-0.12.4", 14), ("helix-25.07.1", 14), ("vscode-1.139.1", 10)] {
        let mut client = start(name, Setup::script(|job| format!("seen({})", job.prompt.prefix.len()))).await;
        let [way, _] = ways(&client);
        let uri = "file:///proj/new.rs";
        client.open(uri, "(\"🦀🦀\", \n").await;
        let item = asked(&mut client, way, uri, 0, cursor - 1).await["items"][0].clone();
        let (text, place) = match way {
            "textDocument/completion" => (&item["textEdit"]["newText"], &item["textEdit"]["range"]),
            _ => (&item["insertText"], &item["range"]),
        };
        // Two crabs are eight bytes: all thirteen of the line were understood.
        assert_eq!((text, place), (&json!("seen(13)"), &range((0, cursor - 1), (0, cursor - 1))), "{name}: {item}");
        assert_eq!(client.leave().await, 0);
    }
}

#[tokio::test]
async fn what_is_announced_is_what_is_there() {
    for name in EDITORS {
        let state = tempfile::tempdir().expect("a folder");
        let setup = Setup::lookup().answered_by(Scripted::says("text"), state.path());
        let client = start(name, setup).await;
        let capabilities = &client.initialized["capabilities"];
        let commands = capabilities["executeCommandProvider"]["commands"].as_array().expect("commands");
        for command in ["tandem.ask", "tandem.cancel", "tandem.budget", "tandem.pause", "tandem.eagerness"] {
            assert!(commands.contains(&json!(command)), "{name}: {command}");
        }
        let kinds = &capabilities["codeActionProvider"]["codeActionKinds"];
        assert_eq!(kinds, &json!(["quickfix", "tandem.ask", "refactor.rewrite.tandem"]), "{name}");
        assert_eq!(capabilities["textDocumentSync"], json!({ "openClose": true, "change": 2 }), "{name}");
        let shows_texts = capabilities["workspace"].get("textDocumentContent").is_some();
        assert_eq!(shows_texts, name.starts_with("vscode"), "{name}");
        assert_eq!(client.leave().await, 0);
    }
}

#[tokio::test]
async fn every_sample_is_answered_where_questions_can_be_asked_too() {
    for name in EDITORS {
        let state = tempfile::tempdir().expect("a folder");
        let setup = Setup::lookup().answered_by(Scripted::says("text"), state.path());
        let mut client = start(name, setup).await;
        let samples = recorded(name)["samples"].as_array().expect("samples").clone();
        for sample in &samples {
            let method = sample["method"].as_str().expect("a method");
            if sample.get("id").is_none() {
                client.notify(method, sample["params"].clone()).await;
                continue;
            }
            let response = client.request(method, sample["params"].clone()).await;
            let code = response["error"]["code"].as_i64();
            match method {
                // Asked in the background; a command that is not announced is told.
                "workspace/executeCommand" if sample["params"]["command"] == "tandem.ask" => {
                    assert_eq!(response.get("result"), Some(&Value::Null), "{name}: {response}");
                }
                "workspace/executeCommand" => assert_eq!(code, Some(-32602), "{name}: {response}"),
                // The document is not one of this server's.
                "workspace/textDocumentContent" => assert_eq!(code, Some(-32602), "{name}: {response}"),
                "codeAction/resolve" => assert_eq!(code, Some(-32601), "{name}: {response}"),
                "textDocument/codeAction" => {
                    let is_automatic = sample["params"]["context"]["triggerKind"] == 2;
                    assert_eq!(response["result"].is_array(), !is_automatic, "{name}: {response}");
                }
                _ => assert!(response.get("result").is_some(), "{name}: {method}: {response}"),
            }
        }
        // One answer each: a second one would have been noticed by now.
        client.text("file:///proj/a.py").await;
        assert_eq!(client.leave().await, 0);
    }
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

//! What the user says about when and where suggestions come, as editors carry it.

use serde_json::{Value, json};

use tandem::engine::EngineState;

use crate::support::{Client, Held, Setup, URI, inline_capabilities, menu_capabilities, range};

async fn start(capabilities: Value, completion: Value) -> Client {
    let mut client = Setup::script(|_| "foo(bar)".into()).start();
    let params = json!({
        "processId": null,
        "rootUri": null,
        "capabilities": capabilities,
        "workspaceFolders": [{ "uri": "file:///proj", "name": "proj" }],
        "initializationOptions": { "completion": completion },
    });
    client.initialized = client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    client.open(URI, "let x = \n").await;
    client
}

async fn run(client: &mut Client, command: &str, arguments: Value) -> Value {
    client.request("workspace/executeCommand", json!({ "command": command, "arguments": arguments })).await
}

async fn by_key(client: &mut Client) -> usize {
    let params = json!({
        "textDocument": { "uri": URI },
        "position": { "line": 0, "character": 8 },
        "context": { "triggerKind": 1 },
    });
    client.result("textDocument/inlineCompletion", params).await["items"].as_array().map_or(0, Vec::len)
}

async fn silence(client: &mut Client) -> String {
    let status = client.result("tandem/status", Value::Null).await;
    status["nothingShownBecause"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_pause_is_told_kept_and_ended() {
    let mut client = start(inline_capabilities(), json!({})).await;
    let announced = client.initialized["capabilities"]["executeCommandProvider"]["commands"].clone();
    for command in ["tandem.pause", "tandem.resume", "tandem.toggle"] {
        assert!(announced.as_array().is_some_and(|all| all.contains(&json!(command))), "{announced}");
    }
    assert_eq!(client.ghosts(URI, 0, 8).await, ["foo(bar)"]);
    assert_eq!(run(&mut client, "tandem.pause", json!([30])).await["result"], Value::Null);
    let told = |message: &Value| message["method"] == "tandem/status" && message["params"]["paused"] == true;
    let status = client.told(told).await["params"].clone();
    assert!(status["pausedUntil"].as_i64().is_some_and(|until| until > 1_700_000_000), "{status}");
    assert!(client.ghosts(URI, 0, 8).await.is_empty());
    let sentence = silence(&mut client).await;
    assert!(
        sentence.starts_with("suggestions are paused for 30 more minutes: the command tandem.resume"),
        "{sentence}"
    );
    assert_eq!(by_key(&mut client).await, 1, "who asks by key gets an answer");

    assert_eq!(run(&mut client, "tandem.resume", json!([])).await["result"], Value::Null);
    let status = client.result("tandem/status", Value::Null).await;
    assert_eq!((status.get("paused"), status.get("pausedUntil")), (None, None), "{status}");
    assert_eq!(client.ghosts(URI, 0, 8).await, ["foo(bar)"]);

    for expected in [true, false] {
        assert_eq!(run(&mut client, "tandem.toggle", Value::Null).await["result"], Value::Null);
        assert_eq!(client.ghosts(URI, 0, 8).await.is_empty(), expected);
    }
}

#[tokio::test]
async fn strange_lengths_of_a_pause_are_refused() {
    let mut client = start(inline_capabilities(), json!({})).await;
    for minutes in [json!(0), json!(-5), json!("soon"), json!(1.5), json!(10_081), json!({ "minutes": 3 })] {
        for command in ["tandem.pause", "tandem.toggle"] {
            let response = run(&mut client, command, json!([minutes])).await;
            assert_eq!(response["error"]["code"], -32602, "{command} {minutes}: {response}");
        }
    }
    assert_eq!(client.ghosts(URI, 0, 8).await, ["foo(bar)"]);
    assert_eq!(run(&mut client, "tandem.pause", json!([null])).await["result"], Value::Null);
    assert!(client.ghosts(URI, 0, 8).await.is_empty());
}

#[tokio::test]
async fn in_manual_mode_typing_gets_nothing_in_ghost_text_and_menu() {
    let manual = json!({ "trigger": "manual" });
    let mut client = start(inline_capabilities(), manual.clone()).await;
    assert!(client.ghosts(URI, 0, 8).await.is_empty());
    assert_eq!(silence(&mut client).await, "only your key asks for suggestions (completion.trigger is `manual`)");
    assert_eq!(by_key(&mut client).await, 1);

    let mut client = start(menu_capabilities(), manual).await;
    let place = json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 8 } });
    let mut typed = place.clone();
    typed["context"] = json!({ "triggerKind": 2, "triggerCharacter": " " });
    assert_eq!(client.result("textDocument/completion", typed).await, Value::Null);
    let mut invoked = place;
    invoked["context"] = json!({ "triggerKind": 1 });
    let menu = client.result("textDocument/completion", invoked).await;
    assert_eq!(menu["items"].as_array().map(Vec::len), Some(1), "{menu}");
}

#[tokio::test]
async fn paths_are_read_from_the_folder_and_a_bad_pattern_is_told_once() {
    let mut client = start(inline_capabilities(), json!({ "disabledPaths": ["{a", "generated/", "/a.rs"] })).await;
    let message = client.told_method("window/showMessage").await["params"]["message"].clone();
    let told = "Tandem: editor settings: completion.disabledPaths: the pattern `\"{a\"` cannot be read and is left out";
    assert!(message.as_str().is_some_and(|message| message.starts_with(told)), "{message}");
    assert!(client.ghosts(URI, 0, 8).await.is_empty());
    assert_eq!(
        silence(&mut client).await,
        "completions are switched off for a.rs by the pattern `/a.rs` (completion.disabledPaths)"
    );
    client.open("file:///proj/src/a.rs", "let x = \n").await;
    assert_eq!(client.ghosts("file:///proj/src/a.rs", 0, 8).await, ["foo(bar)"]);
    let again = json!({ "settings": { "tandem": { "completion": { "disabledPaths": ["{a"] } } } });
    client.notify("workspace/didChangeConfiguration", again).await;
    while client.ghosts(URI, 0, 8).await.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.arrived("window/showMessage"), 0, "told once");
}

#[tokio::test]
async fn a_suggestion_of_one_line_never_leaves_the_line() {
    let written = "foo(bar);\n    let y = baz();\n";
    for (max_lines, expected) in [(12, "foo(bar);\n    let y = baz();"), (1, "foo(bar);")] {
        let mut client = Setup::script(move |_| written.into()).start();
        let params = json!({
            "processId": null,
            "rootUri": null,
            "capabilities": inline_capabilities(),
            "initializationOptions": { "completion": { "maxLines": max_lines } },
        });
        client.result("initialize", params).await;
        client.notify("initialized", json!({})).await;
        client.open(URI, "fn a() {\n    \n}\n").await;
        assert_eq!(client.ghosts(URI, 1, 4).await, [expected]);
    }
}

/// The account of the newest request at the end of the first line, `let x = `.
async fn why(client: &mut Client, uri: &str) -> Value {
    let place = json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 8 } });
    client.result("tandem/why", place).await
}

fn notes(why: &Value) -> String {
    let notes = why["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    notes.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_model_that_is_not_there_is_the_reason() {
    let engine = Held::in_state(EngineState::Loading { progress: 0.4 });
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    assert!(client.ghosts(URI, 0, 8).await.is_empty());
    assert!(silence(&mut client).await.contains("the model is still loading (40 %)"));
    assert!(notes(&why(&mut client, URI).await).starts_with("the model is still loading (40 %)"));
    engine.set_state(EngineState::Failed { reason: "m.gguf is no model; set engine.model".to_owned() });
    assert!(client.ghosts(URI, 0, 8).await.is_empty());
    assert!(silence(&mut client).await.ends_with("cannot be asked: m.gguf is no model; set engine.model"));

    let mut client = Setup::lookup().initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    assert!(client.ghosts(URI, 0, 8).await.is_empty());
    assert!(silence(&mut client).await.contains("engine.choice is `lookup`"));
}

#[tokio::test]
async fn a_model_that_is_too_slow_is_the_reason() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(menu_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let params = json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 8 } });
    assert_eq!(client.result("textDocument/completion", params).await, Value::Null);
    assert!(silence(&mut client).await.starts_with("the model had written nothing after "));
}

#[tokio::test]
async fn what_could_not_take_part_is_told() {
    let mut client = Setup::script(|_| "foo(bar)".into()).initialized(inline_capabilities()).await;
    let document = json!({ "uri": "untitled:1", "languageId": "klingon", "version": 1, "text": "let x = \n" });
    client.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    assert_eq!(client.ghosts("untitled:1", 0, 8).await, ["foo(bar)"]);
    let notes = notes(&why(&mut client, "untitled:1").await);
    assert!(notes.contains("there is no grammar for klingon"), "{notes}");
    assert!(notes.contains("in no workspace folder"), "{notes}");
}

#[tokio::test]
async fn what_the_menu_hides_is_no_suggestion() {
    let mut client = start(inline_capabilities(), json!({})).await;
    let params = json!({
        "textDocument": { "uri": URI },
        "position": { "line": 0, "character": 8 },
        "context": { "triggerKind": 2, "selectedCompletionInfo": { "range": range((0, 8), (0, 8)), "text": "zoo" } },
    });
    assert_eq!(client.result("textDocument/inlineCompletion", params).await["items"], json!([]));
    let why = why(&mut client, URI).await;
    assert_eq!(why["decision"]["hidden"]["reason"], "notSelected", "{why}");
    assert!(silence(&mut client).await.contains("the selected item of the completion menu"));
}

#[tokio::test]
async fn a_document_that_is_not_open_and_a_cancelled_request_are_told() {
    let mut client = start(inline_capabilities(), json!({})).await;
    assert!(client.ghosts("file:///proj/unopened.rs", 0, 0).await.is_empty());
    assert!(silence(&mut client).await.starts_with("the editor asked about a document that it has not opened"));

    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let id = client.ask(URI, 0, 8).await;
    engine.until_jobs(1).await;
    client.cancel(&id).await;
    client.response(&id).await;
    loop {
        let why = why(&mut client, URI).await;
        if !why.is_null() {
            assert_eq!(why["decision"]["hidden"]["reason"], "cancelled", "{why}");
            break;
        }
        tokio::task::yield_now().await;
    }
}

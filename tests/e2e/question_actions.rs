//! The code actions that ask: which are offered where, to whom, and with which words.

use serde_json::{Value, json};

use crate::support::{Client, Scripted, Workspace, inline_capabilities, range};

const MAIN: &str = "fn main() {\n    // ask: what runs here\n    // and why?\n    run();\n}\n\n// plain\nfn run() {}\n";

fn capabilities() -> Value {
    let mut capabilities = inline_capabilities();
    capabilities["textDocument"]["codeAction"] =
        json!({ "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } });
    capabilities
}

async fn actions(client: &mut Client, uri: &str, line: u32, context: Value) -> Vec<Value> {
    let mut context = context;
    context["diagnostics"] = context.get("diagnostics").cloned().unwrap_or_else(|| json!([]));
    let params = json!({ "textDocument": { "uri": uri }, "range": range((line, 4), (line, 4)), "context": context });
    client.result("textDocument/codeAction", params).await.as_array().cloned().unwrap_or_default()
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().expect("a title")).collect()
}

async fn start(capabilities: Value) -> (Workspace, Client, String) {
    let workspace = Workspace::new(&[("src/main.rs", MAIN)]);
    let mut client = workspace.ask(Scripted::says("x"), capabilities).await;
    let uri = workspace.uri("src/main.rs");
    client.open(&uri, MAIN).await;
    (workspace, client, uri)
}

#[tokio::test]
async fn a_user_who_asks_is_offered_everything() {
    let (_workspace, mut client, uri) = start(capabilities()).await;
    let found = actions(&mut client, &uri, 7, json!({ "triggerKind": 1 })).await;
    let expected = [
        "Explain this",
        "Ask about this function… (in a comment)",
        "Ask about this file… (in a comment)",
        "Ask about this module… (in a comment)",
        "Ask about the workspace… (in a comment)",
        "Write tests (a change to review)",
        "Document this (a change to review)",
        "Refactor this… (a change to review)",
    ];
    assert_eq!(titles(&found), expected);
    let edit = &found[3]["edit"]["changes"][&uri][0];
    assert_eq!((&edit["newText"], &edit["range"]), (&json!("// ask module: \n"), &range((7, 0), (7, 0))));
    assert!(found.iter().all(|action| action["edit"].is_null() || action["command"].is_null()));
    assert_eq!(found[5]["kind"], "refactor.rewrite.tandem");
    assert_eq!(found[5]["command"]["arguments"][0]["kind"], "tests");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_client_that_asks_by_itself_gets_what_is_about_this_place() {
    let (_workspace, mut client, uri) = start(capabilities()).await;
    let automatic = json!({ "triggerKind": 2 });
    for line in [0, 3, 5, 6, 7] {
        assert_eq!(actions(&mut client, &uri, line, automatic.clone()).await, [Value::Null; 0], "line {line}");
    }
    for line in [1, 2] {
        let found = actions(&mut client, &uri, line, automatic.clone()).await;
        let expected = ["Ask: what runs here and why?", "Show what would be sent: what runs here and why?"];
        assert_eq!(titles(&found), expected);
        let argument = &found[0]["command"]["arguments"][0];
        assert_eq!(
            (&argument["question"], &argument["subject"]),
            (&json!("what runs here and why?"), &json!("comment"))
        );
        assert_eq!(argument["range"], range((1, 4), (2, 15)));
        assert_eq!(
            (&found[0]["command"]["command"], &found[1]["command"]["command"]),
            (&json!("tandem.ask"), &json!("tandem.preview"))
        );
    }
    let error = json!([{ "range": range((3, 4), (3, 7)), "message": "cannot find `run`" }]);
    let found = actions(&mut client, &uri, 3, json!({ "triggerKind": 2, "diagnostics": error })).await;
    assert_eq!(titles(&found), ["Why is this error here?"]);
    assert_eq!(found[0]["command"]["arguments"][0]["diagnostics"], json!(["cannot find `run`"]));
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_filter_by_kind_is_honoured() {
    let (_workspace, mut client, uri) = start(capabilities()).await;
    for (only, count) in [
        (json!(["quickfix"]), 0),
        (json!(["source.fixAll"]), 0),
        (json!(["refactor"]), 3),
        (json!(["refactor.rewrite"]), 3),
        (json!(["tandem"]), 5),
        (json!(["tandem.ask"]), 5),
        (json!(["tan"]), 0),
        (json!([""]), 8),
        (json!([]), 0),
    ] {
        let found = actions(&mut client, &uri, 7, json!({ "triggerKind": 1, "only": only })).await;
        assert_eq!(found.len(), count, "{only}");
    }
    let kinds = &client.initialized["capabilities"]["codeActionProvider"]["codeActionKinds"];
    assert_eq!(kinds, &json!(["quickfix", "tandem.ask", "refactor.rewrite.tandem"]));
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_client_that_prompts_gets_its_own_command() {
    let mut capabilities = capabilities();
    capabilities["experimental"] = json!({ "tandemPrompt": true });
    let (_workspace, mut client, uri) = start(capabilities).await;
    let found = actions(&mut client, &uri, 7, json!({ "triggerKind": 1 })).await;
    assert_eq!(titles(&found)[1..3], ["Ask about this function…", "Ask about this file…"]);
    assert_eq!(found[2]["command"]["command"], "tandem.prompt");
    let argument = json!({ "kind": "ask", "subject": "file", "uri": uri, "range": range((7, 4), (7, 4)) });
    assert_eq!(found[2]["command"]["arguments"], json!([argument]));
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn comments_of_many_languages_ask() {
    let files = [
        ("a.py", "# ask: why?\ndef a():\n    pass\n"),
        ("a.lua", "-- ?? why?\n"),
        ("a.html", "<!-- ask: why? -->\n"),
        ("a.css", "/* ask: why? */\n"),
        ("a.hs", "{- ask: why? -}\nx = 1\n"),
        ("a.go", "package a // ask: why?\n"),
        ("Makefile", "# ask: why?\n"),
    ];
    let (workspace, mut client, _) = start(capabilities()).await;
    for (name, text) in files {
        let uri = workspace.uri(name);
        let document = json!({ "uri": uri, "languageId": "", "version": 1, "text": text });
        client.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
        let found = actions(&mut client, &uri, 0, json!({ "triggerKind": 2 })).await;
        assert_eq!(titles(&found).first(), Some(&"Ask: why?"), "{name}");
    }
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn comments_can_be_left_alone() {
    let (_workspace, mut client, uri) = start(capabilities()).await;
    client.set(json!({ "ask": { "comments": false } })).await;
    assert_eq!(actions(&mut client, &uri, 1, json!({ "triggerKind": 2 })).await, [Value::Null; 0]);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn without_anybody_who_answers_nothing_is_offered() {
    let workspace = Workspace::new(&[("src/main.rs", MAIN)]);
    let mut client = workspace.serve(capabilities(), Value::Null).await;
    let commands = client.initialized["capabilities"]["executeCommandProvider"]["commands"].as_array().expect("some");
    assert!(!commands.iter().any(|command| command == "tandem.ask"), "{commands:?}");
    let uri = workspace.uri("src/main.rs");
    client.open(&uri, MAIN).await;
    assert_eq!(actions(&mut client, &uri, 1, json!({ "triggerKind": 1 })).await, [Value::Null; 0]);
    let params = json!({ "command": "tandem.ask", "arguments": [{ "question": "why?" }] });
    assert_eq!(client.request("workspace/executeCommand", params).await["error"]["code"], -32602);
    assert_eq!(client.leave().await, 0);
}

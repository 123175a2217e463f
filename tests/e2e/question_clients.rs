//! A question from each of the recorded editors: what they announced decides how the answer is shown.

use serde_json::{Value, json};

use crate::support::{Client, Scripted, Setup, Workspace};

/// The editor as it was recorded, with this folder open.
async fn editor(name: &str, workspace: &Workspace) -> Client {
    let file = format!("{}/tests/fixtures/clients/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let recorded: Value = serde_json::from_str(&text).expect("JSON");
    let mut params = recorded["initialize"]["params"].clone();
    let root = workspace.uri("");
    params["rootUri"] = json!(root);
    params["workspaceFolders"] = json!([{ "uri": root.trim_end_matches('/'), "name": "x" }]);
    let state = workspace.state();
    let mut client = Setup::lookup().answered_by(Scripted::says("text"), &state).start();
    client.initialized = client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    client.until_symbols("main", &["main"]).await;
    client
}

/// Asks by the first code action on a comment, as a user does, and waits for the end of the answer.
pub async fn answered(name: &str) -> (Client, Workspace) {
    let workspace = Workspace::new(&[("src/main.rs", "// ask: why?\nfn main() {}\n")]);
    let mut client = editor(name, &workspace).await;
    client.choices = ["Show"].into();
    let uri = workspace.uri("src/main.rs");
    client.open(&uri, "// ask: why?\nfn main() {}\n").await;
    let place = json!({ "line": 0, "character": 4 });
    let params = json!({
        "textDocument": { "uri": uri },
        "range": { "start": place, "end": place },
        "context": { "diagnostics": [], "triggerKind": 1 },
    });
    let actions = client.result("textDocument/codeAction", params).await;
    assert_eq!(actions[0]["title"], "Ask: why?", "{name}: {actions}");
    let command = &actions[0]["command"];
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    assert_eq!(client.result("workspace/executeCommand", params).await, Value::Null);
    let ended = client.told(|message| message["params"]["value"]["message"] == "answered for $0.12").await;
    assert!(ended["params"]["token"].as_str().is_some_and(|token| token.starts_with("tandem/ask/")), "{name}");
    (client, workspace)
}

/// The same; returns what showed the answer.
pub async fn ask(name: &str) -> (Client, Value) {
    let (mut client, _workspace) = answered(name).await;
    let shown = client.told_method("window/showDocument").await["params"].clone();
    (client, shown)
}

#[tokio::test]
async fn visual_studio_code_fetches_the_text() {
    let (mut client, shown) = ask("vscode-1.139.1").await;
    assert_eq!((&shown["uri"], client.arrived("workspace/applyEdit")), (&json!("tandem:/1/why.md"), 0));
    let whole = client.result("workspace/textDocumentContent", json!({ "uri": shown["uri"] })).await;
    assert!(whole["text"].as_str().is_some_and(|text| text.contains("text") && text.contains("$0.12")), "{whole}");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn neovim_shows_it_at_once_and_lets_it_grow() {
    let (client, shown) = ask("neovim-0.12.4").await;
    assert_eq!((client.arrived("window/showMessageRequest"), &shown["takeFocus"]), (0, &json!(false)));
    let text = &client.edited[shown["uri"].as_str().expect("a uri")];
    assert!(text.contains("$0.12"), "{text}");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn helix_is_asked_before_its_view_is_taken() {
    let (client, shown) = ask("helix-25.07.1").await;
    assert_eq!(client.arrived("window/showMessageRequest"), 1);
    assert!(client.edited[shown["uri"].as_str().expect("a uri")].contains("$0.12"));
    assert_eq!(client.leave().await, 0);
}

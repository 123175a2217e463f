//! What becomes of suggestions, from an editor's messages to `tandem stats`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Client, Setup, URI, inline_capabilities, menu_capabilities, range};

/// In texts and names of documents: none of it may be on disk.
const MARKER: &str = "zanzibar";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("state/tandem/stats.db")
    }

    async fn client(&self, written: &'static str, capabilities: Value) -> Client {
        let mut setup = Setup::script(move |_| written.into());
        setup.options.stats_file = Some(self.file());
        setup.initialized(capabilities).await
    }

    /// What a person is told afterwards.
    fn stats(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tandem"))
            .arg("stats")
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .env("XDG_STATE_HOME", self.0.path().join("state"))
            .output()
            .expect("the binary");
        (output.status.code(), String::from_utf8(output.stdout).expect("Unicode"))
    }

    fn totals(&self) -> Value {
        let (code, text) = self.stats(&["--json"]);
        assert_eq!(code, Some(0), "{text}");
        let report: Value = serde_json::from_str(&text).expect("JSON");
        report["total"].clone()
    }
}

/// The item that is shown at a place.
async fn item(client: &mut Client, uri: &str, line: u32, character: u32) -> Value {
    let id = client.ask(uri, line, character).await;
    client.response(&id).await["result"]["items"][0].clone()
}

/// As VS Code and Neovim do: the text, then the command.
async fn accept(client: &mut Client, uri: &str, version: i32, item: &Value) {
    client.change(uri, version, item["range"].clone(), item["insertText"].as_str().expect("a text")).await;
    let command = &item["command"];
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    assert_eq!(client.result("workspace/executeCommand", params).await, Value::Null);
}

#[tokio::test]
async fn whole_a_line_typed_and_rejected_are_told_apart() {
    let home = Home::new();
    let written = "zanzibar!(\n    wizard,\n    dragon,\n);";
    let mut client = home.client(written, inline_capabilities()).await;
    let commands = &client.initialized["capabilities"]["executeCommandProvider"]["commands"];
    let all =
        ["tandem.accepted", "tandem.nextEdit", "tandem.pause", "tandem.resume", "tandem.toggle", "tandem.eagerness"];
    assert_eq!(commands, &json!(all));
    // Empty, and one at a time, so that nothing can be looked up.
    let document = |name: &str| format!("file:///proj/{MARKER}-{name}.rs");
    let text = "\n";
    let close = |uri: &str| json!({ "textDocument": { "uri": uri } });

    let uri = document("whole");
    client.open(&uri, text).await;
    let shown = item(&mut client, &uri, 0, 0).await;
    assert_eq!(shown["insertText"], written, "{shown}");
    accept(&mut client, &uri, 2, &shown).await;
    client.notify("textDocument/didClose", close(&uri)).await;

    let uri = document("line");
    client.open(&uri, text).await;
    item(&mut client, &uri, 0, 0).await;
    client.change(&uri, 2, range((0, 0), (0, 0)), "zanzibar!(").await;
    client.change(&uri, 3, range((0, 10), (0, 10)), " // no").await;
    client.notify("textDocument/didClose", close(&uri)).await;

    let uri = document("typed");
    client.open(&uri, text).await;
    let (mut line, mut column) = (0, 0);
    for (version, key) in (2..).zip(written.chars()) {
        item(&mut client, &uri, line, column).await;
        client.change(&uri, version, range((line, column), (line, column)), &key.to_string()).await;
        (line, column) = if key == '\n' { (line + 1, 0) } else { (line, column + 1) };
    }
    client.notify("textDocument/didClose", close(&uri)).await;

    let uri = document("rejected");
    client.open(&uri, text).await;
    item(&mut client, &uri, 0, 0).await;
    client.change(&uri, 2, range((0, 0), (0, 0)), "something else").await;
    client.notify("textDocument/didClose", close(&uri)).await;
    assert_eq!(client.leave().await, 0);

    let total = home.totals();
    let number = |name: &str| total[name].as_u64().unwrap_or_else(|| panic!("{name}: {total:#}"));
    let told = ["acceptedWhole", "acceptedLine", "acceptedWord", "typedThrough", "rejected", "withdrawn"].map(number);
    assert_eq!((told, number("shown")), ([1, 1, 0, 1, 1, 0], 4), "{total:#}");
    assert_eq!(number("charactersAccepted"), written.len() as u64 + 10);
    assert_eq!(total["acceptance"]["share"], 0.5);
    assert_eq!(total["kept30s"]["unknown"], 2, "the server left before");
    no_text_on_disk(&home.file());
}

/// Neither source text nor a name of a file, in any file of the directory.
fn no_text_on_disk(file: &Path) {
    let mut read = 0;
    for entry in std::fs::read_dir(file.parent().expect("a folder")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        read += bytes.len();
        for secret in [&MARKER[1..], "wizard", "dragon", "proj"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is on disk");
        }
        if path == file {
            assert!(bytes.windows(4).any(|window| window == b"rust"), "the language is, or this proves nothing");
        }
    }
    assert!(read > 0, "nothing was read");
}

#[tokio::test]
async fn a_menu_counts_too() {
    let home = Home::new();
    let mut client = home.client("foo(bar)", menu_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let place = json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 8 } });
    let item = client.result("textDocument/completion", place).await["items"][0].clone();
    client
        .change(URI, 2, item["textEdit"]["range"].clone(), item["textEdit"]["newText"].as_str().expect("a text"))
        .await;
    let command = &item["command"];
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    client.result("workspace/executeCommand", params).await;
    assert_eq!(client.leave().await, 0);
    let total = home.totals();
    assert_eq!((&total["shown"], &total["acceptedWhole"]), (&json!(1), &json!(1)), "{total:#}");
}

#[tokio::test]
async fn strange_commands_are_answered_and_count_nothing() {
    let home = Home::new();
    let mut client = home.client("foo(bar)", inline_capabilities()).await;
    for (command, arguments) in [
        ("tandem.accepted", json!([])),
        ("tandem.accepted", json!(["1", null])),
        ("tandem.accepted", json!([-1, 0])),
        ("rm", json!([1, 0])),
    ] {
        let params = json!({ "command": command, "arguments": arguments });
        let response = client.request("workspace/executeCommand", params).await;
        assert_eq!(response["error"]["code"], -32602, "{command} {arguments}: {response}");
    }
    let params = json!({ "command": "tandem.accepted", "arguments": [u64::MAX, u64::MAX] });
    assert_eq!(client.result("workspace/executeCommand", params).await, Value::Null, "of an older server, perhaps");
    assert_eq!(client.leave().await, 0);
    assert!(!home.file().exists());
    assert_eq!(home.stats(&[]).0, Some(1), "nothing yet");
}

#[tokio::test]
async fn switched_off_nothing_is_announced_sent_or_stored() {
    let home = Home::new();
    let mut setup = Setup::script(|_| "foo(bar)".into());
    setup.options.stats_file = Some(home.file());
    let mut client = setup.start();
    let params = json!({
        "processId": null,
        "rootUri": null,
        "capabilities": inline_capabilities(),
        "initializationOptions": { "stats": { "enabled": false } },
    });
    let initialized = client.result("initialize", params).await;
    let commands = &initialized["capabilities"]["executeCommandProvider"]["commands"];
    assert_eq!(
        commands,
        &json!(["tandem.nextEdit", "tandem.pause", "tandem.resume", "tandem.toggle", "tandem.eagerness"])
    );
    let params = json!({ "command": "tandem.accepted", "arguments": [1, 0] });
    assert_eq!(client.request("workspace/executeCommand", params).await["error"]["code"], -32602);
    client.notify("initialized", json!({})).await;
    client.open(URI, "let x = \n").await;
    let shown = item(&mut client, URI, 0, 8).await;
    assert_eq!((&shown["insertText"], shown.get("command")), (&json!("foo(bar)"), None));
    client.change(URI, 2, shown["range"].clone(), "foo(bar)").await;
    assert_eq!(client.leave().await, 0);
    assert!(!home.file().exists());
}

#[tokio::test]
async fn a_place_that_cannot_be_written_changes_no_answer() {
    let home = Home::new();
    std::fs::write(home.0.path().join("state"), "in the way").expect("a file");
    let mut client = home.client("foo(bar)", inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    for version in 2..20 {
        let shown = item(&mut client, URI, 0, 8).await;
        assert_eq!(shown["insertText"], "foo(bar)");
        accept(&mut client, URI, 2 * version, &shown).await;
        client.change(URI, 2 * version + 1, range((0, 8), (0, 16)), "").await;
    }
    assert_eq!(client.leave().await, 0);
}

//! The real binary over real pipes.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::support::{Frames, HANG, URI, frame, inline_capabilities, range};

struct Process {
    child: Child,
    input: Option<ChildStdin>,
    frames: Frames<ChildStdout>,
    /// Holds the user's directories: the server finds no settings and leaves nothing behind.
    _home: tempfile::TempDir,
}

impl Process {
    /// `tandem serve` without a model, in an environment without anything.
    fn start(arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_tandem"))
            .args(["serve", "--set", "engine.choice=lookup"])
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        let input = child.stdin.take();
        let frames = Frames::new(child.stdout.take().expect("a pipe"));
        Self { child, input, frames, _home: home }
    }

    async fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("open input");
        tokio::time::timeout(HANG, input.write_all(bytes)).await.expect("the server reads").expect("a pipe");
    }

    async fn send(&mut self, message: Value) {
        self.raw(&frame(&message)).await;
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    async fn request(&mut self, id: i64, method: &str, params: Value) -> Value {
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        self.response(&json!(id)).await
    }

    async fn response(&mut self, id: &Value) -> Value {
        loop {
            let message = self.next().await.expect("the server goes on");
            if message["id"] == *id && message.get("method").is_none() {
                return message;
            }
        }
    }

    async fn next(&mut self) -> Option<Value> {
        tokio::time::timeout(HANG, self.frames.next()).await.expect("the server says something")
    }

    async fn initialize(&mut self) {
        let params = json!({ "processId": null, "rootUri": null, "capabilities": inline_capabilities() });
        let response = self.request(0, "initialize", params).await;
        assert!(response["result"]["capabilities"].is_object(), "{response}");
        self.notify("initialized", json!({})).await;
    }

    async fn open(&mut self, text: &str) {
        let document = json!({ "uri": URI, "languageId": "rust", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    }

    async fn code(mut self) -> Option<i32> {
        tokio::time::timeout(HANG, self.child.wait()).await.expect("the process ends").expect("our child").code()
    }
}

#[tokio::test]
async fn a_whole_visit_ends_with_the_input_open() {
    let mut process = Process::start(&[]);
    process.initialize().await;
    process.open("fn alpha(beta: u32) {}\nfn gamma() { alpha(1); }\n").await;
    let place = json!({ "textDocument": { "uri": URI } });
    let text = process.request(1, "tandem/documentText", place).await;
    assert_eq!(text["result"]["version"], 1);
    assert!(process.request(2, "shutdown", Value::Null).await["result"].is_null());
    process.notify("exit", Value::Null).await;
    assert_eq!(process.code().await, Some(0));
}

#[tokio::test]
async fn exit_without_shutdown_and_the_end_of_input_are_failures() {
    let mut process = Process::start(&[]);
    process.initialize().await;
    process.notify("exit", Value::Null).await;
    assert_eq!(process.code().await, Some(1));

    let mut process = Process::start(&[]);
    process.initialize().await;
    process.input = None;
    assert!(process.next().await.is_none_or(|message| message["method"] == "tandem/status"));
    assert_eq!(process.code().await, Some(1));
}

#[tokio::test]
#[cfg(unix)]
async fn an_editor_that_dies_with_its_pipes_open_elsewhere() {
    let mut editor = Command::new("sleep").arg("1000").kill_on_drop(true).spawn().expect("sleep");
    let mut process = Process::start(&[]);
    let params = json!({ "processId": editor.id(), "rootUri": null, "capabilities": {} });
    process.request(0, "initialize", params).await;
    editor.kill().await.expect("our own child");
    assert_eq!(process.code().await, Some(1));
}

#[tokio::test]
async fn a_client_that_does_not_read_blocks_nothing() {
    let mut process = Process::start(&[]);
    process.initialize().await;
    process.open(&"x".repeat(2000)).await;
    // Far more answers than the pipe holds.
    for id in 1..=1000 {
        process
            .notify(
                "textDocument/didChange",
                json!({
                    "textDocument": { "uri": URI, "version": id + 1 },
                    "contentChanges": [{ "range": range((0, 0), (0, 1)), "text": "y" }],
                }),
            )
            .await;
        let params = json!({ "textDocument": { "uri": URI } });
        process.send(json!({ "jsonrpc": "2.0", "id": id, "method": "tandem/documentText", "params": params })).await;
    }
    for id in 1..=1000 {
        assert_eq!(process.response(&json!(id)).await["result"]["version"], id + 1);
    }
    process.request(2000, "shutdown", Value::Null).await;
    process.notify("exit", Value::Null).await;
    assert_eq!(process.code().await, Some(0));
}

#[tokio::test]
async fn exit_is_not_held_up_by_a_client_that_does_not_read() {
    let mut process = Process::start(&[]);
    process.initialize().await;
    process.open(&"x".repeat(100_000)).await;
    for id in 1..=50 {
        let params = json!({ "textDocument": { "uri": URI } });
        process.send(json!({ "jsonrpc": "2.0", "id": id, "method": "tandem/documentText", "params": params })).await;
    }
    process.notify("exit", Value::Null).await;
    assert_eq!(process.code().await, Some(1));
}

/// Memory in use by a process, in KiB.
#[cfg(target_os = "linux")]
fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn eight_gigabytes_announced_cost_no_memory() {
    let mut process = Process::start(&[]);
    process.initialize().await;
    let id = process.child.id().expect("a running child");
    let before = resident(id);
    process.raw(b"Content-Length: 8589934592\r\n\r\n").await;
    let piece = "some source text, ".repeat(60_000);
    for _ in 0..200 {
        process.raw(piece.as_bytes()).await;
    }
    let refusal = process.response(&Value::Null).await;
    assert!(refusal["error"]["message"].as_str().is_some_and(|text| text.contains("8589934592")), "{refusal}");
    // 216 MB came in; what stays is a buffer.
    let grown = resident(id).saturating_sub(before);
    assert!(grown < 16 << 10, "{grown} KiB more than before");
    process.open("alive").await;
    let text = process.request(1, "tandem/documentText", json!({ "textDocument": { "uri": URI } })).await;
    assert_eq!(text["result"]["text"], "alive");
}

#[tokio::test]
async fn a_recording_is_played_by_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("session.jsonl");
    let file = file.to_str().expect("Unicode");
    let mut process = Process::start(&["--mirror", file]);
    process.initialize().await;
    process.open("recorded").await;
    let text = process.request(1, "tandem/documentText", json!({ "textDocument": { "uri": URI } })).await;
    process.request(2, "shutdown", Value::Null).await;
    process.notify("exit", Value::Null).await;
    assert_eq!(process.code().await, Some(0));

    let mut process = Process::start(&["--replay", file, "--fast"]);
    assert_eq!(process.response(&json!(1)).await, text);
    assert_eq!(process.code().await, Some(0));
}

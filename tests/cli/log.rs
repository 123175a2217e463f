//! What a log holds: enough to see what happened, and nothing of the source text.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use super::support::{Ended, User, files};

/// In the document, in its name, and typed: none of it may be in a log above `trace`.
const MARKER: &str = "zanzibarTreasure";

fn frame(message: Value) -> String {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

fn request(id: u32, method: &str, params: Value) -> String {
    frame(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
}

fn notification(method: &str, params: Value) -> String {
    frame(json!({"jsonrpc": "2.0", "method": method, "params": params}))
}

/// A session of an editor, from `initialize` to a completion.
fn session() -> String {
    let uri = "file:///proj/a.rs";
    let text = format!(
        "fn main() {{\n    let a = {MARKER}.open(key);\n    let b = {MARKER}.open(key);\n    let c = zanz\n}}\n"
    );
    let place = json!({"line": 3, "character": 16});
    [
        request(
            1,
            "initialize",
            json!({
                "processId": null,
                "rootUri": null,
                "capabilities": {"textDocument": {"inlineCompletion": {}}},
                "initializationOptions": {"engine": {"choice": "lookup"}},
            }),
        ),
        notification("initialized", json!({})),
        notification(
            "textDocument/didOpen",
            json!({"textDocument": {"uri": uri, "languageId": "rust", "version": 1, "text": text}}),
        ),
        notification(
            "textDocument/didChange",
            json!({
                "textDocument": {"uri": uri, "version": 2},
                "contentChanges": [{"range": {"start": place, "end": place}, "text": "ibarT"}],
            }),
        ),
        request(
            2,
            "textDocument/inlineCompletion",
            json!({
                "textDocument": {"uri": uri},
                "position": {"line": 3, "character": 21},
                "context": {"triggerKind": 1},
            }),
        ),
    ]
    .concat()
}

/// Reads until the answer to `id`, and returns everything that was read.
fn read_answer(stdout: &mut impl BufRead, id: u32) -> String {
    let mut all = String::new();
    loop {
        let mut header = String::new();
        assert!(stdout.read_line(&mut header).unwrap() > 0, "the server ended: {all}");
        let length: usize = header.trim().strip_prefix("Content-Length: ").unwrap().parse().unwrap();
        let mut body = vec![0; length + 2];
        stdout.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        all += &header;
        all += &body;
        if serde_json::from_str::<Value>(&body).unwrap()["id"] == id {
            return all;
        }
    }
}

fn serve(user: &User, arguments: &[&str]) -> Ended {
    let mut child =
        user.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(session().as_bytes()).unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = read_answer(&mut stdout, 2);
    let end = request(3, "shutdown", Value::Null) + &notification("exit", Value::Null);
    stdin.write_all(end.as_bytes()).unwrap();
    stdout.read_to_string(&mut said).unwrap();
    // stdin stays open: `exit` must be enough.
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let ended = Ended::of(output).expect_code(0);
    Ended { stdout: said, ..ended }
}

#[test]
fn a_log_at_debug_holds_no_source_text() {
    let user = User::new();
    let ended = serve(&user, &["serve", "--log", "debug"]);
    assert!(ended.stdout.contains(&MARKER[9..]), "the suggestion holds the marker, or this proves nothing");
    assert!(ended.stderr.contains("completion"), "the request is not in the log:\n{}", ended.stderr);
    assert!(!ended.stderr.contains("anzibar"), "source text in the log:\n{}", ended.stderr);
    assert!(!ended.stderr.contains("Treasure"), "source text in the log:\n{}", ended.stderr);
}

#[test]
fn a_log_file_is_written_where_the_settings_want_it() {
    let user = User::new();
    user.write(".config/tandem/config.toml", "[log]\nfile = true\nfilter = \"debug\"\n");
    let ended = serve(&user, &["serve"]);
    assert_eq!(ended.stderr, "", "all of it goes to the file");
    assert_eq!(files(&user.path(".local/state/tandem")), ["stats.db", "tandem.log"]);
    let log = std::fs::read_to_string(user.path(".local/state/tandem/tandem.log")).unwrap();
    assert!(log.contains("completion"), "{log}");
    assert!(!log.contains("anzibar"), "{log}");
}

#[test]
fn stdout_carries_the_protocol_and_nothing_else() {
    let user = User::new();
    let ended = serve(&user, &["serve", "--log", "debug"]);
    let mut rest = ended.stdout.as_str();
    let mut messages = 0;
    while !rest.is_empty() {
        let header = rest.strip_prefix("Content-Length: ").unwrap_or_else(|| panic!("not a frame: {rest}"));
        let (length, body) = header.split_once("\r\n\r\n").unwrap();
        let length: usize = length.parse().unwrap();
        serde_json::from_str::<Value>(&body[..length]).unwrap();
        rest = &body[length..];
        messages += 1;
    }
    assert!(messages >= 3, "{messages}");
}

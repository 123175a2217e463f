//! Documents of every kind: names, sizes, edits, and what is not a file at all.

use serde_json::{Value, json};

use crate::support::{Client, Setup, URI, inline_capabilities, range};

async fn client() -> Client {
    Setup::script(|_| "foo(bar)".into()).initialized(inline_capabilities()).await
}

#[tokio::test]
async fn documents_that_are_no_files_and_files_with_odd_names() {
    let mut client = client().await;
    for uri in [
        "untitled:Untitled-1",
        "file:///proj/with%20space/%C3%A4%E2%82%AC.rs",
        "file:///proj/ünïcödé/文件/🦀.rs",
        "file:///c%3A/people/x/a.rs",
        "file://host/share/a.rs",
        "file:///",
        "vscode-notebook-cell:/proj/a.ipynb#W0sZmlsZQ%3D%3D",
        "git:/proj/a.rs?%7B%22ref%22%3A%22~%22%7D",
        "jdt://contents/java.base/java.lang/String.class?=x",
        "data:text/plain,hello",
        "x:",
    ] {
        client.open(uri, "let x = \n").await;
        assert_eq!(client.text(uri).await["text"], "let x = \n", "{uri}");
        assert_eq!(client.ghosts(uri, 0, 8).await, ["foo(bar)"], "{uri}");
        client.change(uri, 2, range((0, 4), (0, 5)), "y").await;
        assert_eq!(client.text(uri).await, json!({ "text": "let y = \n", "version": 2 }), "{uri}");
        client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
        assert_eq!(client.text(uri).await, Value::Null, "{uri}");
    }
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_uri_that_is_none_is_refused() {
    let mut client = client().await;
    for uri in ["", "a.rs", "/proj/a.rs", "://"] {
        client.open(uri, "x").await;
        let response = client.request("tandem/documentText", json!({ "textDocument": { "uri": uri } })).await;
        assert_eq!(response["error"]["code"], -32602, "{response}");
    }
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn ranges_outside_of_the_text_and_the_wrong_way_round() {
    let far = 2_147_483_647;
    for (range, text) in [
        (range((0, far), (far, far)), "ab+\ncd"),
        (range((far, far), (far, far)), "ab\ncd+"),
        (range((far, far), (0, 0)), "+"),
        (range((1, 1), (0, 1)), "a+d"),
        (range((0, 2), (0, 1)), "a+\ncd"),
        (json!({ "start": { "line": -3, "character": -1 }, "end": { "line": 0, "character": 1e10 } }), "+\ncd"),
    ] {
        let mut client = client().await;
        client.open(URI, "ab\ncd").await;
        client.change(URI, 2, range.clone(), "+").await;
        // A range that ends behind the last line takes the rest of the text with it.
        let seen = client.text(URI).await["text"].clone();
        let ends_behind = range["end"]["line"] == far && range["start"]["line"] == 0;
        assert_eq!(seen, if ends_behind { "ab+" } else { text }, "{range}");
    }
}

#[tokio::test]
async fn a_change_that_cannot_be_read_ends_the_document_until_it_is_opened_again() {
    let mut client = client().await;
    let document = json!({ "uri": URI, "version": 2 });
    for changes in [
        json!([{ "range": { "start": "x", "end": "y" }, "text": "lost" }]),
        json!([{ "range": [], "text": "lost" }]),
        json!([{ "range": range((0, 0), (1, 0)) }]),
        json!([{ "text": 3 }]),
        json!({}),
        Value::Null,
    ] {
        client.open(URI, "ab\ncd").await;
        client.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes })).await;
        assert_eq!(client.text(URI).await, Value::Null, "{changes}");
        let message = client.told_method("window/showMessage").await["params"]["message"].clone();
        assert!(message.as_str().is_some_and(|message| message.contains("open it again")), "{message}");
    }
    client.open(URI, "ab\ncd").await;
    let whole = json!([{ "text": "all\nnew" }, { "range": range((0, 0), (0, 3)), "rangeLength": 3, "text": "both" }]);
    client.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": whole })).await;
    assert_eq!(client.text(URI).await["text"], "both\nnew");
}

#[tokio::test]
async fn line_breaks_of_every_kind() {
    let mut client = client().await;
    client.open(URI, "a\r\nb\rc\nd\u{2028}e\u{0}f").await;
    client.change(URI, 2, range((2, 0), (2, 1)), "C").await;
    client.change(URI, 3, range((3, 0), (3, 1)), "D").await;
    client.change(URI, 4, range((0, 9), (1, 0)), "").await;
    assert_eq!(client.text(URI).await["text"], "ab\rC\nD\u{2028}e\u{0}f");
}

#[tokio::test]
async fn changes_and_closes_of_documents_that_are_not_open() {
    let mut client = client().await;
    client.change(URI, 2, range((0, 0), (0, 0)), "x").await;
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": URI } })).await;
    assert_eq!(client.text(URI).await, Value::Null);
    client.open(URI, "one").await;
    client.open(URI, "two").await;
    assert_eq!(client.text(URI).await["text"], "two");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn fifty_megabytes() {
    let mut client = client().await;
    let line = "let quite_an_ordinary_line = some_function(\"with\", 'text');\n";
    let lines = 50_000_000 / line.len();
    client.open(URI, &line.repeat(lines)).await;
    for version in 2..=20 {
        client.change(URI, version, range((lines as u32 / 2, 4), (lines as u32 / 2, 9)), "never").await;
    }
    let text = client.text(URI).await;
    assert_eq!(text["version"], 20);
    assert_eq!(text["text"].as_str().map(str::len), Some(lines * line.len()));
    assert_eq!(client.ghosts(URI, lines as u32, 0).await, [""; 0], "too large to be completed");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_minified_line() {
    let mut client = client().await;
    let line = "function a(b){return b?c(d,e):f[g]};".repeat(20_000);
    client.open(URI, &line).await;
    let end = line.len() as u32;
    client.change(URI, 2, range((0, end), (0, end)), "x").await;
    assert_eq!(client.ghosts(URI, 0, end + 1).await, [""; 0]);
    let why = json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": end + 1 } });
    let why = client.result("tandem/why", why).await;
    let sentence = why["decision"]["hidden"]["sentence"].as_str().unwrap_or_default();
    assert!(sentence.contains("generated or minified"), "{why}");
}

#[tokio::test]
async fn files_that_vanish_under_the_editor() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.rs");
    std::fs::write(&file, "let x = \n").expect("a file");
    let uri = format!("file://{}", file.display());
    let mut client = client().await;
    client.open(&uri, "let x = \n").await;
    drop(folder);
    assert_eq!(client.ghosts(&uri, 0, 8).await, ["foo(bar)"]);
    client.change(&uri, 2, range((0, 4), (0, 5)), "y").await;
    assert_eq!(client.text(&uri).await["version"], 2);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
#[cfg(unix)]
async fn a_workspace_that_leads_to_endless_devices() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [".tandem.toml", "zero.rs", "src"] {
        std::os::unix::fs::symlink("/dev/zero", folder.path().join(name)).expect("a link");
    }
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).expect("a link");
    let uri = format!("file://{}", folder.path().display());
    let mut client = Setup::script(|_| "foo(bar)".into()).start();
    let params = json!({
        "processId": null,
        "capabilities": inline_capabilities(),
        "workspaceFolders": [{ "uri": uri, "name": "x" }, { "uri": "vscode-vfs://github/x", "name": "y" }],
        "rootUri": uri,
    });
    client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    let file = format!("{uri}/zero.rs");
    client.open(&file, "let x = \n").await;
    assert_eq!(client.ghosts(&file, 0, 8).await, ["foo(bar)"]);
    let message = client.told_method("window/showMessage").await;
    assert!(message["params"]["message"].as_str().is_some_and(|text| text.contains("not a regular file")), "{message}");
    assert_eq!(client.leave().await, 0);
}

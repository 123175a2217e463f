//! What a rename leaves behind, as an editor is offered it: by the request of Tandem's own, and by code actions.

use serde_json::{Value, json};

use crate::support::{Client, Workspace, inline_capabilities, range};

const HOME: &str = "pub fn load(path: &str) -> u8 {\n    0\n}\n";
const MAIN: &str = "use crate::home::load;\n\nfn main() {\n    load(\"a\");\n}\n";

fn files() -> Workspace {
    Workspace::new(&[("src/home.rs", HOME), ("src/main.rs", MAIN)])
}

/// A client that shows code actions and documents, and edits before it makes them.
fn capabilities() -> Value {
    let mut capabilities = inline_capabilities();
    capabilities["textDocument"]["codeAction"] =
        json!({ "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } });
    capabilities["workspace"] = json!({ "workspaceEdit": { "documentChanges": true, "changeAnnotationSupport": {} } });
    capabilities["window"] = json!({ "showDocument": { "support": true } });
    capabilities
}

async fn serve(workspace: &Workspace, capabilities: Value) -> Client {
    let mut client = workspace.serve(capabilities, Value::Null).await;
    client.until_symbols("main", &["main"]).await;
    client
}

fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

/// What is offered from there, as soon as it is (or is not).
async fn offered(client: &mut Client, uri: &str, line: u32, is_wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let next = client.result("tandem/nextEdit", at(uri, line, 0)).await;
        if is_wanted(&next) {
            return next;
        }
    }
}

async fn actions(client: &mut Client, uri: &str, line: u32, trigger: u32) -> Vec<Value> {
    let params = json!({
        "textDocument": { "uri": uri },
        "range": range((line, 0), (line, 0)),
        "context": { "diagnostics": [], "triggerKind": trigger },
    });
    client.result("textDocument/codeAction", params).await.as_array().cloned().unwrap_or_default()
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().expect("a title")).collect()
}

const NAME: ((u32, u32), (u32, u32)) = ((0, 7), (0, 11));

/// Opens the definition and calls it `read`.
async fn rename(client: &mut Client, workspace: &Workspace) -> String {
    let home = workspace.uri("src/home.rs");
    client.open(&home, HOME).await;
    client.change(&home, 2, range(NAME.0, NAME.1), "read").await;
    home
}

#[tokio::test]
async fn a_rename_is_followed_place_by_place() {
    let workspace = files();
    let mut client = serve(&workspace, capabilities()).await;
    let (home, main) = (rename(&mut client, &workspace).await, workspace.uri("src/main.rs"));
    let next = offered(&mut client, &home, 0, |next| !next.is_null()).await;
    let name = range((0, 17), (0, 21));
    let edit = json!({ "range": name, "newText": "read" });
    let expected = json!({
        "uri": main, "range": name, "kind": "rename", "certainty": "sure", "name": "load",
        "message": "`load` is now `read`", "edit": edit, "more": 1, "isCut": false,
    });
    assert_eq!(next, expected);
    // The one after it.
    let mut second = at(&home, 0, 0);
    second["context"] = json!({ "skip": 1 });
    assert_eq!(client.result("tandem/nextEdit", second).await["range"], range((3, 4), (3, 8)));

    let found = actions(&mut client, &home, 0, 1).await;
    let expected = [
        "Update stale reference to `load` (1 of 2)",
        "Go to stale reference to `load` (src/main.rs:1)",
        "Update all 2 stale references to `load`",
    ];
    assert_eq!(titles(&found), expected);
    let change = json!({ "textDocument": { "uri": main, "version": null }, "edits": [edit] });
    assert_eq!(found[0]["edit"], json!({ "documentChanges": [change] }));
    let both = &found[2]["edit"]["documentChanges"][0]["edits"];
    assert_eq!((both.as_array().map(Vec::len), &both[0]["annotationId"]), (Some(2), &json!("tandem.stale.sure")));
    assert_eq!(found[2]["edit"]["changeAnnotations"]["tandem.stale.sure"]["needsConfirmation"], false);

    // The editor makes the edit in a buffer that it opens for it, and runs the command.
    client.open(&main, MAIN).await;
    client.change(&main, 2, name.clone(), "read").await;
    let command = &found[0]["command"];
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    assert_eq!(client.result("workspace/executeCommand", params).await, Value::Null);
    let shown = client.told_method("window/showDocument").await;
    assert_eq!((&shown["params"]["uri"], &shown["params"]["selection"]), (&json!(main), &name));

    let next = offered(&mut client, &main, 0, |next| next["more"] == 0).await;
    assert_eq!((&next["range"], &next["version"]), (&range((3, 4), (3, 8)), &json!(2)));
    let found = actions(&mut client, &main, 3, 2).await;
    assert_eq!(titles(&found), ["Update stale reference to `load` (1 of 1)"]);
    assert_eq!(found[0]["edit"]["documentChanges"][0]["textDocument"]["version"], 2);
    client.change(&main, 3, range((3, 4), (3, 8)), "read").await;
    offered(&mut client, &main, 0, Value::is_null).await;
    assert_eq!(actions(&mut client, &main, 3, 1).await, [Value::Null; 0]);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_client_that_asks_by_itself_hears_of_it_only_where_it_is() {
    let workspace = files();
    let mut client = serve(&workspace, capabilities()).await;
    let (home, main) = (rename(&mut client, &workspace).await, workspace.uri("src/main.rs"));
    client.open(&main, MAIN).await;
    offered(&mut client, &home, 0, |next| next["version"] == 1).await;
    for (uri, line, count) in [(&home, 0, 3), (&home, 2, 0), (&main, 0, 3), (&main, 1, 0), (&main, 3, 3)] {
        assert_eq!(actions(&mut client, uri, line, 2).await.len(), count, "{uri}:{line}");
        assert!(actions(&mut client, uri, line, 1).await.len() >= 2, "{uri}:{line}");
    }
    let params = json!({
        "textDocument": { "uri": main },
        "range": range((0, 0), (0, 0)),
        "context": { "diagnostics": [], "only": ["source.organizeImports"] },
    });
    assert_eq!(client.result("textDocument/codeAction", params).await, Value::Null);
}

#[tokio::test]
async fn undo_deletion_and_closing_unsaved_end_it() {
    let workspace = files();
    let mut client = serve(&workspace, capabilities()).await;
    let home = rename(&mut client, &workspace).await;
    offered(&mut client, &home, 0, |next| !next.is_null()).await;
    client.change(&home, 3, range(NAME.0, NAME.1), "load").await;
    offered(&mut client, &home, 0, Value::is_null).await;
    client.change(&home, 4, range(NAME.0, NAME.1), "read").await;
    offered(&mut client, &home, 0, |next| !next.is_null()).await;
    client.change(&home, 5, range((0, 0), (3, 0)), "").await;
    offered(&mut client, &home, 0, Value::is_null).await;
    client.change(&home, 6, range((0, 0), (0, 0)), &HOME.replace("load", "read")).await;
    let main = workspace.uri("src/main.rs");
    client.open(&main, MAIN).await;
    offered(&mut client, &main, 0, |next| !next.is_null()).await;
    client.close(&home).await;
    offered(&mut client, &main, 0, Value::is_null).await;
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn what_was_saved_before_it_was_closed_goes_on() {
    let workspace = files();
    let mut client = serve(&workspace, capabilities()).await;
    let (home, main) = (rename(&mut client, &workspace).await, workspace.uri("src/main.rs"));
    client.open(&main, MAIN).await;
    offered(&mut client, &main, 0, |next| !next.is_null()).await;
    workspace.write("src/home.rs", &HOME.replace("load", "read"));
    client.close(&home).await;
    // A later edit makes it look again.
    client.change(&main, 2, range((1, 0), (1, 0)), "// later\n").await;
    let next = offered(&mut client, &main, 0, |next| next["version"] == 2).await;
    assert_eq!(next["message"], "`load` is now `read`");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn unsaved_text_counts_and_positions_are_the_clients() {
    let workspace = files();
    let mut capabilities = capabilities();
    capabilities["general"]["positionEncodings"] = json!(["utf-16"]);
    let mut client = serve(&workspace, capabilities).await;
    let main = workspace.uri("src/main.rs");
    let unsaved = "use crate::home::load;\r\n// load\r\nfn main() {\r\n    \"äß🦀\".len(); load(\"load\");\r\n}\r\n";
    client.open(&main, unsaved).await;
    let home = rename(&mut client, &workspace).await;
    offered(&mut client, &home, 0, |next| next["version"] == 1).await;
    let next = offered(&mut client, &main, 2, |next| !next.is_null()).await;
    assert_eq!(next["range"], range((3, 18), (3, 22)));
    assert_eq!(next["edit"]["range"], next["range"]);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_file_that_changed_since_is_left_alone() {
    let workspace = files();
    let mut client = serve(&workspace, capabilities()).await;
    let home = rename(&mut client, &workspace).await;
    offered(&mut client, &home, 0, |next| !next.is_null()).await;
    // Nobody has told the index.
    workspace.write("src/main.rs", &format!("// moved\n{MAIN}"));
    assert_eq!(client.result("tandem/nextEdit", at(&home, 0, 0)).await, Value::Null);
    assert_eq!(actions(&mut client, &home, 0, 1).await, [Value::Null; 0]);
    workspace.write("src/main.rs", MAIN);
    workspace.write(".aiignore", "src/main.rs\n");
    let path = workspace.uri(".aiignore");
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": path, "type": 1 }] })).await;
    client.until_symbols("main", &[]).await;
    assert_eq!(client.result("tandem/nextEdit", at(&home, 0, 0)).await, Value::Null);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn where_syntax_does_not_suffice_the_place_is_shown() {
    let workspace = files();
    let mut client = serve(&workspace, capabilities()).await;
    let home = workspace.uri("src/home.rs");
    client.open(&home, HOME).await;
    client.change(&home, 2, range((0, 22), (0, 22)), ", mode: u8").await;
    let next = offered(&mut client, &home, 0, |next| !next.is_null()).await;
    assert_eq!((&next["kind"], next.get("edit")), (&json!("signature"), None));
    assert_eq!(next["message"], "`pub fn load(path: &str) -> u8` is now `pub fn load(path: &str, mode: u8) -> u8`");
    let found = actions(&mut client, &home, 0, 1).await;
    assert_eq!(titles(&found), ["Go to stale call of `load` (src/main.rs:4)"]);
    let params = json!({ "command": "tandem.nextEdit", "arguments": [at(&home, 0, 0)] });
    assert_eq!(client.result("workspace/executeCommand", params).await, next);
    let shown = client.told_method("window/showDocument").await;
    assert_eq!(shown["params"]["selection"], range((3, 4), (3, 8)));
    for arguments in [json!([]), json!([{}]), json!([7])] {
        let params = json!({ "command": "tandem.nextEdit", "arguments": arguments });
        assert_eq!(client.request("workspace/executeCommand", params).await["error"]["code"], -32602);
    }
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_client_that_knows_less_gets_less() {
    let workspace = files();
    let mut capabilities = capabilities();
    capabilities["workspace"] = Value::Null;
    capabilities["window"] = Value::Null;
    let mut client = serve(&workspace, capabilities).await;
    let home = rename(&mut client, &workspace).await;
    offered(&mut client, &home, 0, |next| !next.is_null()).await;
    let found = actions(&mut client, &home, 0, 1).await;
    let expected = ["Update stale reference to `load` (1 of 2)", "Update all 2 stale references to `load`"];
    assert_eq!(titles(&found), expected);
    let edits = &found[1]["edit"]["changes"][workspace.uri("src/main.rs")];
    assert_eq!(edits.as_array().map(Vec::len), Some(2), "{found:?}");
    assert_eq!((&edits[0]["newText"], edits[0].get("annotationId")), (&json!("read"), None));
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn switched_off_nothing_is_announced_and_nothing_offered() {
    let workspace = files();
    let options = json!({ "completion": { "nextEdit": false }, "stats": { "enabled": false } });
    let mut client = workspace.serve(capabilities(), options).await;
    client.until_symbols("main", &["main"]).await;
    let announced = &client.initialized["capabilities"];
    assert_eq!(announced.get("codeActionProvider"), None);
    let commands = announced["executeCommandProvider"]["commands"].as_array().expect("some commands");
    assert!(!commands.contains(&json!("tandem.nextEdit")), "{commands:?}");
    let home = rename(&mut client, &workspace).await;
    client.until_symbols("read", &["read"]).await;
    assert_eq!(client.result("tandem/nextEdit", at(&home, 0, 0)).await, Value::Null);
    assert_eq!(actions(&mut client, &home, 0, 1).await, [Value::Null; 0]);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_call_in_a_call_is_changed_after_it() {
    let home = "pub fn load(a: u8, b: u8) -> u8 {\n    a + 1\n}\n";
    let main = "use crate::home::load;\n\nfn main() {\n    load(load(1, 2), 3);\n    load(4, 5);\n}\n";
    let workspace = Workspace::new(&[("src/home.rs", home), ("src/main.rs", main)]);
    let mut client = serve(&workspace, capabilities()).await;
    let uri = workspace.uri("src/home.rs");
    client.open(&uri, home).await;
    client.change(&uri, 2, range((0, 17), (0, 24)), "").await;
    let next = offered(&mut client, &uri, 0, |next| !next.is_null()).await;
    assert_eq!((&next["kind"], &next["more"]), (&json!("signature"), &json!(2)));
    let found = actions(&mut client, &uri, 0, 1).await;
    assert_eq!(titles(&found)[2], "Update all 2 stale calls of `load`");
    let edits = &found[2]["edit"]["documentChanges"][0]["edits"];
    let texts: Vec<&Value> = edits.as_array().expect("edits").iter().map(|edit| &edit["newText"]).collect();
    assert_eq!(texts, ["load(1, 2)", "4"]);
    assert_eq!(client.leave().await, 0);
}

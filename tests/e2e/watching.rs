//! Who notices that files change: the client where it can, else the server.

use serde_json::{Value, json};

use crate::support::{Workspace, inline_capabilities};

const FILES: &[(&str, &str)] = &[("src/a.rs", "fn alpha() {}\n"), ("src/sub/b.rs", "fn beta() {}\n")];

fn watching_capabilities() -> Value {
    let mut capabilities = inline_capabilities();
    capabilities["workspace"] = json!({ "didChangeWatchedFiles": { "dynamicRegistration": true } });
    capabilities
}

#[tokio::test]
async fn a_client_that_can_is_asked_to_watch_and_believed() {
    let workspace = Workspace::new(FILES);
    let mut client = workspace.serve(watching_capabilities(), Value::Null).await;
    let registration = client.told_method("client/registerCapability").await["params"]["registrations"][0].clone();
    assert_eq!(registration["method"], "workspace/didChangeWatchedFiles");
    assert_eq!(registration["registerOptions"]["watchers"], json!([{ "globPattern": "**/*" }]));
    client.until_symbols("alpha", &["alpha"]).await;
    workspace.write("src/c.rs", "fn gamma() {}\n");
    client.tell_of_files(&[(&workspace.uri("src/c.rs"), 1)]).await;
    client.until_symbols("gamma", &["gamma"]).await;
    workspace.write("src/c.rs", "fn delta() {}\n");
    client.tell_of_files(&[(&workspace.uri("src/c.rs"), 2)]).await;
    client.until_symbols("delta", &["delta"]).await;
    client.until_symbols("gamma", &[]).await;
    std::fs::remove_file(workspace.path("src/c.rs")).expect("a file");
    client.tell_of_files(&[(&workspace.uri("src/c.rs"), 3)]).await;
    client.until_symbols("delta", &[]).await;
    // Editors tell of a directory that is renamed by its name alone.
    std::fs::rename(workspace.path("src/sub"), workspace.path("src/moved")).expect("a directory");
    client.tell_of_files(&[(&workspace.uri("src/sub"), 3), (&workspace.uri("src/moved"), 1)]).await;
    let moved = workspace.uri("src/moved/b.rs");
    while client.until_symbols("beta", &["beta"]).await[0]["location"]["uri"] != moved.as_str() {}
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn the_client_is_asked_once_however_often_settings_change() {
    let workspace = Workspace::new(FILES);
    let mut client = workspace.serve(watching_capabilities(), Value::Null).await;
    client.told_method("client/registerCapability").await;
    for threads in [1, 2] {
        client.set(json!({ "index": { "threads": threads } })).await;
        client.until_symbols("alpha", &["alpha"]).await;
    }
    assert_eq!(client.arrived("client/registerCapability"), 0);
    workspace.write("src/c.rs", "fn gamma() {}\n");
    client.tell_of_files(&[(&workspace.uri("src/c.rs"), 1)]).await;
    client.until_symbols("gamma", &["gamma"]).await;
}

#[tokio::test]
async fn changed_ignore_files_change_what_is_known() {
    let workspace = Workspace::new(FILES);
    let mut client = workspace.serve(watching_capabilities(), Value::Null).await;
    client.until_symbols("beta", &["beta"]).await;
    workspace.write(".aiignore", "sub/\n");
    client.tell_of_files(&[(&workspace.uri(".aiignore"), 1)]).await;
    client.until_symbols("beta", &[]).await;
    // A change in what is ignored brings nothing back.
    workspace.write("src/sub/b.rs", "fn beta_again() {}\n");
    workspace.write("src/c.rs", "fn gamma() {}\n");
    client.tell_of_files(&[(&workspace.uri("src/sub/b.rs"), 2), (&workspace.uri("src/c.rs"), 1)]).await;
    client.until_symbols("gamma", &["gamma"]).await;
    client.until_symbols("beta", &[]).await;
    std::fs::remove_file(workspace.path(".aiignore")).expect("a file");
    client.tell_of_files(&[(&workspace.uri(".aiignore"), 3)]).await;
    client.until_symbols("beta", &["beta_again"]).await;
}

#[tokio::test]
async fn without_such_a_client_the_server_watches_by_itself() {
    for (capabilities, options) in
        [(inline_capabilities(), Value::Null), (watching_capabilities(), json!({ "index": { "watch": "server" } }))]
    {
        let workspace = Workspace::new(FILES);
        let mut client = workspace.serve(capabilities, options).await;
        client.until_symbols("alpha", &["alpha"]).await;
        workspace.write("src/c.rs", "fn gamma() {}\n");
        client.until_symbols("gamma", &["gamma"]).await;
        workspace.write("src/c.rs", "fn delta() {}\n");
        client.until_symbols("delta", &["delta"]).await;
        client.until_symbols("gamma", &[]).await;
        std::fs::remove_file(workspace.path("src/c.rs")).expect("a file");
        client.until_symbols("delta", &[]).await;
        std::fs::remove_dir_all(workspace.path("src")).expect("a directory");
        client.until_symbols("beta", &[]).await;
        assert_eq!(client.arrived("client/registerCapability"), 0);
        assert_eq!(client.leave().await, 0);
    }
}

#[tokio::test]
async fn who_wants_no_watching_gets_none_and_may_tell_all_the_same() {
    let workspace = Workspace::new(FILES);
    let mut client = workspace.serve(watching_capabilities(), json!({ "index": { "watch": "off" } })).await;
    client.until_symbols("alpha", &["alpha"]).await;
    workspace.write("src/c.rs", "fn gamma() {}\n");
    client.tell_of_files(&[(&workspace.uri("src/c.rs"), 1)]).await;
    client.until_symbols("gamma", &["gamma"]).await;
    assert_eq!(client.arrived("client/registerCapability"), 0);
}

#[tokio::test]
async fn changes_that_make_no_sense_change_nothing() {
    let workspace = Workspace::new(FILES);
    let elsewhere = Workspace::new(&[("src/z.rs", "fn zeta() {}\n")]);
    let mut client = workspace.serve(watching_capabilities(), Value::Null).await;
    client.until_symbols("alpha", &["alpha"]).await;
    client.tell_of_files(&[]).await;
    client
        .tell_of_files(&[
            (&elsewhere.uri("src/z.rs"), 1),
            (&workspace.uri("src/never.rs"), 3),
            (&workspace.uri("src/../../x.rs"), 2),
            // Said to be gone, and still there.
            (&workspace.uri("src/a.rs"), 3),
            (&workspace.uri(""), 2),
            ("untitled:Untitled-1", 1),
            ("file:///", 2),
            (&workspace.uri("src/sub/b.rs"), 99),
        ])
        .await;
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": "all" })).await;
    workspace.write("src/c.rs", "fn gamma() {}\n");
    client.tell_of_files(&[(&workspace.uri("src/c.rs"), 1)]).await;
    client.until_symbols("gamma", &["gamma"]).await;
    client.until_symbols("alpha", &["alpha"]).await;
    client.until_symbols("beta", &["beta"]).await;
    assert_eq!(client.symbols("zeta").await, [] as [Value; 0]);
    assert_eq!(client.leave().await, 0);
}

//! How readily suggestions are shown: from the editor's settings as they change, and by a command for now.

use serde_json::{Value, json};

use crate::support::{Client, Setup, URI, Workspace, inline_capabilities};

const ASKED: &str = "let x = \n";

/// An engine that is half sure, and a user who sets no eagerness beside the editor.
async fn start(workspace: &Workspace) -> Client {
    let mut client = Setup::lookup().user(json!({ "completion.eagerness": null })).start();
    let root = workspace.uri("");
    let folder = json!({ "uri": root.trim_end_matches('/'), "name": "x" });
    let params = json!({
        "processId": null, "rootUri": null, "capabilities": inline_capabilities(), "workspaceFolders": [folder],
    });
    client.initialized = client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    client.open(URI, ASKED).await;
    client
}

async fn eagerness(client: &mut Client) -> Value {
    client.result("tandem/status", Value::Null).await["eagerness"].clone()
}

async fn set(client: &mut Client, argument: Value) -> Value {
    let params = json!({ "command": "tandem.eagerness", "arguments": [argument] });
    client.request("workspace/executeCommand", params).await
}

#[tokio::test]
async fn a_command_sets_it_for_now_and_takes_it_back() {
    let workspace = Workspace::new(&[]);
    let mut client = start(&workspace).await;
    let commands = &client.initialized["capabilities"]["executeCommandProvider"]["commands"];
    assert!(commands.as_array().is_some_and(|all| all.contains(&json!("tandem.eagerness"))), "{commands}");
    assert_eq!(eagerness(&mut client).await, "medium");
    for wanted in [json!("low"), json!("high"), json!(0), json!(70)] {
        assert_eq!(set(&mut client, wanted.clone()).await["result"], Value::Null);
        assert_eq!(eagerness(&mut client).await, wanted);
        client.told(|message| message["method"] == "tandem/status" && message["params"]["eagerness"] == wanted).await;
    }
    for wrong in
        [json!("much"), json!(101), json!(-1), json!(1.5), json!({ "level": "low" }), json!(["low"]), json!(true)]
    {
        assert_eq!(set(&mut client, wrong.clone()).await["error"]["code"], -32602, "{wrong}");
    }
    assert_eq!(eagerness(&mut client).await, json!(70));
    set(&mut client, Value::Null).await;
    assert_eq!(eagerness(&mut client).await, "medium");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn it_stands_above_the_editors_setting_until_that_changes() {
    let workspace = Workspace::new(&[]);
    let mut client = start(&workspace).await;
    client.set(json!({ "completion": { "eagerness": "low", "maxLines": 3 } })).await;
    assert_eq!(eagerness(&mut client).await, "low");
    set(&mut client, json!("high")).await;
    client.set(json!({ "completion": { "eagerness": "low", "maxLines": 4 } })).await;
    assert_eq!(eagerness(&mut client).await, "high", "another setting changed");
    client.set(json!({ "completion.eagerness": 30 })).await;
    assert_eq!(eagerness(&mut client).await, json!(30));
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn what_a_folder_lowers_stays_lowered() {
    let workspace = Workspace::new(&[(".tandem.toml", "completion.eagerness = \"low\"\n")]);
    let mut client = start(&workspace).await;
    set(&mut client, json!("high")).await;
    assert_eq!(eagerness(&mut client).await, "low");
    set(&mut client, json!(90)).await;
    assert_eq!(eagerness(&mut client).await, json!({ "level": "low", "number": 90 }), "the stricter counts");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn settings_that_change_while_it_runs_count_for_the_next_request() {
    let mut client = Setup::script(|_| "foo(bar)".into()).user(json!({ "completion.eagerness": null })).start();
    client.initialize(inline_capabilities()).await;
    client.open(URI, ASKED).await;
    client.set(json!({ "completion": { "eagerness": 100 } })).await;
    assert_eq!(client.ghosts(URI, 0, 8).await, ["foo(bar)"]);
    client.set(json!({ "completion": { "eagerness": 0 } })).await;
    assert!(client.ghosts(URI, 0, 8).await.is_empty(), "nobody is so sure");
    let disabled = json!({ "completion": { "eagerness": 100, "disabledLanguages": ["rust"] } });
    client.set(disabled).await;
    assert!(client.ghosts(URI, 0, 8).await.is_empty());
    client.open("file:///proj/b.py", "x = \n").await;
    assert_eq!(client.ghosts("file:///proj/b.py", 0, 4).await, ["foo(bar)"], "another language");
    client.set(json!({ "completion": { "eagerness": 100, "disabledLanguages": [] } })).await;
    assert_eq!(client.ghosts(URI, 0, 8).await, ["foo(bar)"]);
    assert_eq!(client.leave().await, 0);
}

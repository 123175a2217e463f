//! From `initialize` to the end of the process, in the right order and in all the wrong ones.

use serde_json::{Value, json};

use crate::support::{Setup, URI, frame, inline_capabilities, range};

fn initialize() -> Value {
    let params = json!({ "processId": null, "rootUri": null, "capabilities": inline_capabilities() });
    json!({ "jsonrpc": "2.0", "id": "init", "method": "initialize", "params": params })
}

fn code(response: &Value) -> i64 {
    response["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {response}"))
}

#[tokio::test]
async fn a_whole_visit() {
    let mut client = Setup::script(|_| "foo(bar)".into()).initialized(inline_capabilities()).await;
    assert_eq!(client.initialized["serverInfo"]["name"], "tandem");
    assert_eq!(client.initialized["capabilities"]["positionEncoding"], "utf-8");
    client.open(URI, "let x = \n").await;
    assert_eq!(client.ghosts(URI, 0, 8).await, ["foo(bar)"]);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn messages_right_behind_initialize_are_not_lost() {
    let mut client = Setup::script(|_| "foo(bar)".into()).start();
    let document = json!({ "uri": URI, "languageId": "rust", "version": 1, "text": "let x = \n" });
    let change = json!({ "range": range((0, 4), (0, 5)), "text": "yy" });
    let mut bytes = Vec::new();
    for message in [
        initialize(),
        json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }),
        json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } }),
        json!({ "jsonrpc": "2.0", "method": "textDocument/didChange",
                "params": { "textDocument": { "uri": URI, "version": 2 }, "contentChanges": [change] } }),
    ] {
        bytes.extend(frame(&message));
    }
    client.expects(&json!("init"));
    client.raw(&bytes).await;
    assert_eq!(client.text(URI).await, json!({ "text": "let yy = \n", "version": 2 }));
    assert_eq!(client.ghosts(URI, 0, 9).await, ["foo(bar)"]);
}

#[tokio::test]
async fn a_client_may_write_one_byte_at_a_time() {
    let mut client = Setup::lookup().start();
    client.expects(&json!("init"));
    for byte in frame(&initialize()) {
        client.raw(&[byte]).await;
    }
    client.open(URI, "x").await;
    assert_eq!(client.text(URI).await["text"], "x");
}

#[tokio::test]
async fn before_initialize_requests_are_refused_and_notifications_dropped() {
    let mut client = Setup::lookup().start();
    client.open(URI, "too early").await;
    let id = client.ask(URI, 0, 0).await;
    assert_eq!(code(&client.response(&id).await), -32002);
    assert_eq!(code(&client.request("shutdown", Value::Null).await), -32002);
    client.initialize(inline_capabilities()).await;
    assert_eq!(client.text(URI).await, Value::Null);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn parameters_that_do_not_fit_leave_the_server_uninitialized() {
    let mut client = Setup::lookup().start();
    assert_eq!(code(&client.request("initialize", json!({ "capabilities": 3 })).await), -32602);
    client.initialize(inline_capabilities()).await;
    assert_eq!(code(&client.request("initialize", json!({ "capabilities": {} })).await), -32600);
    assert_eq!(code(&client.request("textDocument/inlineCompletion", json!({})).await), -32602);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn after_shutdown_only_exit_is_left() {
    let mut client = Setup::lookup().initialized(inline_capabilities()).await;
    client.result("shutdown", Value::Null).await;
    assert_eq!(code(&client.request("tandem/status", Value::Null).await), -32600);
    assert_eq!(code(&client.request("shutdown", Value::Null).await), -32600);
    client.open(URI, "too late").await;
    client.notify("exit", Value::Null).await;
    assert_eq!(client.ending().await.0, 0);
}

#[tokio::test]
async fn exit_ends_the_server_while_its_input_is_open() {
    let mut client = Setup::lookup().initialized(inline_capabilities()).await;
    client.notify("exit", Value::Null).await;
    assert_eq!(client.ending().await.0, 1, "no shutdown came first");
    let mut client = Setup::lookup().start();
    client.notify("exit", Value::Null).await;
    assert_eq!(client.ending().await.0, 1);
}

#[tokio::test]
async fn the_end_of_input_ends_the_server() {
    for bytes in [&b""[..], b"Content-Length: 100\r\n\r\n{", b"Content-Le", b"\r\n\r\n"] {
        let mut client = Setup::lookup().start();
        client.raw(bytes).await;
        client.close_input().await;
        assert_eq!(client.ending().await.0, 1);
    }
    let mut client = Setup::lookup().initialized(inline_capabilities()).await;
    client.result("shutdown", Value::Null).await;
    client.close_input().await;
    assert_eq!(client.ending().await.0, 0);
}

#[tokio::test]
async fn a_file_of_messages_gets_its_answers() {
    let engine = tandem::engine::fake::FakeEngine::new(|_| "foo".into());
    let engine = engine.with_pace(std::time::Duration::from_millis(5));
    let mut client = Setup::engine(std::sync::Arc::new(engine)).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let id = client.ask(URI, 0, 8).await;
    client.close_input().await;
    let (_, left) = client.ending().await;
    let answers: Vec<_> =
        left.iter().filter(|message| message["id"] == id && message.get("method").is_none()).collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["result"]["items"][0]["insertText"], "foo");
}

#[tokio::test]
async fn methods_that_do_not_exist() {
    let mut client = Setup::lookup().initialized(inline_capabilities()).await;
    for method in ["textDocument/hover", "$/unknown", "", "exit/", "Initialize", "textDocument/didSomething"] {
        assert_eq!(code(&client.request(method, json!({})).await), -32601, "{method}");
        client.notify(method, json!([1, 2])).await;
    }
    client.notify("$/setTrace", json!({ "value": "verbose" })).await;
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": URI } })).await;
    // A request that the specification knows as a notification, and the other way round.
    assert_eq!(code(&client.request("textDocument/didOpen", json!({})).await), -32600);
    client.notify("textDocument/inlineCompletion", json!({})).await;
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
#[cfg(unix)]
async fn an_editor_that_dies_takes_the_server_with_it() {
    let mut editor = std::process::Command::new("sleep").arg("1000").spawn().expect("sleep");
    let mut client = Setup::lookup().start();
    let params = json!({ "processId": editor.id(), "rootUri": null, "capabilities": {} });
    client.result("initialize", params).await;
    client.result("tandem/status", Value::Null).await;
    editor.kill().expect("our own child");
    editor.wait().expect("our own child");
    assert_eq!(client.ending().await.0, 1);
}

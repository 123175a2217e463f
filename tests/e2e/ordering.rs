//! Messages take effect in their order, whatever else waits.

use serde_json::{Value, json};

use crate::support::{Setup, URI, frame, inline_capabilities, range};

#[tokio::test]
async fn five_thousand_changes_are_applied_before_the_request_behind_them() {
    let mut client =
        Setup::script(|job| format!("seen_{}", job.prompt.prefix.len())).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    for version in 2..=5001 {
        client.change(URI, version, range((0, 4), (0, 4)), "a").await;
    }
    let text = client.text(URI).await;
    assert_eq!(text["version"], 5001);
    assert_eq!(text["text"], format!("let {}x = \n", "a".repeat(5000)));
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn each_request_sees_the_text_that_stood_before_it() {
    let mut client = Setup::lookup().initialized(inline_capabilities()).await;
    client.open(URI, "").await;
    let mut asked = Vec::new();
    for version in 2..=500 {
        client.change(URI, version, range((0, 0), (0, 0)), "b").await;
        let params = json!({ "textDocument": { "uri": URI } });
        asked.push((version, client.send("tandem/documentText", params).await));
    }
    for (version, id) in asked {
        let response = client.response(&id).await;
        assert_eq!(response["result"]["version"], version);
        assert_eq!(response["result"]["text"], "b".repeat(version as usize - 1));
    }
}

#[tokio::test]
async fn a_client_that_never_answers_holds_up_nothing() {
    let mut capabilities = inline_capabilities();
    capabilities["workspace"] =
        json!({ "configuration": true, "didChangeConfiguration": { "dynamicRegistration": true } });
    capabilities["window"] = json!({ "workDoneProgress": true });
    let mut client = Setup::script(|_| "foo".into()).start();
    client.answers = false;
    client.initialize(capabilities).await;
    client.open(URI, "let x = \n").await;
    for version in 2..=401 {
        client.change(URI, version, range((0, 4), (0, 4)), "a").await;
        if version % 100 == 0 {
            client.notify("workspace/didChangeConfiguration", json!({ "settings": null })).await;
        }
    }
    assert_eq!(client.text(URI).await["version"], 401);
    assert_eq!(client.ghosts(URI, 0, 408).await, ["foo"]);
    assert!(client.told_method("workspace/configuration").await["id"].is_number());
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_client_that_reads_nothing_for_a_while_loses_nothing() {
    let mut client = Setup::lookup().pipe(512).initialized(inline_capabilities()).await;
    client.open(URI, &"x".repeat(100)).await;
    let mut asked = Vec::new();
    for version in 2..=1001 {
        client.change(URI, version, range((0, 0), (0, 1)), "y").await;
        asked.push(client.send("tandem/documentText", json!({ "textDocument": { "uri": URI } })).await);
    }
    for (index, id) in asked.iter().enumerate() {
        assert_eq!(client.response(id).await["result"]["version"], index + 2);
    }
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let mut client =
        Setup::script(
            |job| {
                if job.prompt.prefix.contains("boom") { panic!("as the test wants it") } else { "foo".into() }
            },
        )
        .initialized(inline_capabilities())
        .await;
    client.open(URI, "let boom = \n").await;
    client.open("file:///proj/b.rs", "let calm = \n").await;
    for _ in 0..3 {
        let id = client.ask(URI, 0, 11).await;
        let response = client.response(&id).await;
        assert_eq!(response["error"]["code"], -32603, "{response}");
        assert_eq!(client.ghosts("file:///proj/b.rs", 0, 11).await, ["foo"]);
    }
    client.change(URI, 2, range((0, 4), (0, 8)), "calm").await;
    assert_eq!(client.ghosts(URI, 0, 11).await, ["foo"]);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn two_hundred_requests_at_once() {
    let mut client = Setup::script(|_| "foo(bar)".into()).initialized(inline_capabilities()).await;
    for file in 0..20 {
        client.open(&format!("file:///proj/{file}.rs"), &format!("let x{file} = \n")).await;
    }
    let mut asked = Vec::new();
    for round in 0..10 {
        for file in 0..20 {
            let uri = format!("file:///proj/{file}.rs");
            asked.push((round, client.ask(&uri, 0, if file < 10 { 9 } else { 10 }).await));
        }
    }
    for (round, id) in asked {
        let response = client.response(&id).await;
        assert!(response.get("error").is_none(), "{response}");
        if round == 9 {
            assert_eq!(response["result"]["items"][0]["insertText"], "foo(bar)", "the newest of each document");
        }
    }
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn ids_may_be_strings_and_come_twice() {
    let mut client = Setup::lookup().start();
    let params = json!({ "processId": null, "rootUri": null, "capabilities": {} });
    let mut bytes = frame(&json!({ "jsonrpc": "2.0", "id": "a", "method": "initialize", "params": params }));
    for id in [json!("b"), json!("b"), json!(-7), json!(9_007_199_254_740_993_i64)] {
        bytes.extend(frame(&json!({ "jsonrpc": "2.0", "id": id, "method": "shutdown" })));
    }
    bytes.extend(frame(&json!({ "jsonrpc": "2.0", "method": "exit" })));
    client.raw(&bytes).await;
    let (code, left) = client.ending().await;
    assert_eq!(code, 0);
    let ids: Vec<&Value> = left.iter().filter(|message| message.get("method").is_none()).map(|m| &m["id"]).collect();
    assert_eq!(ids, [&json!("a"), &json!("b"), &json!("b"), &json!(-7), &json!(9_007_199_254_740_993_i64)]);
}

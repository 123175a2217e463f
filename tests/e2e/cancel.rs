//! Requests that nobody wants any more are answered at once, and the engine is told.

use serde_json::{Value, json};

use crate::support::{Held, Setup, URI, inline_capabilities, range};

#[tokio::test]
async fn a_cancelled_request_is_answered_and_its_job_ends() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let id = client.ask(URI, 0, 8).await;
    engine.until_jobs(1).await;
    client.cancel(&id).await;
    let response = client.response(&id).await;
    assert_eq!(response["error"]["code"], -32800, "{response}");
    engine.until_cancelled(0).await;
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_newer_request_answers_the_older_ones_with_null() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let mut older = Vec::new();
    for _ in 0..64 {
        older.push(client.ask(URI, 0, 8).await);
    }
    let newest = client.ask(URI, 0, 8).await;
    for id in &older {
        assert_eq!(client.response(id).await["result"], Value::Null);
    }
    engine.until_jobs(1).await;
    engine.answer(engine.jobs() - 1, "foo");
    assert_eq!(client.response(&newest).await["result"]["items"][0]["insertText"], "foo");
}

#[tokio::test]
async fn an_edit_makes_the_request_before_it_stale() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let id = client.ask(URI, 0, 8).await;
    engine.until_jobs(1).await;
    client.change(URI, 2, range((0, 0), (0, 3)), "static").await;
    assert_eq!(client.response(&id).await["result"], Value::Null);
}

#[tokio::test]
async fn closing_the_document_answers_what_waits() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let id = client.ask(URI, 0, 8).await;
    engine.until_jobs(1).await;
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": URI } })).await;
    let response = client.response(&id).await;
    assert!(response.get("error").is_none(), "{response}");
}

#[tokio::test]
async fn documents_do_not_supersede_each_other() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    let mut asked = Vec::new();
    for file in 0..8 {
        let uri = format!("file:///proj/{file}.rs");
        client.open(&uri, &format!("let x{file} = \n")).await;
        asked.push(client.ask(&uri, 0, 9).await);
    }
    engine.until_jobs(8).await;
    for id in asked.iter().rev() {
        client.cancel(id).await;
    }
    for id in &asked {
        assert_eq!(client.response(id).await["error"]["code"], -32800);
    }
    for job in 0..8 {
        engine.until_cancelled(job).await;
    }
}

#[tokio::test]
async fn a_storm_of_cancels() {
    let mut client = Setup::script(|_| "foo".into()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let mut asked = Vec::new();
    for round in 0..500 {
        let id = client.ask(URI, 0, 8).await;
        client.cancel(&id).await;
        client.cancel(&id).await;
        client.cancel(&json!(100_000 + round)).await;
        client.cancel(&json!("no such request")).await;
        asked.push(id);
    }
    for params in [json!({}), json!({ "id": null }), json!({ "id": 1.5 }), json!([]), Value::Null] {
        client.notify("$/cancelRequest", params).await;
    }
    for id in &asked {
        let response = client.response(id).await;
        assert!(response.get("result").is_some() || response["error"]["code"] == -32800, "{response}");
    }
    assert_eq!(client.ghosts(URI, 0, 8).await, ["foo"]);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn exit_answers_what_waits() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let id = client.ask(URI, 0, 8).await;
    engine.until_jobs(1).await;
    client.result("shutdown", Value::Null).await;
    client.notify("exit", Value::Null).await;
    let (code, left) = client.ending().await;
    assert_eq!(code, 0);
    assert_eq!(left.iter().filter(|message| message["id"] == id && message.get("method").is_none()).count(), 1);
    engine.until_cancelled(0).await;
}

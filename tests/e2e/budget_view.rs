//! What was spent and what is left, for clients that show it by themselves: on request, and in the status.

use std::sync::Arc;

use serde_json::{Value, json};
use tandem::session::questions::Answerer;

use crate::support::{Client, Scripted, Setup, View, Workspace, inline_capabilities, view_capabilities};

async fn status(client: &mut Client, fits: impl Fn(&Value) -> bool) -> Value {
    let is_it = |message: &Value| message["method"] == "tandem/status" && fits(&message["params"]);
    client.told(is_it).await["params"].clone()
}

/// A user who has named somebody to be asked.
async fn with_model(answerer: &Arc<Scripted>) -> View {
    let workspace = Workspace::new(&[("src/main.rs", "fn main() {}\n")]);
    let user = json!({ "cloud.provider": "anthropic", "cloud.model": "claude-x" });
    let client = workspace.ask_of(answerer.clone() as Arc<dyn Answerer>, view_capabilities(), user).await;
    View::with(client, workspace).await
}

#[tokio::test]
async fn limits_are_told_on_request() {
    let mut view = with_model(&Scripted::says("text")).await;
    let budget = view.client.result("tandem/budget", Value::Null).await;
    let limit = json!({
        "name": "$20 per month", "window": "month", "subject": "user", "unit": "dollars", "spent": "$2.00",
        "limit": "$20.00", "left": "$18.00", "share": 0.1,
    });
    let expected = json!({
        "provider": "anthropic", "model": "claude-x", "limits": [limit],
        "today": { "cost": "$0.00", "tokens": 1000, "questions": 0 },
    });
    assert_eq!(budget, expected);
    view.leave(&[]).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_said_in_its_place() {
    let answerer = Scripted::says("text");
    let mut view = with_model(&answerer).await;
    *answerer.broken.lock().expect("no panic") = Some("the ledger is damaged".to_owned());
    let budget = view.client.result("tandem/budget", Value::Null).await;
    let expected =
        json!({ "isOff": "the ledger is damaged", "provider": "anthropic", "model": "claude-x", "limits": [] });
    assert_eq!(budget, expected);
    view.leave(&[]).await;
}

#[tokio::test]
async fn without_a_folder_there_is_nobody_to_ask_about() {
    let state = tempfile::tempdir().expect("a folder");
    let setup = Setup::lookup().answered_by(Scripted::says("text"), state.path());
    let mut client = setup.start();
    let params = json!({ "processId": null, "rootUri": null, "capabilities": inline_capabilities() });
    client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    let budget = client.result("tandem/budget", Value::Null).await;
    let why = "there is no folder to ask about; open one in the editor";
    assert_eq!(budget, json!({ "isOff": why, "limits": [] }));
    let told = status(&mut client, |status| status.get("cloud").is_some()).await;
    assert_eq!((&told["cloud"], told.get("today")), (&json!({ "isOff": why }), None));
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn where_nobody_answers_there_is_no_budget() {
    let mut client = Setup::lookup().initialized(inline_capabilities()).await;
    assert_eq!(client.request("tandem/budget", Value::Null).await["error"]["code"], -32601);
    assert_eq!(client.result("tandem/status", Value::Null).await.get("cloud"), None);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_status_tells_whom_questions_go_to_and_what_today_has_cost() {
    let mut view = with_model(&Scripted::says("text")).await;
    let told = status(&mut view.client, |status| status.get("today").is_some()).await;
    assert_eq!(told["cloud"], json!({ "provider": "anthropic", "model": "claude-x" }));
    assert_eq!(told["today"], json!({ "cost": "$0.00", "limit": "$20 per month", "share": 0.1 }));
    let question = view.ask("why?").await;
    view.events(question).await;
    // After the answer, by itself.
    status(&mut view.client, |status| status["today"]["cost"] == "$0.12").await;
    let polled = view.client.result("tandem/status", Value::Null).await;
    assert_eq!(polled["today"]["cost"], "$0.12");
    view.leave(&[question]).await;
}

#[tokio::test]
async fn who_polls_the_status_is_told_of_what_others_spent() {
    let answerer = Scripted::says("text");
    let mut view = with_model(&answerer).await;
    status(&mut view.client, |status| status.get("today").is_some()).await;
    *answerer.broken.lock().expect("no panic") = Some("the ledger is busy".to_owned());
    view.client.result("tandem/status", Value::Null).await;
    let told = status(&mut view.client, |status| status["cloud"].get("isOff").is_some()).await;
    assert_eq!((&told["cloud"]["isOff"], told.get("today")), (&json!("the ledger is busy"), None));
    view.leave(&[]).await;
}

//! Questions that a model on this machine answers, over a pipe, through all that is behind them but the model itself.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tandem::engine::chat::{ChatFinish, FakeChat};

use crate::support::{Setup, View, Workspace, notices, text, view_capabilities};

const MAIN: &str = "/// Hands a request on.\npub fn hand_on() {\n    check();\n}\n\npub fn check() {}\n";

async fn view(chat: &Arc<FakeChat>, user: Value) -> View {
    let workspace = Workspace::new(&[("src/main.rs", MAIN), (".aiignore", "kept.rs\n"), ("kept.rs", "fn kept() {}\n")]);
    let setup = Setup::lookup().answered_for_real(&workspace.state()).with_chat(chat.clone()).user(user);
    let mut client = setup.start();
    let root = workspace.uri("");
    let params = json!({
        "processId": null, "rootUri": null, "capabilities": view_capabilities(),
        "workspaceFolders": [{ "uri": root.trim_end_matches('/'), "name": "x" }],
    });
    client.initialized = client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    client.until_symbols("hand_on", &["hand_on"]).await;
    let mut view = View::with(client, workspace).await;
    view.client.open(&view.uri, MAIN).await;
    view
}

#[tokio::test]
async fn an_answer_is_written_here_and_goes_on() {
    let answer = "It calls `check` (src/main.rs:6), see gone.rs:4. <b>Bold</b>\n";
    let chat = Arc::new(FakeChat::new(move |_| answer.to_owned()));
    let mut view = view(&chat, json!({})).await;
    let first = view.ask("What does hand_on do, and why?").await;
    let events = view.whole(first).await;
    assert_eq!(text(&events), "It calls `check` (src/main.rs:6), see gone.rs:4 (unverified). \\<b>Bold\\</b>\n");
    assert_eq!(notices(&events), "");
    let footer = &events.last().expect("an end")["footer"];
    assert_eq!(footer["answeredBy"], "fake-coder (1.5B parameters, a small model) on this machine");
    let nothing = tandem::budget::Picodollars::ZERO.to_string();
    assert_eq!((&footer["isCloud"], &footer["cost"]), (&json!(false), &json!(nothing)), "{footer}");
    assert!(footer["tokens"]["input"].as_u64() > Some(100), "{footer}");
    let following = json!({ "question": "And what else would break?", "uri": view.uri, "thread": footer["thread"] });
    let second = view.ask_with(following).await;
    let next = view.whole(second).await;
    assert_eq!(next.last().expect("an end")["footer"]["thread"], footer["thread"]);
    let jobs = chat.jobs();
    assert!(jobs[1].turns.starts_with(&jobs[0].turns), "what was evaluated need not be again");
    assert!(!format!("{jobs:?}").contains("fn kept"), "what is denied is not read");
    let lookup = view.ask("where is check").await;
    let index = view.whole(lookup).await;
    assert_eq!(index.last().expect("an end")["footer"]["answeredBy"], "the index");
    view.leave(&[first, second, lookup]).await;
}

#[tokio::test]
async fn a_cancel_ends_the_answer_and_keeps_what_came() {
    let chat = Arc::new(FakeChat::new(|_| "word ".repeat(400)).with_pace(Duration::from_millis(10)));
    let mut view = view(&chat, json!({})).await;
    let question = view.ask("What does hand_on do, and why?").await;
    view.until(question, "text").await;
    view.run("tandem.cancel", json!(question)).await;
    let events = view.events(question).await;
    let end = events.last().expect("an end");
    assert_eq!((&end["event"], &end["footer"]["incomplete"]), (&json!("done"), &json!("you cancelled it")), "{end}");
    assert_eq!(chat.cancelled(), 1);
}

#[tokio::test]
async fn where_the_model_fails_the_index_answers_and_says_why() {
    let chat = Arc::new(FakeChat::new(|_| String::new()));
    chat.set_finish(ChatFinish::Failed("The engine host ended unexpectedly.".to_owned()));
    let mut view = view(&chat, json!({ "ask.route": "local" })).await;
    let question = view.ask("What does hand_on do, and why?").await;
    let events = view.whole(question).await;
    assert!(notices(&events).contains("ended unexpectedly"), "{events:?}");
    assert_eq!(events.last().expect("an end")["footer"]["answeredBy"], "the index");
}

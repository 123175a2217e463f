//! What follows a suggestion is prepared while the editor shows it.

use serde_json::{Value, json};

use crate::support::{Client, Held, Setup, URI, inline_capabilities, range};

async fn why(client: &mut Client, character: u32) -> Value {
    let place = json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": character } });
    client.result("tandem/why", place).await
}

#[tokio::test]
async fn accepting_what_is_shown_shows_the_next_without_a_request_to_the_engine() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let id = client.ask(URI, 0, 8).await;
    engine.until_jobs(1).await;
    engine.answer(0, "one(1)");
    assert_eq!(client.response(&id).await["result"]["items"][0]["insertText"], "one(1)");
    assert_eq!(why(&mut client, 8).await["engineJob"], "started");

    // Shown, so the engine is asked for what comes after it; accepted, before that is there.
    engine.until_guesses(1).await;
    client.change(URI, 2, range((0, 8), (0, 8)), "one(1)").await;
    let id = client.ask(URI, 0, 14).await;
    engine.answer_guess(0, ".two(2)");
    assert_eq!(client.response(&id).await["result"]["items"][0]["insertText"], ".two(2)");
    let second = why(&mut client, 14).await;
    assert_eq!(second["ahead"], true, "{second}");
    assert_ne!(second["engineJob"], "started", "{second}");

    // A word of the next, then its rest.
    engine.until_guesses(2).await;
    engine.answer_guess(1, ".three(3)");
    client.change(URI, 3, range((0, 14), (0, 14)), ".two").await;
    assert_eq!(client.ghosts(URI, 0, 18).await, ["(2)"]);
    client.change(URI, 4, range((0, 18), (0, 18)), "(2)").await;
    assert_eq!(client.ghosts(URI, 0, 21).await, [".three(3)"]);
    let third = why(&mut client, 21).await;
    assert_eq!((&third["ahead"], third["engineJob"] == "started"), (&json!(true), false), "{third}");

    assert_eq!(engine.jobs(), 1, "the client waited for the engine once");
    let status = client.result("tandem/status", Value::Null).await;
    let counts = &status["lookAhead"];
    assert_eq!((&counts["started"], &counts["used"]), (&json!(2), &json!(2)), "{status}");
    assert_eq!((&counts["evaluated"], &counts["generated"]), (&json!(20), &json!(2)), "{status}");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).start();
    let options = json!({ "completion": { "lookAhead": false } });
    let params = json!({
        "processId": null, "rootUri": null, "capabilities": inline_capabilities(), "initializationOptions": options,
    });
    client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    client.open(URI, "let x = \n").await;
    let id = client.ask(URI, 0, 8).await;
    engine.until_jobs(1).await;
    engine.answer(0, "one(1)");
    client.response(&id).await;
    client.change(URI, 2, range((0, 8), (0, 8)), "one(1)").await;
    let id = client.ask(URI, 0, 14).await;
    engine.until_jobs(2).await;
    engine.answer(1, ".two(2)");
    assert_eq!(client.response(&id).await["result"]["items"][0]["insertText"], ".two(2)");
    let status = client.result("tandem/status", Value::Null).await;
    assert!(status.get("lookAhead").is_none(), "{status}");
}

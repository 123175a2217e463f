//! Inline completion as editors want it.

use serde_json::{Value, json};

use crate::support::{Client, Held, Setup, URI, inline_capabilities, range};

async fn with_text(text: &str, written: &'static str) -> Client {
    let mut client = Setup::script(move |_| written.into()).initialized(inline_capabilities()).await;
    client.open(URI, text).await;
    client
}

async fn result(client: &mut Client, position: (u32, u32), context: Value) -> Value {
    let params = json!({
        "textDocument": { "uri": URI },
        "position": { "line": position.0, "character": position.1 },
        "context": context,
    });
    client.result("textDocument/inlineCompletion", params).await
}

#[tokio::test]
async fn an_item_has_an_empty_range_at_the_cursor() {
    let mut client = with_text("let x = \n", "foo(bar)").await;
    let result = result(&mut client, (0, 8), json!({ "triggerKind": 2 })).await;
    assert_eq!(result, json!({ "items": [{ "insertText": "foo(bar)", "range": range((0, 8), (0, 8)) }] }));
}

#[tokio::test]
async fn a_cursor_outside_of_the_text_is_put_at_the_nearest_place() {
    for far in [(0, 2_147_483_647), (2_147_483_647, 0), (2_147_483_647, 2_147_483_647), (u32::MAX, u32::MAX)] {
        let mut client = with_text("let x = ", "foo(bar)").await;
        let result = result(&mut client, far, json!({ "triggerKind": 2 })).await;
        assert_eq!(result["items"][0]["range"], range((0, 8), (0, 8)), "{far:?}");
    }
}

#[tokio::test]
async fn positions_count_what_was_agreed_on() {
    for (offered, cursor) in
        [(json!(["utf-16"]), 10), (json!(["utf-32"]), 8), (json!(["utf-16", "utf-8"]), 14), (Value::Null, 10)]
    {
        let mut capabilities = inline_capabilities();
        capabilities["general"] = json!({ "positionEncodings": offered });
        let mut client =
            Setup::script(|job| format!("seen({})", job.prompt.prefix.len())).initialized(capabilities).await;
        client.open(URI, "(\"🦀🦀\", \n").await;
        let result = result(&mut client, (0, cursor - 1), json!({ "triggerKind": 2 })).await;
        assert_eq!(result["items"][0]["range"], range((0, cursor - 1), (0, cursor - 1)), "{offered}: {result}");
        assert_eq!(result["items"][0]["insertText"], "seen(13)", "{offered}");
    }
}

#[tokio::test]
async fn typing_along_is_answered_from_memory() {
    let engine = Held::new();
    let mut client = Setup::engine(engine.clone()).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let id = client.ask(URI, 0, 8).await;
    engine.until_jobs(1).await;
    engine.answer(0, "foo(bar)");
    assert_eq!(client.response(&id).await["result"]["items"][0]["insertText"], "foo(bar)");
    for (typed, rest) in ["oo(bar)", "o(bar)", "(bar)", "bar)", "ar)"].iter().enumerate() {
        let at = 8 + typed as u32;
        client.change(URI, 2 + typed as i32, range((0, at), (0, at)), &"foo(bar)"[typed..=typed]).await;
        let result = result(&mut client, (0, at + 1), json!({ "triggerKind": 2 })).await;
        assert_eq!(result, json!({ "items": [{ "insertText": rest, "range": range((0, at + 1), (0, at + 1)) }] }));
    }
    assert_eq!(engine.jobs(), 1);
}

#[tokio::test]
async fn nothing_to_show_is_an_empty_list() {
    let mut client = with_text("let x = \n", "   ").await;
    let empty = json!({ "items": [] });
    assert_eq!(result(&mut client, (0, 8), json!({ "triggerKind": 2 })).await, empty);
    let params = json!({
        "textDocument": { "uri": "file:///proj/never-opened.rs" },
        "position": { "line": 0, "character": 0 },
        "context": { "triggerKind": 1 },
    });
    assert_eq!(client.result("textDocument/inlineCompletion", params).await, empty);
}

#[tokio::test]
async fn the_answer_goes_on_from_the_selected_item_of_the_menu() {
    // The menu would make `fo` into `foo_bar`; the engine goes on with `o_bar(x)`.
    let mut client = with_text("let x = fo\n", "o_bar(x)").await;
    let selected = |text: &str| json!({ "triggerKind": 2, "selectedCompletionInfo": { "range": range((0, 8), (0, 10)), "text": text } });
    let fitting = result(&mut client, (0, 10), selected("foo_bar")).await;
    assert_eq!(fitting, json!({ "items": [{ "insertText": "foo_bar(x)", "range": range((0, 8), (0, 10)) }] }));
    for other in ["format", "foo_bar(x)", "foo_bar(x) + 1"] {
        assert_eq!(result(&mut client, (0, 10), selected(other)).await, json!({ "items": [] }), "{other}");
    }
}

#[tokio::test]
async fn a_selected_item_with_a_strange_range_does_no_harm() {
    let mut client = with_text("let x = fo\n", "o_bar(x)").await;
    for strange in [range((0, 10), (0, 8)), range((7, 0), (9, 2_147_483_647)), range((u32::MAX, u32::MAX), (0, 0))] {
        let context = json!({ "triggerKind": 1, "selectedCompletionInfo": { "range": strange, "text": "" } });
        assert!(result(&mut client, (0, 10), context).await["items"].is_array());
    }
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn how_a_suggestion_came_about() {
    let mut client = with_text("let x = \n", "foo(bar)").await;
    let place = json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 8 } });
    assert_eq!(client.result("tandem/why", place.clone()).await, Value::Null);
    client.ghosts(URI, 0, 8).await;
    let why = client.result("tandem/why", place).await;
    assert_eq!(why["decision"]["shown"]["suggestions"][0]["text"], "foo(bar)", "{why}");
    assert_eq!((&why["version"], &why["offset"], &why["trigger"]), (&json!(1), &json!(8), &json!("automatic")));
    assert_eq!(why["raw"], "foo(bar)");
    assert!(why["tokens"]["prompt"].as_u64().is_some_and(|tokens| tokens > 0), "{why}");
    assert!(why["stages"].as_array().is_some_and(|stages| !stages.is_empty() && stages[0]["ms"].is_number()), "{why}");
}

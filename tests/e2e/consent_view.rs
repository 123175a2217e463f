//! Consent in a dialog of the client's own. No answer is a no, and so is everything that is not plainly a yes.

use std::sync::Arc;

use serde_json::{Value, json};
use tandem::ask::ConsentReply;

use crate::support::{Scripted, Stage, View, kinds, paid, view_capabilities};

/// Tells what the user said.
fn asking(may_remember: bool) -> (Arc<Scripted>, std::sync::mpsc::Receiver<ConsentReply>) {
    let (tell, told) = std::sync::mpsc::channel();
    let answerer = Scripted::new(move |stage: Stage| {
        let tell = tell.clone();
        async move {
            tell.send(stage.consent(may_remember).await).expect("a test");
            stage.text("text").await;
            stage.done(paid()).await;
        }
    });
    (answerer, told)
}

#[tokio::test]
async fn what_where_to_and_how_much_is_said_in_parts() {
    let (answerer, told) = asking(true);
    let mut view = View::of(answerer).await;
    view.client.consents = [Ok(json!({ "choice": "once" }))].into();
    let question = view.ask("why?").await;
    let asked = view.client.told_method("tandem/consent").await["params"].clone();
    let payload = asked["payload"].as_str().expect("a text");
    assert!(payload.starts_with("# What would be sent") && payload.contains("```\nwhat is sent\n```"), "{payload}");
    let message =
        "Send 1.2 kB of 1 file (at most 400 tokens) to claude-x at api.anthropic.com:443? Cost: $0.01 to $0.20.";
    let mut parts = asked.clone();
    parts.as_object_mut().expect("an object").remove("payload");
    let expected = json!({
        "question": question, "title": "why?", "message": message,
        "provider": "anthropic", "model": "claude-x", "host": "api.anthropic.com:443", "isLocal": false,
        "mayRemember": true, "inputTokens": { "least": 300, "most": 400 }, "maxOutputTokens": 8192,
        "cost": { "least": "$0.01", "most": "$0.20" },
        "files": [{ "path": "src/main.rs", "uri": view.uri, "bytes": 40, "lines": "1-6" }],
        "redactions": [],
    });
    assert_eq!(parts, expected);
    let events = view.whole(question).await;
    assert_eq!(kinds(&events), ["begin", "progress", "text", "done"], "one that waits says so");
    assert_eq!(told.try_recv(), Ok(ConsentReply::Once));
    assert_eq!(view.client.arrived("window/showMessageRequest"), 0);
    view.leave(&[question]).await;
}

#[tokio::test]
async fn only_a_yes_that_is_on_offer_is_a_yes() {
    for (answer, may_remember, expected) in [
        (Ok(json!({ "choice": "workspace" })), true, ConsentReply::Workspace),
        (Ok(json!({ "choice": "workspace" })), false, ConsentReply::Refused),
        (Ok(json!({ "choice": "no" })), true, ConsentReply::Refused),
        (Ok(json!({ "choice": "ONCE" })), true, ConsentReply::Refused),
        (Ok(json!({ "choice": ["once"] })), true, ConsentReply::Refused),
        (Ok(json!("once")), true, ConsentReply::Refused),
        (Ok(Value::Null), true, ConsentReply::Refused),
        (Err(-32601), true, ConsentReply::Refused),
    ] {
        let (answerer, told) = asking(may_remember);
        let mut view = View::of(answerer).await;
        view.client.consents = [answer.clone()].into();
        let question = view.ask("why?").await;
        assert_eq!(view.client.told_method("tandem/consent").await["params"]["mayRemember"], may_remember);
        view.events(question).await;
        assert_eq!(told.try_recv(), Ok(expected), "{answer:?}");
        view.leave(&[question]).await;
    }
}

#[tokio::test]
async fn a_client_that_drops_the_question_has_said_no_when_it_leaves() {
    let (answerer, told) = asking(true);
    let mut view = View::of(answerer).await;
    view.client.answers = false;
    let question = view.ask("why?").await;
    view.client.told_method("tandem/consent").await;
    view.client.result("shutdown", Value::Null).await;
    assert_eq!(told.try_recv(), Ok(ConsentReply::Refused));
    assert_eq!(kinds(&view.events(question).await).last(), Some(&"done"));
    view.client.notify("exit", Value::Null).await;
    assert_eq!(view.client.ending().await.0, 0);
}

#[tokio::test]
async fn a_yes_that_comes_after_the_cancel_counts_for_nothing() {
    let (answerer, told) = asking(true);
    let mut view = View::of(answerer).await;
    view.client.answers = false;
    let question = view.ask("why?").await;
    let asked = view.client.told_method("tandem/consent").await;
    view.run("tandem.cancel", json!(question)).await;
    let events = view.events(question).await;
    assert_eq!(kinds(&events).last(), Some(&"done"));
    let late = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": { "choice": "once" } });
    view.client.raw(&crate::support::frame(&late)).await;
    assert_eq!(told.try_recv(), Ok(ConsentReply::Refused));
    view.client.answers = true;
    view.leave(&[question]).await;
}

#[tokio::test]
async fn each_of_the_two_views_stands_by_itself() {
    let mut capabilities = view_capabilities();
    capabilities["experimental"] = json!({ "tandemConsent": true });
    let (answerer, told) = asking(true);
    let mut view = View::announcing(answerer, capabilities.clone()).await;
    view.client.consents = [Ok(json!({ "choice": "once" }))].into();
    let argument = json!({ "question": "why?", "uri": view.uri });
    assert_eq!(view.run("tandem.ask", argument).await, Value::Null);
    assert!(view.client.told_method("tandem/consent").await["params"]["question"].is_u64());
    view.client.told(|message| message["params"]["value"]["kind"] == "end").await;
    assert_eq!((told.try_recv(), view.client.arrived("tandem/answer")), (Ok(ConsentReply::Once), 0));
    view.leave(&[]).await;

    capabilities["experimental"] = json!({ "tandemAnswers": true });
    let (answerer, told) = asking(true);
    let mut view = View::announcing(answerer, capabilities).await;
    view.client.choices = ["This time"].into();
    let question = view.ask("why?").await;
    view.client.told_method("window/showMessageRequest").await;
    view.events(question).await;
    assert_eq!((told.try_recv(), view.client.arrived("tandem/consent")), (Ok(ConsentReply::Once), 0));
    view.leave(&[question]).await;
}

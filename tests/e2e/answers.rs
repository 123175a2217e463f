//! Answers to clients that show them by themselves: events in their order, each question with one beginning and one end.

use serde_json::{Value, json};
use tandem::ask::{Cited, Passage, Step};

use crate::support::{Scripted, Stage, View, Workspace, kinds, paid, text, view_capabilities};

/// Says something, then waits for a cancel.
fn waiting() -> std::sync::Arc<Scripted> {
    Scripted::new(|stage: Stage| async move {
        stage.text("begun\n").await;
        stage.cancel.cancelled().await;
        let mut footer = paid();
        footer.incomplete = Some("you cancelled it".to_owned());
        stage.done(footer).await;
    })
}

#[tokio::test]
async fn an_answer_is_told_event_by_event() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.step(Step::Routed { is_cloud: true, reason: "it is\nlarge".to_owned() }).await;
        stage.step(Step::Progress("asking claude-x".to_owned())).await;
        stage.step(Step::Notice("[a](b) note\nin two lines".to_owned())).await;
        stage.text("`run` does ").await;
        stage.text("nothing.\n").await;
        stage.done(paid()).await;
    });
    let mut view = View::of(answerer).await;
    let question = view.ask("why?").await;
    let events = view.whole(question).await;
    let expected = [
        json!({ "event": "begin", "title": "why?", "kind": "ask" }),
        json!({ "event": "routed", "isCloud": true, "reason": "it is large" }),
        json!({ "event": "progress", "text": "asking claude-x" }),
        json!({ "event": "notice", "text": "\\[a\\](b) note in two lines" }),
        json!({ "event": "text", "text": "`run` does ", "citations": [] }),
        json!({ "event": "text", "text": "nothing.\n", "citations": [] }),
    ];
    assert_eq!(events[..6], expected);
    let done = &events[6];
    let footer = json!({
        "answeredBy": "anthropic, claude-x", "isCloud": true, "leftMachine": true, "routeReason": "you asked for it",
        "cost": "$0.12", "costIs": "counted", "tokens": { "input": 0, "cached": 0, "output": 0 },
        "files": [{ "path": "src/main.rs", "uri": view.uri, "bytes": 40 }],
        "redactions": 0, "cited": 1, "unverified": 0, "elapsedMs": 0,
    });
    assert_eq!((&done["event"], &done["footer"]), (&json!("done"), &footer));
    let below = done["text"].as_str().expect("a text");
    assert!(below.starts_with("\n\n---\n\n* Answered by anthropic, claude-x: $0.12"), "{below}");
    for method in ["window/showDocument", "workspace/applyEdit", "window/workDoneProgress/create", "window/showMessage"]
    {
        assert_eq!(view.client.arrived(method), 0, "{method}");
    }
    view.leave(&[question]).await;
}

#[tokio::test]
async fn citations_are_told_with_the_piece_that_they_stand_in() {
    let answerer = Scripted::new(|stage: Stage| async move {
        let cited =
            |range, path: Option<&str>, first, last| Cited { range, path: path.map(str::to_owned), first, last };
        let text = "🦀 src/main.rs:1-3, gone.rs:4 (unverified)";
        let citations = vec![cited(5..20, Some("src/main.rs"), 1, 3), cited(22..31, None, 4, 4)];
        stage.step(Step::Text(Passage { text: text.to_owned(), citations })).await;
        stage.done(paid()).await;
    });
    let mut view = View::of(answerer).await;
    let question = view.ask("why?").await;
    let piece = view.until(question, "text").await;
    let citations = json!([
        { "text": "src/main.rs:1-3", "at": 5, "isVerified": true, "uri": view.uri, "line": 1, "endLine": 3 },
        { "text": "gone.rs:4", "at": 22, "isVerified": false, "line": 4 },
    ]);
    assert_eq!(piece["citations"], citations);
    view.events(question).await;
    view.leave(&[question]).await;
}

#[tokio::test]
async fn what_cannot_be_asked_begins_and_fails_and_says_why() {
    let answerer = Scripted::says("text");
    let mut view = View::of(answerer.clone()).await;
    let mut questions = Vec::new();
    for (uri, part) in [
        (view.workspace.uri("ignored.rs"), "is ignored"),
        ("file:///elsewhere/a.rs".to_owned(), "none of the open folders"),
        ("untitled:1".to_owned(), "none of the open folders"),
    ] {
        view.client.open(&uri, "fn a() {}\n").await;
        let question = view.ask_with(json!({ "question": "why?", "uri": uri })).await;
        let events = view.whole(question).await;
        assert_eq!(kinds(&events), ["begin", "failed"], "{events:?}");
        assert_eq!(events[0]["title"], "why?");
        assert!(events[1]["problem"].as_str().is_some_and(|problem| problem.contains(part)), "{events:?}");
        questions.push(question);
    }
    assert!(answerer.asked().is_empty());
    assert_eq!(view.client.arrived("window/showMessage"), 0, "it is said once");
    // What is no question has no number.
    for wrong in [json!({}), json!({ "question": "a", "limit": "x" }), json!([1])] {
        let params = json!({ "command": "tandem.ask", "arguments": [wrong] });
        assert_eq!(view.client.request("workspace/executeCommand", params).await["error"]["code"], -32602);
    }
    view.leave(&questions).await;
}

#[tokio::test]
async fn the_same_question_is_refused_while_it_is_answered_and_taken_as_soon_as_it_has_ended() {
    let mut view = View::of(waiting()).await;
    let first = view.ask("why?").await;
    view.until(first, "text").await;
    let second = view.ask("why?").await;
    let events = view.whole(second).await;
    assert_eq!(kinds(&events), ["begin", "failed"]);
    assert!(events[1]["problem"].as_str().is_some_and(|problem| problem.contains("being answered already")));
    view.run("tandem.cancel", json!(first)).await;
    assert_eq!(kinds(&view.events(first).await).last(), Some(&"done"));
    let third = view.ask("why?").await;
    view.until(third, "text").await;
    view.run("tandem.cancel", Value::Null).await;
    view.events(third).await;
    view.leave(&[first, second, third]).await;
}

#[tokio::test]
async fn too_many_at_once_are_refused_one_by_one() {
    let mut view = View::of(waiting()).await;
    let mut questions = Vec::new();
    for number in 0..4 {
        let question = view.ask(&format!("why {number}?")).await;
        view.until(question, "text").await;
        questions.push(question);
    }
    let fifth = view.ask("why?").await;
    let events = view.whole(fifth).await;
    assert!(events[1]["problem"].as_str().is_some_and(|problem| problem.contains("4 questions")), "{events:?}");
    assert_eq!(view.run("tandem.cancel", Value::Null).await, json!({ "cancelled": 4 }));
    for question in &questions {
        view.events(*question).await;
    }
    questions.push(fifth);
    view.leave(&questions).await;
}

#[tokio::test]
async fn it_is_cancelled_by_its_number_as_soon_as_that_is_known() {
    let mut view = View::of(waiting()).await;
    let question = view.ask("why?").await;
    // Before anything has begun.
    assert_eq!(view.run("tandem.cancel", json!(question)).await, json!({ "cancelled": 1 }));
    let events = view.whole(question).await;
    assert_eq!(events.last().expect("an end")["footer"]["incomplete"], "you cancelled it");
    assert_eq!(view.run("tandem.cancel", json!(question)).await, json!({ "cancelled": 0 }), "it has ended");
    view.leave(&[question]).await;
}

#[tokio::test]
async fn a_cancel_at_each_stage_comes_to_one_end() {
    for stage_of_cancel in ["begin", "consent", "text"] {
        let answerer = Scripted::new(move |stage: Stage| async move {
            if stage_of_cancel != "begin" {
                let reply = stage.consent(true).await;
                assert_eq!(reply == tandem::ask::ConsentReply::Refused, stage_of_cancel == "consent");
                stage.text("begun\n").await;
            }
            stage.cancel.cancelled().await;
            match stage_of_cancel {
                // Both ends are ends.
                "begin" => {
                    stage.step(Step::Failed("cancelled".to_owned())).await;
                }
                _ => {
                    let mut footer = paid();
                    footer.incomplete = Some("you cancelled it".to_owned());
                    stage.done(footer).await;
                }
            }
        });
        let mut view = View::of(answerer).await;
        view.client.consents = [Ok(json!({ "choice": "once" }))].into();
        // Then the dialog stays open.
        view.client.answers = stage_of_cancel != "consent";
        let question = view.ask("why?").await;
        let mut taken = Vec::new();
        match stage_of_cancel {
            "consent" => _ = view.client.told_method("tandem/consent").await,
            stage => taken.push(view.until(question, stage).await),
        }
        assert_eq!(view.run("tandem.cancel", json!(question)).await, json!({ "cancelled": 1 }), "{stage_of_cancel}");
        let events = view.events(question).await;
        let last = events.last().expect("an end");
        match stage_of_cancel {
            "begin" => assert_eq!(last["problem"], "cancelled"),
            _ => assert_eq!(last["footer"]["incomplete"], "you cancelled it", "{events:?}"),
        }
        assert!(kinds(&events).contains(&"progress"), "it says that it cancels: {events:?}");
        view.client.answers = true;
        view.leave(&[question]).await;
    }
}

#[tokio::test]
async fn a_cancel_while_the_folder_s_trust_is_asked_for_ends_it() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.cancel.cancelled().await;
        stage.step(Step::Failed("cancelled".to_owned())).await;
    });
    let workspace = Workspace::new(&[("src/main.rs", "fn main() {}\n")]);
    let user = json!({
        "cloud.provider": "anthropic", "cloud.model": "claude-x", "budget.limits": ["$20 per month"], "ask.route": "cloud",
    });
    let client = workspace.ask_of(answerer, view_capabilities(), user).await;
    let mut view = View::with(client, workspace).await;
    view.client.answers = false;
    let question = view.ask("why?").await;
    view.client.told_method("window/showMessageRequest").await;
    view.run("tandem.cancel", json!(question)).await;
    assert_eq!(kinds(&view.whole(question).await), ["begin", "progress", "failed"]);
    view.client.answers = true;
    view.leave(&[question]).await;
}

#[tokio::test]
async fn one_who_dies_is_a_failure() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.text("begun").await;
    });
    let mut view = View::of(answerer).await;
    let question = view.ask("why?").await;
    let events = view.whole(question).await;
    assert_eq!(kinds(&events), ["begin", "text", "failed"]);
    assert!(events[2]["problem"].as_str().is_some_and(|problem| problem.contains("broke off")), "{events:?}");
    view.leave(&[question]).await;
}

#[tokio::test]
async fn a_server_that_is_left_ends_its_answers_first() {
    let mut view = View::of(waiting()).await;
    let question = view.ask("why?").await;
    view.until(question, "text").await;
    view.client.result("shutdown", Value::Null).await;
    // It came before the answer to `shutdown`, or the client would not wait for it.
    assert!(view.client.arrived("tandem/answer") >= 1);
    assert_eq!(view.events(question).await.last().expect("an end")["footer"]["incomplete"], "you cancelled it");
    view.client.notify("exit", Value::Null).await;
    assert_eq!(view.client.ending().await.0, 0);
}

#[tokio::test]
async fn a_client_that_dies_has_cancelled() {
    let (tell, told) = std::sync::mpsc::channel();
    let answerer = Scripted::new(move |stage: Stage| {
        let tell = tell.clone();
        async move {
            stage.text("begun\n").await;
            stage.cancel.cancelled().await;
            tell.send(()).expect("a test");
            stage.done(paid()).await;
        }
    });
    let mut view = View::of(answerer).await;
    let question = view.ask("why?").await;
    view.until(question, "text").await;
    view.client.close_input().await;
    assert_eq!(view.client.ending().await.0, 1, "without a word");
    assert!(told.try_recv().is_ok(), "it was settled before the server ended");
}

#[tokio::test]
async fn a_question_goes_on_with_its_thread() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.text("text").await;
        let mut footer = paid();
        footer.thread = Some("feed".to_owned());
        stage.done(footer).await;
    });
    let mut view = View::of(answerer.clone()).await;
    let first = view.ask("why?").await;
    let thread = view.events(first).await.last().expect("an end")["footer"]["thread"].clone();
    let uri = view.uri.clone();
    let second = view.ask_with(json!({ "question": "and then?", "uri": uri, "thread": thread })).await;
    let events = view.whole(second).await;
    assert_eq!((&events[0]["thread"], text(&events).as_str()), (&json!("feed"), "text"));
    assert_eq!(answerer.asked()[1].thread.as_deref(), Some("feed"));
    assert!(second > first, "numbers are not used again");
    view.leave(&[first, second]).await;
}

#[tokio::test]
async fn code_actions_ask_in_the_same_way_and_previews_stay_documents() {
    let mut view = View::of(Scripted::says("text")).await;
    let place = json!({ "line": 4, "character": 4 });
    let params = json!({
        "textDocument": { "uri": view.uri }, "range": { "start": place, "end": place },
        "context": { "diagnostics": [], "triggerKind": 1 },
    });
    let actions = view.client.result("textDocument/codeAction", params).await;
    let action =
        actions.as_array().expect("a list").iter().find(|action| action["title"] == "Ask: why?").expect("it asks");
    let command = action["command"].clone();
    let question = view.ask_with(command["arguments"][0].clone()).await;
    let events = view.whole(question).await;
    assert_eq!((&events[0]["title"], kinds(&events).last()), (&json!("why?"), Some(&"done")));
    assert_eq!(view.run("tandem.preview", command["arguments"][0].clone()).await, Value::Null);
    view.client.told_method("workspace/applyEdit").await;
    assert!(view.client.edited.values().any(|text| text.starts_with("# What would be sent")));
    view.leave(&[question]).await;
}

#[tokio::test]
async fn a_client_that_announces_nothing_gets_documents_and_messages() {
    let mut capabilities = view_capabilities();
    for no in [Value::Null, json!({ "tandemAnswers": "yes" }), json!({ "tandemAnswers": false }), json!([])] {
        capabilities["experimental"] = no;
        let mut view = View::announcing(Scripted::says("text"), capabilities.clone()).await;
        let argument = json!({ "question": "why?", "uri": view.uri });
        assert_eq!(view.run("tandem.ask", argument).await, Value::Null);
        view.client.told(|message| message["params"]["value"]["kind"] == "end").await;
        assert_eq!(view.client.arrived("tandem/answer"), 0);
        assert!(view.client.edited.values().any(|text| text.contains("text")));
        view.leave(&[]).await;
    }
}

//! An editor that shows answers by itself: what it is told of a question, held to the rules of `tandem/answer`.

use std::sync::Arc;

use serde_json::{Value, json};
use tandem::session::questions::Answerer;

use super::{Client, Workspace, inline_capabilities};

pub const MAIN: &str = "fn main() {\n    run();\n}\n\n// ask: why?\nfn run() {}\n";

/// As the extensions announce themselves.
pub fn view_capabilities() -> Value {
    let mut capabilities = inline_capabilities();
    capabilities["window"] = json!({ "showDocument": { "support": true }, "workDoneProgress": true });
    capabilities["workspace"] = json!({ "applyEdit": true });
    capabilities["experimental"] = json!({ "tandemAnswers": true, "tandemConsent": true, "tandemPrompt": true });
    capabilities
}

/// An editor with a folder open, and somebody who answers.
pub struct View {
    pub client: Client,
    pub workspace: Workspace,
    pub uri: String,
}

impl View {
    pub async fn of(answerer: Arc<dyn Answerer>) -> Self {
        Self::announcing(answerer, view_capabilities()).await
    }

    pub async fn announcing(answerer: Arc<dyn Answerer>, capabilities: Value) -> Self {
        let workspace =
            Workspace::new(&[("src/main.rs", MAIN), (".gitignore", "ignored.rs\n"), ("ignored.rs", "fn a() {}\n")]);
        let client = workspace.ask(answerer, capabilities).await;
        Self::with(client, workspace).await
    }

    pub async fn with(mut client: Client, workspace: Workspace) -> Self {
        let uri = workspace.uri("src/main.rs");
        client.open(&uri, MAIN).await;
        Self { client, workspace, uri }
    }

    pub async fn run(&mut self, command: &str, argument: Value) -> Value {
        let params = json!({ "command": command, "arguments": [argument] });
        self.client.result("workspace/executeCommand", params).await
    }

    /// Asks about the open file; returns the question's number.
    pub async fn ask(&mut self, question: &str) -> u64 {
        let uri = self.uri.clone();
        self.ask_with(json!({ "question": question, "uri": uri })).await
    }

    pub async fn ask_with(&mut self, argument: Value) -> u64 {
        let answer = self.run("tandem.ask", argument).await;
        assert_eq!(answer.as_object().map(|fields| fields.len()), Some(1), "{answer}");
        answer["question"].as_u64().unwrap_or_else(|| panic!("no number: {answer}"))
    }

    /// The next event of this question.
    pub async fn event(&mut self, question: u64) -> Value {
        let is_it = |message: &Value| message["method"] == "tandem/answer" && message["params"]["question"] == question;
        self.client.told(is_it).await["params"].clone()
    }

    /// Waits for an event of this kind, which must come before the end.
    pub async fn until(&mut self, question: u64, event: &str) -> Value {
        loop {
            let next = self.event(question).await;
            if next["event"] == event {
                return next;
            }
            assert!(!is_end(&next), "the end came before {event}: {next}");
        }
    }

    /// All events of this question that were not taken before, to its end.
    pub async fn events(&mut self, question: u64) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let next = self.event(question).await;
            let is_last = is_end(&next);
            events.push(next);
            if is_last {
                return events;
            }
        }
    }

    /// The whole of a question that nothing was taken of: begun first, ended last. Each event without its number.
    pub async fn whole(&mut self, question: u64) -> Vec<Value> {
        let mut events = self.events(question).await;
        assert_eq!(events[0]["event"], "begin", "{events:?}");
        assert_eq!(events.iter().filter(|event| event["event"] == "begin").count(), 1, "{events:?}");
        for event in &mut events {
            event.as_object_mut().expect("an object").remove("question");
        }
        events
    }

    /// Leaves; nothing more may have come of any question than its end.
    pub async fn leave(mut self, ended: &[u64]) {
        self.client.result("shutdown", Value::Null).await;
        self.client.notify("exit", Value::Null).await;
        let (code, left) = self.client.ending().await;
        assert_eq!(code, 0);
        let of_ended = |message: &&Value| ended.iter().any(|question| message["params"]["question"] == *question);
        let after: Vec<&Value> =
            left.iter().filter(of_ended).filter(|message| message["method"] == "tandem/answer").collect();
        assert!(after.is_empty(), "after the end: {after:?}");
    }
}

fn is_end(event: &Value) -> bool {
    event["event"] == "done" || event["event"] == "failed"
}

/// The answer's text, piece by piece put together.
pub fn text(events: &[Value]) -> String {
    events.iter().filter(|event| event["event"] == "text").filter_map(|event| event["text"].as_str()).collect()
}

/// Kinds of events, in order.
pub fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["event"].as_str()).collect()
}

/// Notices, one a line.
pub fn notices(events: &[Value]) -> String {
    let notices = events.iter().filter(|event| event["event"] == "notice").filter_map(|event| event["text"].as_str());
    notices.collect::<Vec<_>>().join("\n")
}

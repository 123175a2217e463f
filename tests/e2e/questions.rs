//! Questions from the command to the end of the answer, with a script in the place of the pipeline.

use std::sync::Arc;

use serde_json::{Value, json};
use tandem::ask::{ConsentReply, Step};
use tandem::budget::Crossing;
use tandem::session::questions::Answerer;

use crate::support::{Client, Scripted, Stage, Workspace, inline_capabilities, menu_capabilities, paid, range, window};

pub const MAIN: &str = "fn main() {\n    run();\n}\n\n// ask: why?\nfn run() {}\n";

/// As Neovim: documents that grow.
pub fn growing() -> Value {
    let mut capabilities = inline_capabilities();
    capabilities["workspace"] = json!({ "applyEdit": true });
    capabilities["window"] = json!({ "showDocument": { "support": true }, "workDoneProgress": true });
    capabilities
}

/// As VS Code: virtual documents.
fn virtual_documents() -> Value {
    let mut capabilities = growing();
    capabilities["workspace"]["textDocumentContent"] = json!({ "dynamicRegistration": true });
    capabilities
}

pub struct Editor {
    pub client: Client,
    pub workspace: Workspace,
    pub uri: String,
}

async fn editor(answerer: &Arc<Scripted>, capabilities: Value) -> Editor {
    let workspace =
        Workspace::new(&[("src/main.rs", MAIN), (".gitignore", "ignored.rs\n"), ("ignored.rs", "fn a() {}\n")]);
    let mut client = workspace.ask(answerer.clone() as Arc<dyn Answerer>, capabilities).await;
    let uri = workspace.uri("src/main.rs");
    client.open(&uri, MAIN).await;
    Editor { client, workspace, uri }
}

impl Editor {
    pub async fn run(&mut self, command: &str, argument: Value) -> Value {
        let params = json!({ "command": command, "arguments": [argument] });
        self.client.result("workspace/executeCommand", params).await
    }

    pub async fn ask(&mut self, question: &str) {
        let argument = json!({ "question": question, "uri": self.uri, "range": range((5, 4), (5, 4)) });
        assert_eq!(self.run("tandem.ask", argument).await, Value::Null, "it is answered at once");
    }

    /// The last word of a progress.
    pub async fn end(&mut self) -> String {
        let ended = self.client.told(|message| message["params"]["value"]["kind"] == "end").await;
        ended["params"]["value"]["message"].as_str().expect("a message").to_owned()
    }

    async fn message(&mut self, part: &str) -> String {
        let is_it = |message: &Value| {
            message["method"] == "window/showMessage"
                && message["params"]["message"].as_str().is_some_and(|text| text.contains(part))
        };
        self.client.told(is_it).await["params"]["message"].as_str().expect("a text").to_owned()
    }

    /// The only document that grew.
    fn grown(&self) -> &str {
        assert_eq!(self.client.edited.len(), 1, "{:?}", self.client.edited.keys());
        self.client.edited.values().next().expect("one")
    }

    fn files(&self) -> Vec<String> {
        let place = self.workspace.state().join("tandem/answers");
        let files = std::fs::read_dir(place).into_iter().flatten();
        files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a text")).collect()
    }
}

#[tokio::test]
async fn an_answer_grows_in_a_document_and_ends_with_its_cost() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.step(Step::Routed { is_cloud: true, reason: "it is large".to_owned() }).await;
        stage.step(Step::Notice("a note\nin two lines".to_owned())).await;
        for piece in ["`run` does ", "nothing: ", "src/main.rs:6\n", "äß🦀 and more"] {
            stage.text(piece).await;
        }
        stage.done(paid()).await;
    });
    let mut editor = editor(&answerer, growing()).await;
    editor.ask("why?").await;
    let begun = editor.client.told(|message| message["params"]["value"]["kind"] == "begin").await;
    assert_eq!(begun["params"]["value"], json!({ "kind": "begin", "title": "why?", "cancellable": true }));
    let shown = editor.client.told_method("window/showDocument").await;
    assert_eq!(shown["params"]["takeFocus"], false);
    assert_eq!(editor.end().await, "answered for $0.12");
    let text = editor.grown();
    let body = "# why?\n\n> a note in two lines\n\n`run` does nothing: src/main.rs:6\näß🦀 and more\n\n---\n\n";
    assert!(text.starts_with(body), "{text}");
    assert!(text.contains("anthropic, claude-x: $0.12") && text.contains("`src/main.rs`"), "{text}");
    assert!(editor.client.edited.contains_key(shown["params"]["uri"].as_str().expect("a uri")));

    let asked = answerer.asked().remove(0);
    assert_eq!((asked.text.as_str(), asked.focus.and_then(|focus| focus.name).as_deref()), ("why?", Some("run")));
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn an_answer_grows_in_a_virtual_document() {
    let answerer = Scripted::new(|stage: Stage| async move {
        for _ in 0..3 {
            stage.text("line\n").await;
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
        stage.done(paid()).await;
    });
    let mut editor = editor(&answerer, virtual_documents()).await;
    let announced = &editor.client.initialized["capabilities"]["workspace"]["textDocumentContent"];
    assert_eq!(announced["schemes"], json!(["tandem"]));
    editor.ask("why?").await;
    let shown = editor.client.told_method("window/showDocument").await;
    let uri = shown["params"]["uri"].clone();
    assert_eq!(uri, "tandem:/1/why.md");
    let refreshed = editor.client.told_method("workspace/textDocumentContent/refresh").await;
    assert_eq!(refreshed["params"]["uri"], uri);
    assert_eq!(editor.end().await, "answered for $0.12");
    let whole = editor.client.result("workspace/textDocumentContent", json!({ "uri": uri })).await;
    let text = whole["text"].as_str().expect("a text");
    assert!(text.starts_with("# why?\n\nline\nline\nline\n") && text.contains("$0.12"), "{text}");
    assert_eq!(editor.client.arrived("workspace/applyEdit"), 0);
    assert!(editor.files().is_empty(), "nothing on disk");
    let gone = editor.client.request("workspace/textDocumentContent", json!({ "uri": "tandem:/9/x.md" })).await;
    assert_eq!(gone["error"]["code"], -32602);
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn an_editor_with_one_view_is_asked_before_it_shows_the_answer() {
    let mut capabilities = growing();
    capabilities["textDocument"] = menu_capabilities()["textDocument"].clone();
    let mut editor = editor(&Scripted::says("text"), capabilities).await;
    editor.client.choices = ["Show"].into();
    editor.ask("why?").await;
    let asked = editor.client.told_method("window/showMessageRequest").await;
    assert_eq!(asked["params"]["actions"], json!([{ "title": "Show" }, { "title": "Later" }]));
    editor.client.told_method("window/showDocument").await;
    editor.end().await;
    assert!(editor.grown().contains("text"));
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn a_client_that_can_nothing_is_told_of_a_file() {
    let mut editor = editor(&Scripted::says("text"), inline_capabilities()).await;
    editor.ask("why?").await;
    let message = editor.message("the whole text is in").await;
    let path = message.rsplit(' ').next().expect("a path");
    assert!(std::fs::read_to_string(path).expect("a file").contains("text"), "{message}");
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn what_a_client_will_not_edit_goes_to_the_file() {
    let mut editor = editor(&Scripted::says("text"), growing()).await;
    editor.client.makes_edits = false;
    editor.ask("why?").await;
    editor.message("the whole text is in").await;
    editor.end().await;
    assert_eq!(editor.client.arrived("workspace/applyEdit"), 1, "it is not asked again");
    let files = editor.files();
    assert!(files.len() == 1 && files[0].contains("text") && files[0].contains("$0.12"), "{files:?}");
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn a_document_that_the_user_closes_is_not_opened_again() {
    let (go, wait) = tokio::sync::watch::channel(0);
    let answerer = Scripted::new(move |stage: Stage| {
        let mut wait = wait.clone();
        async move {
            for (number, line) in ["one\n", "two\n", "three\n"].into_iter().enumerate() {
                wait.wait_for(|go| *go >= number).await.expect("a test");
                stage.text(line).await;
            }
            stage.done(paid()).await;
        }
    });
    let mut editor = editor(&answerer, growing()).await;
    editor.ask("why?").await;
    let shown = editor.client.told_method("window/showDocument").await;
    let uri = shown["params"]["uri"].as_str().expect("a uri").to_owned();
    editor.client.told_method("workspace/applyEdit").await;
    editor.client.open(&uri, "# why?\n\none\n").await;
    // The server knows that it is open by the next edit.
    editor.client.text(&uri).await;
    go.send_replace(1);
    editor.client.told_method("workspace/applyEdit").await;
    editor.client.close(&uri).await;
    editor.client.text(&uri).await;
    go.send_replace(2);
    editor.end().await;
    assert_eq!(editor.client.arrived("workspace/applyEdit"), 0);
    editor.message("the whole text is in").await;
    let whole = editor.files().remove(0);
    assert!(whole.contains("one\ntwo\nthree\n") && whole.contains("$0.12"), "{whole}");
    assert_eq!(editor.client.leave().await, 0);
}

/// What the user says to a question for consent, and what became of it.
async fn consent(choices: &[&'static str], may_remember: bool) -> (Editor, ConsentReply) {
    let (tell, told) = std::sync::mpsc::channel();
    let answerer = Scripted::new(move |stage: Stage| {
        let tell = tell.clone();
        async move {
            let reply = stage.consent(may_remember).await;
            tell.send(reply).expect("a test");
            stage.text("text").await;
            stage.done(paid()).await;
        }
    });
    let mut editor = editor(&answerer, growing()).await;
    editor.client.choices = choices.iter().copied().collect();
    editor.ask("why?").await;
    editor.end().await;
    (editor, told.try_recv().expect("a reply"))
}

#[tokio::test]
async fn consent_is_asked_for_with_what_where_and_how_much() {
    let (mut editor, reply) = consent(&["This time"], true).await;
    assert_eq!(reply, ConsentReply::Once);
    let asked = editor.client.told_method("window/showMessageRequest").await;
    let message =
        "Tandem: Send 1.2 kB of 1 file (at most 400 tokens) to claude-x at api.anthropic.com:443? Cost: $0.01 to $0.2.";
    assert_eq!(asked["params"]["message"].as_str().expect("a text").replace("$0.20", "$0.2"), message);
    let titles: Vec<&Value> =
        asked["params"]["actions"].as_array().expect("a list").iter().map(|item| &item["title"]).collect();
    assert_eq!(titles, ["This time", "Always for this workspace", "Show", "Cancel"]);
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn only_a_yes_is_a_yes() {
    for (choices, may_remember, expected) in [
        (&["Always for this workspace"][..], true, ConsentReply::Workspace),
        (&["Always for this workspace"], false, ConsentReply::Refused),
        (&["Cancel"], true, ConsentReply::Refused),
        (&["this time"], true, ConsentReply::Refused),
        (&[], true, ConsentReply::Refused),
    ] {
        let (editor, reply) = consent(choices, may_remember).await;
        assert_eq!(reply, expected, "{choices:?}");
        assert_eq!(editor.client.leave().await, 0);
    }
}

#[tokio::test]
async fn what_would_be_sent_is_shown_and_the_question_asked_again() {
    let (mut editor, reply) = consent(&["Show", "Show", "This time"], true).await;
    assert_eq!(reply, ConsentReply::Once);
    for _ in 0..3 {
        editor.client.told_method("window/showMessageRequest").await;
    }
    let shown: Vec<&String> = editor.client.edited.values().filter(|text| text.starts_with("# What would")).collect();
    assert_eq!(shown.len(), 2);
    assert!(shown[0].contains("```\nwhat is sent\n```"), "the very text: {}", shown[0]);
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn a_question_is_cancelled_at_each_stage() {
    for stage_of_cancel in ["before", "consent", "text"] {
        let answerer = Scripted::new(move |stage: Stage| async move {
            if stage_of_cancel != "before" {
                let reply = stage.consent(true).await;
                let is_cancelled = reply == ConsentReply::Refused;
                assert_eq!(is_cancelled, stage_of_cancel == "consent");
                stage.text("begun\n").await;
            }
            stage.cancel.cancelled().await;
            let mut footer = paid();
            footer.incomplete = Some("you cancelled it".to_owned());
            stage.done(footer).await;
        });
        let mut editor = editor(&answerer, growing()).await;
        if stage_of_cancel == "text" {
            editor.client.choices = ["This time"].into();
        }
        // The user thinks, so that the cancel comes first.
        editor.client.answers = true;
        let is_silent = stage_of_cancel == "consent";
        editor.ask("why?").await;
        let begun = editor.client.told(|message| message["params"]["value"]["kind"] == "begin").await;
        if is_silent {
            editor.client.answers = false;
            editor.client.told_method("window/showMessageRequest").await;
        } else if stage_of_cancel == "text" {
            editor.client.told_method("workspace/applyEdit").await;
        }
        let token = begun["params"]["token"].clone();
        editor.client.notify("window/workDoneProgress/cancel", json!({ "token": token })).await;
        editor.client.answers = true;
        assert_eq!(editor.end().await, "$0.12, incomplete: you cancelled it", "{stage_of_cancel}");
        assert!(editor.grown().contains("**Not the whole answer:** you cancelled it"), "{stage_of_cancel}");
        assert_eq!(editor.client.leave().await, 0);
    }
}

#[tokio::test]
async fn a_command_cancels_too_and_leaving_settles() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.text("begun\n").await;
        stage.cancel.cancelled().await;
        stage.done(paid()).await;
    });
    let mut editor = editor(&answerer, growing()).await;
    editor.ask("one").await;
    editor.client.told_method("workspace/applyEdit").await;
    let budget = editor.run("tandem.cancel", json!(7)).await;
    assert_eq!(budget, json!({ "cancelled": 0 }));
    assert_eq!(editor.run("tandem.cancel", Value::Null).await, json!({ "cancelled": 1 }));
    editor.end().await;
    // One more that runs when the user leaves.
    editor.ask("two").await;
    editor.client.told(|message| message["params"]["value"]["title"] == "two").await;
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn the_same_question_is_not_asked_twice_at_once() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.cancel.cancelled().await;
        stage.done(paid()).await;
    });
    let mut editor = editor(&answerer, growing()).await;
    editor.ask("why?").await;
    editor.client.told(|message| message["params"]["value"]["kind"] == "begin").await;
    editor.ask("why?").await;
    editor.message("being answered already").await;
    assert_eq!(answerer.asked().len(), 1);
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn a_failure_is_a_sentence_and_no_document() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.step(Step::Failed("the ledger is damaged; run `tandem budget --repair`".to_owned())).await;
    });
    let mut editor = editor(&answerer, growing()).await;
    *answerer.broken.lock().expect("no panic") = Some("the ledger is damaged".to_owned());
    editor.ask("why?").await;
    assert!(editor.message("the ledger is damaged").await.contains("tandem budget"));
    editor.end().await;
    assert!(editor.client.edited.is_empty() && editor.files().is_empty());
    for command in ["tandem.budget", "tandem.preview"] {
        editor.run(command, json!({ "question": "why?" })).await;
        editor.message("the ledger is damaged").await;
    }
    // Typing goes on.
    editor.client.open("file:///proj/new.rs", "let x = \n").await;
    assert_eq!(editor.client.ghosts("file:///proj/new.rs", 0, 8).await, ["foo(bar)"]);
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn one_who_dies_is_a_failure() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.text("begun").await;
    });
    let mut editor = editor(&answerer, growing()).await;
    editor.ask("why?").await;
    editor.message("broke off").await;
    editor.end().await;
    assert!(editor.grown().contains("**There is no answer:**"));
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn what_is_nearly_spent_is_told_after_the_answer() {
    let answerer = Scripted::says("text");
    let mut editor = editor(&answerer, growing()).await;
    *answerer.crossings.lock().expect("no panic") = vec![Crossing { window: window(55), percent: 50 }];
    editor.ask("one").await;
    assert_eq!(editor.message("limit").await, "Tandem: 50 % of a limit is used: $11.00 of $20 per month");
    editor.end().await;
    editor.ask("two").await;
    editor.end().await;
    assert_eq!(editor.client.arrived("window/showMessage"), 0, "it was told");
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn budget_audit_and_preview_are_documents() {
    let mut editor = editor(&Scripted::says("text"), growing()).await;
    editor.run("tandem.budget", Value::Null).await;
    editor.run("tandem.audit", Value::Null).await;
    let argument = json!({ "question": "why?", "uri": editor.uri, "subject": "file" });
    editor.run("tandem.preview", argument).await;
    for _ in 0..3 {
        editor.client.told_method("workspace/applyEdit").await;
    }
    let texts: Vec<&str> = editor.client.edited.values().map(String::as_str).collect();
    for part in ["[##..................]  10 % $2.00 of $20", "# What left this machine", "api.anthropic.com:443"] {
        assert!(texts.iter().any(|text| text.contains(part)), "{part}: {texts:?}");
    }
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn what_cannot_be_asked_is_told() {
    let answerer = Scripted::says("text");
    let mut editor = editor(&answerer, growing()).await;
    for (uri, part) in [
        (editor.workspace.uri("ignored.rs"), "is ignored"),
        ("file:///elsewhere/a.rs".to_owned(), "none of the open folders"),
        ("untitled:1".to_owned(), "none of the open folders"),
    ] {
        editor.client.open(&uri, "fn a() {}\n").await;
        editor.run("tandem.ask", json!({ "question": "why?", "uri": uri })).await;
        editor.message(part).await;
    }
    assert!(answerer.asked().is_empty());
    for wrong in [json!({}), json!({ "question": "a", "limit": "x" }), json!([1])] {
        let params = json!({ "command": "tandem.ask", "arguments": [wrong] });
        assert_eq!(editor.client.request("workspace/executeCommand", params).await["error"]["code"], -32602);
    }
    assert_eq!(editor.client.leave().await, 0);
}

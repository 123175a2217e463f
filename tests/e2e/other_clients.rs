//! Clients beside the three that are driven in full: what they announce is understood, what they send is answered, and a question
//! from them comes to an answer that they can show. Emacs is recorded; the others cannot run here, so what they announce is
//! written down from their source.

use serde_json::{Value, json};

use crate::clients::{play, suggestion};
use crate::question_clients::{answered, ask};

/// Plays a client; returns its position encoding, whether it gets ghost text, and its first suggestion.
async fn played(name: &str) -> (Value, bool, Value) {
    let mut client = play(name).await;
    let capabilities = client.initialized["capabilities"].clone();
    let is_inline = capabilities.get("inlineCompletionProvider").is_some();
    assert_ne!(is_inline, capabilities.get("completionProvider").is_some(), "{name}: one of both");
    assert!(capabilities["codeActionProvider"].is_object(), "{name}: {capabilities}");
    let item = suggestion(&mut client).await;
    assert_eq!(client.leave().await, 0, "{name}");
    (capabilities["positionEncoding"].clone(), is_inline, item)
}

/// An item of a menu that inserts the suggestion in whatever the client does with it.
fn assert_menu_item(name: &str, item: &Value) {
    let range = &item["textEdit"]["range"];
    assert_eq!(item["textEdit"]["newText"], "foo(bar)", "{name}: {item}");
    assert_eq!((&range["start"], &range["end"]), (&json!({"line": 0, "character": 8}), &range["start"]), "{name}");
    assert_eq!(item["insertTextFormat"], 1, "{name}: plain text, no snippet");
}

#[tokio::test]
async fn menus_of_eglot_kakoune_sublime_and_zed() {
    for (name, encoding) in [
        ("emacs-30.2-eglot", "utf-8"),
        ("kakoune-lsp-22.0.0-source", "utf-8"),
        ("sublime-lsp-2.13.0-source", "utf-16"),
        ("zed-source", "utf-16"),
    ] {
        let (chosen, is_inline, item) = played(name).await;
        assert_eq!((chosen, is_inline), (json!(encoding), false), "{name}");
        assert_menu_item(name, &item);
    }
}

#[tokio::test]
async fn ghost_text_in_lsp_mode_and_lsp4ij() {
    for (name, encoding) in [("emacs-30.2-lsp-mode-10.0.0", "utf-8"), ("lsp4ij-0.20-source", "utf-16")] {
        let (chosen, is_inline, item) = played(name).await;
        assert_eq!((chosen, is_inline), (json!(encoding), true), "{name}");
        assert_eq!(item["insertText"], "foo(bar)", "{name}: {item}");
    }
}

#[tokio::test]
async fn lsp_mode_alone_gets_the_menu() {
    let file = format!("{}/tests/fixtures/clients/emacs-30.2-lsp-mode-10.0.0.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).expect("the fixture");
    let recorded: Value = serde_json::from_str(&text).expect("JSON");
    let mut params = recorded["initialize"]["params"].clone();
    assert_eq!(
        params["capabilities"]["textDocument"]["inlineCompletion"],
        Value::Null,
        "it announces nothing by itself"
    );
    params["capabilities"]["experimental"] = json!({});
    let mut client = crate::support::Setup::script(|_| "foo(bar)".into()).start();
    client.initialized = client.result("initialize", params).await;
    assert!(client.initialized["capabilities"]["completionProvider"].is_object());
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn questions_are_answered_in_documents_that_grow() {
    for (name, asked) in [("emacs-30.2-eglot", 1), ("emacs-30.2-lsp-mode-10.0.0", 0), ("lsp4ij-0.20-source", 0)] {
        let (client, shown) = ask(name).await;
        // Those with a menu might show it in place of what the user works in.
        assert_eq!(client.arrived("window/showMessageRequest"), asked, "{name}");
        let text = &client.edited[shown["uri"].as_str().expect("a uri")];
        assert!(text.contains("$0.12"), "{name}: {text}");
        assert_eq!(client.leave().await, 0, "{name}");
    }
}

#[tokio::test]
async fn sublime_fetches_the_text_of_a_virtual_document() {
    let (mut client, shown) = ask("sublime-lsp-2.13.0-source").await;
    assert_eq!((&shown["uri"], client.arrived("workspace/applyEdit")), (&json!("tandem:/1/why.md"), 0));
    let whole = client.result("workspace/textDocumentContent", json!({ "uri": shown["uri"] })).await;
    assert!(whole["text"].as_str().is_some_and(|text| text.contains("$0.12")), "{whole}");
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn zed_and_kakoune_are_told_where_the_answer_is() {
    for name in ["zed-source", "kakoune-lsp-22.0.0-source"] {
        let (mut client, _workspace) = answered(name).await;
        let told = client.told_method("window/showMessage").await["params"]["message"].clone();
        let place =
            told.as_str().and_then(|told| told.split_once("the whole text is in ")).expect("a place").1.to_owned();
        let text = std::fs::read_to_string(&place).unwrap_or_else(|error| panic!("{name}: {place}: {error}"));
        assert!(text.contains("$0.12"), "{name}: {text}");
        // An edit of a document that nobody sees would be no answer.
        assert_eq!(client.arrived("workspace/applyEdit"), 0, "{name}");
        assert_eq!(client.leave().await, 0, "{name}");
    }
}

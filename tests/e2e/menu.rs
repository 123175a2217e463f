//! Completion for editors that have a menu only: the shape that Helix wants.

use serde_json::{Value, json};

use crate::support::{Client, Setup, URI, inline_capabilities, menu_capabilities, range};

async fn with_text(text: &str, written: &'static str) -> Client {
    let mut client = Setup::script(move |_| written.into()).initialized(menu_capabilities()).await;
    client.open(URI, text).await;
    client
}

async fn items(client: &mut Client, line: u32, character: u32) -> Value {
    let params = json!({
        "textDocument": { "uri": URI },
        "position": { "line": line, "character": character },
        "context": { "triggerKind": 1 },
    });
    client.result("textDocument/completion", params).await
}

#[tokio::test]
async fn an_editor_gets_one_of_the_two_and_never_both() {
    let client = Setup::lookup().initialized(menu_capabilities()).await;
    let capabilities = &client.initialized["capabilities"];
    assert_eq!(capabilities.get("inlineCompletionProvider"), None);
    assert!(capabilities["completionProvider"]["triggerCharacters"].as_array().is_some_and(|all| all.len() > 5));

    let client = Setup::lookup().initialized(inline_capabilities()).await;
    let capabilities = &client.initialized["capabilities"];
    assert_eq!(capabilities["inlineCompletionProvider"], true);
    assert_eq!(capabilities.get("completionProvider"), None);
}

#[tokio::test]
async fn an_item_holds_the_word_and_what_follows() {
    let mut client = with_text("fn a() {\n    let x = fo\n}\n", "o(bar)").await;
    let list = items(&mut client, 1, 14).await;
    assert_eq!(
        list,
        json!({
            "isIncomplete": true,
            "items": [{
                "label": "foo(bar)",
                "kind": 15,
                "detail": "Tandem: written by the model",
                "documentation": { "kind": "markdown", "value": "```rust\nfoo(bar)\n```" },
                "filterText": "foo(bar)",
                "insertTextFormat": 1,
                "preselect": true,
                "sortText": "0000",
                "textEdit": { "range": range((1, 12), (1, 14)), "newText": "foo(bar)" },
                "data": { "language": "rust", "markdown": true },
            }],
        })
    );
}

#[tokio::test]
async fn the_documentation_comes_later_where_the_client_fetches_it() {
    let mut capabilities = menu_capabilities();
    capabilities["textDocument"]["completion"]["completionItem"]["resolveSupport"] =
        json!({ "properties": ["documentation", "detail"] });
    let mut client = Setup::script(|_| "foo(bar)".into()).initialized(capabilities).await;
    assert_eq!(client.initialized["capabilities"]["completionProvider"]["resolveProvider"], true);
    client.open(URI, "let x = \n").await;
    let item = items(&mut client, 0, 8).await["items"][0].clone();
    assert_eq!(item.get("documentation"), None);
    let resolved = client.result("completionItem/resolve", item.clone()).await;
    assert_eq!(resolved["documentation"]["value"], "```rust\nfoo(bar)\n```");
    assert_eq!(resolved["textEdit"], item["textEdit"]);
    // An item of somebody else comes back as it was.
    let foreign = json!({ "label": "x" });
    assert_eq!(client.result("completionItem/resolve", foreign.clone()).await, foreign);
}

#[tokio::test]
async fn several_lines_have_one_label() {
    let mut client = with_text("fn a() {\n    $0\n}\n", "").await;
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": URI } })).await;
    let mut client = Setup::script(|_| "let x = 1;\n    let y = 2;\n".into()).initialized(menu_capabilities()).await;
    client.open(URI, "fn a() {\n    \n}\n").await;
    let list = items(&mut client, 1, 4).await;
    let item = &list["items"][0];
    assert_eq!(item["label"], "let x = 1;", "{list}");
    assert_eq!(item["filterText"], "let x = 1;");
    assert!(item["textEdit"]["newText"].as_str().is_some_and(|text| text.starts_with("let x = 1;\n")), "{list}");
}

#[tokio::test]
async fn nothing_to_show_is_null() {
    let mut client = with_text("let x = \n", "  ").await;
    assert_eq!(items(&mut client, 0, 8).await, Value::Null);
    let params = json!({ "textDocument": { "uri": "file:///no.rs" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(client.result("textDocument/completion", params).await, Value::Null);
}

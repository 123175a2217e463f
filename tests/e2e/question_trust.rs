//! Trust in a folder, asked for before anything of it may leave.

use serde_json::{Value, json};

use crate::questions::{Editor, MAIN, growing};
use crate::support::{Scripted, Workspace};

/// A folder with settings of its own, and a user who has set up a cloud model.
async fn with_cloud(route: &str) -> Editor {
    let workspace = Workspace::new(&[("src/main.rs", MAIN), (".tandem.toml", "index.enabled = true\n")]);
    let user = json!({
        "cloud.provider": "anthropic",
        "cloud.model": "claude-x",
        "budget.limits": ["$20 per month"],
        "ask.route": route,
    });
    let mut client = workspace.ask_of(Scripted::says("text"), growing(), user).await;
    let uri = workspace.uri("src/main.rs");
    client.open(&uri, MAIN).await;
    Editor { client, workspace, uri }
}

#[tokio::test]
async fn a_folder_is_trusted_before_anything_of_it_may_leave() {
    let mut editor = with_cloud("ask").await;
    editor.client.choices = ["Show", "Trust"].into();
    editor.ask("one").await;
    let asked = editor.client.told_method("window/showMessageRequest").await;
    let message = asked["params"]["message"].as_str().expect("a text");
    assert!(message.contains("may be sent to a cloud model") && message.contains(".tandem.toml"), "{message}");
    assert_eq!(asked["params"]["actions"], json!([{ "title": "Trust" }, { "title": "Show" }, { "title": "Not now" }]));
    editor.client.told_method("window/showMessageRequest").await;
    editor.end().await;
    assert!(editor.client.edited.values().any(|text| text.contains("```\nindex.enabled = true\n```")));
    // Trusted, until it changes.
    editor.ask("two").await;
    editor.end().await;
    assert_eq!(editor.client.arrived("window/showMessageRequest"), 0);
    editor.workspace.write(".tandem.toml", "# other\nindex.enabled = true\n");
    editor.ask("three").await;
    let asked = editor.client.told_method("window/showMessageRequest").await;
    let message = asked["params"]["message"].as_str().expect("a text");
    assert!(message.contains("is not what it was when you trusted it"), "{message}");
    editor.end().await;
    // A no is not asked about again, unless the user does.
    editor.ask("four").await;
    editor.end().await;
    assert_eq!(editor.client.arrived("window/showMessageRequest"), 0);
    editor.client.choices = ["Trust"].into();
    editor.run("tandem.trust", Value::Null).await;
    editor.client.told_method("window/showMessageRequest").await;
    assert_eq!(editor.client.leave().await, 0);
}

#[tokio::test]
async fn who_asks_no_cloud_is_not_asked_for_trust() {
    for (route, of_question, asked) in
        [("local", Value::Null, 0), ("auto", json!("local"), 0), ("local", json!("cloud"), 1)]
    {
        let mut editor = with_cloud(route).await;
        let argument = json!({ "question": "one", "uri": editor.uri, "route": of_question });
        editor.run("tandem.ask", argument).await;
        editor.end().await;
        assert_eq!(editor.client.arrived("window/showMessageRequest"), asked, "{route}");
        assert_eq!(editor.client.leave().await, 0);
    }
}

#[tokio::test]
async fn settings_are_those_on_disk_when_a_question_comes() {
    let mut editor = with_cloud("auto").await;
    for (settings, requests) in [("cloud.enabled = false\n", 0), ("index.enabled = true\n", 1)] {
        editor.workspace.write(".tandem.toml", settings);
        editor.ask(settings).await;
        editor.end().await;
        assert_eq!(editor.client.arrived("window/showMessageRequest"), requests, "nobody told the server: {settings}");
    }
}

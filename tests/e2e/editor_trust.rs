//! An editor that does not trust its folders: nothing leaves, whatever settings and questions say.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tandem::config::RouteChoice;
use tandem::session::questions::Answerer;

use crate::support::{Client, Scripted, Setup, Stage, View, Workspace, kinds, notices, paid, view_capabilities};

const MAIN: &str = "fn main() {}\n";

/// With somebody to ask, and a setting that asks at once.
async fn start(answerer: &Arc<Scripted>, options: Value, section: Value) -> View {
    let workspace = Workspace::new(&[("src/main.rs", MAIN)]);
    let user = json!({
        "cloud.provider": "anthropic", "cloud.model": "claude-x", "ask.route": "cloud",
        "budget.limits": ["$20 per month"],
    });
    let setup = Setup::lookup().answered_by(answerer.clone() as Arc<dyn Answerer>, &workspace.state()).user(user);
    let mut client = setup.start();
    client.section = section;
    // Trust as Tandem asks for it, where it is asked for at all.
    client.choices = ["Trust"].into();
    let mut capabilities = view_capabilities();
    capabilities["workspace"]["configuration"] = json!(true);
    let root = workspace.uri("");
    let params = json!({
        "processId": null, "rootUri": null, "capabilities": capabilities, "initializationOptions": options,
        "workspaceFolders": [{ "uri": root.trim_end_matches('/'), "name": "x" }],
    });
    client.initialized = client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    client.told_method("workspace/configuration").await;
    client.until_symbols("main", &["main"]).await;
    View::with(client, workspace).await
}

async fn trust(client: &mut Client, is_trusted: bool) {
    client.notify("tandem/workspaceTrust", json!({ "isTrusted": is_trusted })).await;
}

/// Waits for a status that says it.
async fn until_kept(client: &mut Client) {
    let is_told = |message: &Value| {
        message["method"] == "tandem/status"
            && message["params"]["cloud"]["isOff"].as_str().is_some_and(|why| why.contains("the editor does not trust"))
    };
    client.told(is_told).await;
}

/// Asks with the route that would leave; whether it was kept here.
async fn is_kept(view: &mut View, answerer: &Scripted) -> bool {
    let uri = view.uri.clone();
    let question = view.ask_with(json!({ "question": "why?", "uri": uri, "route": "cloud" })).await;
    let events = view.whole(question).await;
    let (asked, workspace) = (answerer.asked(), answerer.workspaces());
    let (asked, settings) = (asked.last().expect("one"), &workspace.last().expect("one").settings);
    let is_kept = !settings.cloud.enabled && settings.cloud.provider.is_empty();
    assert_eq!(notices(&events).contains("does not trust this folder"), is_kept, "{events:?}");
    let route = if is_kept { RouteChoice::Local } else { RouteChoice::Cloud };
    assert_eq!((asked.route, settings.ask.route), (Some(route), route));
    is_kept
}

#[tokio::test]
async fn the_client_may_say_it_before_anything_else() {
    for (options, expected) in [
        (json!({ "isTrusted": false }), true),
        (json!({ "tandem": { "isTrusted": false, "completion": { "maxLines": 3 } } }), true),
        (json!({ "isTrusted": false, "tandem": {} }), true),
        (json!({ "isTrusted": true }), false),
        (json!({ "isTrusted": "no" }), false),
        (Value::Null, false),
    ] {
        let answerer = Scripted::says("text");
        let mut view = start(&answerer, options.clone(), Value::Null).await;
        assert_eq!(is_kept(&mut view, &answerer).await, expected, "{options}");
        let asked = usize::from(!expected);
        assert_eq!(
            view.client.arrived("window/showMessageRequest"),
            asked,
            "{options}: what cannot leave needs no trust"
        );
        assert_eq!(view.client.arrived("window/showMessage"), 0, "{options}: it is no unknown setting");
        view.leave(&[]).await;
    }
}

#[tokio::test]
async fn it_is_switched_while_the_server_runs() {
    let answerer = Scripted::says("text");
    let mut view = start(&answerer, json!({ "isTrusted": false }), Value::Null).await;
    assert!(is_kept(&mut view, &answerer).await);
    trust(&mut view.client, true).await;
    assert!(!is_kept(&mut view, &answerer).await);
    trust(&mut view.client, false).await;
    assert!(is_kept(&mut view, &answerer).await);
    let budget = view.client.result("tandem/budget", Value::Null).await;
    assert!(budget["isOff"].as_str().is_some_and(|why| why.contains("the editor does not trust")), "{budget}");
    until_kept(&mut view.client).await;
    view.leave(&[]).await;
}

#[tokio::test]
async fn settings_that_may_come_from_the_folder_only_take_away() {
    let answerer = Scripted::says("text");
    // A yes in them lifts no no of the client.
    let mut view = start(&answerer, json!({ "isTrusted": false }), json!({ "isTrusted": true })).await;
    assert!(is_kept(&mut view, &answerer).await);
    view.leave(&[]).await;
    // A no in them holds as long as it is there.
    let mut view = start(&answerer, Value::Null, json!({ "isTrusted": false })).await;
    until_kept(&mut view.client).await;
    assert!(is_kept(&mut view, &answerer).await);
    trust(&mut view.client, true).await;
    assert!(is_kept(&mut view, &answerer).await);
    view.client.set(json!({ "completion": { "maxLines": 3 } })).await;
    assert!(!is_kept(&mut view, &answerer).await);
    view.leave(&[]).await;
}

#[tokio::test]
async fn what_is_under_way_ends_when_the_trust_does() {
    let answerer = Scripted::new(|stage: Stage| async move {
        stage.text("begun\n").await;
        stage.cancel.cancelled().await;
        let mut footer = paid();
        footer.incomplete = Some("you cancelled it".to_owned());
        stage.done(footer).await;
    });
    let mut view = start(&answerer, Value::Null, Value::Null).await;
    let question = view.ask("why?").await;
    view.until(question, "text").await;
    trust(&mut view.client, true).await;
    trust(&mut view.client, false).await;
    assert_eq!(kinds(&view.events(question).await).last(), Some(&"done"));
    view.leave(&[question]).await;
}

#[tokio::test]
async fn suggestions_go_on() {
    let mut client = Setup::script(|_| "foo(bar)".into()).initialized(view_capabilities()).await;
    trust(&mut client, false).await;
    client.open("file:///proj/a.rs", "let x = \n").await;
    assert_eq!(client.ghosts("file:///proj/a.rs", 0, 8).await, ["foo(bar)"]);
    assert_eq!(client.leave().await, 0);
}

#[tokio::test]
async fn a_server_elsewhere_writes_for_whom_is_trusted() {
    let made: Arc<Mutex<Vec<String>>> = Arc::default();
    let record = made.clone();
    let factory: tandem::lsp::EngineFactory = Arc::new(move |settings| {
        record.lock().expect("no panic").push(settings.engine.server.url.clone());
        None
    });
    // It is of a range for documents: nobody is there.
    let elsewhere = "https://192.0.2.1:8443";
    let user = json!({ "engine.server.url": elsewhere, "engine.server.isLocal": true });
    let setup = Setup::lookup().user(user).factory(factory);
    let mut client = setup.start();
    let options = json!({ "isTrusted": false });
    let params = json!({
        "processId": null, "rootUri": null, "capabilities": view_capabilities(), "initializationOptions": options,
    });
    client.result("initialize", params).await;
    // Before the first engine was made there is none to be replaced.
    trust(&mut client, true).await;
    trust(&mut client, false).await;
    client.notify("initialized", json!({})).await;
    client.open("file:///proj/a.rs", "let x = \n").await;
    for is_trusted in [true, true, false, true] {
        trust(&mut client, is_trusted).await;
    }
    assert_eq!(client.leave().await, 0);
    assert_eq!(*made.lock().expect("no panic"), ["", elsewhere, "", elsewhere]);
}

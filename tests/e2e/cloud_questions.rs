//! Questions from an editor's view through everything that is behind them: gate, ledger, audit log, a connection that a double of
//! the provider answers. Whatever happens, each has one end, and what it cost is known.

use std::sync::Arc;

use serde_json::{Value, json};
use tandem::privacy::{Fingerprint, Trust};

use crate::provider::{self, Authority, Certificate, Double, Fault, Kind, Proxy, Reply};
use crate::support::{Setup, View, Workspace, kinds, notices, text, view_capabilities};

const MAIN: &str = "/// Hands a request on.\npub fn hand_on() {\n    check();\n}\n\npub fn check() {}\n";

/// A user who has set up a cloud model and trusts the folder, and the provider, at the end of a proxy.
struct House {
    view: View,
    double: Double,
    _proxy: Proxy,
}

impl House {
    /// `user`: more settings. `capabilities`: what the editor announces.
    async fn with(user: Value, capabilities: Value) -> Self {
        let workspace = Workspace::new(&[("src/main.rs", MAIN), ("src/secret.rs", "pub fn kept() {}\n")]);
        let authority = Authority::default();
        let mut setup = provider::Setup::new(Kind::Anthropic);
        setup.tls = Some(authority.acceptor(&[Kind::Anthropic.host()], Certificate::Right));
        setup.text = "It calls `check` (src/main.rs:6), see gone.rs:4. <b>Bold</b>\n".to_owned();
        let double = Double::with(setup).await;
        let proxy = Proxy::to(double.address, None).await;
        let certificates = workspace.state().join("ca.pem");
        std::fs::write(&certificates, &authority.pem).expect("a file");
        let trust = Trust::new(&workspace.state().join("tandem"));
        trust.grant(&workspace.root(), &Fingerprint::of(&workspace.root())).expect("the user's word");
        let variables = [
            ("ANTHROPIC_API_KEY", double.key.clone()),
            ("HTTPS_PROXY", proxy.url()),
            ("TANDEM_CLOUD_CA_FILE", certificates.to_string_lossy().into_owned()),
            ("TANDEM_CLOUD_PROVIDER", "anthropic".to_owned()),
            ("TANDEM_CLOUD_MODEL", Kind::Anthropic.model().to_owned()),
            ("TANDEM_ASK_ROUTE", "cloud".to_owned()),
        ];
        let mut settings = json!({ "budget.limits": ["$100 per month"], "budget.burstPercent": 100 });
        settings.as_object_mut().expect("settings").extend(user.as_object().cloned().unwrap_or_default());
        let setup = Setup::lookup()
            .answered_for_real(&workspace.state())
            .variables(variables.map(|(name, value)| (name.to_owned(), value)).to_vec())
            .user(settings);
        let mut client = setup.start();
        let root = workspace.uri("");
        let params = json!({
            "processId": null, "rootUri": null, "capabilities": capabilities,
            "workspaceFolders": [{ "uri": root.trim_end_matches('/'), "name": "x" }],
        });
        client.initialized = client.result("initialize", params).await;
        client.notify("initialized", json!({})).await;
        client.until_symbols("hand_on", &["hand_on"]).await;
        let mut view = View::with(client, workspace).await;
        view.client.open(&view.uri, MAIN).await;
        Self { view, double, _proxy: proxy }
    }

    async fn new(user: Value) -> Self {
        Self::with(user, view_capabilities()).await
    }

    /// What the user says to each consent from now on.
    fn says(&mut self, choices: &[&str]) {
        self.view.client.consents = choices.iter().map(|choice| Ok(json!({ "choice": choice }))).collect();
    }

    async fn budget(&mut self) -> Value {
        self.view.client.result("tandem/budget", Value::Null).await
    }

    /// Answered on this machine, with what the index knows, and nothing was sent.
    fn assert_kept(&self, events: &[Value], why: &str) {
        assert!(notices(events).contains(why), "{why}: {events:?}");
        let footer = &events.last().expect("an end")["footer"];
        assert_eq!((&footer["isCloud"], &footer["answeredBy"]), (&json!(false), &json!("the index")), "{events:?}");
        assert!(text(events).contains("src/main.rs:"), "the index says something: {events:?}");
        assert!(self.double.record().requests.is_empty(), "nothing was sent");
    }
}

#[tokio::test]
async fn an_answer_is_streamed_cited_and_billed_and_goes_on() {
    let mut house = House::new(json!({})).await;
    house.says(&["once", "once"]);
    let first = house.view.ask("What does hand_on call?").await;
    let asked = house.view.client.told_method("tandem/consent").await["params"].clone();
    assert_eq!((&asked["host"], &asked["question"]), (&json!("api.anthropic.com"), &json!(first)));
    assert!(asked["payload"].as_str().is_some_and(|payload| payload.contains("pub fn hand_on")), "{asked}");
    assert!(asked["left"].as_str().is_some_and(|left| left.starts_with("$0.00 of $100 per month")), "{asked}");
    let file = asked["files"]
        .as_array()
        .expect("files")
        .iter()
        .find(|file| file["path"] == "src/main.rs")
        .expect("it is sent");
    assert_eq!((&file["uri"], &file["lines"]), (&json!(house.view.uri), &json!("1-6")));

    let events = house.view.whole(first).await;
    assert_eq!(text(&events), "It calls `check` (src/main.rs:6), see gone.rs:4 (unverified). \\<b>Bold\\</b>\n");
    let cited: Vec<&Value> = events.iter().flat_map(|event| event["citations"].as_array()).flatten().collect();
    assert_eq!(
        (&cited[0]["text"], &cited[0]["uri"], &cited[0]["line"]),
        (&json!("src/main.rs:6"), &json!(house.view.uri), &json!(6))
    );
    assert_eq!((&cited[1]["text"], &cited[1]["isVerified"], cited.len()), (&json!("gone.rs:4"), &json!(false), 2));
    for event in events.iter().filter(|event| event["event"] == "text") {
        for cited in event["citations"].as_array().expect("a list") {
            let at = usize::try_from(cited["at"].as_u64().expect("a number")).expect("a small one");
            let written = cited["text"].as_str().expect("a text");
            assert!(event["text"].as_str().expect("a text")[at..].starts_with(written), "it stands there: {event}");
        }
    }
    let footer = &events.last().expect("an end")["footer"];
    assert_eq!((&footer["isCloud"], &footer["costIs"]), (&json!(true), &json!("counted")));
    let bill = house.double.record().charges[0].money;
    assert_eq!(footer["cost"], tandem::budget::Picodollars(bill).to_string());
    assert!(footer["tokens"]["input"].as_u64() > Some(100), "{footer}");

    let uri = house.view.uri.clone();
    let following = json!({ "question": "And what calls that?", "uri": uri, "thread": footer["thread"] });
    let second = house.view.ask_with(following).await;
    let events = house.view.whole(second).await;
    assert_eq!(events[0]["thread"], footer["thread"]);
    let prompts: Vec<String> = (house.double.record().requests.iter())
        .map(|seen| seen.prompt.as_ref().expect("a good request").text())
        .collect();
    assert!(prompts[1].starts_with(&prompts[0]), "it goes on where the first one ended");

    let budget = house.budget().await;
    assert_eq!((budget["today"]["questions"].as_u64(), budget.get("isOff")), (Some(2), None), "{budget}");
    let money: u64 = house.double.record().charges.iter().map(|charge| charge.money).sum();
    assert_eq!(budget["today"]["cost"], tandem::budget::Picodollars(money).to_string());
    let is_told = |message: &Value| {
        message["method"] == "tandem/status" && message["params"]["today"]["cost"] == budget["today"]["cost"]
    };
    let status = house.view.client.told(is_told).await["params"].clone();
    assert_eq!(status["today"]["limit"], "$100 per month");
    house.view.leave(&[first, second]).await;
}

#[tokio::test]
async fn a_no_is_told_and_answered_from_the_index() {
    let mut house = House::new(json!({})).await;
    house.says(&["no"]);
    let question = house.view.ask("What does hand_on call?").await;
    let events = house.view.whole(question).await;
    house.assert_kept(&events, "you did not allow it");
    assert_eq!(house.budget().await["today"]["questions"], 0);
    house.view.leave(&[question]).await;
}

#[tokio::test]
async fn a_budget_that_does_not_suffice_is_told_and_answered_from_the_index() {
    let mut house = House::new(json!({ "budget.limits": ["$0.0001 per month"] })).await;
    let question = house.view.ask("What does hand_on call?").await;
    let events = house.view.whole(question).await;
    house.assert_kept(&events, "would be passed");
    assert_eq!(house.view.client.arrived("tandem/consent"), 0, "nobody is asked about what cannot be");
    house.view.leave(&[question]).await;

    let mut house = House::new(json!({ "budget.limits": ["$0 per month"] })).await;
    let question = house.view.ask("What does hand_on call?").await;
    let events = house.view.whole(question).await;
    house.assert_kept(&events, "nothing is left of the budget");
    let budget = house.budget().await;
    assert!(budget["isOff"].as_str().is_some_and(|why| why.contains("nothing is left")), "{budget}");
    assert_eq!((&budget["limits"][0]["share"], &budget["limits"][0]["left"]), (&json!(1.0), &json!("$0.00")));
    house.view.leave(&[question]).await;
}

#[tokio::test]
async fn a_policy_that_forbids_it_is_told_and_answered_from_the_index() {
    for (user, why) in [
        (json!({ "cloud.enabled": false }), "switched off"),
        (json!({ "budget.limits": [] }), "no monthly limit"),
        (json!({ "privacy.localOnly": ["src/main.rs"] }), "src/main.rs may not leave this machine"),
    ] {
        let mut house = House::new(user).await;
        let question = house.view.ask("What does hand_on call?").await;
        let events = house.view.whole(question).await;
        house.assert_kept(&events, why);
        house.view.leave(&[question]).await;
    }
    // A secret in the words themselves.
    let mut house = House::new(json!({ "privacy.secrets": "local" })).await;
    let secret = format!("Is ghp_{} still good for hand_on?", "a8Kd03mZqP1xT7vRb2WcYn5LsE9uHfGjO4Ti");
    let question = house.view.ask(&secret).await;
    let events = house.view.whole(question).await;
    house.assert_kept(&events, "a secret was found");
    house.view.leave(&[question]).await;
}

#[tokio::test]
async fn an_editor_that_does_not_trust_the_folder_keeps_it_here_whatever_is_asked() {
    let mut house = House::new(json!({})).await;
    house.says(&["once"]);
    house.view.client.notify("tandem/workspaceTrust", json!({ "isTrusted": false })).await;
    let uri = house.view.uri.clone();
    let argument = json!({ "question": "What does hand_on call?", "uri": uri, "route": "cloud" });
    let question = house.view.ask_with(argument.clone()).await;
    let events = house.view.whole(question).await;
    house.assert_kept(&events, "does not trust this folder");
    house.view.run("tandem.preview", argument).await;
    let refused = house.view.client.told_method("window/showMessage").await["params"]["message"].clone();
    assert!(refused.as_str().is_some_and(|message| message.contains("provider")), "nothing would be sent: {refused}");
    house.view.leave(&[question]).await;
}

#[tokio::test]
async fn a_provider_that_fails_is_told_and_answered_from_the_index() {
    let mut house = House::new(json!({})).await;
    house.says(&["once"]);
    house.double.reply(Reply::refuse(provider::Trouble::Auth));
    let question = house.view.ask("What does hand_on call?").await;
    let events = house.view.whole(question).await;
    assert!(notices(&events).contains("did not answer"), "{events:?}");
    assert!(text(&events).contains("src/main.rs:"), "{events:?}");
    assert_eq!(events.last().expect("an end")["footer"]["isCloud"], false);
    house.view.leave(&[question]).await;
}

#[tokio::test]
async fn a_cancel_before_the_first_word_closes_the_connection_and_ends_it() {
    let mut house = House::new(json!({})).await;
    house.says(&["once"]);
    house.double.reply(Reply::fault(Fault::Silence));
    let question = house.view.ask("What does hand_on call?").await;
    // The editor's answer to the dialog goes out while it listens.
    while house.view.until(question, "progress").await["text"] != format!("asking {}", Kind::Anthropic.model()) {}
    house.double.until(|record| !record.requests.is_empty()).await;
    assert_eq!(house.view.run("tandem.cancel", json!(question)).await, json!({ "cancelled": 1 }));
    let events = house.view.events(question).await;
    let last = events.last().expect("an end");
    assert_eq!((&last["event"], &last["problem"]), (&json!("failed"), &json!("cancelled")), "{events:?}");
    house.double.until(|record| !record.closed.is_empty()).await;
    house.view.leave(&[question]).await;
}

#[tokio::test]
async fn a_cancel_while_it_is_written_ends_with_what_it_cost() {
    let mut house = House::new(json!({})).await;
    house.says(&["once"]);
    house.double.reply(Reply::fault(Fault::Stall { after: 4 }));
    let question = house.view.ask("What does hand_on call?").await;
    house.view.until(question, "text").await;
    house.view.run("tandem.cancel", json!(question)).await;
    let events = house.view.events(question).await;
    let footer = &events.last().expect("an end")["footer"];
    assert_eq!(
        (&footer["incomplete"], &footer["costIs"]),
        (&json!("you cancelled it"), &json!("estimated")),
        "{events:?}"
    );
    let budget = house.budget().await;
    assert_eq!(budget["today"]["cost"], footer["cost"], "it is settled: {budget}");
    assert_eq!(budget["limits"][0].get("reserved"), None, "{budget}");
    house.view.leave(&[question]).await;
}

#[tokio::test]
async fn a_cancel_at_the_dialog_sends_nothing() {
    let mut house = House::new(json!({})).await;
    house.view.client.answers = false;
    let question = house.view.ask("What does hand_on call?").await;
    house.view.client.told_method("tandem/consent").await;
    house.view.run("tandem.cancel", json!(question)).await;
    let events = house.view.events(question).await;
    assert_eq!(kinds(&events).last(), Some(&"failed"), "{events:?}");
    assert!(house.double.record().requests.is_empty());
    house.view.client.answers = true;
    house.view.leave(&[question]).await;
}

#[tokio::test]
async fn a_client_that_dies_in_the_middle_closes_the_connection_and_settles() {
    let mut house = House::new(json!({})).await;
    house.says(&["once"]);
    house.double.reply(Reply::fault(Fault::Stall { after: 4 }));
    let question = house.view.ask("What does hand_on call?").await;
    house.view.until(question, "text").await;
    let state = house.view.workspace.state();
    house.view.client.close_input().await;
    assert_eq!(house.view.client.ending().await.0, 1);
    house.double.until(|record| !record.closed.is_empty()).await;
    let file = state.join("tandem/ledger.db");
    let ledger = tandem::budget::SqliteLedger::open(&file, tandem::budget::Clock::system(), jiff::tz::TimeZone::UTC);
    let ledger: Arc<dyn tandem::budget::Ledger> = Arc::new(ledger.expect("a ledger"));
    let entries = ledger.entries(0, i64::MAX).expect("entries");
    assert!(entries.iter().all(|entry| matches!(entry.state, tandem::budget::State::Settled(_))), "{entries:?}");
    assert_eq!(entries.len(), 1);
}

/// What the status says of the cloud, where nobody has asked anything yet; and the user's state directory.
async fn glanced(user: Value) -> (Value, Workspace) {
    let workspace = Workspace::new(&[("src/main.rs", MAIN)]);
    let setup = Setup::lookup().answered_for_real(&workspace.state()).user(user);
    let mut client = setup.start();
    let root = workspace.uri("");
    let params = json!({
        "processId": null, "rootUri": null, "capabilities": view_capabilities(),
        "workspaceFolders": [{ "uri": root.trim_end_matches('/'), "name": "x" }],
    });
    client.result("initialize", params).await;
    client.notify("initialized", json!({})).await;
    let is_told = |message: &Value| message["method"] == "tandem/status" && message["params"].get("cloud").is_some();
    let status = client.told(is_told).await["params"].clone();
    assert_eq!(client.leave().await, 0);
    (status, workspace)
}

#[tokio::test]
async fn a_status_says_why_the_cloud_is_off_and_opens_nothing_for_it() {
    for (user, why) in [
        (json!({}), "no provider is named"),
        (json!({ "cloud.provider": "anthropic", "cloud.enabled": false }), "switched off"),
        (json!({ "cloud.provider": "nobody" }), "is no kind of provider"),
    ] {
        let (status, workspace) = glanced(user).await;
        assert!(status["cloud"]["isOff"].as_str().is_some_and(|told| told.contains(why)), "{status}");
        assert_eq!(status.get("today"), None, "{status}");
        assert!(!workspace.state().join("tandem/ledger.db").exists());
    }
}

#[tokio::test]
async fn a_status_is_no_reason_to_connect_to_a_team_s_ledger() {
    // Nobody listens there, so a look would say so.
    let user = json!({
        "cloud.provider": "anthropic", "cloud.model": "claude-x", "budget.limits": ["$20 per month"],
        "budget.ledger": "postgres://nobody@127.0.0.1:9/none",
    });
    let (status, _) = glanced(user).await;
    assert_eq!(status["cloud"], json!({ "provider": "anthropic", "model": "claude-x" }));
    assert_eq!(status.get("today"), None, "{status}");
}

#[tokio::test]
async fn a_status_of_a_cloud_that_can_be_asked_has_today() {
    let mut house = House::new(json!({})).await;
    let is_told = |message: &Value| message["method"] == "tandem/status" && message["params"].get("today").is_some();
    let status = house.view.client.told(is_told).await["params"].clone();
    assert_eq!(status["today"], json!({ "cost": "$0.00", "limit": "$100 per month", "share": 0.0 }));
    assert_eq!(status["cloud"], json!({ "provider": "anthropic", "model": Kind::Anthropic.model() }));
    house.view.leave(&[]).await;
}

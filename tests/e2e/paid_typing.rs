//! Suggestions of a paid service as an editor sees them: the user is asked once, what is shown has a price everywhere, and a no
//! stays one.

use serde_json::{Value, json};

#[cfg(not(feature = "cloud"))]
#[tokio::test]
async fn a_build_without_a_network_says_that_nobody_is_asked() {
    use crate::support::{Setup, URI, inline_capabilities};
    let user = json!({ "completion.cloud": true, "completion.cloudProvider": "mistral", "engine.choice": "lookup" });
    let mut client = Setup::lookup().engines_for_real().user(user).initialized(inline_capabilities()).await;
    client.open(URI, "let x = \n").await;
    let says_so = |message: &Value| {
        message["method"] == "tandem/status"
            && message["params"]["failure"].as_str().is_some_and(|why| why.contains("opens no connections"))
    };
    client.told(says_so).await;
    client.leave().await;
}

#[cfg(feature = "cloud")]
mod with_a_provider {
    use tandem::budget::Picodollars;
    use tandem::privacy::{Fingerprint, Trust};

    use super::*;
    use crate::provider::{self, Double, Kind};
    use crate::support::{Client, Setup, Workspace, inline_capabilities};

    const MAIN: &str = "fn hand_on(request: Request) {\n    \n}\n";

    struct Desk {
        client: Client,
        double: Double,
        workspace: Workspace,
    }

    impl Desk {
        async fn new(user: Value) -> Self {
            let workspace = Workspace::new(&[("src/main.rs", MAIN)]);
            let mut setup = provider::Setup::new(Kind::Mistral);
            setup.text = "check(request);".to_owned();
            let double = Double::with(setup).await;
            let trust = Trust::new(&workspace.state().join("tandem"));
            trust.grant(&workspace.root(), &Fingerprint::of(&workspace.root())).expect("the user's word");
            let provider = json!({ "baseUrl": double.base_url(), "keyEnv": "DOUBLE_KEY", "isLocal": false });
            let mut settings = json!({
                "completion.cloud": true,
                "completion.cloudProvider": "mistral",
                "completion.cloudDebounceMs": 300,
                "engine.choice": "lookup",
                "budget.limits": ["$5 per month"],
                "budget.burstPercent": 100,
                "cloud": { "providers": { "mistral": provider } },
            });
            settings.as_object_mut().expect("settings").extend(user.as_object().cloned().unwrap_or_default());
            let setup = Setup::lookup()
                .answered_for_real(&workspace.state())
                .engines_for_real()
                .variables(vec![("DOUBLE_KEY".to_owned(), double.key.clone())])
                .user(settings);
            let mut client = setup.start();
            let root = workspace.uri("");
            let params = json!({
                "processId": null, "rootUri": null, "capabilities": inline_capabilities(),
                "workspaceFolders": [{ "uri": root.trim_end_matches('/'), "name": "x" }],
            });
            client.initialized = client.result("initialize", params).await;
            client.notify("initialized", json!({})).await;
            client.open(&workspace.uri("src/main.rs"), MAIN).await;
            Self { client, double, workspace }
        }

        async fn suggested(&mut self) -> Value {
            let params = json!({
                "textDocument": { "uri": self.workspace.uri("src/main.rs") },
                "position": { "line": 1, "character": 4 },
                "context": { "triggerKind": 1 },
            });
            self.client.result("textDocument/inlineCompletion", params).await
        }

        /// Waits until the status says so of the paid service.
        async fn told(&mut self, says: impl Fn(&Value) -> bool) -> Value {
            let is_told =
                |message: &Value| message["method"] == "tandem/status" && says(&message["params"]["suggestions"]);
            self.client.told(is_told).await["params"].clone()
        }
    }

    fn text(result: &Value) -> &str {
        result["items"][0]["insertText"].as_str().unwrap_or_default()
    }

    #[tokio::test]
    async fn the_user_is_asked_once_and_then_sees_what_it_costs() {
        let mut desk = Desk::new(json!({})).await;
        desk.client.choices = ["Allow"].into();
        assert_eq!(text(&desk.suggested().await), "", "nobody was asked yet");
        let asked = desk.client.told_method("window/showMessageRequest").await["params"]["message"].clone();
        let asked = asked.as_str().expect("a question");
        assert!(asked.contains("mistral-code-fim-latest") && asked.contains("$1 per day for suggestions"), "{asked}");
        assert!(desk.double.record().requests.is_empty());
        desk.told(|paid| paid["provider"] == "mistral" && paid["wantsConsent"] == Value::Null && paid["requests"] == 0)
            .await;

        let shown = desk.suggested().await;
        assert_eq!(text(&shown), "check(request);", "{shown}");
        let bill = Picodollars(desk.double.record().money());
        let status = desk.told(|paid| paid["requests"] == 1).await;
        assert_eq!(status["suggestions"]["lastCost"], bill.exact());
        assert_eq!(status["server"]["host"], desk.double.address.to_string());
        let uri = desk.workspace.uri("src/main.rs");
        let place = json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 4 } });
        let why = desk.client.result("tandem/why", place).await;
        assert_eq!(why["cost"], json!({ "cost": bill.exact(), "isCounted": true }), "{why}");
        assert!(why["prompt"].as_str().is_some_and(|prompt| prompt.contains("fn hand_on")), "{why}");
        let budget = desk.client.result("tandem/budget", Value::Null).await;
        assert_eq!(
            (&budget["today"]["suggestions"], &budget["today"]["questions"]),
            (&json!(1), &json!(0)),
            "{budget}"
        );
        assert_eq!(budget["today"]["suggestionsCost"], bill.exact());
        let is_daily = |limit: &&Value| limit["name"] == "$1 per day for suggestions";
        assert!(budget["limits"].as_array().expect("limits").iter().any(|limit| is_daily(&limit)), "{budget}");
        assert_eq!(desk.client.arrived("window/showMessage"), 0, "nobody is bothered");
        desk.client.leave().await;
    }

    #[tokio::test]
    async fn a_no_stays_a_no_and_is_asked_for_once() {
        let mut desk = Desk::new(json!({})).await;
        desk.client.choices = ["Not now"].into();
        for _ in 0..3 {
            assert_eq!(text(&desk.suggested().await), "");
        }
        let why = desk.told(|paid| paid["wantsConsent"] == true).await;
        assert!(why["server"]["withheld"]["notAllowed"].is_u64(), "{why}");
        let nothing = |message: &Value| {
            message["method"] == "tandem/status"
                && message["params"]["nothingShownBecause"]
                    .as_str()
                    .is_some_and(|why| why.contains("tandem trust --suggestions"))
        };
        desk.client.told(nothing).await;
        desk.client.told_method("window/showMessageRequest").await;
        desk.suggested().await;
        assert_eq!(desk.client.arrived("window/showMessageRequest"), 0);
        assert!(desk.double.record().requests.is_empty());
        desk.client.leave().await;
    }

    #[tokio::test]
    async fn an_editor_that_does_not_trust_the_folder_keeps_what_is_typed_here() {
        let mut desk = Desk::new(json!({})).await;
        desk.told(|paid| paid["provider"] == "mistral").await;
        desk.client.notify("tandem/workspaceTrust", json!({ "isTrusted": false })).await;
        desk.told(|paid| *paid == Value::Null).await;
        assert_eq!(text(&desk.suggested().await), "");
        assert!(desk.double.record().requests.is_empty());
        assert_eq!(desk.client.arrived("window/showMessageRequest"), 0);
        desk.client.leave().await;
    }

    #[tokio::test]
    async fn a_limit_that_is_used_up_is_told_once_and_typing_goes_on() {
        let mut desk = Desk::new(json!({ "budget.limits": ["$5 per month", "$0 per day for suggestions"] })).await;
        for _ in 0..3 {
            assert_eq!(text(&desk.suggested().await), "");
        }
        let told = desk.client.told_method("window/showMessage").await;
        assert!(
            told["params"]["message"].as_str().is_some_and(|why| why.contains("$0 per day for suggestions")),
            "{told}"
        );
        desk.suggested().await;
        assert_eq!(desk.client.arrived("window/showMessage"), 0, "not at every key");
        assert!(desk.double.record().requests.is_empty());
        desk.client.leave().await;
    }
}

//! What the user changes on disk while a server runs.

use serde_json::Value;

use super::*;
use crate::config::{Environment, IndexSettings};
use crate::index::{Index, IndexOptions};
use crate::privacy::{Fingerprint, Trust};

const SETTINGS: &str = r#"
cloud.provider = "anthropic"
cloud.model = "claude-of-tomorrow"
budget.limits = ["$20 per month"]
"#;

fn price(output: u64) -> String {
    format!("[anthropic.\"claude-of-tomorrow\"]\ninput = 1\noutput = {output}\n")
}

/// A user's machine with a trusted folder that has these files.
struct Scene {
    place: tempfile::TempDir,
    loader: Loader,
    workspace: Workspace,
}

impl Scene {
    fn new(files: &[(String, String)], settings: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("work");
        std::fs::create_dir(&root).unwrap();
        for (name, text) in files {
            std::fs::write(root.join(name), text).unwrap();
        }
        let loader = Loader::new(Environment::of(&[("HOME", place.path().to_str().unwrap())]), Value::Null);
        crate::config::create_private_dir(&loader.paths().state).unwrap();
        set(&loader, settings);
        Trust::new(&loader.paths().state).grant(&root, &Fingerprint::of(&root)).unwrap();
        let options = IndexOptions::new(&IndexSettings { threads: 1, ..IndexSettings::default() }, None);
        let index = Index::open(&root, options);
        index.settle();
        let loaded = loader.load(std::slice::from_ref(&root), None);
        assert_eq!(loaded.problems, []);
        let (settings, user) = (Arc::new(loaded.settings), Arc::new(loaded.user));
        let workspace = Workspace { index, documents: Vec::new(), settings, user, git: None };
        Self { place, loader, workspace }
    }
}

fn set(loader: &Loader, settings: &str) {
    let file = loader.paths().user_file(loader.environment());
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, settings).unwrap();
}

#[tokio::test]
async fn a_prompt_stays_below_a_tier_with_all_that_is_put_around_it() {
    const TIER: u64 = 6000;
    let body = "    let request = handed_on(read(), checked());\n".repeat(20);
    let files: Vec<(String, String)> =
        (0..40).map(|n| (format!("part_{n:02}.rs"), format!("pub fn request_{n}() {{\n{body}}}\n"))).collect();
    let scene = Scene::new(&files, &format!("{SETTINGS}\nask.contextTokens = 9000\n"));
    let tiers = format!("tiers = [{{ above = {TIER}, input = 2, output = 4 }}]\n");
    std::fs::write(scene.loader.paths().prices_file(), price(2) + &tiers).unwrap();
    // Nothing is known of the model yet; then, that it makes a third more of a text than it is bounded by.
    for seen in [1000, 1333] {
        let counts = format!("{{\"anthropic/claude-of-tomorrow\":[{seen}]}}");
        std::fs::write(scene.loader.paths().token_counts_file(), counts).unwrap();
        let pipeline = Pipeline::new(&scene.loader, Arc::new(|_| None));
        let question = Question { text: "How is a request handed on?".to_owned(), ..Question::default() };
        let tokens = pipeline.preview(question, scene.workspace.clone()).await.unwrap().preview.input_tokens.1;
        assert!(tokens <= TIER, "{tokens} tokens are beyond the tier, seen {seen}");
        assert!(tokens > TIER * 9 / 10, "{tokens} tokens leave room, seen {seen}");
    }
    drop(scene.place);
}

#[tokio::test]
async fn days_of_the_audit_log_are_those_of_the_settings_as_they_are() {
    let scene = Scene::new(&[], SETTINGS);
    let pipeline = Pipeline::new(&scene.loader, Arc::new(|_| None));
    let shared = pipeline.0.clone();
    let open = move || {
        let opened = shared.open();
        let key = shared.opened.lock().unwrap().as_ref().map(|(key, _)| key.1);
        (opened.ledger.unwrap(), key.unwrap())
    };
    let (first, days) = open();
    assert_eq!(days, 365);
    assert!(Arc::ptr_eq(&first, &open().0), "nothing changed");
    set(&scene.loader, &format!("{SETTINGS}\nprivacy.auditDays = 7\n"));
    let (second, days) = open();
    assert_eq!(days, 7);
    assert!(!Arc::ptr_eq(&first, &second), "all is opened anew, the audit log with it");
}

#[tokio::test]
async fn prices_are_those_of_the_file_as_it_is_when_a_question_comes() {
    let scene = Scene::new(&[("a.rs".to_owned(), "fn a() {}\n".to_owned())], SETTINGS);
    let (paths, workspace) = (scene.loader.paths(), &scene.workspace);
    let pipeline = Pipeline::new(&scene.loader, Arc::new(|_| None));
    let cost = async || {
        let question = Question { text: "What is a?".to_owned(), ..Question::default() };
        pipeline.preview(question, workspace.clone()).await.map(|payload| payload.preview.cost.1)
    };
    assert!(cost().await.unwrap_err().contains("claude-of-tomorrow"), "nobody knows its price");
    std::fs::write(paths.prices_file(), price(2)).unwrap();
    let cheap = cost().await.unwrap();
    // Each thread has a tag of its own, which is more or less of a token.
    assert!(cost().await.unwrap().0.abs_diff(cheap.0) < cheap.0 / 100);
    std::fs::write(paths.prices_file(), price(2000)).unwrap();
    assert!(cost().await.unwrap().0 > cheap.0 * 10);
    std::fs::remove_file(paths.prices_file()).unwrap();
    assert!(cost().await.is_err(), "it has none again");
}

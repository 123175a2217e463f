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

#[tokio::test]
async fn prices_are_those_of_the_file_as_it_is_when_a_question_comes() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("work");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("a.rs"), "fn a() {}\n").unwrap();
    let loader = Loader::new(Environment::of(&[("HOME", place.path().to_str().unwrap())]), Value::Null);
    let paths = loader.paths();
    let file = paths.user_file(loader.environment());
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, SETTINGS).unwrap();
    crate::config::create_private_dir(&paths.state).unwrap();
    Trust::new(&paths.state).grant(&root, &Fingerprint::of(&root)).unwrap();
    let index = Index::open(&root, IndexOptions::new(&IndexSettings { threads: 1, ..IndexSettings::default() }, None));
    index.settle();
    let loaded = loader.load(std::slice::from_ref(&root), None);
    assert_eq!(loaded.problems, []);
    let (settings, user) = (Arc::new(loaded.settings), Arc::new(loaded.user));
    let workspace = Workspace { index, documents: Vec::new(), settings, user, git: None };
    let pipeline = Pipeline::new(&loader);
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

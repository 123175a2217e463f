//! What the prompts of a session say of the rest of the repository.

use super::*;
use crate::config::IndexSettings;
use crate::engine::Snippet;
use crate::index::IndexOptions;

/// A session in a folder of these files, and what its engine was asked with.
struct Folder {
    directory: tempfile::TempDir,
    session: Arc<Session>,
    asked: Arc<Mutex<Vec<Vec<Snippet>>>>,
}

impl Folder {
    fn new(files: &[(&str, &str)], change: impl FnOnce(&mut Settings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let asked: Arc<Mutex<Vec<Vec<Snippet>>>> = Arc::default();
        let log = asked.clone();
        let engine = FakeEngine::new(move |job| {
            log.lock().unwrap().push(job.prompt.snippets.clone());
            "answer".to_owned()
        });
        let mut settings = Settings::default();
        change(&mut settings);
        let session = Session::new(settings, Some(Arc::new(engine)));
        let folders = vec![directory.path().to_owned()];
        session.initialize(PositionEncoding::Utf8, folders.clone());
        let options = IndexOptions::new(&IndexSettings::default(), None);
        session.set_indexes(Some(IndexPlan { folders, options, watches: false }));
        session.indexes().iter().for_each(|index| index.settle());
        Self { directory, session, asked }
    }

    fn uri(&self, path: &str) -> String {
        format!("file://{}", self.directory.path().join(path).display())
    }

    /// Opens the file with this text and asks at its cursor, with all the patience that the context needs.
    async fn ask(&self, path: &str, fixture: &str) -> Vec<Snippet> {
        let cursor = fixture.find("$0").unwrap();
        let text = fixture.replacen("$0", "", 1);
        let uri = self.uri(path);
        self.session.open(&uri, "", 1, &text);
        // The index knows documents a moment after they are opened.
        let is_known = || self.session.indexes()[0].text(path).as_deref() == Some(&text);
        while !is_known() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let before = &text[..cursor];
        let line = before.matches('\n').count() as u32;
        let column = (cursor - before.rfind('\n').map_or(0, |newline| newline + 1)) as u32;
        let position = Position::new(line, column);
        self.session.complete_within(&uri, position, Trigger::Invoked, Patience::COMMAND).await;
        self.asked.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

fn described(snippets: &[Snippet]) -> Vec<String> {
    snippets.iter().map(|snippet| format!("{}: {}", snippet.path, snippet.text)).collect()
}

const LEDGER: &str = "pub struct Ledger;\n\nimpl Ledger {\n    /// Takes it.\n    pub fn reserve(&self, amount: u64) -> bool {\n        amount > 0\n    }\n}\n";

#[tokio::test]
async fn what_is_called_stands_in_the_prompt_with_its_signature() {
    let folder = Folder::new(&[("src/ledger.rs", LEDGER), ("src/main.rs", "")], |_| ());
    let main = "use crate::ledger::Ledger;\n\nfn main(ledger: Ledger) {\n    ledger.reserve($0\n}\n";
    let snippets = folder.ask("src/main.rs", main).await;
    // There is room left for what it does, too.
    let body = "src/ledger.rs: pub fn reserve(&self, amount: u64) -> bool {\n    amount > 0\n}\n";
    let expected = "src/ledger.rs: struct Ledger;\nimpl Ledger\n    fn reserve(&self, amount: u64) -> bool\n";
    assert_eq!(described(&snippets), [expected, body]);
    let why = folder.session.why(&folder.uri("src/main.rs"), Position::new(3, 19)).unwrap();
    let first = &why.context[0];
    assert_eq!((first.path.as_str(), first.name.as_str(), first.is_shown), ("src/ledger.rs", "Ledger.reserve", true));
}

#[tokio::test]
async fn what_is_ignored_or_not_asked_for_never_enters() {
    let files = [("src/ledger.rs", LEDGER), ("src/main.rs", ""), (".gitignore", "ledger.rs\n")];
    let main = "use crate::ledger::Ledger;\n\nfn main(ledger: Ledger) {\n    ledger.reserve($0\n}\n";
    let folder = Folder::new(&files, |_| ());
    assert_eq!(folder.ask("src/main.rs", main).await, []);
    let folder = Folder::new(&files[..2], |settings| settings.completion.snippet_tokens = 0);
    assert_eq!(folder.ask("src/main.rs", main).await, []);
}

#[tokio::test]
async fn of_a_long_file_what_the_window_does_not_show_stands_in_the_prompt() {
    let folder = Folder::new(&[("src/main.rs", "")], |settings| settings.completion.prefix_tokens = 40);
    let filler = "// A line that nobody needs, only there to fill the window.\n".repeat(20);
    let main =
        format!("fn convert(text: &str) -> u64 {{\n    1\n}}\n\n{filler}fn main() {{\n    let n = convert($0\n}}\n");
    let snippets = folder.ask("src/main.rs", &main).await;
    let body = "src/main.rs: fn convert(text: &str) -> u64 {\n    1\n}\n";
    assert_eq!(described(&snippets), ["src/main.rs: fn convert(text: &str) -> u64\n", body]);
    let near = main.replace(&filler, "");
    let folder = Folder::new(&[("src/main.rs", "")], |_| ());
    assert_eq!(folder.ask("src/main.rs", &near).await, []);
}

#[tokio::test]
async fn edits_of_other_files_stand_last_and_those_of_ignored_ones_nowhere() {
    let files =
        [("a.rs", "fn total(a: u8) {}\n"), ("secret.rs", "let key = 1;\n"), ("b.rs", ""), (".ignore", "secret.rs\n")];
    let folder = Folder::new(&files, |_| ());
    for (path, text, typed) in [("a.rs", files[0].1, "sum"), ("secret.rs", files[1].1, "zyzzyva")] {
        let uri = folder.uri(path);
        folder.session.open(&uri, "", 1, text);
        let range = crate::text::Range { start: Position::new(0, 3), end: Position::new(0, 8) };
        folder.session.change(&uri, 2, &[Change { range: Some(range), text: typed.to_owned() }]);
    }
    let snippets = folder.ask("b.rs", "fn main() {\n    let n = $0\n}\n").await;
    assert_eq!(described(&snippets).last().unwrap(), "a.rs: -fn total(a: u8) {}\n+fn sum(a: u8) {}\n");
    assert!(!described(&snippets).concat().contains("zyzzyva"));
    // Below its own cursor an edit is in view.
    let uri = folder.uri("a.rs");
    folder.session.complete_within(&uri, Position::new(0, 3), Trigger::Invoked, Patience::COMMAND).await;
    let own = folder.asked.lock().unwrap().last().cloned().unwrap_or_default();
    assert!(!described(&own).concat().contains("-fn total"), "{own:?}");
}

#[tokio::test]
async fn what_is_ignored_from_now_on_leaves_the_prompt_at_once() {
    let folder = Folder::new(&[("src/ledger.rs", LEDGER), ("src/main.rs", "")], |_| ());
    let main = "use crate::ledger::Ledger;\n\nfn main(ledger: Ledger) {\n    ledger.reserve($0\n}\n";
    assert_eq!(folder.ask("src/main.rs", main).await.len(), 2);
    let rules = folder.directory.path().join(".ignore");
    std::fs::write(&rules, "ledger.rs\n").unwrap();
    folder.session.files_changed(&[rules]);
    folder.session.indexes()[0].settle();
    // Within a word the index is not asked again, and what was written for the old prompt does not go on with a `z`.
    let uri = folder.uri("src/main.rs");
    let range = Some(crate::text::Range { start: Position::new(3, 19), end: Position::new(3, 19) });
    folder.session.change(&uri, 2, &[Change { range, text: "z".to_owned() }]);
    folder.session.complete_within(&uri, Position::new(3, 20), Trigger::Invoked, Patience::COMMAND).await;
    let asked = folder.asked.lock().unwrap().clone();
    assert_eq!((asked.len(), asked.last()), (2, Some(&Vec::new())));
}

#[tokio::test]
async fn imports_that_the_window_does_not_show_stand_in_the_prompt() {
    let folder = Folder::new(&[("src/main.rs", "")], |settings| settings.completion.prefix_tokens = 40);
    let filler = "// A line that nobody needs, only there to fill the window.\n".repeat(20);
    let main = format!("use std::fmt::{{\n    Debug,\n    Display,\n}};\n\n{filler}fn main() {{\n    $0\n}}\n");
    let snippets = folder.ask("src/main.rs", &main).await;
    assert_eq!(described(&snippets), ["src/main.rs: use std::fmt::{\n    Debug,\n    Display,\n};\n"]);
}

/// Two files that are as like the cursor's as can be, and one that nobody may see.
const LIKE: &str = "fn total_of(invoice: &Invoice) -> u64 {\n    let amount = invoice.amount();\n    let rate = currency_rate(invoice.currency());\n    amount * rate\n}\n";
const NEW: &str = "fn tax_of(invoice: &Invoice) -> u64 {\n    let amount = invoice.cost();\n    let rate = currency_rate(invoice.currency());\n    $0\n}\n";

#[tokio::test]
async fn similar_code_enters_where_the_settings_say_so_and_where_the_user_was_comes_first() {
    let files = [("a.rs", LIKE), ("z.rs", LIKE), ("secret.rs", LIKE), ("new.rs", ""), (".ignore", "secret.rs\n")];
    let similar = |percent: u32| {
        let percent = move |settings: &mut Settings| settings.completion.similar_percent = percent;
        Folder::new(&files, percent)
    };
    let is_piece = |snippet: &&Snippet| snippet.text.contains("let amount = invoice.amount()");
    let pieces = |snippets: Vec<Snippet>| {
        snippets.iter().filter(is_piece).map(|snippet| snippet.path.clone()).collect::<Vec<_>>()
    };
    let folder = similar(30);
    for path in ["secret.rs", "z.rs"] {
        folder.session.open(&folder.uri(path), "", 1, LIKE);
        folder.session.viewed(&folder.uri(path), Position::new(2, 0));
    }
    let found = pieces(folder.ask("new.rs", NEW).await);
    // The best stands last, next to the cursor's file.
    assert_eq!(found, ["a.rs", "z.rs"]);
    let found = pieces(similar(30).ask("new.rs", NEW).await);
    assert_eq!(found, ["z.rs", "a.rs"]);
}

#[tokio::test]
async fn a_suggestion_is_remembered_until_an_edit_in_another_file() {
    let folder = Folder::new(&[("a.rs", ""), ("b.rs", "")], |settings| settings.completion.look_ahead = false);
    let ask = async |path: &str| {
        let outcome = folder.session.complete(&folder.uri(path), Position::new(0, 8), Trigger::Automatic).await;
        assert!(matches!(outcome, Outcome::Show(_)), "{outcome:?}");
        folder.asked.lock().unwrap().len()
    };
    folder.ask("b.rs", "let y = $0\n").await;
    folder.ask("a.rs", "let x = $0\n").await;
    assert_eq!(ask("a.rs").await, 2, "it is shown");
    assert_eq!(ask("b.rs").await, 2, "it is remembered");
    assert_eq!(ask("a.rs").await, 2, "and it was only left");
    let range = Some(crate::text::Range { start: Position::new(1, 0), end: Position::new(1, 0) });
    folder.session.change(&folder.uri("b.rs"), 2, &[Change { range, text: "fn changed() {}\n".into() }]);
    assert_eq!(ask("a.rs").await, 3, "the prompt would tell the edit");
    assert_eq!(ask("a.rs").await, 3);
}

//! Documents that are generated from code, and fail here when they are out of date.
//!
//! `UPDATE_DOCS=1 cargo test --test documents` writes them.

mod documents {
    mod commands;
}

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;
use tandem::config::{KEYS, Key, Kind, Settings, Tighten};

/// Compares the part between the two markers of a file with what it should be, or writes it.
fn check_generated(file: &str, expected: &str) {
    const BEGIN: &str = "<!-- generated from src/config/keys.rs: UPDATE_DOCS=1 cargo test --test documents -->\n";
    const END: &str = "<!-- end of generated part -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap_or_else(|| panic!("{file} lacks {BEGIN}"));
    let (found, after) = rest.split_once(END).unwrap_or_else(|| panic!("{file} lacks {END}"));
    if found == expected {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, [before, BEGIN, expected, END, after].concat()).unwrap();
    } else {
        panic!("{file} is out of date: run UPDATE_DOCS=1 cargo test --test documents\n--- expected ---\n{expected}");
    }
}

fn default_of(key: &Key) -> String {
    let mut settings = Settings::default();
    settings.cloud.providers.insert("*".to_owned(), Default::default());
    let defaults = serde_json::to_value(settings).unwrap();
    match key.path.split('.').fold(&defaults, |value, name| &value[name]) {
        Value::Null => "–".to_owned(),
        Value::Array(items) if items.is_empty() => "`[]`".to_owned(),
        value => format!("`{value}`"),
    }
}

fn takes(kind: Kind) -> String {
    match kind {
        Kind::Bool => "`true`, `false`".to_owned(),
        Kind::Integer { min, max } => format!("{min} – {max}"),
        Kind::Choice(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "),
        Kind::ChoiceOrInteger { words, min, max } => {
            format!("{}, {}", takes(Kind::Choice(words)), takes(Kind::Integer { min, max }))
        }
        Kind::Text => "text".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Model => "path or name".to_owned(),
        Kind::TextList => "list of texts".to_owned(),
        Kind::PatternList => "list of patterns".to_owned(),
    }
}

fn workspace(tighten: Tighten) -> &'static str {
    match tighten {
        Tighten::Never => "no",
        Tighten::OnlyFalse => "switch off",
        Tighten::OnlyLower => "lower",
        Tighten::OnlyAdd => "add",
    }
}

#[test]
fn the_reference_of_settings_is_up_to_date() {
    let mut reference = String::new();
    let mut group = "";
    for key in KEYS {
        let (own_group, _) = key.path.split_once('.').unwrap();
        if own_group != group {
            group = own_group;
            write!(
                reference,
                "\n### {group}\n\n| key | takes | default | a workspace may | what it does |\n| --- | --- | --- | --- | --- |\n"
            )
            .unwrap();
        }
        let (takes, default, workspace) = (takes(key.kind), default_of(key), workspace(key.workspace));
        writeln!(reference, "| `{}` | {takes} | {default} | {workspace} | {} |", key.path, key.about).unwrap();
    }
    reference.push('\n');
    check_generated("docs/configuration.md", &reference);
}

/// The settings that a newcomer looks for.
const MOST_WANTED: &[&str] = &[
    "completion.enabled",
    "completion.eagerness",
    "completion.maxLines",
    "completion.disabledLanguages",
    "engine.choice",
    "engine.model",
    "engine.threads",
    "index.enabled",
    "index.exclude",
    "log.filter",
];

#[test]
fn the_table_in_the_readme_is_up_to_date() {
    let mut table = "| key | default | what it does |\n| --- | --- | --- |\n".to_owned();
    for path in MOST_WANTED {
        let key = Key::find(path).unwrap();
        writeln!(table, "| `{path}` | {} | {} |", default_of(key), key.about).unwrap();
    }
    check_generated("README.md", &table);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents: Vec<_> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "models/README.md"].map(|name| root.join(name)).to_vec();
    documents.extend(std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut broken = Vec::new();
    for document in documents.iter().filter(|path| path.extension().is_some_and(|kind| kind == "md")) {
        let text = std::fs::read_to_string(document).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !document.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

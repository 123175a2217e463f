//! What the index costs, beside tree-sitter's bare parse of the same files in the same run.
//!
//! `cargo bench --no-default-features --bench index -- DIRECTORY …` (public repositories, checked out somewhere).
//! `-- --only=answers,edit DIRECTORY …` measures these parts alone: cold, answers, edit, checkout.

mod index {
    pub mod answers;
    pub mod checkout;
    pub mod cold;
    pub mod cost;
    pub mod edit;
}

use std::path::{Path, PathBuf};

use tandem::config::IndexSettings;
use tandem::index::{Index, IndexOptions};

const PARTS: &str = "cold,answers,edit,checkout";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let only = words.iter().find_map(|word| word.strip_prefix("--only=")).unwrap_or(PARTS);
    if let Some(directory) = words.iter().find_map(|word| word.strip_prefix("--one=")) {
        one(Path::new(directory), only);
        return;
    }
    let directories: Vec<PathBuf> = words.iter().filter(|word| !word.starts_with('-')).map(PathBuf::from).collect();
    if directories.is_empty() {
        println!("index: no directories given: cargo bench --no-default-features --bench index -- DIRECTORY …");
    }
    for directory in directories {
        // Each in a process of its own: peaks of memory and compiled queries are those of one workspace.
        let own = std::env::current_exe().expect("the bench's own path");
        let mut command = std::process::Command::new(own);
        command.arg(format!("--one={}", directory.display())).arg(format!("--only={only}"));
        assert!(command.status().expect("it starts").success(), "{} failed", directory.display());
    }
}

fn one(directory: &Path, only: &str) {
    println!("{}", directory.display());
    let is_wanted = |part: &str| only.split(',').any(|word| word == part);
    if is_wanted("cold") {
        index::cold::run(directory);
    }
    if is_wanted("answers") || is_wanted("edit") {
        let index = Index::open(directory, IndexOptions::new(&IndexSettings::default(), None));
        index.settle();
        if is_wanted("answers") {
            index::answers::run(&index);
        }
        if is_wanted("edit") {
            index::edit::run(&index);
        }
    }
    if is_wanted("checkout") {
        index::checkout::run(directory);
    }
}

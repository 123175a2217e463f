//! The index as a whole, on real files.

mod answers;
mod faults;
mod promises;
mod property;

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::config::IndexSettings;
use crate::text::Document;

/// A workspace and a place for its stored index.
pub struct Bench {
    pub workspace: TempDir,
    pub store: TempDir,
    pub settings: IndexSettings,
}

impl Bench {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let bench = Self {
            workspace: tempfile::tempdir().unwrap(),
            store: tempfile::tempdir().unwrap(),
            settings: IndexSettings { threads: 2, ..IndexSettings::default() },
        };
        for (path, text) in files {
            bench.write(path, text);
        }
        bench
    }

    pub fn root(&self) -> &Path {
        self.workspace.path()
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Waits until the first scan is done.
    pub fn open(&self) -> Arc<Index> {
        let options = IndexOptions::new(&self.settings, Some(self.store.path().to_owned()));
        let index = Index::open(self.root(), options);
        index.settle();
        index
    }

    pub fn change(&self, index: &Index, paths: &[&str]) {
        index.changed(paths.iter().map(|path| self.root().join(path)).collect());
        index.settle();
    }
}

/// As the session does it: parse, then tell the index.
pub fn set_document(index: &Index, path: &Path, text: &str) -> bool {
    let document = Document::new("x", "", 0, text);
    let language = Language::detect("", &path.to_string_lossy(), text.lines().next().unwrap_or_default());
    let tree = language.and_then(|language| SyntaxTree::parse(language, document.rope(), None));
    index.set_document(path, language, document.rope(), tree.as_ref())
}

/// Equal to a rebuild: the files, and the graph that was brought up to date step by step.
#[track_caller]
pub fn assert_true(index: &Index) {
    let mut differences = index.differences();
    differences.truncate(2);
    assert_eq!(differences, [], "{:?}", index.progress().borrow());
    let grown = index.shared.with_graph(|graph, state| graph.spell(state));
    let fresh = graph::Graph::default();
    *index.shared.graph.lock().unwrap() = fresh;
    let fresh = index.shared.with_graph(|graph, state| graph.spell(state));
    assert_eq!(grown, fresh, "the graph");
}

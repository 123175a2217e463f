//! A small repository on disk, its index, and made-up records, for the tests of this room.

use std::path::Path;
use std::sync::Arc;

use super::hole::{Copies, Kind};
use super::record::{Candidate, Guess, Record};
use crate::complete::Source;
use crate::complete::gate::Features;
use crate::config::Settings;
use crate::index::{Index, IndexOptions};

pub struct Repository {
    directory: tempfile::TempDir,
}

/// A folder with these files in it.
pub fn repository(files: &[(&str, &str)]) -> Repository {
    let repository = Repository { directory: tempfile::tempdir().unwrap() };
    for (path, text) in files {
        let path = repository.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    repository
}

pub fn options() -> IndexOptions {
    IndexOptions::new(&Settings::default().index, None)
}

impl Repository {
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// Its index, caught up.
    pub fn index(&self) -> Arc<Index> {
        let index = Index::open(self.root(), options());
        index.settle();
        index
    }
}

/// A record with a wrong guess that was not shown.
pub fn record(variant: usize, hole: usize) -> Record {
    Record {
        variant,
        hole,
        path: "a.rs".to_owned(),
        line: 1,
        language: "rust".to_owned(),
        kind: Kind::Line,
        copies: Copies::default(),
        answer: "b".to_owned(),
        guess: Some(Guess {
            text: "c".to_owned(),
            source: Source::Lookup,
            confidence: 0.5,
            exact: false,
            first_line: false,
            similarity: 0.25,
            adds_errors: Some(false),
        }),
        candidates: vec![Candidate {
            text: "c".to_owned(),
            source: Source::Lookup,
            features: Features::default(),
            exact: false,
            first_line: false,
        }],
        shown: false,
        reason: Some("lowConfidence".to_owned()),
        prompt: None,
        stages_us: [("total".to_owned(), 1500)].into(),
        timed_out: false,
    }
}

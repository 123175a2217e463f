//! What is left behind, on workspaces written out in `tests/fixtures/nextedit`.
//!
//! A fixture has cases. A case has a title, files, and what is expected, one place a line: where it is, how sure, and the
//! line as it would be, or what the user is told. `«old=>new»` is the edit. `UPDATE_NEXTEDIT=1` writes down what is found.

mod steps;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tempfile::TempDir;

use super::*;
use crate::config::IndexSettings;
use crate::index::{Index, IndexOptions};
use crate::syntax::{Language, SyntaxTree};
use crate::text::Document;

/// A workspace on disk with its index, and documents that are open in it.
pub struct Desk {
    folder: TempDir,
    pub index: Arc<Index>,
    pub open: FxHashMap<String, OpenText>,
    pub trackers: FxHashMap<String, Tracker>,
    pub finder: Finder,
    pub now: Duration,
}

impl Desk {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        }
        let settings = IndexSettings { threads: 1, ..IndexSettings::default() };
        let index = Index::open(folder.path(), IndexOptions::new(&settings, None));
        index.settle();
        let (open, trackers) = (FxHashMap::default(), FxHashMap::default());
        Self { folder, index, open, trackers, finder: Finder::default(), now: Duration::from_secs(1) }
    }

    pub fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    /// As an editor has the document from now on.
    pub fn set(&mut self, path: &str, text: &str) {
        let full = self.path(path);
        let document = Document::new(&*full.to_string_lossy(), "", 0, text);
        let language = Language::detect("", path, "").expect("a language").of_content(path, text.as_bytes());
        let tree = Arc::new(SyntaxTree::parse(language, document.rope(), None).expect("a tree"));
        self.index.set_document(&full, Some(language), document.rope(), Some(&tree));
        let page = Page::new(path, document.clone(), tree.clone(), true);
        let snapshot = Snapshot::new(&page);
        match self.trackers.get_mut(path) {
            Some(tracker) => tracker.update(&snapshot, self.now),
            None => {
                let tracker = Tracker::new(document.id().clone(), path, &snapshot, self.now);
                self.trackers.insert(path.to_owned(), tracker);
            }
        }
        self.open.insert(path.to_owned(), OpenText { document, tree });
    }

    pub fn places(&mut self) -> Vec<StalePlace> {
        let mut paths: Vec<&String> = self.trackers.keys().collect();
        paths.sort_unstable();
        let changes: Vec<Change> = paths.iter().flat_map(|path| self.trackers[*path].changes()).collect();
        self.finder.find(&changes, &mut Library::new(&self.index, &self.open)).places
    }

    /// Each place on a line of its own.
    pub fn spelled(&mut self) -> Vec<String> {
        self.places().iter().map(spell).collect()
    }
}

fn spell(place: &StalePlace) -> String {
    let row = place.page.place(place.range.start).row + 1;
    let certainty = match place.certainty {
        Certainty::Sure => "sure",
        Certainty::Likely => "likely",
        Certainty::Possible => "possible",
    };
    let what = match &place.edit {
        Some(edit) => {
            let mut text = place.page.text.clone();
            text.replace_range(edit.range.clone(), &edit.text);
            let from = text[..edit.range.start].rfind('\n').map_or(0, |at| at + 1);
            let end = edit.range.start + edit.text.len();
            let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
            text[from..to].split_whitespace().collect::<Vec<_>>().join(" ")
        }
        None => format!("look: {}", place.message),
    };
    format!("{}:{row} {certainty}: {what}", place.page.path)
}

/// The text before and after the edits that are marked in it.
fn versions(marked: &str) -> (String, String) {
    let (mut before, mut after) = (String::new(), String::new());
    let mut rest = marked;
    while let Some((head, tail)) = rest.split_once('«') {
        let (edit, tail) = tail.split_once('»').expect("an end of the edit");
        let (old, new) = edit.split_once("=>").expect("two texts");
        before.push_str(&format!("{head}{old}"));
        after.push_str(&format!("{head}{new}"));
        rest = tail;
    }
    (before + rest, after + rest)
}

/// What is found for the files of one case.
fn found(case: &str) -> Vec<String> {
    let files: Vec<(&str, String, String)> = case
        .split("\n== ")
        .skip(1)
        .map(|file| {
            let (path, text) = file.split_once('\n').unwrap_or((file, ""));
            let (before, after) = versions(&format!("{text}\n"));
            (path, before, after)
        })
        .collect();
    let on_disk: Vec<(&str, &str)> = files.iter().map(|(path, before, _)| (*path, before.as_str())).collect();
    let mut desk = Desk::new(&on_disk);
    let edited = || files.iter().filter(|(_, before, after)| before != after);
    edited().for_each(|(path, before, _)| desk.set(path, before));
    edited().for_each(|(path, _, after)| desk.set(path, after));
    desk.spelled()
}

#[test]
fn what_is_left_behind_in_every_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/nextedit");
    let update = crate::config::Environment::of_process().get("UPDATE_NEXTEDIT").is_some();
    let mut languages = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).expect("fixtures") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a fixture");
        languages += 1;
        let mut updated = String::new();
        for case in text.split_inclusive("\n\n\n").filter(|case| !case.trim().is_empty()) {
            let (files, expected) = case.split_once("\n--\n").unwrap_or((case.trim_end(), ""));
            let found = found(files);
            let expected: Vec<&str> = expected.lines().filter(|line| !line.is_empty()).collect();
            if expected != found {
                let title = files.lines().next().unwrap_or_default();
                wrong.push(format!("{}: {title}\n{}", path.display(), found.join("\n")));
            }
            updated.push_str(&format!("{}\n--\n{}\n\n\n", files.trim_end(), found.join("\n")));
        }
        if update {
            std::fs::write(&path, updated.trim_end().to_owned() + "\n").expect("a fixture");
        }
    }
    assert!(languages >= 8, "{languages}");
    assert!(update || wrong.is_empty(), "{}", wrong.join("\n\n"));
}

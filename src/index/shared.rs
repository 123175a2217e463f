//! What the threads of one index share, and the changes that must look at several parts of it at once.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ropey::Rope;
use rustc_hash::FxHashMap;

use super::graph::Graph;
use super::heuristics::{self, Omission};
use super::options::IndexOptions;
use super::progress::Board;
use super::signatures::Signatures;
use super::state::{Stamp, State};
use super::vectors::Vectors;
use super::watch::Watches;
use super::{extract, refresh, store, walk};
use crate::privacy::IgnoreRules;
use crate::syntax::{Language, SyntaxTree};

/// What the threads of one index share.
#[derive(Debug)]
pub struct Shared {
    /// As the file system spells it.
    pub root: PathBuf,
    /// As it was named to us, perhaps through a link.
    pub folder: PathBuf,
    pub options: IndexOptions,
    pub state: RwLock<State>,
    pub rules: RwLock<Arc<IgnoreRules>>,
    /// Open documents by path: their text counts, not the file's.
    pub open: Mutex<FxHashMap<String, OpenDocument>>,
    pub board: Board,
    pub graph: Mutex<Graph>,
    pub watches: Mutex<Option<Watches>>,
    pub signatures: Signatures,
    pub stop: AtomicBool,
    /// Held while the index is written piece by piece, and when a loaded one takes its place: the pieces share their names'
    /// numbers.
    pub storing: Mutex<()>,
    /// Where somebody gave a model that makes vectors.
    pub vectors: Mutex<Option<Arc<Vectors>>>,
}

/// A document that is open in an editor.
#[derive(Clone, Debug)]
pub struct OpenDocument {
    pub language: Option<&'static Language>,
    pub rope: Rope,
}

impl OpenDocument {
    /// Parses the text anew, for when the tree that came with it is gone.
    pub fn extract(&self, shared: &Shared) -> (Stamp, extract::Extracted) {
        let text = self.rope.to_string();
        let limit = shared.options.file.parse;
        let tree = self.language.and_then(|language| SyntaxTree::parse_within(limit, language, &self.rope, None));
        (refresh::stamp_of_text(&text), shared.extract_document(self.language, &text, tree.as_ref()))
    }
}

impl Shared {
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn vectors(&self) -> Option<Arc<Vectors>> {
        self.vectors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn rules(&self) -> Arc<IgnoreRules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn renew_rules(&self) -> Arc<IgnoreRules> {
        let rules = Arc::new(IgnoreRules::new(&self.root, &self.options.exclude));
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules.clone();
        rules
    }

    pub fn open(&self) -> MutexGuard<'_, FxHashMap<String, OpenDocument>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A path from outside as the file system spells the root. None where it is of another place.
    pub fn below_root(&self, path: &Path) -> Option<PathBuf> {
        if path.starts_with(&self.root) {
            return Some(path.to_owned());
        }
        Some(self.root.join(path.strip_prefix(&self.folder).ok()?))
    }

    pub fn relative(&self, path: &Path) -> Option<String> {
        walk::relative(&self.root, &self.below_root(path)?)
    }

    /// Whether a file of this path from the root would be indexed if it were there.
    pub fn wants(&self, relative: &str) -> bool {
        let in_made = relative.rsplit('/').skip(1).any(heuristics::is_made_directory);
        !in_made && !self.rules().denies(&self.root.join(relative), false)
    }

    pub fn extract_document(
        &self,
        language: Option<&'static Language>,
        text: &str,
        tree: Option<&SyntaxTree>,
    ) -> extract::Extracted {
        if text.len() as u64 > self.options.file.bytes {
            return extract::Extracted::omitted(Omission::TooLarge);
        }
        extract::extract_document(language, text, tree)
    }

    /// Open documents that are wanted and not in the index: they were ignored until now.
    pub fn insert_missing_documents(&self) {
        let open: Vec<(String, OpenDocument)> =
            self.open().iter().map(|(path, document)| (path.clone(), document.clone())).collect();
        for (path, document) in open {
            let is_there = self.read().file_at(&path).is_some_and(|file| file.is_open);
            if !is_there && self.wants(&path) {
                let (stamp, extracted) = document.extract(self);
                let open = self.open();
                // While this one was read, the editor may have gone on to another version.
                let is_same = open.get(&path).is_some_and(|now| now.rope.is_instance(&document.rope));
                if is_same && self.wants(&path) {
                    self.insert_into(&open, path.into(), stamp, extracted, true);
                }
            }
        }
    }

    pub fn stored_at(&self) -> Option<PathBuf> {
        let directory = self.options.store.as_ref()?;
        Some(directory.join(store::file_name(&self.root)))
    }

    pub fn save(&self) -> anyhow::Result<()> {
        let Some(file) = self.stored_at() else { return Ok(()) };
        let _whole = self.storing.lock().unwrap_or_else(PoisonError::into_inner);
        store::write(&file, &self.root, &self.options, || self.read())
    }

    /// Puts a version in. What came from disk does not replace an open document's text.
    pub fn insert(&self, path: Arc<str>, stamp: Stamp, extracted: extract::Extracted, is_document: bool) {
        // Held until the end, so that no document is opened in between.
        self.insert_into(&self.open(), path, stamp, extracted, is_document);
    }

    /// Notes that a document is open in this version. False where it is ignored: then it is noted, too, because the rules may
    /// change while it is open, and of an older version nothing stays.
    pub fn open_document(&self, path: String, document: OpenDocument) -> bool {
        // Whoever changes the rules looks for open documents afterwards, under the same lock.
        let mut open = self.open();
        let is_wanted = self.wants(&path);
        if !is_wanted {
            self.write().remove(&path);
        }
        open.insert(path, document);
        is_wanted
    }

    /// Puts the text of an open document in. False where the rules have denied it while the text was read.
    pub fn insert_document(&self, path: Arc<str>, stamp: Stamp, extracted: extract::Extracted) -> bool {
        let open = self.open();
        let is_wanted = self.wants(&path);
        if is_wanted {
            self.insert_into(&open, path, stamp, extracted, true);
        } else {
            self.write().remove(&path);
        }
        is_wanted
    }

    /// A file was read again and is the same. An editor may have opened it in the meantime: then its text counts.
    pub fn restamp(&self, path: &str, stamp: Stamp) {
        let open = self.open();
        if !open.contains_key(path) {
            self.write().restamp(path, stamp);
        }
    }

    /// A file is gone, or not wanted any more; an open document stays.
    pub fn forget(&self, path: &str) {
        let open = self.open();
        if !open.contains_key(path) {
            self.write().remove(path);
        }
    }

    pub fn insert_into(
        &self,
        open: &FxHashMap<String, OpenDocument>,
        path: Arc<str>,
        stamp: Stamp,
        extracted: extract::Extracted,
        is_document: bool,
    ) {
        let is_vendored = heuristics::is_vendored(&path);
        if open.contains_key(&*path) != is_document {
            return;
        }
        let mut state = self.write();
        if state.insert(path.clone(), stamp, extracted, is_vendored, is_document).is_none() {
            tracing::warn!(%path, "no room for another file in the index");
        }
    }
}

//! The indexes of the workspace's folders, and the open documents' way into them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::documents::file_path;
use super::next_edits::{Event, NextEdits};
use super::repositories::Repositories;
use super::status::StatusBoard;
use crate::context::Analysis;
use crate::engine::lookup::Vantage;
use crate::index::{GiveWay, Index, IndexOptions, Meaning, Urgent, VectorStatus};
use crate::syntax::Language;
use crate::text::{Document, DocumentId};

/// What the indexes of a session are made from.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexPlan {
    pub folders: Vec<PathBuf>,
    pub options: IndexOptions,
    /// Watch the file system, because nobody else tells of changes.
    pub watches: bool,
}

/// Indexes and the documents that wait to be put into them. A document that changes faster than it is taken up is taken up
/// once, as it is then.
#[derive(Debug, Default)]
pub struct Indexes {
    state: Mutex<State>,
    news: Condvar,
    repositories: Arc<Repositories>,
    /// Told of what the indexes have taken up.
    next_edits: OnceLock<Arc<NextEdits>>,
    /// Told how far the vectors are.
    board: OnceLock<Arc<StatusBoard>>,
    way: Arc<GiveWay>,
}

#[derive(Debug, Default)]
struct State {
    plan: Option<IndexPlan>,
    meaning: Option<Meaning>,
    indexes: Vec<Arc<Index>>,
    waiting: HashMap<DocumentId, Waiting>,
}

#[derive(Debug)]
enum Waiting {
    Changed(Document, Analysis),
    Closed,
}

impl Indexes {
    /// Starts the thread that takes up documents; it ends with the last handle.
    pub fn start(next_edits: Arc<NextEdits>, board: Arc<StatusBoard>) -> Arc<Self> {
        let (next_edits, board) = (OnceLock::from(next_edits), OnceLock::from(board));
        let indexes = Arc::new(Self { repositories: Repositories::start(), next_edits, board, ..Self::default() });
        let weak = Arc::downgrade(&indexes);
        let thread = std::thread::Builder::new().name("tandem-documents".to_owned()).spawn(move || take_up(&weak));
        if let Err(error) = thread {
            tracing::error!(%error, "no thread for documents: the index knows files as they are saved");
        }
        indexes
    }

    /// Opens the indexes of this plan in place of those before. The same plan again does nothing.
    pub fn open(&self, plan: Option<IndexPlan>) -> bool {
        let mut state = self.state();
        if state.plan == plan {
            return false;
        }
        let before = std::mem::take(&mut state.indexes);
        // Storing an index takes a while; nobody waits for it.
        std::thread::spawn(move || drop(before));
        if let Some(plan) = &plan {
            for folder in &plan.folders {
                let index = Index::open(folder, plan.options.clone());
                index.understand(state.meaning.clone());
                if plan.watches {
                    index.watch();
                }
                state.indexes.push(index);
            }
        }
        state.plan = plan;
        self.repositories.follow(&state.indexes);
        true
    }

    /// What all of them are searched by meaning with, from now on. The same again does nothing.
    pub fn understand(&self, meaning: Option<Meaning>) {
        let meaning = meaning.map(|meaning| Meaning { way: self.way.clone(), ..meaning });
        let mut state = self.state();
        if state.meaning == meaning {
            return;
        }
        state.meaning = meaning.clone();
        let indexes = state.indexes.clone();
        drop(state);
        // What was begun ends first, and nobody waits for it.
        std::thread::spawn(move || indexes.iter().for_each(|index| index.understand(meaning.clone())));
    }

    /// Somebody waits for a completion until this is dropped: no vectors are made meanwhile.
    pub fn urgent(&self) -> Urgent {
        self.way.urgent()
    }

    /// How far the vectors of all folders are. None without a model for them.
    fn vectors(&self) -> Option<VectorStatus> {
        self.all().iter().filter_map(|index| index.vector_status()).reduce(VectorStatus::with)
    }

    /// Whether a document is in one of the folders.
    pub fn hold(&self, document: &str) -> bool {
        file_path(document).is_some_and(|path| self.around(&path).is_some())
    }

    /// Every folder's index, in the order of the folders.
    pub fn all(&self) -> Vec<Arc<Index>> {
        self.state().indexes.clone()
    }

    /// The index that a file belongs to, with its path in it: that of the innermost folder.
    pub fn of_document(&self, document: &str) -> Option<(Arc<Index>, String)> {
        let path = file_path(document)?;
        let index = self.around(&path)?;
        let relative = index.wanted(&path)?;
        Some((index, relative))
    }

    fn around(&self, path: &Path) -> Option<Arc<Index>> {
        let indexes = self.all();
        indexes.into_iter().filter(|index| index.holds(path)).max_by_key(|index| index.root().as_os_str().len())
    }

    /// What lookup may copy from in the files around a document, without the `open` ones; None where nothing is known yet.
    pub fn vantage<'d>(&self, document: &str, open: impl Iterator<Item = &'d str>) -> Option<Arc<Vantage>> {
        let path = file_path(document)?;
        let index = self.around(&path)?;
        let repository = self.repositories.of(&index)?;
        let open: Vec<String> = open.filter_map(|id| index.relative(&file_path(id)?)).collect();
        Some(Arc::new(Vantage::new(repository, &index.relative(&path)?, open.iter().map(String::as_str))))
    }

    pub fn document_changed(&self, document: &Document, analysis: &Analysis) {
        let mut state = self.state();
        if !state.indexes.is_empty() {
            state.waiting.insert(document.id().clone(), Waiting::Changed(document.clone(), analysis.clone()));
            self.news.notify_one();
        }
    }

    pub fn document_closed(&self, document: &str) {
        let mut state = self.state();
        if !state.indexes.is_empty() {
            state.waiting.insert(document.into(), Waiting::Closed);
            self.news.notify_one();
        }
    }

    /// The client says that these files changed.
    pub fn files_changed(&self, paths: &[PathBuf]) {
        for index in self.all() {
            let own: Vec<PathBuf> = paths.iter().filter(|path| index.holds(path)).cloned().collect();
            index.changed(own);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often the thread looks whether it is still wanted.
const LOOK: std::time::Duration = std::time::Duration::from_secs(2);

fn take_up(indexes: &Weak<Indexes>) {
    while let Some(indexes) = indexes.upgrade() {
        let mut state = indexes.state();
        if state.waiting.is_empty() {
            state = indexes.news.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        let waiting = std::mem::take(&mut state.waiting);
        let all = state.indexes.clone();
        drop(state);
        if let Some(board) = indexes.board.get() {
            board.set_vectors(indexes.vectors());
        }
        for (id, waiting) in waiting {
            let Some(path) = file_path(&id) else { continue };
            for index in all.iter().filter(|index| index.holds(&path)) {
                take_up_one(index, &path, &waiting);
            }
            if let Some(next_edits) = indexes.next_edits.get() {
                next_edits.tell(&id, event(indexes.of_document(&id), waiting));
            }
        }
    }
}

/// What has become of a document, for who follows its definitions.
fn event(place: Option<(Arc<Index>, String)>, waiting: Waiting) -> Event {
    match (waiting, place) {
        (Waiting::Closed, _) => Event::Closed,
        (Waiting::Changed(..), None) => Event::Refused,
        (Waiting::Changed(document, analysis), Some((index, path))) => {
            Event::TakenUp { document, tree: analysis.tree, index: Arc::downgrade(&index), path }
        }
    }
}

fn take_up_one(index: &Index, path: &Path, waiting: &Waiting) {
    match waiting {
        Waiting::Closed => index.close_document(path),
        Waiting::Changed(document, analysis) => {
            let first_line = document.line_range(0);
            let first_line = document.slice(first_line.start..first_line.end.min(256));
            let language = Language::detect(document.language_id(), &path.to_string_lossy(), &first_line);
            index.set_document(path, language, document.rope(), analysis.tree.as_deref());
        }
    }
}

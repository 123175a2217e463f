//! One live graph of a workspace: definitions, uses, imports and words of every file, unsaved documents included.
//!
//! An `Index` belongs to one folder. A thread of its own scans and follows changes; questions are answered at any time
//! from what is known by then, under a read lock of milliseconds, and say how complete that is. Nothing in here fails: what
//! cannot be read or parsed is left out and counted.

mod changes;
mod chunks;
mod extract;
mod facts;
mod graph;
mod heuristics;
mod imports;
mod indexer;
mod links;
mod map;
mod names;
mod narrow;
mod navigate;
mod options;
mod postings;
mod progress;
mod provenance;
mod rank;
mod refresh;
mod related;
mod resolve;
mod scan;
mod search;
mod shared;
mod signatures;
mod source;
mod stale;
mod state;
mod store;
mod symbols;
mod varint;
mod vectors;
mod verify;
mod walk;
mod watch;
mod words;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, mpsc};

use ropey::Rope;

pub use facts::{FileFacts, Role, Symbol, Use};
pub use heuristics::Omission;
use indexer::Job;
pub use map::{Map, TokenCount};
pub use names::NameId;
pub use narrow::Circle;
pub use navigate::{FileLinks, Found, OutlineEntry, Reference, Relations};
pub use options::IndexOptions;
pub use progress::{Phase, Progress};
pub use provenance::Provenance;
pub use related::{Answer, CursorText, FEATURES, Features, IsLate, Piece, Related, Viewed, Wish, types_of};
pub use resolve::shared_parts;
pub use search::{FoundBy, Hit, Ranks, SearchBy};
use shared::{OpenDocument, Shared};
use signatures::Signatures;
pub use stale::{Formerly, StaleFile, StaleFiles};
pub use state::{File, FileId, State, Totals};
pub use store::{Glance, glance};
pub use symbols::SymbolHit;
pub use vectors::{GiveWay, Meaning, Urgent, VectorGlance, VectorStatus, glance as glance_vectors};
pub use verify::Difference;

use crate::privacy::IgnoreRules;
use crate::syntax::{Language, Place, SyntaxTree};
use progress::Board;
use vectors::Vectors;

/// Why something is done; it stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Opened,
    IgnoreFileChanged,
    HeadMoved,
    EventsLost,
    NoWatcher,
    Asked,
    SettingsChanged,
}

/// A workspace folder's index. Dropping it stores what is known and ends its threads.
#[derive(Debug)]
pub struct Index {
    shared: Arc<Shared>,
    mailbox: mpsc::Sender<Job>,
    indexer: Option<std::thread::JoinHandle<()>>,
}

impl Index {
    /// Reads the stored index, if there is one, and starts to compare it with the files. Returns at once.
    pub fn open(root: &Path, options: IndexOptions) -> Arc<Self> {
        let index = Self::start(root, options, Some(Cause::Opened));
        Arc::new(index)
    }

    fn start(root: &Path, options: IndexOptions, first: Option<Cause>) -> Self {
        let folder = root.to_owned();
        let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let rules = IgnoreRules::new(&root, &options.exclude);
        let shared = Arc::new(Shared {
            root,
            folder,
            options,
            state: RwLock::default(),
            rules: RwLock::new(Arc::new(rules)),
            open: Mutex::default(),
            board: Board::default(),
            graph: Mutex::default(),
            watches: Mutex::default(),
            stop: AtomicBool::new(false),
            signatures: Signatures::default(),
            storing: Mutex::default(),
            vectors: Mutex::default(),
        });
        let (mailbox, jobs) = mpsc::channel();
        if let Some(cause) = first {
            shared.board.queued(2);
            let _ = mailbox.send(Job::Load);
            let _ = mailbox.send(Job::Scan(cause));
        }
        let worker = shared.clone();
        let indexer = crate::syntax::spawn_parsing_thread("tandem-index", move || indexer::run(&worker, &jobs));
        let indexer = indexer.inspect_err(|error| tracing::error!(%error, "no thread for the index")).ok();
        Self { shared, mailbox, indexer }
    }

    /// As the file system spells it.
    pub fn root(&self) -> &Path {
        &self.shared.root
    }

    /// As it was named when it was opened: whoever named it so knows its files by that name.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Whether a path lies in this folder, by either name.
    pub fn holds(&self, path: &Path) -> bool {
        self.shared.below_root(path).is_some()
    }

    /// A path from the root. None where it is of another place.
    pub fn relative(&self, path: &Path) -> Option<String> {
        self.shared.relative(path)
    }

    pub fn options(&self) -> &IndexOptions {
        &self.shared.options
    }

    /// The index as it is now. Hold it for milliseconds: changes wait.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.shared.read()
    }

    /// How far it is. Changes can be waited for.
    pub fn progress(&self) -> tokio::sync::watch::Receiver<Progress> {
        self.shared.board.subscribe()
    }

    pub fn provenance(&self) -> Provenance {
        let progress = self.progress().borrow().clone();
        Provenance {
            commit: progress.commit,
            branch: progress.branch,
            files: self.read().totals().files,
            pending: progress.pending,
            open_documents: self.shared.open().len(),
            caught_up: progress.is_caught_up,
        }
    }

    /// Compares the whole workspace with the index.
    pub fn scan(&self, cause: Cause) {
        self.send(Job::Scan(cause));
    }

    /// These paths may have changed, come or gone: files or directories, absolute. Duplicates cost little.
    pub fn changed(&self, paths: Vec<PathBuf>) {
        let paths: Vec<PathBuf> = paths.iter().filter_map(|path| self.shared.below_root(path)).collect();
        if !paths.is_empty() {
            self.send(Job::Changed(paths));
        }
    }

    /// Follows the file system from now on, and from file events alone where `by_itself` is false.
    pub fn watch(self: &Arc<Self>) {
        watch::start(self);
    }

    /// The text of an open document counts from now on. `tree` belongs to it; without one only words count.
    /// Does the work in the calling thread: about 25 ms per MB. False where the file is not of this workspace.
    pub fn set_document(
        &self,
        path: &Path,
        language: Option<&'static Language>,
        rope: &Rope,
        tree: Option<&SyntaxTree>,
    ) -> bool {
        let Some(relative) = self.shared.relative(path) else { return false };
        let document = OpenDocument { language, rope: rope.clone() };
        if !self.shared.open_document(relative.clone(), document) {
            return false;
        }
        let text = rope.to_string();
        let extracted = self.shared.extract_document(language, &text, tree);
        self.shared.insert_document(relative.into(), refresh::stamp_of_text(&text), extracted)
    }

    /// The file on disk counts again.
    pub fn close_document(&self, path: &Path) {
        let Some(relative) = self.shared.relative(path) else { return };
        if self.shared.open().remove(&relative).is_some() {
            self.send(Job::Changed(vec![self.shared.root.join(relative)]));
        }
    }

    /// Whether this path, open in an editor, is of this workspace and not ignored. It need not be on disk.
    pub fn wanted(&self, path: &Path) -> Option<String> {
        self.shared.relative(path).filter(|relative| self.shared.wants(relative))
    }

    /// See `Hit`. At most `limit`, best first. Reads a few dozen files; where there are vectors, the model is asked for that of
    /// the query, too.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        self.search_by(query, limit, SearchBy::Best)
    }

    /// The same by one of its ways.
    pub fn search_by(&self, query: &str, limit: usize, by: SearchBy) -> Vec<Hit> {
        self.shared.search_by(query, limit, by)
    }

    /// Search is by meaning, too, from now on, or not any more. Vectors are made in the background; those of before go.
    pub fn understand(&self, meaning: Option<Meaning>) {
        let vectors = meaning.map(|meaning| Vectors::start(&self.shared, meaning));
        let mut own = self.shared.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *own, vectors);
        drop(own);
        before.inspect(|before| before.stop());
    }

    /// How far the vectors are. None where there is no model for them.
    pub fn vector_status(&self) -> Option<VectorStatus> {
        Some(self.shared.vectors()?.status())
    }

    /// Waits until vectors are those of the index, or are not to be had, or `stop` says so.
    pub fn settle_vectors(&self, stop: impl Fn(&VectorStatus) -> bool) {
        self.shared.vectors().inspect(|vectors| vectors.settle(&self.shared, stop));
    }

    /// At most `limit` definitions that a query fits by name, best first.
    pub fn search_symbols(&self, query: &str, limit: usize) -> Vec<SymbolHit> {
        self.shared.search_symbols(query, limit)
    }

    /// All definitions of a name (`Container.name` and `container::name` too), ordered by path and place.
    pub fn definitions(&self, name: &str) -> Vec<Found> {
        navigate::definitions(&self.read(), name)
    }

    /// The same with their references and callees.
    pub fn relations(&self, name: &str) -> Vec<Relations> {
        self.shared.relations(name)
    }

    /// What the name at a place means; `path` from the root.
    pub fn definitions_at(&self, path: &str, place: Place) -> Vec<Found> {
        self.shared.definitions_at(path, place)
    }

    /// Uses of what the name at a place means.
    pub fn references_at(&self, path: &str, place: Place) -> Vec<Reference> {
        self.shared.references_at(path, place)
    }

    /// Files that may still speak of a definition by its former name.
    pub fn stale(&self, formerly: Formerly<'_>) -> StaleFiles {
        self.shared.stale(formerly)
    }

    /// The signatures that matter most, in at most `budget` tokens by `count`; `focus` are paths from the root.
    pub fn map(&self, budget: usize, focus: &[String], count: TokenCount<'_>) -> Map {
        self.shared.map(budget, focus, count)
    }

    /// Definitions of other files that code at a cursor is likely to use, likeliest first, at most `limit`. Takes a few ms,
    /// and longer where the graph has to be brought up to date.
    pub fn related(&self, cursor: CursorText<'_>, limit: usize) -> Vec<Related> {
        let wish = Wish { definitions: limit, pieces: 0, viewed: &[] };
        self.shared.related(&cursor, wish, &|| false).related
    }

    /// The same with pieces of similar code, and without what is still to be found when `is_late` says so.
    pub fn related_by(&self, cursor: &CursorText<'_>, wish: Wish<'_>, is_late: IsLate<'_>) -> Answer {
        self.shared.related(cursor, wish, is_late)
    }

    /// The text of short functions among these; see `related`.
    pub fn bodies(&self, cursor: &CursorText<'_>, related: &[Related], limit: usize, most_rows: u32) -> Vec<Piece> {
        self.shared.bodies(cursor, related, limit, most_rows)
    }

    /// The text of a file as the editor or the disk has it now; `path` from the root. None where it is not in the index.
    pub fn text(&self, path: &str) -> Option<String> {
        let file = self.read().file_at(path)?.clone();
        Some(self.shared.source(&file)?.text)
    }

    /// All definitions of a file in the order of the text; `path` from the root. None where it is not in the index.
    pub fn outline(&self, path: &str) -> Option<Vec<OutlineEntry>> {
        self.shared.outline(path)
    }

    /// Import edges of a file, both ways. None where it is not in the index.
    pub fn file_links(&self, path: &str) -> Option<FileLinks> {
        self.shared.file_links(path)
    }

    /// Brings the graph of references up to date now; otherwise the next question about it does.
    pub fn update_graph(&self) {
        self.shared.with_graph(|_, _| ());
    }

    /// Waits until everything that was asked for before is done.
    pub fn settle(&self) {
        let (done, wait) = mpsc::channel();
        self.send(Job::Barrier(done));
        let _ = wait.recv();
    }

    /// Writes the index to its place now, and says why that did not work.
    pub fn save(&self) -> anyhow::Result<()> {
        self.shared.save()?;
        self.shared.vectors().map_or(Ok(()), |vectors| vectors.save(&self.shared))
    }

    /// Rebuilds the index from nothing and tells where this one differs. Empty means equal.
    pub fn differences(&self) -> Vec<Difference> {
        verify::differences(&self.shared)
    }

    /// Where it is stored between runs.
    pub fn stored_at(&self) -> Option<PathBuf> {
        self.shared.stored_at()
    }

    fn send(&self, job: Job) {
        self.shared.board.queued(1);
        if self.mailbox.send(job).is_err() {
            self.shared.board.taken(1);
        }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        // It holds what this one lets go.
        self.understand(None);
        self.shared.stop.store(true, Ordering::Relaxed);
        let _ = self.mailbox.send(Job::Stop);
        if let Some(indexer) = self.indexer.take() {
            let _ = indexer.join();
        }
    }
}

#[cfg(test)]
mod tests;

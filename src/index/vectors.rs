//! Search by meaning: a vector for each piece of each file, where somebody gave the index a model that makes them.
//!
//! The same files as the index, and what is made of them stays beside it. Nothing waits for vectors: what has none yet is found
//! by its words alone.

mod int8;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod way;
mod work;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

pub use self::store::{VectorGlance, glance};
use self::table::Table;
pub use self::way::{GiveWay, Urgent};
use super::Shared;
use crate::engine::CancelFlag;
use crate::engine::embed::{EmbedEngine, EmbedJob, Purpose};

/// The model that makes vectors for an index, and what they may cost.
#[derive(Clone)]
pub struct Meaning {
    pub engine: Arc<dyn EmbedEngine>,
    /// What tells its vectors from those of other models; see `engine::embed::identity`.
    pub identity: String,
    /// What people call it.
    pub name: String,
    /// Most bytes that the vectors of a folder take in memory.
    pub bytes: u64,
    /// So long a search waits for the vector of its query.
    pub patience: Duration,
    /// Makes what is missing in the background; otherwise what is stored is used and nothing is written.
    pub makes_missing: bool,
    /// What is made is on the disk after so long: no more is lost when the process is killed.
    pub save_after: Duration,
    /// Whom the making of vectors gives way to.
    pub way: Arc<GiveWay>,
}

impl Meaning {
    /// Of a model with its usual costs: 256 MiB, searches that wait for a second and a half, what is made on the disk after
    /// a minute.
    pub fn new(engine: Arc<dyn EmbedEngine>, identity: String, name: String) -> Self {
        Self {
            engine,
            identity,
            name,
            bytes: 256 << 20,
            patience: Duration::from_millis(1_500),
            makes_missing: true,
            save_after: Duration::from_secs(60),
            way: Arc::default(),
        }
    }
}

impl std::fmt::Debug for Meaning {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Meaning")
            .field("identity", &self.identity)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// The same vectors at the same price.
impl PartialEq for Meaning {
    fn eq(&self, other: &Self) -> bool {
        let of = |meaning: &Self| (meaning.identity.clone(), meaning.bytes, meaning.patience, meaning.makes_missing);
        of(self) == of(other)
    }
}

/// How far the vectors are.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VectorStatus {
    /// The model that makes them.
    pub model: String,
    /// Pieces of files that were looked at so far.
    pub pieces: usize,
    /// Those of them that have a vector.
    pub vectors: usize,
    /// Those that have none because `index.vectorsMb` is reached.
    pub left_out: usize,
    /// Bytes that the vectors take in memory.
    pub bytes: u64,
    /// Nothing is to be done.
    pub is_done: bool,
    /// Why no further vectors are made, a phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl VectorStatus {
    /// That of two folders together.
    pub fn with(self, other: Self) -> Self {
        Self {
            model: self.model,
            pieces: self.pieces + other.pieces,
            vectors: self.vectors + other.vectors,
            left_out: self.left_out + other.left_out,
            bytes: self.bytes + other.bytes,
            is_done: self.is_done && other.is_done,
            problem: self.problem.or(other.problem),
        }
    }

    /// One line for people.
    pub fn describe(&self) -> String {
        let mut line = format!("{} of {} pieces have vectors of {}", self.vectors, self.pieces, self.model);
        if self.left_out > 0 {
            line.push_str(&format!("; {} are left out (index.vectorsMb)", self.left_out));
        }
        if let Some(problem) = &self.problem {
            line.push_str(&format!("; no more are made: {problem}"));
        } else if !self.is_done {
            line.push_str("; more are being made");
        }
        line
    }
}

/// A piece of a file that is near a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// Cosine, from -1 to 1.
    pub score: f32,
    pub path: Arc<str>,
    pub rows: Range<u32>,
    /// Index into the symbols of the file.
    pub symbol: Option<u32>,
}

/// The vectors of one folder, and the thread that makes them.
#[derive(Debug)]
pub struct Vectors {
    meaning: Meaning,
    table: RwLock<Table>,
    cancel: CancelFlag,
    /// Something is to be looked at.
    news: Mutex<bool>,
    told: Condvar,
    problem: Mutex<Option<String>>,
    is_done: AtomicBool,
    /// The index's generation that the vectors are of; 0 before the first look.
    seen: AtomicU64,
    /// Something is not stored yet.
    is_changed: AtomicBool,
    /// The batch that is being made.
    batch: Mutex<CancelFlag>,
    /// Until then queries are not waited for: the last one got no vector in its time.
    late_until: Mutex<Option<Instant>>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl Vectors {
    /// Reads what is stored of this model, and begins to make what is missing.
    pub fn start(shared: &Arc<Shared>, meaning: Meaning) -> Arc<Self> {
        let vectors = Arc::new(Self {
            table: RwLock::new(Table::new(meaning.bytes)),
            meaning,
            cancel: CancelFlag::default(),
            news: Mutex::new(true),
            told: Condvar::new(),
            problem: Mutex::default(),
            is_done: AtomicBool::new(false),
            seen: AtomicU64::new(0),
            is_changed: AtomicBool::new(false),
            batch: Mutex::default(),
            late_until: Mutex::default(),
            worker: Mutex::default(),
        });
        let (own, index) = (vectors.clone(), shared.clone());
        let work = move || {
            work::load(&own, &index);
            if own.meaning.makes_missing {
                work::run(&own, &index);
            } else {
                own.is_done.store(true, Ordering::Release);
            }
        };
        match std::thread::Builder::new().name("tandem-vectors".to_owned()).spawn(work) {
            Ok(worker) => *vectors.worker() = Some(worker),
            Err(error) => tracing::error!(%error, "no thread for vectors: search is by words alone"),
        }
        vectors
    }

    /// Pieces near to what the query means, nearest first, equal ones in the order of their places. None where there are no
    /// vectors, or none of the query.
    pub fn nearest(&self, shared: &Shared, query: &str, limit: usize) -> Option<Vec<Near>> {
        if self.read().vectors() == 0 {
            return None;
        }
        let job = EmbedJob::new(Purpose::Query, vec![crate::engine::embed::cut(query, QUERY_BYTES).to_owned()]);
        let vector = match self.meaning.engine.embed(job, &CancelFlag::default(), self.patience()) {
            Ok(vectors) => vectors.into_iter().next()?,
            Err(error) => {
                tracing::info!(%error, "this search is by words alone");
                *self.late_until() = Some(Instant::now() + LATE);
                return None;
            }
        };
        *self.late_until() = None;
        let state = shared.read();
        // What was changed since has pieces elsewhere.
        let weight = |path: &str, hash: &[u8; 16]| {
            let file = state.file_at(path).filter(|file| file.stamp.hash == *hash)?;
            Some(if file.is_vendored || file.is_generated { super::search::FOREIGN as f32 } else { 1.0 })
        };
        self.read().nearest(&vector, limit, weight)
    }

    /// A model that did not answer is not waited for a second time, only looked at.
    fn patience(&self) -> Duration {
        let is_late = self.late_until().is_some_and(|until| Instant::now() < until);
        if is_late { self.meaning.patience.min(GLANCE) } else { self.meaning.patience }
    }

    fn late_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.late_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn status(&self) -> VectorStatus {
        let problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let table = self.read();
        VectorStatus {
            model: self.meaning.name.clone(),
            pieces: table.pieces(),
            vectors: table.pieces() - table.left_out(),
            left_out: table.left_out(),
            bytes: table.bytes(),
            is_done: self.is_done.load(Ordering::Acquire),
            problem,
        }
    }

    /// Waits until the vectors are those of the index as it is now, or a problem keeps them from being made, or `stop` says so.
    pub fn settle(&self, shared: &Shared, stop: impl Fn(&VectorStatus) -> bool) {
        loop {
            let generation = shared.read().generation();
            let status = self.status();
            let is_current = !self.meaning.makes_missing || self.seen.load(Ordering::Acquire) == generation;
            if (status.is_done && is_current) || status.problem.is_some() || stop(&status) {
                return;
            }
            self.look();
            std::thread::sleep(SETTLE_LOOK);
        }
    }

    /// Writes what is not stored yet.
    pub fn save(&self, shared: &Shared) -> anyhow::Result<()> {
        let Some(file) = work::stored_at(shared) else { return Ok(()) };
        if self.meaning.makes_missing && self.is_changed.swap(false, Ordering::AcqRel) {
            let open: FxHashSet<String> = shared.open().keys().cloned().collect();
            let written = store::write(&file, &work::header(self, shared), &self.read(), |path| open.contains(path));
            if written.is_err() {
                self.is_changed.store(true, Ordering::Release);
            }
            return written;
        }
        Ok(())
    }

    /// Ends the thread, and waits for it. Job and pause end at once.
    pub fn stop(&self) {
        self.cancel.cancel();
        self.batch.lock().unwrap_or_else(PoisonError::into_inner).cancel();
        self.meaning.way.wake();
        self.look();
        let worker = self.worker().take();
        if let Some(worker) = worker {
            let _ = worker.join();
        }
    }

    /// There may be something to do.
    fn look(&self) {
        *self.news.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.told.notify_all();
    }

    fn worker(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Most bytes of a query: a pasted page is not a query.
const QUERY_BYTES: usize = 4 << 10;
/// Between two looks of who waits for all vectors.
const SETTLE_LOOK: Duration = Duration::from_millis(20);
/// So long after a query without a vector the next ones wait for a glance.
const LATE: Duration = Duration::from_secs(15);
const GLANCE: Duration = Duration::from_millis(100);

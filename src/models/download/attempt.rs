//! One go at a file: workers that bring parts, a thread that hashes behind them, and a journal of what is on the disk.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::hash::{self, Digests, Frontier};
use super::journal::Identity;
use super::partial::PartialFile;
use super::ranges::{Plan, Ranges};
use super::{Download, Event, Failure, Partial, failure_of_disk, work};
use crate::models::hub::{Hub, Remote};

/// Longest time between two entries of the journal, however slow the disk is.
const LONGEST_CHECKPOINT: Duration = Duration::from_secs(10);
/// So many times what an entry took is waited before the next one: writing is for the file.
const CHECKPOINT_SHARE: u32 = 4;

/// How the bytes come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Parts,
    /// The whole file, from the beginning, over one connection.
    OneStream,
}

#[derive(Debug)]
pub enum Broken {
    Failed(Failure),
    Stopped,
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What all workers share.
pub struct Shared {
    pub hub: Arc<Hub>,
    pub remote: Arc<Remote>,
    partial: Arc<Partial>,
    pub file: PartialFile,
    pub way: Way,
    pub magic: &'static [u8],
    pub patience: super::Patience,
    /// Ends the workers: the user's word, or another worker's failure.
    pub stop: CancellationToken,
    pub on_event: Arc<dyn Fn(Event) + Send + Sync>,
    /// Workers that still bring something.
    pub active: AtomicUsize,
    frontier: Frontier,
    plan: Mutex<Plan>,
}

impl Shared {
    pub fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn io(&self, error: std::io::Error) -> Failure {
        failure_of_disk(&self.partial, self.remote.size, error)
    }

    /// After bytes were written.
    pub fn moved(&self, prefix: u64, done: u64) {
        self.frontier.move_to(prefix);
        (self.on_event)(Event::Came { done });
    }
}

/// Ends the frontier, however a run ends. After a run that came to its end nobody reads it any more.
struct Ending<'a>(&'a Frontier);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end(false);
    }
}

pub struct Attempt<'a> {
    download: &'a Download,
    identity: &'a Identity,
    shared: Arc<Shared>,
}

impl<'a> Attempt<'a> {
    /// Opens the file. Where nothing is there, the journal goes first.
    pub fn begin(download: &'a Download, identity: &'a Identity, way: Way, there: Ranges) -> Result<Self, Failure> {
        let size = download.remote.size;
        let is_new = there.total() == 0;
        if is_new {
            download.partial.journal().remove().map_err(|error| download.io(error))?;
        }
        let file = PartialFile::open(&download.partial.path(), size, is_new).map_err(|error| download.io(error))?;
        download.tell(Event::Begun { there: there.total(), size });
        let piece = match way {
            Way::Parts => download.options.piece.min((size / 8).max(1 << 20)),
            Way::OneStream => size,
        };
        let frontier = Frontier::default();
        frontier.move_to(there.prefix());
        let shared = Shared {
            hub: download.hub.clone(),
            remote: download.remote.clone(),
            partial: download.partial.clone(),
            file,
            way,
            magic: download.options.magic,
            patience: download.options.patience.clone(),
            stop: download.stop.child_token(),
            on_event: download.on_event.clone(),
            active: AtomicUsize::new(0),
            frontier,
            plan: Mutex::new(Plan::new(size, piece, there)),
        };
        Ok(Self { download, identity, shared: Arc::new(shared) })
    }

    pub async fn run(self) -> Result<Digests, Broken> {
        let wants_git = matches!(self.download.remote.digest, Some(super::FileDigest::GitBlob(_)));
        let hasher = {
            let (shared, size) = (self.shared.clone(), self.identity.size);
            spawn_blocking(move || hash::follow(&shared.file, &shared.frontier, size, wants_git))
        };
        // Whoever drops this future leaves no thread behind that waits for bytes.
        let _ending = Ending(&self.shared.frontier);
        let brought = self.bring().await;
        // Also what a failure leaves is for the next run.
        let kept = self.checkpoint(&mut Ranges::default()).await;
        if brought.is_ok() {
            self.download.tell(Event::Checking);
        }
        self.shared.frontier.end(brought.is_ok());
        let hashed = hasher.await.map_err(std::io::Error::other).and_then(|hashed| hashed);
        brought?;
        kept?;
        let digests = hashed.map_err(|error| self.download.io(error))?;
        digests.ok_or(Broken::Stopped)
    }

    /// All parts, and journal entries meanwhile.
    async fn bring(&self) -> Result<(), Broken> {
        let options = &self.download.options;
        // The first request shows whether parts can be had at all.
        let Some(first) = work::first(&self.shared).await? else { return Ok(()) };
        let mut working = JoinSet::new();
        self.start(&mut working, Some(first));
        let mut helpers = match self.shared.way {
            Way::Parts => options.ranges.saturating_sub(1),
            Way::OneStream => 0,
        };
        let mut written = Ranges::default();
        let mut checkpoint = Instant::now() + options.checkpoint;
        let mut judged = (Instant::now(), self.shared.plan().finished().total());
        let mut result = Ok(());
        loop {
            let ended = tokio::select! {
                ended = working.join_next() => ended,
                () = sleep_until(judged.0 + options.trial), if helpers > 0 => {
                    let now = (Instant::now(), self.shared.plan().finished().total());
                    let seconds = (now.0 - judged.0).as_secs_f64();
                    if options.trial.is_zero() || ((now.1 - judged.1) as f64) < options.enough as f64 * seconds {
                        (0..std::mem::take(&mut helpers)).for_each(|_| self.start(&mut working, None));
                    }
                    judged = now;
                    continue;
                }
                () = sleep_until(checkpoint) => {
                    let before = Instant::now();
                    if let Err(failure) = self.checkpoint(&mut written).await {
                        result = result.and(Err(Broken::Failed(failure)));
                        self.shared.stop.cancel();
                    }
                    let took = before.elapsed() * CHECKPOINT_SHARE;
                    let pause = took.clamp(options.checkpoint, LONGEST_CHECKPOINT.max(options.checkpoint));
                    checkpoint = Instant::now() + pause;
                    continue;
                }
            };
            match ended {
                // Whoever gave a part back may have done so when all others had gone.
                None if result.is_ok() && !self.shared.plan().is_done() => self.start(&mut working, None),
                None => return result,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(broken))) => {
                    self.shared.stop.cancel();
                    // The first one is the reason of the others.
                    result = result.and(Err(broken));
                }
                Some(Err(error)) => {
                    self.shared.stop.cancel();
                    result = result.and(Err(Broken::Failed(self.download.io(std::io::Error::other(error)))));
                }
            }
        }
    }

    fn start(&self, working: &mut JoinSet<Result<(), Broken>>, given: Option<work::Given>) {
        self.shared.active.fetch_add(1, Ordering::SeqCst);
        working.spawn(work::work(self.shared.clone(), given));
    }

    /// Writes down what is there, after seeing that it is on the disk. What comes over one stream begins anew anyway.
    async fn checkpoint(&self, written: &mut Ranges) -> Result<(), Failure> {
        let now = self.shared.plan().finished().clone();
        if self.shared.way == Way::OneStream && now.total() < self.identity.size || now == *written {
            return Ok(());
        }
        let (shared, journal, identity) = (self.shared.clone(), self.download.partial.journal(), self.identity.clone());
        let kept = spawn_blocking(move || {
            shared.file.sync()?;
            journal.write(&identity, &now).map(|()| now)
        });
        let kept = kept.await.map_err(std::io::Error::other).and_then(|kept| kept);
        *written = kept.map_err(|error| self.download.io(error))?;
        Ok(())
    }
}

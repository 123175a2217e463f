//! Follows the file system where the editor does not tell of changes: a watch on every directory that was listed.
//!
//! Only what is listed is watched, so a `target` or `node_modules` costs nothing. Where there are no watches to be had, the
//! workspace is compared once a minute instead, and the progress says so.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, PoisonError, mpsc};
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use rustc_hash::FxHashSet;

use super::indexer::Job;
use super::{Cause, Index, Shared, provenance};

/// Changes count as one when no further comes for this long: an atomic save is three events within a millisecond.
const QUIET: Duration = Duration::from_millis(40);
/// A stream of events that does not end is cut after this long.
const LONGEST: Duration = Duration::from_millis(500);
/// Between two comparisons where nothing can be watched.
const POLL: Duration = Duration::from_secs(60);

/// The watches of one index.
pub struct Watches {
    watcher: RecommendedWatcher,
    watched: FxHashSet<PathBuf>,
}

impl std::fmt::Debug for Watches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Watches({})", self.watched.len())
    }
}

/// Starts to watch what the next scans list. Does nothing when it was started before.
pub fn start(index: &Arc<Index>) {
    let shared = &index.shared;
    let mut watches = shared.watches.lock().unwrap_or_else(PoisonError::into_inner);
    if watches.is_some() {
        return;
    }
    let (events, received) = mpsc::channel();
    let mailbox = index.mailbox.clone();
    let board = Arc::downgrade(shared);
    let thread = std::thread::Builder::new().name("tandem-watch".to_owned()).spawn(move || {
        collect(&received, &mailbox, &board);
    });
    let made = thread.map_err(notify::Error::io).and_then(|_| notify::recommended_watcher(events));
    match made {
        Ok(watcher) => *watches = Some(Watches { watcher, watched: FxHashSet::default() }),
        Err(error) => shared.board.update(|progress| progress.watch_problem = Some(describe(&error))),
    }
    drop(watches);
    index.scan(Cause::Asked);
}

impl Shared {
    /// Watches these directories too, and forgets those that are gone. True when there were new ones: what happened in them
    /// before may have been missed.
    pub(super) fn watch_directories(&self, directories: &[PathBuf], are_all: bool) -> bool {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(watches) = watches.as_mut() else { return false };
        if are_all {
            let wanted: FxHashSet<&PathBuf> = directories.iter().collect();
            let gone: Vec<PathBuf> = watches.watched.iter().filter(|path| !wanted.contains(path)).cloned().collect();
            for path in gone {
                // Watches of what was deleted end by themselves.
                let _ = watches.watcher.unwatch(&path);
                watches.watched.remove(&path);
            }
        }
        let git = provenance::head_file(&self.root).and_then(|head| head.parent().map(PathBuf::from));
        let mut has_new = false;
        for directory in directories.iter().chain(git.as_ref()) {
            if watches.watched.contains(directory) {
                continue;
            }
            match watches.watcher.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    watches.watched.insert(directory.clone());
                    has_new = true;
                }
                Err(error) if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) => {
                    tracing::warn!("{}", describe(&error));
                    self.board.update(|progress| progress.watch_problem = Some(describe(&error)));
                    break;
                }
                // Deleted in the meantime.
                Err(error) => tracing::debug!(%error, "a directory cannot be watched"),
            }
        }
        has_new
    }
}

fn describe(error: &notify::Error) -> String {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => "the system has no more file watches (on Linux raise \
                                             fs.inotify.max_user_watches); the workspace is compared once a minute instead"
            .to_owned(),
        _ => format!("the file system cannot be watched ({error}); the workspace is compared once a minute instead"),
    }
}

/// Turns events into jobs until the watches or the index are gone.
fn collect(events: &Receiver<notify::Result<Event>>, mailbox: &Sender<Job>, shared: &std::sync::Weak<Shared>) {
    loop {
        let mut paths = Vec::new();
        let mut is_lost = false;
        match events.recv_timeout(POLL) {
            Ok(event) => add(event, &mut paths, &mut is_lost),
            Err(RecvTimeoutError::Timeout) => {
                let Some(shared) = shared.upgrade() else { return };
                if shared.board.subscribe().borrow().watch_problem.is_some() {
                    shared.board.queued(1);
                    let _ = mailbox.send(Job::Scan(Cause::NoWatcher));
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => {
                // No watcher could be made: the index is compared now and then.
                std::thread::sleep(POLL);
                let Some(shared) = shared.upgrade() else { return };
                shared.board.queued(1);
                let _ = mailbox.send(Job::Scan(Cause::NoWatcher));
                continue;
            }
        }
        let started = Instant::now();
        while started.elapsed() < LONGEST {
            match events.recv_timeout(QUIET) {
                Ok(event) => add(event, &mut paths, &mut is_lost),
                Err(_) => break,
            }
        }
        let Some(shared) = shared.upgrade() else { return };
        if is_lost {
            shared.board.queued(1);
            let _ = mailbox.send(Job::Scan(Cause::EventsLost));
        } else if !paths.is_empty() {
            paths.sort_unstable();
            paths.dedup();
            shared.board.queued(1);
            let _ = mailbox.send(Job::Changed(paths));
        }
    }
}

fn add(event: notify::Result<Event>, paths: &mut Vec<PathBuf>, is_lost: &mut bool) {
    match event {
        Ok(event) if event.need_rescan() => *is_lost = true,
        Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
        Ok(event) => paths.extend(event.paths),
        Err(error) => {
            tracing::debug!(%error, "the file system's events");
            *is_lost = true;
        }
    }
}

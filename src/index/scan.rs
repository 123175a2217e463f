//! Compares the whole workspace with the index: list, read what is not known, parse on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::extract::Extracted;
use super::heuristics::Omission;
use super::indexer::refresh_one;
use super::progress::Phase;
use super::state::{File, Stamp};
use super::{Cause, Shared, provenance, refresh, walk};
use crate::syntax;

/// How often the thread that waits for the workers looks after single changes.
const TICK: Duration = Duration::from_millis(20);
/// Files between two looks at the memory.
const FILES_PER_LOOK: usize = 32;

/// A scan under way.
pub struct Scan<'a> {
    shared: &'a Shared,
    /// Files in the order of the work.
    files: Vec<walk::Listed>,
    next: AtomicUsize,
    /// Files that changed while this scan ran and were read again: what a worker read before is older.
    overtaken: Mutex<FxHashSet<String>>,
    is_full: std::sync::atomic::AtomicBool,
}

impl Scan<'_> {
    /// These files are read again by themselves.
    pub fn overtake(&self, files: &[String]) {
        self.overtaken.lock().unwrap_or_else(PoisonError::into_inner).extend(files.iter().cloned());
    }
}

/// `meanwhile` is called every few milliseconds while the workers run.
pub fn run(shared: &Shared, cause: Cause, meanwhile: &mut dyn FnMut(&Scan<'_>)) {
    let started = Instant::now();
    let head = provenance::head(&shared.root);
    let rules = shared.renew_rules();
    let options = &shared.options;
    shared.board.update(|progress| (progress.phase, progress.done, progress.total) = (Phase::Listing, 0, 0));
    let list = || walk::walk(&shared.root, &shared.root, &rules, options.threads, options.most_files, &shared.stop);
    let mut listing = list();
    // What happened between the listing and the first watch was told to nobody.
    if shared.watch_directories(&listing.directories, true) {
        listing = list();
    }
    if shared.stop.load(Ordering::Relaxed) {
        return;
    }
    let listed = listing.files.len();
    let gone = remove_missing(shared, &listing.files, listing.beyond > 0 || listing.unreadable_count > 0);
    let files = order_by_nearness(shared, unknown(shared, listing.files));
    tracing::info!(
        ?cause,
        root = %shared.root.display(),
        files = listed,
        to_read = files.len(),
        gone,
        beyond = listing.beyond,
        unreadable = listing.unreadable_count,
        "scan"
    );
    let total = files.len();
    shared.board.update(|progress| {
        (progress.phase, progress.total, progress.pending) = (Phase::Indexing, total, total);
        (progress.beyond, progress.unnameable) = (listing.beyond, listing.unnameable);
        progress.unreadable_count = listing.unreadable_count;
        progress.unreadable = listing.unreadable;
    });
    let scan = Scan {
        shared,
        files,
        next: AtomicUsize::new(0),
        overtaken: Mutex::default(),
        is_full: std::sync::atomic::AtomicBool::new(false),
    };
    work(&scan, meanwhile);
    shared.insert_missing_documents();
    shared.write().shrink();
    shared.board.update(|progress| (progress.phase, progress.pending) = (Phase::Idle, 0));
    if !shared.stop.load(Ordering::Relaxed) {
        shared.board.scanned(head);
    }
    tracing::info!(?cause, ms = started.elapsed().as_millis() as u64, "scan done");
}

/// Reads these files again, on all threads.
pub fn refresh_all(shared: &Shared, files: &[String]) {
    let next = AtomicUsize::new(0);
    let run = || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            if shared.stop.load(Ordering::Relaxed) {
                return;
            }
            refresh_one(shared, file);
        }
    };
    on_threads(shared.options.threads, &run, &mut || {});
}

/// Takes out what is not on disk any more. After a listing that left something out, each is looked for by itself.
fn remove_missing(shared: &Shared, listed: &[walk::Listed], is_partial: bool) -> usize {
    let known: Vec<String> = {
        let state = shared.read();
        let is_listed = |path: &str| listed.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok();
        state.files().filter(|(_, file)| !is_listed(&file.path)).map(|(_, file)| file.path.to_string()).collect()
    };
    let rules = shared.rules();
    let mut gone = 0;
    for path in known {
        if is_partial && walk::is_wanted(&shared.root, &shared.root.join(&path), &rules) {
            continue;
        }
        let open = shared.open();
        let keeps = open.contains_key(&path) && shared.wants(&path);
        if !keeps {
            gone += usize::from(shared.write().remove(&path));
        }
    }
    gone
}

/// Files that the index does not have as they are listed.
fn unknown(shared: &Shared, listed: Vec<walk::Listed>) -> Vec<walk::Listed> {
    let open = shared.open();
    let state = shared.read();
    // What was left out for lack of memory is tried again once there is some.
    let has_room = state.bytes() < shared.options.most_bytes / 10 * 9;
    let is_known = |file: &walk::Listed| {
        let is_as = |known: &super::File| {
            file.is_as(&known.stamp) && !(has_room && known.omission == Some(Omission::Memory))
        };
        open.contains_key(&file.path) || state.file_at(&file.path).is_some_and(is_as)
    };
    listed.into_iter().filter(|file| !is_known(file)).collect()
}

/// Files near the open documents first, the others by path.
fn order_by_nearness(shared: &Shared, mut files: Vec<walk::Listed>) -> Vec<walk::Listed> {
    let mut depths: FxHashMap<String, usize> = FxHashMap::default();
    for path in shared.open().keys() {
        let mut directory = path.as_str();
        while let Some((outer, _)) = directory.rsplit_once('/') {
            depths.insert(outer.to_owned(), outer.matches('/').count() + 1);
            directory = outer;
        }
    }
    if !depths.is_empty() {
        files.sort_by_cached_key(|file| {
            let mut directory = file.path.as_str();
            let mut nearest = 0;
            while let Some((outer, _)) = directory.rsplit_once('/') {
                if let Some(depth) = depths.get(outer) {
                    nearest = *depth;
                    break;
                }
                directory = outer;
            }
            (std::cmp::Reverse(nearest), file.path.clone())
        });
    }
    files
}

fn work(scan: &Scan<'_>, meanwhile: &mut dyn FnMut(&Scan<'_>)) {
    let run = || {
        loop {
            let at = scan.next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = scan.files.get(at) else { return };
            if scan.shared.stop.load(Ordering::Relaxed) {
                return;
            }
            let started = Instant::now();
            one(scan, file, at);
            let left = scan.files.len() - at.min(scan.files.len());
            if at % 16 == 0 || left <= 1 {
                scan.shared.board.update(|progress| {
                    progress.done = progress.done.max(at + 1);
                    progress.pending = progress.total - progress.done.min(progress.total);
                });
            }
            rest(started.elapsed(), scan.shared.options.cpu_share);
        }
    };
    on_threads(scan.shared.options.threads, &run, &mut || meanwhile(scan));
}

/// A worker that may take half of a core rests as long as it worked.
fn rest(worked: Duration, share: u32) {
    if share < 100 {
        std::thread::sleep(worked * (100 - share) / share);
    }
}

fn one(scan: &Scan<'_>, file: &walk::Listed, at: usize) {
    let shared = scan.shared;
    if scan.is_full.load(Ordering::Relaxed) {
        let (bytes, modified, changed) = (file.bytes, file.modified, file.changed);
        let stamp = Stamp { bytes, modified, changed, settled: true, ..Stamp::default() };
        shared.insert(&file.path, stamp, Extracted::omitted(Omission::Memory), false);
        return;
    }
    let before = shared.read().file_at(&file.path).and_then(File::stamp_on_disk);
    let reading = refresh::read(&shared.root, &file.path, before.as_ref(), shared.options.file);
    let overtaken = scan.overtaken.lock().unwrap_or_else(PoisonError::into_inner);
    if overtaken.contains(&file.path) {
        return;
    }
    match reading {
        refresh::Reading::Changed(stamp, extracted) => shared.insert(&file.path, stamp, *extracted, false),
        refresh::Reading::Same(stamp) => shared.write().restamp(&file.path, stamp),
        refresh::Reading::Gone => {
            if !shared.open().contains_key(&file.path) {
                shared.write().remove(&file.path);
            }
        }
    }
    drop(overtaken);
    if at % FILES_PER_LOOK == FILES_PER_LOOK - 1 && shared.read().bytes() > shared.options.most_bytes {
        tracing::warn!(mb = shared.options.most_bytes >> 20, "index.maxMemoryMb is reached: further files are only listed");
        scan.is_full.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on that many threads; `meanwhile` runs on this one until they are done.
fn on_threads(threads: usize, work: &(dyn Fn() + Sync), meanwhile: &mut dyn FnMut()) {
    let running = AtomicUsize::new(0);
    let waiting = std::thread::current();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            running.fetch_add(1, Ordering::SeqCst);
            let spawned = syntax::spawn_scoped_parsing_thread(scope, "tandem-parse", || {
                // Counted off also when a file makes the parser panic.
                let _done = CountDown(&running, &waiting);
                work();
            });
            if spawned.is_err() {
                running.fetch_sub(1, Ordering::SeqCst);
            }
        }
        if running.load(Ordering::SeqCst) == 0 {
            work();
        }
        while running.load(Ordering::SeqCst) > 0 {
            meanwhile();
            std::thread::park_timeout(TICK);
        }
    });
}

struct CountDown<'a>(&'a AtomicUsize, &'a std::thread::Thread);

impl Drop for CountDown<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.1.unpark();
    }
}

//! Compares the whole workspace with the index: list, read what is not known, parse on several threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::changes::refresh_one;
use super::extract::Extracted;
use super::heuristics::Omission;
use super::progress::Phase;
use super::state::{File, Stamp};
use super::{Cause, Shared, provenance, refresh, walk};
use crate::privacy::IgnoreRules;
use crate::syntax;

/// How often the thread that waits for the workers looks after single changes.
const TICK: Duration = Duration::from_millis(20);
/// Files between two looks at the memory.
const FILES_PER_LOOK: usize = 32;
/// A listing that takes longer than this is not waited for to read what lies beside the open documents.
const PATIENCE: Duration = Duration::from_millis(100);
/// Files beside one open document that are read before the others are listed: about a second of work.
const MOST_NEAR: usize = 200;

/// A scan under way.
pub struct Scan<'a> {
    shared: &'a Shared,
    /// Files in the order of the work, and how many there were; each is forgotten with its turn.
    files: Mutex<std::iter::Enumerate<std::vec::IntoIter<walk::Listed>>>,
    total: usize,
    /// Files and directories that changed while this scan ran: what a worker read before is older.
    overtaken: Mutex<FxHashSet<String>>,
    is_full: AtomicBool,
}

impl<'a> Scan<'a> {
    fn of(shared: &'a Shared, files: Vec<walk::Listed>) -> Self {
        Self {
            shared,
            total: files.len(),
            files: Mutex::new(files.into_iter().enumerate()),
            overtaken: Mutex::default(),
            is_full: AtomicBool::new(false),
        }
    }

    /// These files, and what lies below them, are looked at again by whoever says this. What a worker has read of them
    /// before is either in the index when this returns, or never gets there.
    pub fn overtake<'p>(&self, paths: impl Iterator<Item = &'p str>) {
        self.overtaken.lock().unwrap_or_else(PoisonError::into_inner).extend(paths.map(str::to_owned));
    }
}

/// Whether a path or a directory around it is among these.
fn is_among(places: &FxHashSet<String>, path: &str) -> bool {
    let around = || path.match_indices('/').map(|(end, _)| &path[..end]);
    !places.is_empty() && (places.contains(path) || places.contains("") || around().any(|place| places.contains(place)))
}

/// `meanwhile` is called every few milliseconds while the workers run.
pub fn run(shared: &Shared, cause: Cause, meanwhile: &mut dyn FnMut(&Scan<'_>)) {
    let started = Instant::now();
    let head = provenance::head(&shared.root);
    let rules = shared.renew_rules();
    let options = &shared.options;
    shared.board.update(|progress| (progress.phase, progress.done, progress.total) = (Phase::Listing, 0, 0));
    let list = || walk::walk(&shared.root, &shared.root, &rules, options.threads, options.most_files, &shared.stop);
    let mut listing = while_reading_near(shared, &rules, list);
    // What happened between the listing and the first watch was told to nobody.
    if shared.watch_directories(&listing.directories, true) {
        listing = list();
    }
    if shared.stop.load(Ordering::Relaxed) {
        return;
    }
    let listed = listing.files.len();
    let compared = compare(shared, listing.files);
    let gone = remove_missing(shared, compared.missing, listing.beyond > 0 || listing.unreadable_count > 0);
    let files = order_by_nearness(shared, compared.unknown);
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
        (progress.phase, progress.done, progress.total, progress.pending) = (Phase::Indexing, 0, total, total);
        (progress.beyond, progress.unnameable) = (listing.beyond, listing.unnameable);
        progress.unreadable_count = listing.unreadable_count;
        progress.unreadable = listing.unreadable;
    });
    work(&Scan::of(shared, files), meanwhile);
    shared.insert_missing_documents();
    shared.write().shrink();
    shared.board.update(|progress| (progress.phase, progress.pending) = (Phase::Idle, 0));
    if !shared.stop.load(Ordering::Relaxed) {
        shared.board.scanned(head);
    }
    tracing::info!(?cause, ms = started.elapsed().as_millis() as u64, "scan done");
}

/// Lists the workspace; where that takes long, the files beside the open documents are read meanwhile, so that questions
/// about them need not wait. Single changes stay in their queue: what the listing missed would be taken out again.
fn while_reading_near(
    shared: &Shared,
    rules: &IgnoreRules,
    list: impl FnOnce() -> walk::Listing + Send,
) -> walk::Listing {
    let waiting = std::thread::current();
    std::thread::scope(|scope| {
        let listing = scope.spawn(move || {
            let listing = list();
            waiting.unpark();
            listing
        });
        let started = Instant::now();
        let mut seen = FxHashSet::default();
        while !listing.is_finished() {
            if started.elapsed() >= PATIENCE {
                read_near(shared, rules, &mut seen);
            }
            std::thread::park_timeout(TICK);
        }
        listing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Reads what is not known in the directories of open documents that were not looked at before.
fn read_near(shared: &Shared, rules: &IgnoreRules, seen: &mut FxHashSet<String>) {
    let wanted = walk::Wanted::new(&shared.root, rules);
    let open: Vec<String> = shared.open().keys().cloned().collect();
    let alike = |one: &[u8], other: &[u8]| one.iter().zip(other).take_while(|(one, other)| one == other).count();
    for relative in open {
        let path = shared.root.join(&relative);
        let Some(directory) = path.parent() else { continue };
        let is_new = walk::relative(&shared.root, directory).is_some_and(|directory| seen.insert(directory));
        if is_new && wanted.wants(&path) {
            let listed = walk::files_in(&shared.root, directory, rules, shared.options.most_files, &shared.stop);
            let mut files = compare(shared, listed).unknown;
            // A test lies beside what it tests by name, too.
            let likeness = |file: &walk::Listed| alike(file.path.as_bytes(), relative.as_bytes());
            files.sort_by_cached_key(|file| std::cmp::Reverse(likeness(file)));
            files.truncate(MOST_NEAR);
            work(&Scan::of(shared, files), &mut |_| {});
        }
    }
}

/// Reads these files again, on all threads.
pub fn refresh_all(shared: &Shared, files: &[String], wanted: &walk::Wanted<'_>) {
    let next = AtomicUsize::new(0);
    let run = || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            if shared.stop.load(Ordering::Relaxed) {
                return;
            }
            refresh_one(shared, file, wanted);
        }
    };
    on_threads(shared.options.threads, &run, &mut || {});
}

/// The workspace as listed against the index.
struct Compared {
    /// Files that the index does not have as they are listed.
    unknown: Vec<walk::Listed>,
    /// Paths in the index that were not listed.
    missing: Vec<Arc<str>>,
}

fn compare(shared: &Shared, listed: Vec<walk::Listed>) -> Compared {
    let open = shared.open();
    let state = shared.read();
    // What was left out for lack of memory is tried again once there is some.
    let has_room = state.bytes() < shared.options.most_bytes / 10 * 9;
    let mut is_listed: Vec<bool> = Vec::new();
    let mut is_unknown = |file: &walk::Listed| {
        let Some(id) = state.find(&file.path) else { return !open.contains_key(&*file.path) };
        if is_listed.len() <= id as usize {
            is_listed.resize(id as usize + 1, false);
        }
        is_listed[id as usize] = true;
        let is_as =
            |known: &super::File| file.is_as(&known.stamp) && !(has_room && known.omission == Some(Omission::Memory));
        !open.contains_key(&*file.path) && !state.file(id).is_some_and(is_as)
    };
    let mut unknown = listed;
    unknown.retain(|file| is_unknown(file));
    let is_missing = |id: u32| !is_listed.get(id as usize).copied().unwrap_or(false);
    let missing = state.files().filter(|(id, _)| is_missing(*id)).map(|(_, file)| file.path.clone()).collect();
    Compared { unknown, missing }
}

/// Takes out what is not on disk any more. After a listing that left something out, each is looked for by itself.
fn remove_missing(shared: &Shared, missing: Vec<Arc<str>>, is_partial: bool) -> usize {
    let rules = shared.rules();
    let wanted = walk::Wanted::new(&shared.root, &rules);
    let mut gone = 0;
    for path in missing {
        if is_partial && wanted.wants(&shared.root.join(&*path)) {
            continue;
        }
        let open = shared.open();
        let keeps = open.contains_key(&*path) && shared.wants(&path);
        if !keeps {
            gone += usize::from(shared.write().remove(&path));
        }
    }
    gone
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
            let mut directory = &*file.path;
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
            let next = scan.files.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((at, file)) = next else { return };
            if scan.shared.stop.load(Ordering::Relaxed) {
                return;
            }
            let started = Instant::now();
            one(scan, &file, at);
            if at.is_multiple_of(16) || at + 1 >= scan.total {
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
    let reading = if scan.is_full.load(Ordering::Relaxed) {
        let (bytes, modified, entry) = (file.bytes, file.modified, file.entry);
        let stamp = Stamp { bytes, modified, entry, settled: true, ..Stamp::default() };
        refresh::Reading::Changed(stamp, Box::new(Extracted::omitted(Omission::Memory)))
    } else {
        let before = shared.read().file_at(&file.path).and_then(File::stamp_on_disk);
        refresh::read(&shared.root, &file.path, before.as_ref(), shared.options.file)
    };
    let overtaken = scan.overtaken.lock().unwrap_or_else(PoisonError::into_inner);
    if is_among(&overtaken, &file.path) {
        return;
    }
    match reading {
        refresh::Reading::Changed(stamp, extracted) => shared.insert(file.path.clone(), stamp, *extracted, false),
        refresh::Reading::Same(stamp) => shared.restamp(&file.path, stamp),
        refresh::Reading::Gone => shared.forget(&file.path),
    }
    drop(overtaken);
    if at % FILES_PER_LOOK == FILES_PER_LOOK - 1 && shared.read().bytes() > shared.options.most_bytes {
        tracing::warn!(
            mb = shared.options.most_bytes >> 20,
            "index.maxMemoryMb is reached: further files are only listed"
        );
        scan.is_full.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on that many threads; `meanwhile` runs on this one until they are done.
fn on_threads(threads: usize, work: &(dyn Fn() + Sync), meanwhile: &mut dyn FnMut()) {
    let running = AtomicUsize::new(0);
    let waiting = std::thread::current();
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 0..threads.max(1) {
            running.fetch_add(1, Ordering::SeqCst);
            let spawned = syntax::spawn_scoped_parsing_thread(scope, "tandem-parse", || {
                // Counted off also when a file makes the parser panic.
                let _done = CountDown(&running, &waiting);
                work();
            });
            match spawned {
                Ok(worker) => workers.push(worker),
                Err(_) => _ = running.fetch_sub(1, Ordering::SeqCst),
            }
        }
        if workers.is_empty() {
            work();
        }
        while running.load(Ordering::SeqCst) > 0 {
            meanwhile();
            std::thread::park_timeout(TICK);
        }
        // Joined, not let go of: glibc (2.36 here) reads a thread's memory once more after it was detached, and the stack of
        // one that has ended is given back at once where it is large. The property test died of it.
        for worker in workers {
            if worker.join().is_err() {
                tracing::error!("a worker of a scan panicked; what it had in hand is read again by the next scan");
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::{Bench, set_document};

    fn known(shared: &Shared) -> Vec<String> {
        shared.read().files().map(|(_, file)| file.path.to_string()).collect()
    }

    #[test]
    fn a_long_listing_is_not_waited_for_beside_an_open_document() {
        let bench = Bench::new(&[("far/c.rs", "fn c() {}\n"), (".ignore", "secret.rs\n")]);
        let index = bench.open();
        // Nobody tells of them, so only this listing can find them.
        bench.write("near/a.rs", "fn a() {}\n");
        bench.write("near/b.rs", "fn b() {}\n");
        bench.write("near/secret.rs", "fn secret() {}\n");
        bench.write("far/d.rs", "fn d() {}\n");
        let shared = &index.shared;
        let listing = while_reading_near(shared, &shared.rules(), || {
            set_document(&index, &bench.root().join("near/a.rs"), "fn a() {}\n");
            let started = Instant::now();
            while shared.read().find("near/b.rs").is_none() && started.elapsed() < Duration::from_secs(60) {
                std::thread::sleep(Duration::from_millis(1));
            }
            walk::Listing::default()
        });
        assert_eq!(listing.files, []);
        let mut known = known(shared);
        known.sort_unstable();
        assert_eq!(known, [".ignore", "far/c.rs", "near/a.rs", "near/b.rs"]);
    }

    #[test]
    fn what_was_overtaken_is_left_to_whoever_said_so() {
        let bench = Bench::new(&[("a.rs", ""), ("gone/b.rs", ""), ("gone/deep/c.rs", ""), ("gone.rs", "")]);
        let index = bench.open();
        let shared = &index.shared;
        let rules = shared.rules();
        let listed = walk::walk(&shared.root, &shared.root, &rules, 1, 100, &shared.stop).files;
        let scan = Scan::of(shared, Vec::new());
        scan.overtake(["gone", "a.rs"].into_iter());
        for full in [false, true] {
            listed.iter().for_each(|file| shared.forget(&file.path));
            scan.is_full.store(full, Ordering::Relaxed);
            listed.iter().for_each(|file| one(&scan, file, 0));
            assert_eq!(known(shared), ["gone.rs"]);
        }
    }
}

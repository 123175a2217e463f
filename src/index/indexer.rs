//! The thread that changes the index: one scan at a time, single changes in between.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant};

use super::progress::Phase;
use super::scan::Scan;
use super::state::File;
use super::{Cause, Shared, provenance, refresh, scan, store, walk};
use crate::privacy::IGNORE_FILES;

#[derive(Debug)]
pub enum Job {
    /// Read the stored index.
    Load,
    Scan(Cause),
    Changed(Vec<PathBuf>),
    /// Answer when everything before is done.
    Barrier(Sender<()>),
    Stop,
}

/// A changed index is stored after this long without a change, and at the end.
const SAVE_AFTER: Duration = Duration::from_secs(20);
/// Changes that come together are taken together: `git checkout` makes thousands.
const MOST_TOGETHER: usize = 100_000;
/// From so many paths on, the workers share the work.
const MANY: usize = 32;

pub fn run(shared: &Shared, jobs: &Receiver<Job>) {
    let mut saved = shared.read().generation();
    loop {
        let dirty = shared.read().generation() != saved;
        let job = if dirty { jobs.recv_timeout(SAVE_AFTER) } else { jobs.recv().map_err(|_| RecvTimeoutError::Disconnected) };
        match job {
            Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => saved = save(shared),
            Ok(Job::Load) => {
                load(shared);
                shared.board.taken(1);
                saved = shared.read().generation();
            }
            Ok(Job::Barrier(done)) => {
                shared.board.taken(1);
                let _ = done.send(());
            }
            Ok(job) => {
                // A scan sees everything that happened before it, so it stands for the changes queued so far.
                let mut batch = Batch::default();
                batch.add(job);
                let stop = batch.gather(jobs);
                work_off(shared, &mut batch, jobs);
                // Only now: what is being worked off is not caught up with.
                shared.board.taken(batch.jobs);
                for done in batch.barriers {
                    shared.board.taken(1);
                    let _ = done.send(());
                }
                // A scan may have met the end of all work.
                if stop || shared.stop.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
    }
    if shared.read().generation() != saved {
        save(shared);
    }
}

/// Jobs that are worked off together.
#[derive(Default)]
struct Batch {
    scan: Option<Cause>,
    paths: Vec<PathBuf>,
    barriers: Vec<Sender<()>>,
    jobs: usize,
}

impl Batch {
    fn add(&mut self, job: Job) {
        self.jobs += 1;
        match job {
            Job::Scan(cause) => self.scan = Some(cause),
            Job::Changed(paths) => self.paths.extend(paths),
            Job::Load | Job::Barrier(_) | Job::Stop => {}
        }
    }

    /// Takes what waits, up to the first barrier. True at the end of all work.
    fn gather(&mut self, jobs: &Receiver<Job>) -> bool {
        while self.paths.len() < MOST_TOGETHER {
            match jobs.try_recv() {
                Ok(Job::Barrier(done)) => {
                    self.barriers.push(done);
                    return false;
                }
                Ok(Job::Stop) | Err(TryRecvError::Disconnected) => return true,
                Ok(job) => self.add(job),
                Err(TryRecvError::Empty) => return false,
            }
        }
        false
    }
}

fn work_off(shared: &Shared, batch: &mut Batch, jobs: &Receiver<Job>) {
    let mut paths = std::mem::take(&mut batch.paths);
    paths.sort_unstable();
    paths.dedup();
    if batch.scan.is_none() {
        batch.scan = cause_of_scan(shared, &paths);
    }
    if batch.scan.is_none() {
        changed(shared, &paths, None);
    }
    // While files are parsed, single changes get through, and what asks for another scan waits for the end of this one.
    while let Some(cause) = batch.scan.take() {
        let mut while_scanning = |scan: &Scan<'_>| {
            let mut more = Batch::default();
            let stop = batch.barriers.is_empty() && more.gather(jobs);
            if stop {
                shared.stop.store(true, Ordering::Relaxed);
            }
            batch.barriers.append(&mut more.barriers);
            batch.scan = more.scan.or(batch.scan).or_else(|| cause_of_scan(shared, &more.paths));
            if batch.scan.is_none() {
                changed(shared, &more.paths, Some(scan));
            }
            shared.board.taken(more.jobs);
        };
        scan::run(shared, cause, &mut while_scanning);
        if shared.stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Whether these changes are of a kind that only a look at everything answers.
fn cause_of_scan(shared: &Shared, paths: &[PathBuf]) -> Option<Cause> {
    let is_rules = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| IGNORE_FILES.contains(&name)) || path.ends_with(".git/info/exclude")
    };
    if paths.iter().any(is_rules) {
        return Some(Cause::IgnoreFileChanged);
    }
    let head = provenance::head_file(&shared.root);
    (head.is_some_and(|head| paths.contains(&head))).then_some(Cause::HeadMoved)
}

/// Files and directories that may have changed, come or gone. What `scan` read of them before does not count any more.
fn changed(shared: &Shared, paths: &[PathBuf], scan: Option<&Scan<'_>>) {
    let mut files: Vec<String> = Vec::new();
    // A directory that comes or goes may bring or take ignore files, which the rules remember.
    let is_directory = |path: &PathBuf| match std::fs::symlink_metadata(path) {
        Ok(data) => data.is_dir(),
        Err(_) => walk::relative(&shared.root, path).is_some_and(|path| shared.read().find(&path).is_none()),
    };
    let renews = paths.iter().any(is_directory);
    let rules = if renews { shared.renew_rules() } else { shared.rules() };
    // What is written through a link is written to where that leads.
    let behind_links = paths.iter().filter_map(|path| std::fs::canonicalize(path).ok().filter(|real| real != path));
    let all: Vec<PathBuf> = paths.iter().cloned().chain(behind_links).collect();
    for path in &all {
        let Some(relative) = walk::relative(&shared.root, path) else { continue };
        let is_directory = std::fs::symlink_metadata(path).is_ok_and(|data| data.is_dir());
        if is_directory {
            if !rules.denies(path, true) || *path == shared.root {
                let options = &shared.options;
                let listing =
                    walk::walk(&shared.root, path, &rules, options.threads, options.most_files, &shared.stop);
                shared.watch_directories(&listing.directories, false);
                files.extend(listing.files.into_iter().map(|file| file.path));
            }
        } else if walk::is_wanted(&shared.root, path, &rules) {
            files.push(relative.clone());
        }
        // Whatever was below this path and is gone, and the path itself.
        files.extend(known_below(shared, &relative));
    }
    files.sort_unstable();
    files.dedup();
    tracing::debug!(files = files.len(), "changes");
    shared.board.update(|progress| progress.pending = files.len());
    if let Some(scan) = scan {
        scan.overtake(&files);
    }
    if files.len() >= MANY {
        scan::refresh_all(shared, &files);
    } else {
        files.iter().for_each(|file| refresh_one(shared, file));
    }
    if renews {
        shared.insert_missing_documents();
    }
    shared.board.update(|progress| progress.pending = 0);
    let head = provenance::head(&shared.root);
    shared.board.update(|progress| (progress.commit, progress.branch) = head);
}

/// Files of the index at or below a path.
fn known_below(shared: &Shared, relative: &str) -> Vec<String> {
    let state = shared.read();
    if state.find(relative).is_some() {
        return vec![relative.to_owned()];
    }
    let below = format!("{relative}/");
    let is_below = |path: &str| relative.is_empty() || path.starts_with(&below);
    state.files().filter(|(_, file)| is_below(&file.path)).map(|(_, file)| file.path.to_string()).collect()
}

/// One file, as it is on disk now.
pub fn refresh_one(shared: &Shared, path: &str) {
    let before = {
        let open = shared.open();
        if open.contains_key(path) {
            // Its text is the editor's; whether it counts, the rules say.
            if !shared.wants(path) {
                shared.write().remove(path);
            }
            return;
        }
        shared.read().file_at(path).and_then(File::stamp_on_disk)
    };
    let wanted = walk::is_wanted(&shared.root, &shared.root.join(path), &shared.rules());
    match refresh::read(&shared.root, path, before.as_ref(), shared.options.file) {
        refresh::Reading::Changed(stamp, extracted) if wanted => shared.insert(path, stamp, *extracted, false),
        refresh::Reading::Same(stamp) if wanted => {
            let open = shared.open();
            let mut state = shared.write();
            if !open.contains_key(path) {
                state.restamp(path, stamp);
            }
        }
        _ => {
            let open = shared.open();
            if !open.contains_key(path) {
                shared.write().remove(path);
            }
        }
    }
}

fn load(shared: &Shared) {
    let Some(file) = shared.stored_at() else { return };
    shared.board.update(|progress| progress.phase = Phase::Loading);
    let started = Instant::now();
    match store::read(&file, &shared.root, &shared.options) {
        Ok(Some(state)) => {
            tracing::info!(files = state.totals().files, ms = started.elapsed().as_millis() as u64, "index loaded");
            let open = shared.open();
            let mut current = shared.write();
            // Documents that were opened in the meantime stay as they are.
            let mut state = state;
            for (_, file) in current.files().filter(|(_, file)| open.contains_key(&*file.path)) {
                super::verify::copy(file, &current, &mut state);
            }
            *current = state;
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the stored index is not used; it is made anew"),
    }
    shared.board.update(|progress| progress.phase = Phase::Idle);
}

fn save(shared: &Shared) -> u64 {
    let generation = shared.read().generation();
    if let Err(error) = shared.save() {
        tracing::warn!(error = format!("{error:#}"), "the index cannot be stored; the next start reads all files again");
    }
    generation
}

//! The thread that changes the index: one scan at a time, single changes in between.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::changes::changed;
use super::progress::Phase;
use super::scan::Scan;
use super::state::State;
use super::{Cause, Shared, provenance, scan, store};
use crate::privacy::{IGNORE_FILES, RulesWithin};

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

pub fn run(shared: &Shared, jobs: &Receiver<Job>) {
    let mut saved = shared.read().generation();
    loop {
        let dirty = shared.read().generation() != saved;
        let job =
            if dirty { jobs.recv_timeout(SAVE_AFTER) } else { jobs.recv().map_err(|_| RecvTimeoutError::Disconnected) };
        match job {
            Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => saved = save(shared),
            Ok(Job::Load) => {
                saved = load(shared);
                shared.board.taken(1);
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

/// Returns the generation that is on disk.
fn load(shared: &Shared) -> u64 {
    let mut saved = None;
    let Some(file) = shared.stored_at() else { return shared.read().generation() };
    shared.board.update(|progress| progress.phase = Phase::Loading);
    let started = Instant::now();
    match store::read(&file, &shared.root, &shared.options) {
        Ok(Some(state)) => {
            tracing::info!(files = state.totals().files, ms = started.elapsed().as_millis() as u64, "index loaded");
            let denied = denied(shared, &state);
            let _nobody_stores = shared.storing.lock().unwrap_or_else(PoisonError::into_inner);
            let open = shared.open();
            let mut current = shared.write();
            // Documents that were opened in the meantime stay as they are.
            let mut state = state;
            for (_, file) in current.files().filter(|(_, file)| open.contains_key(&*file.path)) {
                super::verify::copy(file, &current, &mut state);
            }
            let stored = state.generation();
            // What was ignored since is not known for a moment, and the next write forgets it.
            for path in denied {
                state.remove(&path);
            }
            *current = state;
            saved = Some(stored);
        }
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "the stored index is not used; it is made anew");
        }
    }
    shared.board.update(|progress| progress.phase = Phase::Idle);
    saved.unwrap_or_else(|| shared.read().generation())
}

/// Files of a stored index that are ignored by now.
fn denied(shared: &Shared, state: &State) -> Vec<Arc<str>> {
    let rules = shared.rules();
    let mut found = Vec::new();
    // By path, so that the rules of each directory are looked up once.
    let mut within: Option<(&str, RulesWithin<'_>)> = None;
    for file in state.ordered().into_iter().filter_map(|id| state.file(id)) {
        let directory = file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let full = shared.root.join(&*file.path);
        let rules = match &within {
            Some((same, rules)) if *same == directory => rules,
            _ => &within.insert((directory, rules.within(full.parent().unwrap_or(&shared.root)))).1,
        };
        if rules.denies(&full, false) {
            found.push(file.path.clone());
        }
    }
    found
}

fn save(shared: &Shared) -> u64 {
    let generation = shared.read().generation();
    if let Err(error) = shared.save() {
        tracing::warn!(
            error = format!("{error:#}"),
            "the index cannot be stored; the next start reads all files again"
        );
    }
    generation
}

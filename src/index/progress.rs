//! How far the index is, for whoever shows it or waits for it.

use tokio::sync::watch;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Nothing to do.
    #[default]
    Idle,
    /// The stored index is read.
    Loading,
    /// Directories are listed.
    Listing,
    /// Files are read and parsed.
    Indexing,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub phase: Phase,
    /// Files of this scan that are done, and all of them.
    pub done: usize,
    pub total: usize,
    /// Files that are not in the index as they are on disk, as far as is known.
    pub pending: usize,
    /// The whole workspace was compared once and nothing is pending.
    pub is_caught_up: bool,
    pub commit: Option<String>,
    pub branch: Option<String>,
    /// Files beyond `index.maxFiles` in the last listing, and names that are not UTF-8.
    pub beyond: u64,
    pub unnameable: u64,
    /// Directories that could not be listed: some by name, and how many.
    pub unreadable: Vec<String>,
    pub unreadable_count: u64,
    /// Scans that came to their end.
    pub scans: u64,
    /// Why the file system is not watched, if it is not.
    pub watch_problem: Option<String>,
    /// Jobs that wait or are being worked off.
    jobs: usize,
    has_scanned: bool,
}

#[derive(Debug, Default)]
pub struct Board {
    published: watch::Sender<Progress>,
}

impl Board {
    pub fn subscribe(&self) -> watch::Receiver<Progress> {
        self.published.subscribe()
    }

    pub fn update(&self, change: impl FnOnce(&mut Progress)) {
        self.published.send_modify(|progress| {
            change(progress);
            progress.is_caught_up =
                progress.has_scanned && progress.jobs == 0 && progress.pending == 0 && progress.phase == Phase::Idle;
        });
    }

    pub fn queued(&self, jobs: usize) {
        self.update(|progress| progress.jobs += jobs);
    }

    pub fn taken(&self, jobs: usize) {
        if jobs > 0 {
            self.update(|progress| progress.jobs = progress.jobs.saturating_sub(jobs));
        }
    }

    pub fn scanned(&self, head: (Option<String>, Option<String>)) {
        self.update(|progress| {
            (progress.commit, progress.branch) = head;
            progress.has_scanned = true;
            progress.scans += 1;
        });
    }
}

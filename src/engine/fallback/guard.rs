//! What stands between a job and a server on another machine.

use crate::engine::Job;

/// Why a job stays in this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// To count by, such as `secret`.
    pub reason: &'static str,
    /// For the user, with the way out.
    pub sentence: String,
}

/// Decides what of a job may be sent. Its calls read files, scan texts and wait for a disk: not for the protocol task.
pub trait Guard: Send + Sync + 'static {
    /// The job as it may be sent, without what must not be in it.
    fn admit(&self, job: Job) -> Result<Job, Kept>;

    /// A job that was admitted has left, with so many bytes: as one more request, or as more of one.
    fn sent(&self, job: &Job, requests: u64, bytes: u64);

    /// Writes down what has to be written before the process ends.
    fn close(&self) {}
}

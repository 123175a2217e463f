//! The owner of the question pipeline: who asks gets a stream of steps and a way to cancel.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::remote::Remote;
use super::threads::Threads;
use super::{Question, Step, Workspace};
use crate::gate::{Preview, Withheld};

/// What the pipeline is made of; tests bring their own.
#[derive(Clone)]
pub struct Parts {
    /// The gate and what is behind it; None where nothing can be sent.
    pub remote: Option<Arc<dyn Remote>>,
    pub threads: Arc<Threads>,
    pub clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// For names of threads and tags that nobody can guess.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Asker {
    parts: Parts,
}

/// An answer on its way. Dropping it cancels.
#[derive(Debug)]
pub struct Asked {
    /// Ends with `Step::Done` or `Step::Failed`.
    pub steps: mpsc::Receiver<Step>,
    pub cancel: CancellationToken,
    _guard: DropGuard,
}

impl Asked {
    /// What answers sends `steps` and listens to `cancel`.
    pub fn new(steps: mpsc::Receiver<Step>, cancel: CancellationToken) -> Self {
        Self { steps, cancel: cancel.clone(), _guard: cancel.drop_guard() }
    }
}

impl Asker {
    pub fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// Needs a runtime around it; returns at once.
    pub fn ask(&self, question: Question, workspace: Workspace) -> Asked {
        let _ = (question, workspace, &self.parts);
        let (_, steps) = mpsc::channel(64);
        Asked::new(steps, CancellationToken::new())
    }

    /// What `ask` would send, without sending it. An error says why nothing would be.
    pub async fn preview(&self, question: Question, workspace: Workspace) -> Result<Preview, Withheld> {
        let _ = (question, workspace);
        Err(Withheld::NoProvider)
    }

    pub fn threads(&self) -> &Threads {
        &self.parts.threads
    }
}

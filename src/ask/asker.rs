//! The owner of the question pipeline: who asks gets a stream of steps and a way to cancel.

mod here;
mod local;
mod prepare;
mod run;
mod stream;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::remote::Remote;
use super::route::{Decision, Local, Route};
use super::threads::Threads;
use super::{Question, Step, Workspace};
use crate::config::RouteChoice;
use crate::engine::chat::ChatEngine;
use crate::gate::{Preview, Withheld};
use crate::privacy::UserKey;

/// Steps that wait for whoever shows them; then the model is read no further.
const MOST_STEPS: usize = 64;

/// What the pipeline is made of; tests bring their own.
#[derive(Clone)]
pub struct Parts {
    /// The gate and what is behind it; None where nothing can be sent.
    pub remote: Option<Arc<dyn Remote>>,
    /// A model on this machine that holds conversations; None where there is none.
    pub chat: Option<Arc<dyn ChatEngine>>,
    pub threads: Arc<Threads>,
    pub clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// For the tags of what comes from a repository. None where there is none: then each thread has one by chance, and equal
    /// questions are not known for equal.
    pub key: Option<UserKey>,
    /// For names of threads.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
}

impl Parts {
    /// Seconds since 1970.
    fn now(&self) -> i64 {
        let since = (self.clock)().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }
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

/// What would be sent, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    pub preview: Preview,
    /// The texts as they would be sent, in their order.
    pub texts: Vec<Arc<str>>,
}

impl Asker {
    pub fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// From now on this model on this machine is asked.
    pub fn set_chat(&mut self, chat: Option<Arc<dyn ChatEngine>>) {
        self.parts.chat = chat;
    }

    /// Needs a runtime around it; returns at once.
    pub fn ask(&self, question: Question, workspace: Workspace) -> Asked {
        let (steps, receiver) = mpsc::channel(MOST_STEPS);
        let cancel = CancellationToken::new();
        let run = run::Run::new(self.parts.clone(), question, workspace, steps, cancel.clone());
        tokio::spawn(run.run());
        Asked::new(receiver, cancel)
    }

    /// What `ask` would send, without sending it. An error says why nothing would be.
    pub async fn preview(&self, question: Question, workspace: Workspace) -> Result<Preview, Withheld> {
        self.payload(question, workspace).await.map(|payload| payload.preview)
    }

    /// The same with the texts.
    pub async fn payload(&self, question: Question, workspace: Workspace) -> Result<Payload, Withheld> {
        let parts = self.parts.clone();
        let payload = tokio::task::spawn_blocking(move || prepare::payload(&parts, &question, &workspace));
        payload.await.unwrap_or_else(|_| Err(Withheld::Request("the question could not be packed".to_owned())))
    }

    /// Why no model can be asked about this workspace now, as a sentence; None where one can. Blocks: it reads files and the ledger.
    pub fn why_off(&self, workspace: &Workspace) -> Option<String> {
        let question = Question { route: Some(RouteChoice::Cloud), ..Question::default() };
        let decision = prepare::assess(&self.parts, &question, workspace).decision();
        let Decision { route, local, reason, .. } = decision;
        (route == Route::Local && local == Local::Index).then(|| reason.to_string())
    }

    pub fn threads(&self) -> &Threads {
        &self.parts.threads
    }
}

#[cfg(test)]
mod tests;
